/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/core.h"

#include <string.h>

#include "backend/msg/msg.h"

void ldp_list_add(struct ldp_list *list, struct ldp *l)
{
	list->at[list->count++] = l;
}

void ldp_list_remove(struct ldp_list *list, const struct ldp *l)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->at[i] == l)
			list->at[i--] = list->at[--list->count];
	}
}

void core_mark_dirty(struct dpath *dp, struct ldp *l)
{
	if (l->on_dirty)
		return;
	l->on_dirty = true;
	ldp_list_add(&dp->dirty, l);
}

void core_commit(struct dpath *dp)
{
	for (uint32_t i = 0; i < dp->dirty.count; i++) {
		struct ldp *l = dp->dirty.at[i];

		l->on_dirty = false;
		ldp_commit(l);
	}
	dp->dirty.count = 0;
}

void core_leave_lotteries(struct dpath *dp, struct ldp *l)
{
	sched_sleep(dp->tx_sched, l->slot);
	sched_sleep(dp->local_sched, l->slot);
	sched_sleep(dp->rx_sched, l->slot);
	sched_sleep(dp->rx_local_sched, l->slot);
}

void core_fail(struct dpath *dp, struct ldp *l, const char *why)
{
	struct msg *m;

	if (l->failed)
		return;
	l->failed = true;
	core_leave_lotteries(dp, l);
	ldp_listen(l, false);
	m = msg_new(MSG_FAILED, l->slot);
	m->why = why;
	msg_post(dp->out, m);
}

void core_uplink_lost(struct dpath *dp, int err)
{
	if (dp->lost)
		return;
	dp->lost = true;
	log_debug("uplink %s cannot be read (%s)", dp->up->ifname, strerror(err));
	msg_post(dp->out, msg_new(MSG_LOST, LDP_SLOT_NONE));
}
