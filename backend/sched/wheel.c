/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/wheel.h"

/*
 * Theory of operation
 *
 * A slot is a stratum of the lottery. Within it each member may use the credit between its start
 * and the slot's end: 1 to 2 quanta for a member that starts at the slot's beginning. This credit
 * is its number of tickets, so a slot is a draw without replacement: a member that has used its
 * credit is in a later slot.
 *
 * A draw does not look at all members of the head slot but at an urn of at most 16, filled from the
 * slot's FIFO; filling it prefetches their cache lines. The first urn of a slot has a random size,
 * so that not the same 16 meet each time.
 *
 * The wheel covers WHEEL_SLOTS slots from the head on. An LDP that is further ahead waits in the
 * last slot and is put again when that slot becomes the head. An LDP that belongs before the head
 * moves the head back, after the urn was put back into its FIFO; if members far ahead do not allow
 * that, the LDP gets the earliest possible slot.
 *
 * Invariants: urn_n > 0 implies that its members' slot is the head; head is the first busy slot
 * while members > 0; per slot, left = the sum of its members' credit, and total - left was served.
 */

void wheel_init(struct wheel *w, unsigned int class)
{
	*w = (struct wheel){.shift = (uint8_t)(VT_QUANTUM_LOG - class), .fresh = true};
	for (int i = 0; i < WHEEL_SLOTS; i++)
		w->slot[i].first = w->slot[i].last = WHEEL_NONE;
}

static unsigned int wheel_index(uint64_t slot)
{
	return (unsigned int)(slot % WHEEL_SLOTS);
}

/* Busy slots as seen from slot `from`: bit 0 is that slot, bit 127 the one before it. */
static unsigned __int128 wheel_busy(const struct wheel *w, uint64_t from)
{
	unsigned __int128 map = (unsigned __int128)w->busy[1] << 64 | w->busy[0];
	unsigned int by = wheel_index(from);

	return by ? map >> by | map << (WHEEL_SLOTS - by) : map;
}

/* The distance from the head to the first busy slot; there must be one. */
static unsigned int wheel_first(const struct wheel *w)
{
	unsigned __int128 map = wheel_busy(w, w->head);

	return (uint64_t)map ? (unsigned int)__builtin_ctzll((uint64_t)map)
			     : 64 + (unsigned int)__builtin_ctzll((uint64_t)(map >> 64));
}

/* The distance from the head to the last busy slot; there must be one. */
static unsigned int wheel_last(const struct wheel *w)
{
	unsigned __int128 map = wheel_busy(w, w->head);

	return (uint64_t)(map >> 64) ? 127 - (unsigned int)__builtin_clzll((uint64_t)(map >> 64))
				     : 63 - (unsigned int)__builtin_clzll((uint64_t)map);
}

/* The slot, since vt 0, in which a member is: its index says which one of the 128 from the head. */
static uint64_t wheel_slot_of(const struct wheel *w, const struct wheel_ldp *l)
{
	return w->head + wheel_index(l->slot + WHEEL_SLOTS - w->head % WHEEL_SLOTS);
}

/* What a member may still use in a slot. */
static uint64_t wheel_credit(const struct wheel *w, const struct wheel_ldp *l, uint64_t slot)
{
	uint64_t end_vt = (slot + 1) << w->shift;

	return l->start_vt < end_vt ? (end_vt - l->start_vt) * l->weight : 0;
}

/* The slot that begins nearest to the member's start. */
static uint64_t wheel_nearest(const struct wheel *w, const struct wheel_ldp *l)
{
	return (l->start_vt + ((uint64_t)1 << (w->shift - 1))) >> w->shift;
}

/* Its tickets in the head slot's urn. */
static uint32_t wheel_tickets(const struct wheel *w, const struct wheel_ldp *l)
{
	uint64_t credit = wheel_credit(w, l, w->head);

	if (wheel_nearest(w, l) > w->head)
		return 0;
	return credit < UINT32_MAX ? (uint32_t)credit : UINT32_MAX;
}

