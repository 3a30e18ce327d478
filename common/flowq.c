/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flowq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/ecn.h"
#include "common/flow_key.h"
#include "common/flowq_frames.h"

/*
 * Theory of operation
 *
 * Frames lie in a ring in the order in which they came (flowq_ring.c); the records of one flow are
 * linked from its head to its tail, so in the same order. Flows that have frames, or had some at
 * their last turn, are in one of two lists (flowq_table.c): new ones, which were empty, and old
 * ones. peek takes the first flow of the new ones, or else of the old ones. If its deficit is used
 * up, the flow gets a quantum and goes to the end of the old ones; if it is empty, it leaves, but a
 * new one must once go through the old ones if there are any (RFC 8290, 4.2: otherwise it could
 * come back as a new one and starve the others).
 */
struct flowq_limits flowq_limits_default(void)
{
	return (struct flowq_limits){.limit_bytes = FLOWQ_LIMIT_MIN,
				     .quantum_bytes = FLOWQ_QUANTUM,
				     .target_ns = FLOWQ_TARGET_NS,
				     .interval_ns = FLOWQ_INTERVAL_NS,
				     .ecn = true};
}

static uint32_t clamp(uint32_t v, uint32_t min, uint32_t max)
{
	if (v < min)
		return min;
	return v > max ? max : v;
}

struct flowq *flowq_new(uint32_t flows, const struct flowq_limits *limits, uint64_t seed,
			flowq_drop_cb *on_drop, void *arg)
{
	struct flowq *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	assert(flows > 0 && flows <= FLOWQ_FLOWS_MAX && !(flows & (flows - 1)));
	flowq_table_init(&q->table, flows);
	q->seed = seed;
	q->peeked = FLOWQ_NONE;
	q->on_drop = on_drop;
	q->arg = arg;
	flowq_set_limits(q, limits);
	return q;
}

void flowq_free(struct flowq *q)
{
	if (!q)
		return;
	flowq_ring_fini(&q->ring);
	flowq_table_fini(&q->table);
	free(q);
}

void flowq_set_limits(struct flowq *q, const struct flowq_limits *limits)
{
	q->limits = *limits;
	q->limits.limit_bytes = clamp(limits->limit_bytes, FLOWQ_LIMIT_MIN, FLOWQ_LIMIT_MAX);
	q->limits.quantum_bytes = clamp(limits->quantum_bytes, FLOWQ_QUANTUM, FLOWQ_LIMIT_MAX);
}

/* --- in -------------------------------------------------------------------------------------- */

static uint32_t hash_of(const struct flowq *q, const struct flow_key *key)
{
	return q->table.flows > 1 ? (uint32_t)flow_key_hash(key, q->seed) & (q->table.flows - 1)
				  : 0;
}

struct flowq_place flowq_place_of(const struct flowq *q, const uint8_t *hdr, size_t len)
{
	struct flow_key key;

	flow_key_read(hdr, len, &key);
	return (struct flowq_place){hash_of(q, &key), key.l3, key.l3_off};
}

static void read_wrapped(const struct iovec iov[2], struct flow_key *key)
{
	uint8_t copy[FLOW_HDR_MAX];

	memcpy(copy, iov[0].iov_base, iov[0].iov_len);
	memcpy(copy + iov[0].iov_len, iov[1].iov_base, iov[1].iov_len);
	flow_key_read(copy, iov[0].iov_len + iov[1].iov_len, key);
}

/* Of the copy in the ring: what was copied from may change. */
static void read_key(const struct flowq *q, uint32_t index, uint32_t len, struct flow_key *key)
{
	uint32_t n = len < FLOW_HDR_MAX ? len : FLOW_HDR_MAX;
	struct iovec iov[2];

	if (flowq_ring_iov(&q->ring, index + FLOWQ_LINE, n, iov) == 1)
		flow_key_read(iov[0].iov_base, n, key);
	else
		read_wrapped(iov, key);
}

/* More eighths of the limit are in use, and more are the flow's. */
static bool exceeds(const struct flowq *q, uint32_t flow, uint32_t used, uint32_t own)
{
	const struct flowq_flow *f = flowq_table_find(&q->table, flow);
	uint32_t eighth = q->limits.limit_bytes / 8;

	return f && q->ring.live > used * eighth && f->bytes > own * eighth;
}

bool flowq_is_crowded_by(const struct flowq *q, uint32_t flow)
{
	/* A sixteenth is free after a full queue has dropped something. */
	return exceeds(q, flow, 7, 4);
}

