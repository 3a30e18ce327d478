/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/ask.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/vif/rtlink.h"

static int take_port(const struct nlattr *a, void *arg)
{
	struct ask_port *p = arg;

	if (mnl_attr_get_type(a) == IFLA_BRPORT_LOCKED && mnl_attr_validate(a, MNL_TYPE_U8) >= 0)
		p->locked = mnl_attr_get_u8(a);
	return MNL_CB_OK;
}

static int take_info(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_INFO_SLAVE_DATA)
		mnl_attr_parse_nested(a, take_port, arg);
	return MNL_CB_OK;
}

static int take_xdp(const struct nlattr *a, void *arg)
{
	static const char *const option[] = {
		[XDP_ATTACHED_DRV] = "xdpdrv",
		[XDP_ATTACHED_SKB] = "xdpgeneric",
		[XDP_ATTACHED_HW] = "xdpoffload",
		[XDP_ATTACHED_MULTI] = "xdp",
	};
	struct ask_port *p = arg;

	if (mnl_attr_get_type(a) == IFLA_XDP_ATTACHED && mnl_attr_validate(a, MNL_TYPE_U8) >= 0 &&
	    mnl_attr_get_u8(a) < sizeof(option) / sizeof(option[0]))
		p->xdp = option[mnl_attr_get_u8(a)];
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_LINKINFO)
		mnl_attr_parse_nested(a, take_info, arg);
	else if (mnl_attr_get_type(a) == IFLA_XDP)
		mnl_attr_parse_nested(a, take_xdp, arg);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *n, void *arg)
{
	if (n->nlmsg_type == RTM_NEWLINK &&
	    mnl_nlmsg_get_payload_len(n) >= sizeof(struct ifinfomsg))
		mnl_attr_parse(n, sizeof(struct ifinfomsg), take_attribute, arg);
	return MNL_CB_OK;
}

void ask_port(uint32_t ifindex, struct ask_port *out)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;

	n->nlmsg_type = RTM_GETLINK;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	info = mnl_nlmsg_put_extra_header(n, sizeof(*info));
	info->ifi_index = (int)ifindex;
	*out = (struct ask_port){.locked = false};
	rtlink_ask(NETLINK_ROUTE, n, take_link, out);
}

static int take_filter(const struct nlmsghdr *n, void *arg)
{
	*(bool *)arg |= n->nlmsg_type == RTM_NEWTFILTER;
	return MNL_CB_OK;
}

bool ask_filter(uint32_t ifindex, uint16_t hook)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	bool found = false;
	struct tcmsg *tc;

	n->nlmsg_type = RTM_GETTFILTER;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tc = mnl_nlmsg_put_extra_header(n, sizeof(*tc));
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook);
	rtlink_ask(NETLINK_ROUTE, n, take_filter, &found);
	return found;
}

/* Of the qdisc that holds the filters. */
struct drops {
	uint32_t ifindex, count;
	char *kind;
};

static int take_qdisc(const struct nlattr *a, void *arg)
{
	struct drops *d = arg;
	struct tc_stats stats;

	if (mnl_attr_get_type(a) == TCA_KIND) {
		snprintf(d->kind, ASK_KIND_MAX, "%.*s", (int)mnl_attr_get_payload_len(a),
			 (const char *)mnl_attr_get_payload(a));
	} else if (mnl_attr_get_type(a) == TCA_STATS &&
		   mnl_attr_get_payload_len(a) >= sizeof(stats)) {
		memcpy(&stats, mnl_attr_get_payload(a), sizeof(stats));
		d->count = stats.drops;
	}
	return MNL_CB_OK;
}

static int take_holder(const struct nlmsghdr *n, void *arg)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(n);
	const struct drops *d = arg;

	if (n->nlmsg_type == RTM_NEWQDISC && mnl_nlmsg_get_payload_len(n) >= sizeof(*tc) &&
	    (uint32_t)tc->tcm_ifindex == d->ifindex && tc->tcm_parent == TC_H_CLSACT)
		mnl_attr_parse(n, sizeof(*tc), take_qdisc, arg);
	return MNL_CB_OK;
}

uint32_t ask_filter_drops(uint32_t ifindex, char kind[ASK_KIND_MAX])
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct drops d = {.ifindex = ifindex, .kind = kind};

	n->nlmsg_type = RTM_GETQDISC;
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(n, sizeof(struct tcmsg));
	rtlink_ask(NETLINK_ROUTE, n, take_holder, &d);
	return d.count;
}