static void wheel_link(struct wheel *w, struct wheel_ldp *all, uint32_t id, uint32_t after)
{
	struct wheel_slot *s = &w->slot[all[id].slot];
	uint32_t before = after == WHEEL_NONE ? s->first : all[after].next;

	all[id].prev = after;
	all[id].next = before;
	all[id].where = WHEEL_FIFO;
	if (after == WHEEL_NONE)
		s->first = id;
	else
		all[after].next = id;
	if (before == WHEEL_NONE)
		s->last = id;
	else
		all[before].prev = id;
}

static void wheel_unlink(struct wheel *w, struct wheel_ldp *all, uint32_t id)
{
	struct wheel_slot *s = &w->slot[all[id].slot];

	if (all[id].prev == WHEEL_NONE)
		s->first = all[id].next;
	else
		all[all[id].prev].next = all[id].next;
	if (all[id].next == WHEEL_NONE)
		s->last = all[id].prev;
	else
		all[all[id].next].prev = all[id].prev;
}

/* The urn's LDPs go back to the front of the head slot's FIFO. */
static void wheel_empty_urn(struct wheel *w, struct wheel_ldp *all)
{
	while (w->urn_n)
		wheel_link(w, all, w->urn[--w->urn_n], WHEEL_NONE);
}

static void wheel_set_head(struct wheel *w, struct wheel_ldp *all, uint64_t slot)
{
	wheel_empty_urn(w, all);
	w->head = slot;
	w->fresh = true;
}

/* The slot that the wheel has for the wanted one; moves the head back if necessary. */
static uint64_t wheel_choose(struct wheel *w, struct wheel_ldp *all, uint64_t slot)
{
	if (!w->members) {
		wheel_set_head(w, all, slot);
	} else if (slot < w->head) {
		uint64_t last = w->head + wheel_last(w);

		if (slot + WHEEL_SLOTS <= last)
			slot = last - WHEEL_SLOTS + 1;
		if (slot < w->head)
			wheel_set_head(w, all, slot);
	} else if (slot >= w->head + WHEEL_SLOTS) {
		slot = w->head + WHEEL_SLOTS - 1;
	}
	return slot;
}

void wheel_put(struct wheel *w, struct wheel_ldp *all, uint32_t id)
{
	struct wheel_ldp *l = &all[id];
	uint64_t slot = wheel_choose(w, all, wheel_nearest(w, l));
	uint64_t credit = wheel_credit(w, l, slot);
	struct wheel_slot *s;

	l->slot = (uint8_t)wheel_index(slot);
	s = &w->slot[l->slot];
	s->left += credit;
	s->total += credit;
	s->members++;
	w->members++;
	w->busy[l->slot / 64] |= (uint64_t)1 << l->slot % 64;
	wheel_link(w, all, id, s->last);
}

/* Takes it out of its slot and finds the new head. The caller updates the slot's credit. */
static void wheel_drop(struct wheel *w, struct wheel_ldp *all, uint32_t id)
{
	struct wheel_ldp *l = &all[id];
	struct wheel_slot *s = &w->slot[l->slot];

	if (l->where == WHEEL_IN_URN) {
		w->urn[l->urn_at] = w->urn[--w->urn_n];
		w->urn_credit[l->urn_at] = w->urn_credit[w->urn_n];
		all[w->urn[l->urn_at]].urn_at = l->urn_at;
	} else {
		wheel_unlink(w, all, id);
	}
	l->where = WHEEL_OUT;
	w->members--;
	if (--s->members)
		return;
	s->left = s->total = 0;
	w->busy[l->slot / 64] &= ~((uint64_t)1 << l->slot % 64);
	if (w->members && l->slot == wheel_index(w->head))
		wheel_set_head(w, all, w->head + wheel_first(w));
}

void wheel_take(struct wheel *w, struct wheel_ldp *all, uint32_t id)
{
	struct wheel_slot *s = &w->slot[all[id].slot];
	uint64_t credit = wheel_credit(w, &all[id], wheel_slot_of(w, &all[id]));

	s->left -= credit;
	s->total -= credit;
	wheel_drop(w, all, id);
}