bool flowq_is_still_crowded_by(const struct flowq *q, uint32_t flow)
{
	return exceeds(q, flow, 6, 3);
}

/* The flow of a record that was put, and in the record where its IP header is. */
static uint32_t find_place(const struct flowq *q, const struct flowq_place *known,
			   struct flowq_rec *rec, uint32_t index)
{
	struct flow_key key;

	if (known) {
		rec->l3 = known->l3;
		rec->l3_off = known->l3_off;
		return known->flow;
	}
	read_key(q, index, rec->len, &key);
	rec->l3 = key.l3;
	rec->l3_off = key.l3_off;
	return hash_of(q, &key);
}

/* False: out of memory. */
static bool append(struct flowq *q, struct flowq_rec *rec, uint32_t index, uint32_t flow)
{
	struct flowq_flow *f = flowq_table_wake(&q->table, flow, &q->limits, rec->queued_ns);

	if (f)
		flowq_append(q, f, rec, index);
	else
		flowq_ring_remove(&q->ring, rec);
	return f;
}

static bool over_limit(const struct flowq *q, uint32_t len)
{
	return q->frames > 0 && q->ring.live + FLOWQ_LINE + len > q->limits.limit_bytes;
}

bool flowq_takes(const struct flowq *q, uint32_t len, uint32_t flags)
{
	if (q->table.flows == 1 && !(flags & FLOWQ_BEYOND) && over_limit(q, len))
		return false;
	return flowq_ring_fits(&q->ring, len, flowq_memory_max(q));
}

bool flowq_push(struct flowq *q, const struct flowq_place *place,
		const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov, unsigned iovcnt,
		uint32_t cost_bytes, uint32_t flags, uint64_t now_ns)
{
	uint32_t len = 0, index;
	struct flowq_rec *rec;
	bool over;

	for (unsigned i = 0; i < iovcnt; i++)
		len += (uint32_t)iov[i].iov_len;
	over = !(flags & FLOWQ_BEYOND) && over_limit(q, len);
	if ((over && q->table.flows == 1) || !flowq_reserve(q, len))
		return false;
	index = q->ring.tail;
	rec = flowq_ring_put(&q->ring, len, iov, iovcnt);
	rec->vnet = *vnet;
	rec->cost_bytes = cost_bytes;
	rec->flags = flags & ~FLOWQ_BEYOND;
	rec->queued_ns = now_ns;
	if (!append(q, rec, index, find_place(q, place, rec, index)))
		return false;
	if (over)
		flowq_drop_excess(q);
	return true;
}

/* --- CoDel ----------------------------------------------------------------------------------- */

/* Marks the head; false: its sender does not take part in ECN. */
static bool mark(struct flowq *q, const struct flowq_flow *f)
{
	const struct flowq_rec *rec = flowq_ring_rec(&q->ring, f->head);
	uint8_t *ip = flowq_ring_frame(&q->ring, f->head) + rec->l3_off;
	bool marked;

	if (!q->limits.ecn || rec->l3 == FLOW_L3_OTHER)
		return false;
	marked = rec->l3 == FLOW_L3_IPV4 ? ecn_mark_ipv4(ip) : ecn_mark_ipv6(ip);
	q->counts.marks += marked;
	return marked;
}

/* RFC 8289's dodequeue(): it is not a standing queue if less than a full frame is behind the head.
 */
static bool above(struct flowq *q, struct flowq_flow *f, uint64_t now_ns)
{
	const struct flowq_rec *rec;
	bool waited = false;

	if (f->frames > 0) {
		rec = flowq_ring_rec(&q->ring, f->head);
		waited = now_ns - rec->queued_ns >= q->limits.target_ns &&
			 f->bytes - flowq_rec_size(rec->len) > FLOWQ_QUANTUM;
	}
	return codel_above(&f->codel, waited, q->limits.interval_ns, now_ns);
}

/*
 * If nobody looked at the flow for a long time, because a process or a whole guest stood still, its
 * drops of that time would all be due now, and be all that waits. Those of the last interval are.
 */
static void forgive(struct codel *c, uint64_t interval_ns, uint64_t now_ns)
{
	if (now_ns > c->drop_next_ns && now_ns - c->drop_next_ns > interval_ns)
		c->drop_next_ns = now_ns - interval_ns;
}

