/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/neigh.h"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "backend/uplink/bridge_table.h"
#include "backend/uplink/portmap.h"

int neigh_open(void)
{
	return bridge_table_open(RTM_GETNEIGH, sizeof(struct ndmsg), RTNLGRP_NEIGH);
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
	struct reading r = {bridge, m};

	return bridge_table_read(fd, take_message, &r);
}
