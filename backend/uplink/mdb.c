/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/mdb.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_MAX    16u       /* in one call: hosts can join and leave without end */
#define BUFFER_BYTES (1 << 20) /* for a table that is learnt at once */

static int request_dump(int fd)
{
	char buf[NLMSG_SPACE(sizeof(struct br_port_msg))] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct br_port_msg *bpm;

	n->nlmsg_type = RTM_GETMDB;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	bpm = mnl_nlmsg_put_extra_header(n, sizeof(*bpm));
	bpm->family = AF_BRIDGE;
	return send(fd, n, n->nlmsg_len, 0) < 0 ? -errno : 0;
}

static int subscribe(int fd)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	int group = RTNLGRP_MDB;

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return request_dump(fd);
}

int mdb_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int size = BUFFER_BYTES, ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ret = subscribe(fd);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

struct reading {
	uint32_t bridge;
	void (*take)(void *arg, const struct mdb_change *c);
	void *arg;
};

static void take_entry(const struct reading *r, const struct nlattr *info, bool joined)
{
	const struct br_mdb_entry *e = mnl_attr_get_payload(info);
	struct mdb_change c = {.joined = joined};

	if (mnl_attr_get_payload_len(info) < sizeof(*e))
		return;
	c.port = e->ifindex;
	c.vid = e->vid;
	if (e->addr.proto == htons(ETH_P_IP)) {
		memset(c.group.b + 10, 0xff, 2);
		memcpy(c.group.b + 12, &e->addr.u.ip4, 4);
	} else if (e->addr.proto == htons(ETH_P_IPV6)) {
		memcpy(c.group.b, &e->addr.u.ip6, 16);
	} else {
		return; /* a MAC group, which an operator put there */
	}
	r->take(r->arg, &c);
}

/* What is in the table comes as RTM_GETMDB, what is new as RTM_NEWMDB. */
static int take_message(const struct nlmsghdr *n, void *arg)
{
	const struct br_port_msg *bpm = mnl_nlmsg_get_payload(n);
	const struct nlattr *table, *entry, *info;
	const struct reading *r = arg;

	if (n->nlmsg_type < RTM_NEWMDB || n->nlmsg_type > RTM_GETMDB ||
	    mnl_nlmsg_get_payload_len(n) < sizeof(*bpm) || bpm->ifindex != r->bridge)
		return MNL_CB_OK;
	mnl_attr_for_each(table, n, sizeof(*bpm))
	{
		if (mnl_attr_get_type(table) != MDBA_MDB)
			continue;
		mnl_attr_for_each_nested(entry, table)
		{
			mnl_attr_for_each_nested(info, entry)
			{
				if (mnl_attr_get_type(info) == MDBA_MDB_ENTRY_INFO)
					take_entry(r, info, n->nlmsg_type != RTM_DELMDB);
			}
		}
	}
	return MNL_CB_OK;
}

int mdb_read(int fd, uint32_t bridge, void (*take)(void *arg, const struct mdb_change *c),
	     void *arg)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct reading r = {bridge, take, arg};
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