static void wheel_advance(struct wheel_ldp *l, uint64_t step, uint32_t cost_bytes)
{
	unsigned __int128 by = (unsigned __int128)step * cost_bytes + l->start_frac;

	l->start_vt += (uint64_t)(by >> 32);
	l->start_frac = (uint32_t)by;
}

void wheel_serve(struct wheel *w, struct wheel_ldp *all, uint32_t id, uint64_t step,
		 uint32_t cost_bytes)
{
	struct wheel_ldp *l = &all[id];
	uint64_t slot, had, has;

	if (l->where == WHEEL_OUT) {
		wheel_advance(l, step, cost_bytes);
		return;
	}
	slot = wheel_slot_of(w, l);
	had = wheel_credit(w, l, slot);
	wheel_advance(l, step, cost_bytes);
	has = wheel_credit(w, l, slot);
	w->slot[l->slot].left -= had - has;
	if (wheel_nearest(w, l) > slot) {
		w->slot[l->slot].left -= has;
		w->slot[l->slot].total -= has;
		wheel_drop(w, all, id);
		wheel_put(w, all, id);
	} else if (l->where == WHEEL_IN_URN) {
		w->urn_credit[l->urn_at] = wheel_tickets(w, l);
	}
}

static void wheel_fill_urn(struct wheel *w, struct wheel_ldp *all, struct rng *rng)
{
	struct wheel_slot *s = &w->slot[wheel_index(w->head)];
	unsigned int want = w->fresh ? 1 + rng_below(rng, WHEEL_URN) : WHEEL_URN;

	w->fresh = false;
	w->urn_most = 0;
	while (w->urn_n < want && s->first != WHEEL_NONE) {
		struct wheel_ldp *l = &all[s->first];

		w->urn[w->urn_n] = s->first;
		s->first = l->next;
		if (s->first != WHEEL_NONE)
			__builtin_prefetch(&all[s->first], 1);
		else
			s->last = WHEEL_NONE;
		l->where = WHEEL_IN_URN;
		l->urn_at = w->urn_n;
		w->urn_credit[w->urn_n] = wheel_tickets(w, l);
		if (w->urn_credit[w->urn_n] > w->urn_most)
			w->urn_most = w->urn_credit[w->urn_n];
		w->urn_n++;
	}
	if (s->first != WHEEL_NONE)
		all[s->first].prev = WHEEL_NONE;
}

uint32_t wheel_pick(struct wheel *w, struct wheel_ldp *all, struct rng *rng)
{
	for (;;) {
		uint32_t at, id;

		if (!w->urn_n)
			wheel_fill_urn(w, all, rng);
		for (int tries = 1;; tries++) {
			uint64_t r = rng_next(rng);

			at = (uint32_t)((r >> 32) * w->urn_n >> 32);
			if (tries == WHEEL_URN_TRIES ||
			    (uint32_t)((r & UINT32_MAX) * w->urn_most >> 32) < w->urn_credit[at])
				break;
		}
		if (w->urn_credit[at])
			return w->urn[at];
		/* It waited here because its own slot was beyond the end of the wheel. */
		id = w->urn[at];
		wheel_take(w, all, id);
		wheel_put(w, all, id);
	}
}

void wheel_position(struct wheel *w, struct rng *rng)
{
	const struct wheel_slot *s = &w->slot[wheel_index(w->head)];
	const uint64_t quantum = (uint64_t)1 << VT_QUANTUM_LOG;
	uint64_t step = s->total < quantum ? s->total : quantum;
	uint64_t used = s->total - s->left + ((rng_next(rng) >> 32) * step >> 32);

	if (used >= s->total) {
		w->position_vt = wheel_end_vt(w);
		return;
	}
	if (s->total != w->scale_total) { /* rarely: saves a division for each frame */
		w->scale_total = s->total;
		w->scale = (double)((uint64_t)1 << w->shift) / (double)s->total;
	}
	w->position_vt = wheel_begin_vt(w) + (uint64_t)((double)used * w->scale);
}

void wheel_rebase(struct wheel *w, uint64_t vt)
{
	w->head = vt >> w->shift < w->head ? w->head - (vt >> w->shift) : w->head % WHEEL_SLOTS;
	w->position_vt = vt < w->position_vt ? w->position_vt - vt : 0;
}
