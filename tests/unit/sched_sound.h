/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_sound.h: recomputes all that a scheduler keeps beside its LDPs: sums, lists, heaps, the
 * clock, and the wheels' slots and urns. Looks at every id.
 */
#ifndef DMVL_TESTS_SCHED_SOUND_H
#define DMVL_TESTS_SCHED_SOUND_H

#include "backend/sched/draw_priv.h"
#include "backend/sched/sched_priv.h"

/* What a member may still use in a slot. */
static uint64_t sound_credit(const struct wheel *w, const struct wheel_ldp *l, uint64_t slot)
{
	uint64_t end_vt = (slot + 1) << w->shift;

	return l->start_vt < end_vt ? (end_vt - l->start_vt) * l->weight : 0;
}

/* A member's tickets in the head slot: none while the slot that begins nearest is a later one. */
static uint32_t sound_tickets(const struct wheel *w, const struct wheel_ldp *l)
{
	uint64_t credit = sound_credit(w, l, w->head);

	if ((l->start_vt + ((uint64_t)1 << (w->shift - 1))) >> w->shift > w->head)
		return 0;
	return credit < UINT32_MAX ? (uint32_t)credit : UINT32_MAX;
}

/* Do the slot's FIFO and, for the head, the urn hold its members and its credit? */
static bool slot_is_sound(const struct wheel *w, const struct wheel_ldp *all, uint64_t slot)
{
	unsigned int index = (unsigned int)(slot % WHEEL_SLOTS);
	const struct wheel_slot *s = &w->slot[index];
	uint32_t members = 0, last = WHEEL_NONE;
	uint64_t left = 0;

	for (uint32_t id = s->first; id != WHEEL_NONE; last = id, id = all[id].next, members++) {
		if (all[id].prev != last || all[id].where != WHEEL_FIFO || all[id].slot != index ||
		    members > w->members)
			return false;
		left += sound_credit(w, &all[id], slot);
	}
	for (uint32_t at = 0; slot == w->head && at < w->urn_n; at++, members++) {
		const struct wheel_ldp *l = &all[w->urn[at]];

		if (l->where != WHEEL_IN_URN || l->urn_at != at ||
		    w->urn_credit[at] != sound_tickets(w, l))
			return false;
		left += sound_credit(w, l, slot);
	}
	return last == s->last && members == s->members && left == s->left && s->left <= s->total;
}

static bool wheel_is_sound(const struct wheel *w, const struct wheel_ldp *all)
{
	uint32_t members = 0;

	for (uint64_t slot = w->head; slot < w->head + WHEEL_SLOTS; slot++) {
		unsigned int index = (unsigned int)(slot % WHEEL_SLOTS);
		bool busy = w->busy[index / 64] >> index % 64 & 1;

		if (busy != (w->slot[index].members > 0) || !slot_is_sound(w, all, slot))
			return false;
		if (slot == w->head && w->members && !busy)
			return false;
		members += w->slot[index].members;
	}
	return members == w->members;
}

static bool draw_is_sound(const struct draw *d)
{
	uint64_t weight = 0, repaid = 0;
	double ahead = 0;

	for (uint32_t id = 0; id < d->max_ids; id++) {
		const struct wheel_ldp *l = &d->ldp[id];

		if (!d->away.pos[id] != !l->away)
			return false;
		if (l->where == WHEEL_OUT)
			continue;
		weight += l->weight;
		repaid += (uint64_t)l->weight * l->factor_q16;
		ahead += draw_ahead(d, l) * l->weight;
	}
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++) {
		if (!d->wheel[k].members != !(d->busy & 1u << k))
			return false;
		if (!wheel_is_sound(&d->wheel[k], d->ldp))
			return false;
	}
	/* The clock is the mean of the starts, to a byte or two where debts are below 16 MiB. */
	if ((ahead < 0 ? -ahead : ahead) > (double)(QUANTUM_CREDIT >> 10))
		return false;
	return weight == d->active_weight && repaid == d->active_repaid;
}

static bool sched_is_sound(const struct sched *s)
{
	uint64_t min_sum_bps = 0, weight = 0, all_weight = 0;

	for (uint32_t id = 0; id < s->max_ldps; id++) {
		uint8_t f = s->flags[id];
		bool in = f & SCHED_F_AWAKE && !(f & SCHED_F_CAPPED);
		bool away = s->draw->ldp[id].away;

		if (f && !(f & SCHED_F_KNOWN))
			return false;
		min_sum_bps += f ? s->ldp[id].rule.min_bps : 0;
		weight += in && !away ? s->ldp[id].rule.weight : 0;
		all_weight += f ? s->ldp[id].rule.weight : 0;
		if (away && (!in || s->draw->ldp[id].where != WHEEL_OUT))
			return false;
		if (!s->caps.pos[id] != !(f & SCHED_F_CAPPED) ||
		    !s->dues.pos[id] != !(in && f & SCHED_F_MIN))
			return false;
	}
	return min_sum_bps == s->min_sum_bps && weight == s->draw->active_weight &&
	       all_weight == s->draw->all_weight && draw_is_sound(s->draw);
}

#endif
