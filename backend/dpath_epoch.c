/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/dpath_priv.h"

/*
 * Epochs are for accounting only: no frame waits for one. The first frame that is charged begins
 * one; while frames are charged one follows the other, and when in one there was none, no timer
 * runs until the next frame: an idle host is not woken. Epochs that passed so are counted in
 * `idle`.
 */
static void begin(struct dpath *dp, uint64_t idle)
{
	dp->epoch.running = true;
	dp->epoch.idle = idle;
	dp->epoch.begin_ns = dp->now_ns;
	loop_timer_set(dp->epoch.timer, dp->epoch.conf.epoch_ns);
}

void dpath_served(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t cost_bytes, bool more)
{
	struct dpath_epoch *e = &dp->epoch;

	sched_served(s, l->slot, cost_bytes, more, dp->now_ns);
	if (s == dp->local)
		return;
	l->account[s == dp->tx ? LDP_TX : LDP_RX].served_bytes += cost_bytes;
	if (!e->running)
		begin(dp, (dp->now_ns - e->begin_ns) / e->conf.epoch_ns);
}

void dpath_epoch(struct dpath *dp)
{
	uint64_t served = 0;

	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];

		for (int dir = 0; l && dir < LDP_DIRS; dir++) {
			served += l->account[dir].served_bytes;
			l->account[dir].served_bytes = 0;
		}
	}
	if (served)
		begin(dp, 0);
	else
		dp->epoch.running = false;
}

static void on_epoch(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = loop_now_ns();
	dpath_epoch(dp);
	dpath_run(dp);
}

bool dpath_epoch_init(struct dpath *dp)
{
	dp->epoch.timer = loop_timer_new(dp->loop, on_epoch, dp);
	return dp->epoch.timer;
}

void dpath_epoch_fini(struct dpath *dp)
{
	loop_timer_free(dp->epoch.timer);
}
