/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/mdb.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "backend/uplink/bridge_table.h"

int mdb_open(void)
{
	return bridge_table_open(RTM_GETMDB, sizeof(struct br_port_msg), RTNLGRP_MDB);
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
	struct reading r = {bridge, take, arg};

	return bridge_table_read(fd, take_message, &r);
}
