/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/rtlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Frames of the guest that the kernel keeps until they are read. */
#define TAP_QUEUE 256u

struct request {
	struct nlmsghdr *n;
	_Alignas(struct nlmsghdr) char buf[1024];
};

static void begin_with(struct request *r, uint16_t type, uint16_t flags, const void *head,
		       size_t size)
{
	memset(r->buf, 0, sizeof(r->buf));
	r->n = mnl_nlmsg_put_header(r->buf);
	r->n->nlmsg_type = type;
	r->n->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(mnl_nlmsg_put_extra_header(r->n, size), head, size);
}

static void begin(struct request *r, uint16_t type, uint16_t flags, const struct ifinfomsg *info)
{
	begin_with(r, type, flags, info, sizeof(*info));
}

int rtlink_ask(int bus, const struct nlmsghdr *request, mnl_cb_t take, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[32768];
	struct mnl_socket *s = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int ret = -1;
	ssize_t got;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(s, request, request->nlmsg_len) >= 0) {
		do {
			got = mnl_socket_recvfrom(s, buf, sizeof(buf));
			ret = got < 0 ? -1
				      : mnl_cb_run(buf, (size_t)got, 0, mnl_socket_get_portid(s),
						   take, arg);
		} while (ret > 0);
	}
	ret = ret < 0 ? -errno : 0;
	mnl_socket_close(s);
	return ret;
}

static int answer(struct mnl_socket *s)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	ssize_t got = mnl_socket_recvfrom(s, buf, sizeof(buf));

	if (got < 0 || mnl_cb_run(buf, (size_t)got, 0, mnl_socket_get_portid(s), NULL, NULL) < 0)
		return -errno;
	return 0;
}

/* Sends the request and waits for the kernel's answer. */
static int send_request(struct request *r)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int ret;

	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(s, r->n, r->n->nlmsg_len) < 0)
		ret = -errno;
	else
		ret = answer(s);
	mnl_socket_close(s);
	return ret;
}

int rtlink_add_macvtap(const char *name, uint32_t lower)
{
	struct request r;
	struct nlattr *info, *data;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &(struct ifinfomsg){0});
	mnl_attr_put_strz(r.n, IFLA_IFNAME, name);
	mnl_attr_put_u32(r.n, IFLA_LINK, lower);
	mnl_attr_put_u32(r.n, IFLA_TXQLEN, TAP_QUEUE);
	info = mnl_attr_nest_start(r.n, IFLA_LINKINFO);
	mnl_attr_put_strz(r.n, IFLA_INFO_KIND, "macvtap");
	data = mnl_attr_nest_start(r.n, IFLA_INFO_DATA);
	mnl_attr_put_u32(r.n, IFLA_MACVLAN_MODE, MACVLAN_MODE_PASSTHRU);
	mnl_attr_nest_end(r.n, data);
	mnl_attr_nest_end(r.n, info);
	return send_request(&r);
}

int rtlink_delete(uint32_t ifindex)
{
	struct request r;

	begin(&r, RTM_DELLINK, 0, &(struct ifinfomsg){.ifi_index = (int)ifindex});
	return send_request(&r);
}

int rtlink_set_alias(uint32_t ifindex, const char *text)
{
	struct request r;

	begin(&r, RTM_SETLINK, 0, &(struct ifinfomsg){.ifi_index = (int)ifindex});
	mnl_attr_put_strz(r.n, IFLA_IFALIAS, text);
	return send_request(&r);
}

int rtlink_set_master(uint32_t ifindex, uint32_t master)
{
	struct request r;

	begin(&r, RTM_SETLINK, 0, &(struct ifinfomsg){.ifi_index = (int)ifindex});
	mnl_attr_put_u32(r.n, IFLA_MASTER, master);
	return send_request(&r);
}

int rtlink_set_flags(uint32_t ifindex, unsigned flags, unsigned mask)
{
	struct request r;

	begin(&r, RTM_SETLINK, 0,
	      &(struct ifinfomsg){.ifi_index = (int)ifindex,
				  .ifi_flags = flags,
				  .ifi_change = mask});
	return send_request(&r);
}

int rtlink_forget_mac(uint32_t port, const uint8_t mac[6])
{
	const struct ndmsg entry = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = (int)port,
		.ndm_flags = NTF_MASTER,
	};
	struct request r;

	begin_with(&r, RTM_DELNEIGH, 0, &entry, sizeof(entry));
	mnl_attr_put(r.n, NDA_LLADDR, 6, mac);
	return send_request(&r);
}
