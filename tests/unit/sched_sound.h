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

/* Does the ring hold those that say so, and end with the last? */
static bool ring_is_sound(const struct draw *d, int ring)
{
	uint32_t says = 0, has = 0, last = WHEEL_NONE;

	for (uint32_t id = 0; id < d->max_ids; id++)
		says += d->ldp[id].owner == d->owner && d->ldp[id].in_ring & 1u << ring;
	for (uint32_t id = d->ring[ring].first; id != WHEEL_NONE; id = d->ldp[id].ring_next[ring]) {
		if (d->ldp[id].owner != d->owner || !(d->ldp[id].in_ring & 1u << ring) ||
		    ++has > says)
			return false;
		last = id;
	}
	return has == says && (!has || last == d->ring[ring].last);
}

static bool wheels_are_sound(const struct draw *d)
{
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++) {
		if (!(d->wheel[k] && d->wheel[k]->members) != !(d->busy & 1u << k))
			return false;
		if (d->wheel[k] && !wheel_is_sound(d->wheel[k], d->ldp))
			return false;
	}
	return true;
}

static bool draw_is_sound(const struct draw *d)
{
	uint64_t weight = 0, repaid = 0;
	uint32_t low = 0, away = 0;
	double ahead = 0;

	for (uint32_t id = 0; id < d->max_ids; id++) {
		const struct wheel_ldp *l = &d->ldp[id];

		if (l->owner != d->owner)
			continue;
		if (!d->away.pos[id] != !l->away)
			return false;
		away += l->away;
		if (l->where == WHEEL_OUT)
			continue;
		weight += l->weight;
		repaid += (uint64_t)l->weight * l->factor_q16;
		low += l->low_latency;
		ahead += draw_ahead(d, l) * l->weight;
	}
	/* The clock is the mean of the starts, to a byte or two where debts are below 16 MiB. */
	if ((ahead < 0 ? -ahead : ahead) > (double)(QUANTUM_CREDIT >> 10))
		return false;
	return weight == d->active_weight && repaid == d->active_repaid && low == d->low &&
	       away == d->away.n && wheels_are_sound(d) && ring_is_sound(d, RING_WOKEN) &&
	       ring_is_sound(d, RING_LOW);
}

/* What a level and its group should keep, from the rules of those in it. */
struct sound_sums {
	uint64_t weight, all_weight, min_bps;
	uint32_t members, n_min, dues;
};

/* One LDP or group: is it where its flags say, and nowhere else? */
static bool place_is_sound(const struct sched *s, uint32_t id, const struct sched_level *at)
{
	uint8_t f = s->flags[id];
	bool in = f & SCHED_F_AWAKE && !(f & SCHED_F_CAPPED);
	const struct wheel_ldp *l = &at->draw->ldp[id];

	if ((f && !(f & SCHED_F_KNOWN)) || l->owner != at->draw->owner)
		return false;
	if (l->away ? !in || l->where != WHEEL_OUT : in != (l->where != WHEEL_OUT))
		return false;
	return !s->caps.pos[id] == !(f & SCHED_F_CAPPED) &&
	       !at->dues.pos[id] == !(in && f & (SCHED_F_MIN | SCHED_F_DUES));
}

/* One level: those with ids from..to-1 that belong to `group`, 0: to none. */
static bool level_is_sound(const struct sched *s, const struct sched_level *at, uint32_t group,
			   uint32_t from, uint32_t to, struct sound_sums *sum)
{
	for (uint32_t id = from; id < to; id++) {
		uint8_t f = s->flags[id];
		bool in = f & SCHED_F_AWAKE && !(f & SCHED_F_CAPPED);

		if (!f && (s->caps.pos[id] || at->dues.pos[id]))
			return false;
		if (!f || (f & SCHED_F_MEMBER ? s->ldp[id].group : 0) != group)
			continue;
		if (!place_is_sound(s, id, at))
			return false;
		sum->members++;
		sum->min_bps += id < s->max_ldps ? s->ldp[id].rule.min_bps : 0;
		sum->n_min += s->ldp[id].rule.min_bps > 0;
		sum->dues += at->dues.pos[id] > 0;
		sum->weight += in && !at->draw->ldp[id].away ? s->ldp[id].rule.weight : 0;
		if (id < s->max_ldps || s->group[id - s->max_ldps]->members)
			sum->all_weight += s->ldp[id].rule.weight;
	}
	return sum->weight == at->draw->active_weight && sum->all_weight == at->draw->all_weight &&
	       sum->all_weight == at->weight_sum && sum->dues == at->dues.n &&
	       draw_is_sound(at->draw);
}

/* A group's members, and the group among those at the top. Adds what it reserves. */
static bool group_is_sound(const struct sched *s, uint32_t group, struct sound_sums *top)
{
	const struct sched_group *g = s->group[group - 1];
	uint32_t id = sched_group_id(s, group);
	struct sound_sums sum = {0};

	if (!g)
		return !s->flags[id];
	if (!level_is_sound(s, &g->level, group, 0, s->max_ldps, &sum))
		return false;
	top->min_bps +=
		sum.min_bps > s->ldp[id].rule.min_bps ? sum.min_bps : s->ldp[id].rule.min_bps;
	top->n_min += sum.n_min;
	return sum.members == g->members && sum.min_bps == g->min_sum_bps &&
	       sum.n_min == g->n_min && !sum.n_min == !(s->flags[id] & SCHED_F_DUES) &&
	       draw_has_any(g->level.draw) == ((s->flags[id] & SCHED_F_AWAKE) != 0);
}

static bool sched_is_sound(const struct sched *s)
{
	struct sound_sums top = {0};

	for (uint32_t group = 1; group <= SCHED_GROUPS; group++)
		if (!group_is_sound(s, group, &top))
			return false;
	return level_is_sound(s, &s->top, 0, 0, s->max_ldps + SCHED_GROUPS, &top) &&
	       top.min_bps == s->min_sum_bps && top.n_min == s->n_min;
}

#endif
