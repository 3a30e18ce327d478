/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "backend/datapath/core.h"

/*
 * Xenstore is slow, shared by the whole host and may stand still, so little is said there and never
 * in advance: the control thread has at most STATUS_AT_ONCE announcements to write, one of an
 * LDP, and gets more when it has answered them, with the numbers as they are then. Slots take
 * turns, so that with many LDPs all are announced, only each more seldom. While nothing changes no
 * timer runs.
 */
static bool hand_over(struct dpath *dp, struct ldp *l, const struct ldp_status *now)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		return false; /* in the next step, perhaps */
	m->type = MSG_SHOW;
	m->slot = l->slot;
	m->announcement = *now;
	mbox_put(dp->out, &m->link);
	l->shown = (struct ldp_status_shown){*now, dp->now_ns};
	l->showing = true;
	dp->announcing++;
	return true;
}

void dpath_announced(struct dpath *dp, uint32_t slot)
{
	struct ldp *l = slot < LDP_SLOTS ? dp->ldp[slot] : NULL;

	dp->announcing--;
	/* It may have gone; but none came after it to this slot, which the control thread gives. */
	if (!l)
		return;
	l->showing = false;
	l->shown.shown_ns = dp->now_ns;
}

/* Whether it is done with until something changes. */
static bool step_one(struct dpath *dp, struct ldp *l, const uint64_t weights[LDP_DIRS])
{
	const struct ldp_status now = {
		.credit_bytes = l->window.told.credit_bytes,
		.balance_bytes = l->account[LDP_TX].balance_bytes,
		.log_offset = l->account[LDP_TX].log_offset,
		.tx_rate_bps = dpath_rate(dp, l, LDP_TX, weights[LDP_TX]),
		.rx_rate_bps = dpath_rate(dp, l, LDP_RX, weights[LDP_RX]),
	};

	if (l->window.told_ns == 0)
		return true; /* its first credit comes with the epoch, and this after it */
	switch (status_when(&l->shown, &now, dp->now_ns)) {
	case STATUS_NOT:
		return true;
	case STATUS_LATER:
		return false;
	case STATUS_NOW:
		break;
	}
	return !l->showing && dp->announcing < STATUS_AT_ONCE && hand_over(dp, l, &now);
}

bool dpath_announce_step(struct dpath *dp)
{
	const uint64_t weights[LDP_DIRS] = {dpath_weights(dp, LDP_TX), dpath_weights(dp, LDP_RX)};
	uint32_t begin = dp->announce_next;
	bool done = true;

	for (uint32_t i = 0; i < dp->slots_end; i++) {
		uint32_t slot = (begin + i) % dp->slots_end;
		struct ldp *l = dp->ldp[slot];
		unsigned before = dp->announcing;

		if (!l || l->failed || l->frozen)
			continue;
		done &= step_one(dp, l, weights);
		if (dp->announcing > before)
			dp->announce_next = slot + 1;
	}
	return done;
}

/* Also between epochs, of which there are none while nothing moves. */
static void on_step(void *arg)
{
	struct dpath *dp = arg;
	bool done;

	dp->now_ns = loop_now_ns();
	dp->announce_set = false;
	done = dpath_tell_credits(dp); /* first: what guests are told is what is announced */
	done &= dpath_announce_step(dp);
	if (!done)
		dpath_announce(dp);
	dpath_run(dp);
}

void dpath_announce(struct dpath *dp)
{
	if (dp->announce_set)
		return;
	dp->announce_set = true;
	loop_timer_set(dp->announce, STATUS_STEP_NS);
}

bool dpath_announce_init(struct dpath *dp)
{
	dp->announce = loop_timer_new(dp->loop, on_step, dp);
	return dp->announce;
}

void dpath_announce_fini(struct dpath *dp)
{
	loop_timer_free(dp->announce);
}
