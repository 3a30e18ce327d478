/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/queues.h"

#include "backend/datapath/capture.h"
#include "backend/datapath/core.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/rx.h"
#include "common/flowq.h"

/*
 * What the link brings, and what other LDPs send, waits in flow queues: CoDel marks or drops what
 * waits too long in one flow, and a full queue drops from the flow with the most bytes. What was
 * flooded, and what a guest without an agent sends, waits in a FIFO.
 */
#define RX_QUEUE_TIME_MS 40u

static void drop(struct ldp *l, enum ldp_dir dir, unsigned reason, const struct flowq_frame *f)
{
	l->count.drops[reason]++;
	if (l->captures)
		capture_frame(l, dir, reason, f->iov, f->iovcnt, f->len);
}

static void on_rx_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	drop(arg, LDP_RX, reason == FLOWQ_FULL ? LDP_DROP_RX_FULL : LDP_DROP_RX_CODEL, f);
}

static void on_flood_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	(void)reason;
	drop(arg, LDP_RX, LDP_DROP_RX_FLOOD, f);
}

static void on_vif_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	(void)reason;
	drop(arg, LDP_TX, LDP_DROP_VIF_CODEL, f);
}

bool queues_init(struct dpath *dp, struct ldp *l)
{
	struct flowq_limits limits = flowq_limits_default();

	l->rxq = flowq_new(FLOWQ_FLOWS, &limits, dp->rx.flow_seed, on_rx_drop, l);
	limits.limit_bytes = RX_LOCAL_QUEUE_BYTES;
	l->localq = flowq_new(FLOWQ_FLOWS, &limits, dp->rx.flow_seed, on_rx_drop, l);
	limits.limit_bytes = FLOWQ_LIMIT_MIN;
	limits.max_wait_ns = FLOOD_WAIT_NS;
	l->floodq = flowq_new(1, &limits, 0, on_flood_drop, l);
	return l->rxq && l->localq && l->floodq;
}

bool queues_init_vif(struct ldp *l)
{
	struct flowq_limits limits = flowq_limits_default();

	l->vif.queue = flowq_new(1, &limits, 0, on_vif_drop, l);
	return l->vif.queue;
}

void queues_fini(struct ldp *l)
{
	flowq_free(l->vif.queue);
	flowq_free(l->floodq);
	flowq_free(l->localq);
	flowq_free(l->rxq);
}

/* CoDel must let pass what is being sent: on a slow link a full frame takes longer than its target.
 */
static uint64_t target_ns(uint64_t bps)
{
	uint64_t frame_ns = FRAME_WIRE_FULL * 8000000000ull / (bps ? bps : 1);

	return frame_ns < FLOWQ_TARGET_NS ? FLOWQ_TARGET_NS : frame_ns;
}

void queues_set_rate(struct ldp *l, uint64_t bps)
{
	uint64_t bytes = bps / 8 * RX_QUEUE_TIME_MS / 1000;
	struct flowq_limits limits = flowq_limits_default();

	limits.limit_bytes = bytes > FLOWQ_LIMIT_MAX ? FLOWQ_LIMIT_MAX : (uint32_t)bytes;
	limits.target_ns = target_ns(bps);
	if (limits.interval_ns < 2 * limits.target_ns)
		limits.interval_ns = 2 * limits.target_ns;
	flowq_set_limits(l->rxq, &limits);
}

void queues_set_vif_limit(struct ldp *l, uint64_t bytes)
{
	struct flowq_limits limits = flowq_limits_default();

	limits.limit_bytes = bytes > FLOWQ_LIMIT_MAX ? FLOWQ_LIMIT_MAX : (uint32_t)bytes;
	flowq_set_limits(l->vif.queue, &limits);
}

static void trim(struct flowq *q)
{
	if (flowq_empty(q))
		flowq_trim(q);
}

void queues_trim(struct ldp *l)
{
	trim(l->rxq);
	trim(l->localq);
	trim(l->floodq);
}

static struct flowq_state state(const struct flowq *q)
{
	struct flowq_state s;

	flowq_state(q, &s);
	return s;
}

uint64_t queues_waiting(const struct ldp *l)
{
	return (uint64_t)state(l->rxq).bytes + state(l->floodq).bytes + state(l->localq).bytes;
}

uint64_t queues_vif_waiting(const struct ldp *l)
{
	return state(l->vif.queue).bytes;
}

uint64_t queues_marks(const struct ldp *l)
{
	return state(l->rxq).counts.marks + state(l->localq).counts.marks;
}

bool queues_vif_full(const struct ldp *l)
{
	const struct flowq_state s = state(l->vif.queue);

	return s.used >= s.limit;
}

bool queues_vif_has_room(const struct ldp *l)
{
	const struct flowq_state s = state(l->vif.queue);

	return s.used <= s.limit / 4 * 3;
}
