/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/neigh.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/uplink/portmap.h"

#define READS_MAX    16u       /* in one call: a guest can make the bridge learn without end */
#define BUFFER_BYTES (1 << 20) /* for a table that is learnt at once */

static int request_dump(int fd)
{
	char buf[NLMSG_SPACE(sizeof(struct ndmsg))] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	n->nlmsg_type = RTM_GETNEIGH;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ndm = mnl_nlmsg_put_extra_header(n, sizeof(*ndm));
	ndm->ndm_family = AF_BRIDGE;
	return send(fd, n, n->nlmsg_len, 0) < 0 ? -errno : 0;
}

int neigh_open(void)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_NEIGH};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int size = BUFFER_BYTES, ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : request_dump(fd);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

struct attributes {
	const uint8_t *mac;
	uint32_t master;
	uint16_t vid;
};

static int take_attribute(const struct nlattr *a, void *arg)
{
	struct attributes *found = arg;

	switch (mnl_attr_get_type(a)) {
	case NDA_LLADDR:
		if (mnl_attr_get_payload_len(a) == 6)
			found->mac = mnl_attr_get_payload(a);
		break;
	case NDA_MASTER:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			found->master = mnl_attr_get_u32(a);
		break;
	case NDA_VLAN:
		if (mnl_attr_validate(a, MNL_TYPE_U16) >= 0)
			found->vid = mnl_attr_get_u16(a);
		break;
	}
	return MNL_CB_OK;
}

struct reading {
	uint32_t bridge;
	struct portmap *map;
};

static int take_message(const struct nlmsghdr *n, void *arg)
{
	const struct reading *r = arg;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(n);
	struct attributes found = {0};
	bool local;

	if ((n->nlmsg_type != RTM_NEWNEIGH && n->nlmsg_type != RTM_DELNEIGH) ||
	    mnl_nlmsg_get_payload_len(n) < sizeof(*ndm) || ndm->ndm_family != AF_BRIDGE)
		return MNL_CB_OK;
	mnl_attr_parse(n, sizeof(*ndm), take_attribute, &found);
	local = (uint32_t)ndm->ndm_ifindex == r->bridge;
	if (!found.mac || (!local && found.master != r->bridge))
		return MNL_CB_OK; /* of another bridge, or an address filter of a device */
	if (n->nlmsg_type == RTM_DELNEIGH)
		portmap_remove(r->map, found.mac, found.vid);
	else
		portmap_set(r->map, found.mac, found.vid,
			    ndm->ndm_state & NUD_PERMANENT ? r->bridge
							   : (uint32_t)ndm->ndm_ifindex);
	return MNL_CB_OK;
}

int neigh_read(int fd, uint32_t bridge, struct portmap *m)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct reading r = {bridge, m};
	ssize_t got;

	for (unsigned n = 0; n < READS_MAX; n++) {
		got = recv(fd, buf, sizeof(buf), 0);
		if (got == 0 || (got < 0 && errno != EINTR))
			return got == 0 || errno == EAGAIN ? 0 : -errno;
		if (got > 0 && mnl_cb_run(buf, (size_t)got, 0, 0, take_message, &r) < 0)
			return -errno;
	}
	return 0;
}
