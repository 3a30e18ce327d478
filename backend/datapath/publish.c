/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/publish.h"

#include "backend/datapath/core.h"
#include "backend/datapath/credit.h"
#include "backend/datapath/outlook.h"
#include "backend/msg/msg.h"

/*
 * Xenstore is slow, the whole host shares it, and it may stand still. So the control thread is
 * given at most STATUS_AT_ONCE statuses to write, one for an LDP. It gets more when it has
 * answered, with the numbers as they are then. Slots take turns: the more LDPs, the more seldom
 * each is published. While nothing changes, no timer runs.
 */
static void hand_over(struct dpath *dp, struct ldp *l, const struct ldp_status *now)
{
	struct msg *m = msg_new(MSG_PUBLISH, l->slot);

	m->status = *now;
	msg_post(dp->out, m);
	l->shown = (struct ldp_status_shown){*now, dp->now_ns};
	l->showing = true;
	dp->publish.unanswered++;
}

void publish_answered(struct dpath *dp, uint32_t slot)
{
	struct ldp *l = core_ldp(dp, slot);

	dp->publish.unanswered--;
	/* The LDP may have gone. Nobody else has its slot yet: messages arrive in order.
	 */
	if (!l)
		return;
	l->showing = false;
	l->shown.shown_ns = dp->now_ns;
}

/* False: there is something to publish, but not yet. */
static bool publish_one(struct dpath *dp, struct ldp *l)
{
	const struct ldp_status now = {
		.credit_bytes = l->window.told.credit_bytes,
		.balance_bytes = l->account[LDP_TX].balance_bytes,
		.log_offset = l->account[LDP_TX].log_offset,
		.tx_rate_bps = l->outlook[LDP_TX].prospect.bps,
		.rx_rate_bps = l->outlook[LDP_RX].prospect.bps,
		.groups = groups_count(dp->flood.groups, l->slot),
	};
	enum status_when when;

	if (l->window.told_ns == 0)
		return true; /* the epoch's end tells it its first credit, and comes back here */
	if (!outlook_is_known(dp, l))
		return false;
	when = status_when(&l->shown, &now, dp->now_ns);
	if (when != STATUS_NOW)
		return when == STATUS_NOT;
	if (l->showing || dp->publish.unanswered >= STATUS_AT_ONCE)
		return false;
	hand_over(dp, l, &now);
	return true;
}

bool publish_step(struct dpath *dp)
{
	uint32_t begin = dp->publish.next, end = dp->members.end;
	bool done = true;

	for (uint32_t i = 0; i < end; i++) {
		uint32_t slot = (begin + i) % end;
		struct ldp *l = core_ldp(dp, slot);
		unsigned before = dp->publish.unanswered;

		if (!l || !ldp_is_active(l))
			continue;
		done &= publish_one(dp, l);
		if (dp->publish.unanswered > before)
			dp->publish.next = slot + 1;
	}
	return done;
}

static void publish_soon(struct dpath *dp)
{
	if (dp->publish.timer_set)
		return;
	dp->publish.timer_set = true;
	loop_timer_set(dp->publish.timer, STATUS_STEP_NS);
}

void publish_due(struct dpath *dp)
{
	bool done;

	dp->publish.timer_set = false;
	done = credit_tell(dp); /* first: xenstore shows what guests were told */
	done &= outlook_step(dp);
	done &= publish_step(dp);
	if (!done)
		publish_soon(dp);
}

void publish_credits(struct dpath *dp)
{
	credit_measure(dp);
	outlook_changed(dp);
	credit_tell(dp);
	publish_soon(dp);
}

bool publish_init(struct dpath *dp, loop_cb *due)
{
	dp->publish.timer = loop_timer_new_precise(dp->loop, due, dp);
	return dp->publish.timer;
}

void publish_fini(struct dpath *dp)
{
	loop_timer_free(dp->publish.timer);
}
