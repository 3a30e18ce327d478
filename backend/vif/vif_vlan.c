/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif_vlan.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/vif/rtlink.h"

/* The kernel's answers name each VLAN, or, compressed, the first and last of a range. */
struct reading {
	uint32_t ifindex;
	uint16_t begin;
	bool too_long;
	char *out;
	size_t len;
};

static void add_range(struct reading *r, const struct bridge_vlan_info *v)
{
	char text[32];
	int len;

	if (v->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
		r->begin = v->vid;
		return;
	}
	len = v->flags & BRIDGE_VLAN_INFO_RANGE_END
		      ? snprintf(text, sizeof(text), "%u-%u", r->begin, v->vid)
		      : snprintf(text, sizeof(text), "%u", v->vid);
	snprintf(text + len, sizeof(text) - (size_t)len, "%s%s",
		 v->flags & BRIDGE_VLAN_INFO_PVID ? "p" : "",
		 v->flags & BRIDGE_VLAN_INFO_UNTAGGED ? "u" : "");
	if (r->len + strlen(text) + 2 > VIF_VLANS_MAX) {
		r->too_long = true;
		return;
	}
	r->len += (size_t)snprintf(r->out + r->len, VIF_VLANS_MAX - r->len, "%s%s",
				   r->len ? "," : "", text);
}

static int take_vlan(const struct nlattr *a, void *arg)
{
	struct bridge_vlan_info v;

	if (mnl_attr_get_type(a) == IFLA_BRIDGE_VLAN_INFO &&
	    mnl_attr_get_payload_len(a) >= sizeof(v)) {
		memcpy(&v, mnl_attr_get_payload(a), sizeof(v));
		add_range(arg, &v);
	}
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_AF_SPEC)
		mnl_attr_parse_nested(a, take_vlan, arg);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *n, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(n);
	const struct reading *r = arg;

	if (n->nlmsg_type == RTM_NEWLINK && (uint32_t)info->ifi_index == r->ifindex)
		mnl_attr_parse(n, sizeof(*info), take_attribute, arg);
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(char *buf, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;

	n->nlmsg_type = type;
	n->nlmsg_flags = NLM_F_REQUEST | flags;
	info = mnl_nlmsg_put_extra_header(n, sizeof(*info));
	info->ifi_family = AF_BRIDGE;
	info->ifi_index = (int)ifindex;
	return n;
}

int vif_vlan_read(uint32_t ifindex, char out[VIF_VLANS_MAX])
{
	_Alignas(struct nlmsghdr) char buf[256] = {0};
	struct nlmsghdr *n = begin(buf, RTM_GETLINK, NLM_F_DUMP, 0);
	struct reading r = {.ifindex = ifindex, .out = out};
	int ret;

	out[0] = '\0';
	mnl_attr_put_u32(n, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	ret = rtlink_ask(NETLINK_ROUTE, n, take_link, &r);
	if (ret == 0 && r.too_long)
		ret = -E2BIG;
	if (ret < 0)
		out[0] = '\0';
	return ret;
}

/* Adds (RTM_SETLINK) or takes away (RTM_DELLINK) the VLANs from `first` to `last`. */
static void change(uint32_t ifindex, uint16_t type, unsigned first, unsigned last, uint16_t flags)
{
	_Alignas(struct nlmsghdr) char buf[256] = {0};
	struct nlmsghdr *n = begin(buf, type, NLM_F_ACK, ifindex);
	struct bridge_vlan_info v = {.flags = flags, .vid = (uint16_t)first};
	struct nlattr *spec = mnl_attr_nest_start(n, IFLA_AF_SPEC);

	if (last > first)
		v.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
	mnl_attr_put(n, IFLA_BRIDGE_VLAN_INFO, sizeof(v), &v);
	if (last > first) {
		v.flags = flags | BRIDGE_VLAN_INFO_RANGE_END;
		v.vid = (uint16_t)last;
		mnl_attr_put(n, IFLA_BRIDGE_VLAN_INFO, sizeof(v), &v);
	}
	mnl_attr_nest_end(n, spec);
	rtlink_ask(NETLINK_ROUTE, n, NULL, NULL);
}

void vif_vlan_restore(uint32_t ifindex, const char *text)
{
	char now[VIF_VLANS_MAX], *end;

	if (!*text)
		return;
	vif_vlan_read(ifindex, now);
	if (strcmp(now, text) == 0)
		return;
	change(ifindex, RTM_DELLINK, 1, 4094, 0);
	while (*text) {
		unsigned long first = strtoul(text, &end, 10), last = first;
		uint16_t flags = 0;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; *end == 'p' || *end == 'u'; end++)
			flags |= *end == 'p' ? BRIDGE_VLAN_INFO_PVID : BRIDGE_VLAN_INFO_UNTAGGED;
		change(ifindex, RTM_SETLINK, (unsigned)first, (unsigned)last, flags);
		text = end + (*end == ',');
		if (text == end && *end)
			break; /* not of this form */
	}
}
