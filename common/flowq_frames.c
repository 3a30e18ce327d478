/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flowq_frames.h"

/*
 * A full queue drops from the flows with the most bytes. Looking at all flows for each frame would
 * be dear when many small flows fill it. So they are looked at twice, and then so much is dropped
 * that a sixteenth of the limit is free: the cost is that of some flows for each frame.
 */
#define FREE_PART 16u

static void link_record(struct flowq *q, struct flowq_flow *f, struct flowq_rec *rec,
			uint32_t index)
{
	rec->next = FLOWQ_NIL;
	rec->flow = flowq_table_index(&q->table, f);
	if (f->head == FLOWQ_NIL)
		f->head = index;
	else
		flowq_ring_rec(&q->ring, f->tail)->next = index;
	f->tail = index;
}

/* Records have moved: a flow's are still in the order of the ring. */
static void link_all(struct flowq *q)
{
	for (uint32_t i = 0; i < q->table.capacity; i++)
		q->table.flow[i].head = q->table.flow[i].tail = FLOWQ_NIL;
	for (uint32_t i = q->ring.head; i != q->ring.tail; i = flowq_ring_next(&q->ring, i)) {
		struct flowq_rec *rec = flowq_ring_rec(&q->ring, i);

		if (!rec->gone)
			link_record(q, q->table.flow + rec->flow, rec, i);
	}
}

void flowq_describe(const struct flowq *q, const struct flowq_flow *f, uint32_t index,
		    struct flowq_frame *out)
{
	const struct flowq_rec *rec = flowq_ring_rec(&q->ring, index);

	out->vnet = rec->vnet;
	out->len = rec->len;
	out->cost_bytes = rec->cost_bytes;
	out->flags = rec->flags;
	out->flow = f->hash;
	out->queued_ns = rec->queued_ns;
	out->sparse = f->list == FLOWQ_NEW;
	out->iovcnt = flowq_ring_iov(&q->ring, index + FLOWQ_LINE, rec->len, out->iov);
}

/* A record that was unlinked goes. */
static void forget(struct flowq *q, struct flowq_flow *f, struct flowq_rec *rec)
{
	f->frames--;
	f->bytes -= flowq_rec_size(rec->len);
	q->frames--;
	q->bytes -= rec->len;
	flowq_ring_remove(&q->ring, rec);
}

void flowq_remove_head(struct flowq *q, struct flowq_flow *f)
{
	struct flowq_rec *rec = flowq_ring_rec(&q->ring, f->head);

	f->head = rec->next;
	if (f->head == FLOWQ_NIL)
		f->tail = FLOWQ_NIL;
	forget(q, f, rec);
}

static void remove_second(struct flowq *q, struct flowq_flow *f)
{
	struct flowq_rec *head = flowq_ring_rec(&q->ring, f->head);
	struct flowq_rec *rec = flowq_ring_rec(&q->ring, head->next);

	head->next = rec->next;
	if (head->next == FLOWQ_NIL)
		f->tail = f->head;
	forget(q, f, rec);
}

void flowq_drop(struct flowq *q, struct flowq_flow *f, uint32_t index, enum flowq_reason reason)
{
	struct flowq_frame frame;

	q->counts.drops[reason]++;
	if (q->on_drop) {
		flowq_describe(q, f, index, &frame);
		q->on_drop(q->arg, &frame, reason);
	}
	if (index == f->head)
		flowq_remove_head(q, f);
	else
		remove_second(q, f);
}

void flowq_append(struct flowq *q, struct flowq_flow *f, struct flowq_rec *rec, uint32_t index)
{
	link_record(q, f, rec, index);
	f->frames++;
	f->bytes += flowq_rec_size(rec->len);
	q->frames++;
	q->bytes += rec->len;
}

/* Twice the limit, for holes; and a largest frame may come beside a full queue. */
uint32_t flowq_memory_max(const struct flowq *q)
{
	uint32_t size = 4 * FLOWQ_LIMIT_MIN;

	while (size < 2 * q->limits.limit_bytes)
		size <<= 1;
	return size;
}

bool flowq_reserve(struct flowq *q, uint32_t len)
{
	bool moved = false, good;

	if (flowq_ring_has_room(&q->ring, len))
		return true;
	good = flowq_ring_reserve(&q->ring, len, flowq_memory_max(q), &moved);
	if (moved)
		link_all(q);
	return good;
}

/* --- a full queue ---------------------------------------------------------------------------- */

static bool is_peeked(const struct flowq *q, const struct flowq_flow *f)
{
	return q->peeked != FLOWQ_NONE && f == q->table.flow + q->peeked;
}

/* The first record that may be dropped; FLOWQ_NIL: none. */
static uint32_t victim(const struct flowq *q, const struct flowq_flow *f)
{
	return is_peeked(q, f) ? flowq_ring_rec(&q->ring, f->head)->next : f->head;
}

/* What may be dropped. */
static uint32_t fat(const struct flowq *q, const struct flowq_flow *f)
{
	if (!is_peeked(q, f))
		return f->bytes;
	return f->bytes - flowq_rec_size(flowq_ring_rec(&q->ring, f->head)->len);
}

/* Takes from the flow's head until it has `keep` bytes, or the queue `to`. */
static void thin(struct flowq *q, struct flowq_flow *f, uint32_t keep, uint32_t to)
{
	uint32_t index, size;

	while (fat(q, f) > keep && q->ring.live > to) {
		index = victim(q, f);
		size = flowq_rec_size(flowq_ring_rec(&q->ring, index)->len);
		if (q->ring.live - size < q->limits.limit_bytes / 2)
			return;
		flowq_drop(q, f, index, FLOWQ_FULL);
		f->codel.count++; /* as Linux does: CoDel shall press harder */
	}
}

static uint32_t fattest(const struct flowq *q)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < q->table.capacity; i++) {
		const struct flowq_flow *f = q->table.flow + i;

		if (f->bytes > most && fat(q, f) > most)
			most = fat(q, f);
	}
	return most;
}

/* One round, each time from where the last one ended: of flows that are alike, others lose. */
static void thin_all(struct flowq *q, uint32_t keep, uint32_t to)
{
	uint32_t n = q->table.capacity;

	for (uint32_t i = 0; i < n && q->ring.live > to; i++) {
		struct flowq_flow *f = q->table.flow + q->thinned % n;

		if (f->bytes > keep)
			thin(q, f, keep, to);
		if (q->ring.live > to)
			q->thinned++;
	}
}

void flowq_drop_excess(struct flowq *q)
{
	uint32_t limit = q->limits.limit_bytes, before;

	do {
		before = q->ring.live;
		thin_all(q, fattest(q) / 2, limit - limit / FREE_PART);
	} while (q->ring.live > limit && q->ring.live < before);
}
