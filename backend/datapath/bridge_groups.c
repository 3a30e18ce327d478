/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/bridge_groups.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "backend/datapath/core.h"
#include "backend/datapath/flood.h"
#include "backend/uplink/mdb.h"

/*
 * A bridge that snoops itself forwards reports to routers alone, and the uplink's port has none: so
 * the members behind its other ports are read from its own table. Each port has a member's number,
 * as a group has a member until its last port has left. An entry has no end of its own: the bridge
 * says when it goes.
 */

static void stop(struct dpath *dp)
{
	struct dpath_bridge_groups *b = &dp->bridge_groups;

	loop_io_free(b->io);
	b->io = NULL;
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
	for (unsigned i = 0; i < b->ports; i++)
		groups_forget(dp->flood.groups, FLOOD_PORT_MEMBER + i);
	b->ports = 0;
}

/* Without the table a group whose members were not heard counts as a flood, and all goes on. */
static void start(struct dpath *dp)
{
	struct dpath_bridge_groups *b = &dp->bridge_groups;

	stop(dp);
	if (!b->bridge)
		return;
	b->own_port = if_nametoindex(dp->up->ifname);
	b->fd = mdb_open();
	if (b->fd >= 0)
		b->io = loop_io_new(dp->loop, b->fd, LOOP_READ, b->on_table, dp);
	if (!b->io)
		log_warning("cannot read the group table of the uplink's bridge (%s): multicast to "
			    "members there may count as a flood",
			    strerror(b->fd < 0 ? -b->fd : ENOMEM));
}

/* Ports beyond the last number share it. */
static uint32_t member_of(struct dpath_bridge_groups *b, uint32_t port)
{
	for (unsigned i = 0; i < b->ports; i++) {
		if (b->port[i] == port)
			return FLOOD_PORT_MEMBER + i;
	}
	if (b->ports == FLOOD_PORTS)
		return FLOOD_PORT_MEMBER + FLOOD_PORTS - 1;
	b->port[b->ports++] = port;
	return FLOOD_PORT_MEMBER + b->ports - 1;
}

static void take(void *arg, const struct mdb_change *c)
{
	struct dpath *dp = arg;
	uint32_t member;

	dp->work.pieces++;
	if (c->port == dp->bridge_groups.own_port)
		return; /* what guests joined */
	member = member_of(&dp->bridge_groups, c->port);
	groups_told(dp->flood.groups, member, c->vid, &c->group, c->joined);
	/* Only the bridge knows which VLAN an untagged frame belongs to. */
	if (c->vid)
		groups_told(dp->flood.groups, member, 0, &c->group, c->joined);
}

void bridge_groups_read(struct dpath *dp)
{
	if (mdb_read(dp->bridge_groups.fd, dp->bridge_groups.bridge, take, dp) < 0)
		start(dp); /* changes were lost */
}

void bridge_groups_set_link(struct dpath *dp)
{
	if (dp->link.bridge == dp->bridge_groups.bridge)
		return;
	dp->bridge_groups.bridge = dp->link.bridge;
	start(dp);
}

void bridge_groups_init(struct dpath *dp, loop_cb *on_table)
{
	dp->bridge_groups.fd = -1;
	dp->bridge_groups.on_table = on_table;
}

void bridge_groups_fini(struct dpath *dp)
{
	if (dp->bridge_groups.on_table)
		stop(dp);
}