static void drop_on(struct flowq *q, struct flowq_flow *f, uint64_t now_ns)
{
	struct codel *c = &f->codel;
	bool marked = false;

	forgive(c, q->limits.interval_ns, now_ns);
	while (!marked && c->dropping && now_ns >= c->drop_next_ns) {
		c->count++;
		marked = mark(q, f);
		if (!marked) {
			flowq_drop(q, f, f->head, FLOWQ_CODEL);
			c->dropping = above(q, f, now_ns);
		}
		if (c->dropping)
			c->drop_next_ns =
				codel_law(c->drop_next_ns, q->limits.interval_ns, c->count);
	}
}

static void run_codel(struct flowq *q, struct flowq_flow *f, uint64_t now_ns)
{
	bool is_above = above(q, f, now_ns);

	if (f->codel.dropping) {
		f->codel.dropping = is_above;
		drop_on(q, f, now_ns);
	} else if (is_above) {
		if (!mark(q, f)) {
			flowq_drop(q, f, f->head, FLOWQ_CODEL);
			above(q, f, now_ns);
		}
		codel_enter(&f->codel, q->limits.interval_ns, now_ns);
	}
}

static void drop_stale(struct flowq *q, struct flowq_flow *f, uint64_t now_ns)
{
	while (f->frames > 0 &&
	       now_ns - flowq_ring_rec(&q->ring, f->head)->queued_ns > q->limits.max_wait_ns)
		flowq_drop(q, f, f->head, FLOWQ_STALE);
}

/* --- out -------------------------------------------------------------------------------------- */

/* A flow without a deficit waits for others. If there are none, its turns come one after the other.
 */
static void end_turn(struct flowq *q, struct flowq_flow *f)
{
	uint32_t quantum = q->limits.quantum_bytes;

	f->deficit += quantum;
	if (q->table.active == 1 && f->deficit <= 0)
		f->deficit += (-f->deficit / quantum + 1) * quantum;
	flowq_table_move(&q->table, f, FLOWQ_OLD);
}

static void leave(struct flowq *q, struct flowq_flow *f)
{
	if (f->list == FLOWQ_NEW && flowq_table_first(&q->table, FLOWQ_OLD))
		flowq_table_move(&q->table, f, FLOWQ_OLD);
	else
		flowq_table_leave(&q->table, f);
}

/* The flow whose head goes next; NULL: the queue is empty. */
static struct flowq_flow *choose(struct flowq *q, uint64_t now_ns)
{
	struct flowq_flow *f;

	for (;;) {
		f = flowq_table_first(&q->table, FLOWQ_NEW);
		if (!f)
			f = flowq_table_first(&q->table, FLOWQ_OLD);
		if (!f)
			return NULL;
		if (f->deficit <= 0) {
			end_turn(q, f);
			continue;
		}
		if (q->limits.max_wait_ns)
			drop_stale(q, f, now_ns);
		else
			run_codel(q, f, now_ns);
		if (f->frames > 0)
			return f;
		leave(q, f);
	}
}

bool flowq_peek(struct flowq *q, uint64_t now_ns, struct flowq_frame *out)
{
	struct flowq_flow *f;

	if (q->peeked == FLOWQ_NONE) {
		f = choose(q, now_ns);
		if (!f)
			return false;
		q->peeked = flowq_table_index(&q->table, f);
	}
	f = q->table.flow + q->peeked;
	flowq_describe(q, f, f->head, out);
	return true;
}

void flowq_pop(struct flowq *q)
{
	struct flowq_flow *f;

	assert(q->peeked != FLOWQ_NONE);
	f = q->table.flow + q->peeked;
	f->deficit -= flowq_ring_rec(&q->ring, f->head)->cost_bytes;
	q->peeked = FLOWQ_NONE;
	flowq_remove_head(q, f);
}

void flowq_trim(struct flowq *q)
{
	assert(q->frames == 0);
	flowq_ring_fini(&q->ring);
	flowq_table_fini(&q->table);
}

/* --- figures ---------------------------------------------------------------------------------- */

bool flowq_empty(const struct flowq *q)
{
	return q->frames == 0;
}

void flowq_state(const struct flowq *q, struct flowq_state *out)
{
	*out = (struct flowq_state){.frames = q->frames,
				    .bytes = q->bytes,
				    .limit = q->limits.limit_bytes,
				    .used = q->ring.live,
				    .flows = q->table.active,
				    .memory = q->ring.size + flowq_table_memory(&q->table),
				    .counts = q->counts};
}
