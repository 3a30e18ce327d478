/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/tx_room.h"

#include <errno.h>

#include "backend/datapath/core.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/ports.h"
#include "backend/msg/msg.h"

#define STUCK_NS (200 * NS_PER_MS) /* far more than a link needs for its send buffer */

/* The uplink is full: it will have room when the link has sent something. */
void tx_block(struct dpath *dp)
{
	dp->tx.blocked = true;
	pace_full(&dp->tx.pace);
	dp->tx.blocks++;
	link_rate_blocked(dp);
	loop_io_enable(dp->tx.room, true);
	if (dp->up->queues)
		loop_timer_set(dp->tx.stuck, STUCK_NS);
}

/*
 * The uplink is down: the kernel calls it writable when it is up. One that was deleted would be
 * called so at once, and for ever.
 */
void tx_block_down(struct dpath *dp, int err)
{
	dp->tx.blocked = true;
	link_rate_down(dp);
	if (err == -EIO)
		loop_io_enable(dp->tx.room, true);
	else
		core_uplink_lost(dp, -err);
}

void tx_unblock(struct dpath *dp)
{
	dp->tx.blocked = false;
	loop_io_enable(dp->tx.room, false);
	loop_timer_cancel(dp->tx.stuck);
}

void tx_tell_stuck(struct dpath *dp)
{
	if (!dp->tx.blocked)
		return;
	msg_post(dp->out, msg_new(MSG_STUCK, LDP_SLOT_NONE));
	loop_timer_set(dp->tx.stuck, STUCK_NS);
}

bool tx_renew_room(struct dpath *dp)
{
	struct loop_io *room = loop_io_new(dp->loop, dp->ports.fd, LOOP_WRITE, dp->tx.on_room, dp);

	if (!room)
		return false;
	loop_io_free(dp->tx.room);
	dp->tx.room = room;
	loop_io_enable(room, dp->tx.blocked);
	return true;
}

void tx_retire_queue(struct dpath *dp)
{
	uint32_t held;

	if (!dp->tx.blocked || !ports_retire(dp) || !tx_renew_room(dp))
		return;
	tx_unblock(dp);
	if (log_allow(&dp->tx.log, dp->now_ns, &held))
		log_notice("uplink %s: a port of the bridge that is no exit held up the uplink's "
			   "queue, which was replaced (%u more since the last line)",
			   dp->up->ifname, held);
}

void tx_set_link(struct dpath *dp)
{
	pace_set(&dp->tx.pace, dp->link.tx_capacity_bps, dp->burst_ns, dp->now_ns);
}

bool tx_init(struct dpath *dp, loop_cb *on_room, loop_cb *on_stuck)
{
	pace_init(&dp->tx.pace, dp->now_ns);
	dp->tx.on_room = on_room;
	dp->tx.room = loop_io_new(dp->loop, dp->up->fd, LOOP_WRITE, on_room, dp);
	dp->tx.stuck = loop_timer_new(dp->loop, on_stuck, dp);
	if (!dp->tx.room || !dp->tx.stuck)
		return false;
	loop_io_enable(dp->tx.room, false);
	return true;
}

void tx_fini(struct dpath *dp)
{
	loop_timer_free(dp->tx.stuck);
	loop_io_free(dp->tx.room);
}
