/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched_group.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sched/draw_family.h"
#include "backend/sched/sched_priv.h"

/*
 * Debt. Nobody gets rid of what it is ahead by going elsewhere. In the group an LDP is ahead of the
 * other members by some bytes, and the group of the others at the top. By its weight among all
 * members, part of the latter is the LDP's. Both together are its debt, as far as that does not
 * exceed the larger of the two alone: an LDP that had a flood on its own account has it at both
 * levels. The debt goes with the LDP: the group that it leaves is that much less ahead, the group
 * that it joins that much more, and in the new draw the LDP starts that much ahead. What an LDP is
 * behind stays where it is, as when an LDP falls asleep.
 */

static bool group_exists(const struct sched *s, uint32_t group)
{
	return group >= 1 && group <= SCHED_GROUPS && s->group[group - 1];
}

static int group_make(struct sched *s, uint32_t group)
{
	struct sched_group *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->level.draw = draw_new_beside(s->top.draw, (uint16_t)group);
	if (!g->level.draw) {
		free(g);
		return -ENOMEM;
	}
	heap_init_beside(&g->level.dues, &s->top.dues);
	s->group[group - 1] = g;
	s->flags[sched_group_id(s, group)] = SCHED_F_KNOWN;
	return 0;
}

int sched_set_group(struct sched *s, uint32_t group, const struct sched_rule *rule, uint64_t now_ns)
{
	uint32_t id = sched_group_id(s, group);
	int rc;

	if (group < 1 || group > SCHED_GROUPS)
		return -EINVAL;
	rc = sched_check(rule);
	if (rc)
		return rc;
	sched_at(s, now_ns);
	if (s->group[group - 1]) {
		draw_reweight(s->top.draw, id, rule->weight,
			      rule->low_latency || draw_has_low(s->group[group - 1]->level.draw));
	} else {
		rc = group_make(s, group);
		if (rc)
			return rc;
		draw_reset(s->top.draw, id, rule->weight, rule->low_latency);
	}
	sched_apply(s, id, rule);
	return 0;
}

void sched_remove_group(struct sched *s, uint32_t group, uint64_t now_ns)
{
	uint32_t id = sched_group_id(s, group);

	if (!group_exists(s, group))
		return;
	for (uint32_t ldp = 0; ldp < s->max_ldps && s->group[group - 1]->members; ldp++)
		if (s->flags[ldp] & SCHED_F_MEMBER && s->ldp[ldp].group == group)
			sched_join(s, ldp, 0, now_ns);
	sched_apply(s, id, &(struct sched_rule){0});
	s->flags[id] = 0;
	s->reserved_group = SCHED_NONE;
	sched_group_free(s->group[group - 1]);
	s->group[group - 1] = NULL;
}

/* What the LDP takes along, and takes away from its group: see the theory. */
static double group_debt(struct sched *s, uint32_t id)
{
	double own = draw_ahead_bytes(sched_level(s, id)->draw, id), all, debt;
	const struct sched_group *g = sched_group_of(s, id);

	if (g) {
		all = draw_ahead_bytes(s->top.draw, sched_top_id(s, id));
		debt = own + all * s->ldp[id].rule.weight / (double)g->level.weight_sum;
		own = own > all ? own : all;
		own = own < debt ? own : debt;
	}
	return own > 0 ? own : 0;
}

/* Moves an LDP that is asleep. */
static void group_move(struct sched *s, uint32_t id, uint32_t group, double debt)
{
	struct draw *from = sched_level(s, id)->draw;

	if (s->ldp[id].group)
		draw_shift(s->top.draw, sched_top_id(s, id), -debt);
	sched_regroup(s, id, group);
	draw_move(from, sched_level(s, id)->draw, id, debt);
	if (group)
		draw_shift(s->top.draw, sched_top_id(s, id), debt);
}

/* Room in a group for one member more. */
static int group_reserve(struct sched_group *g, uint32_t weight)
{
	if (heap_reserve(&g->level.dues, g->members + 1))
		return -ENOMEM;
	return draw_reserve(g->level.draw, g->members + 1, weight);
}

int sched_join(struct sched *s, uint32_t id, uint32_t group, uint64_t now_ns)
{
	bool awake;

	if (!sched_known(s, id) || (group && !group_exists(s, group)))
		return -ENOENT;
	if (s->ldp[id].group == group)
		return 0;
	if (group && group_reserve(s->group[group - 1], s->ldp[id].rule.weight))
		return -ENOMEM;
	sched_at(s, now_ns);
	awake = sched_is_awake(s, id);
	sched_sleep(s, id);
	group_move(s, id, group, group_debt(s, id));
	s->reserved = s->reserved_group = SCHED_NONE;
	if (awake) {
		s->flags[id] |= SCHED_F_AWAKE;
		sched_place(s, id);
	}
	return 0;
}

void sched_set_group_factor(struct sched *s, uint32_t group, uint32_t factor_q16)
{
	if (group_exists(s, group))
		draw_set_factor(s->top.draw, sched_group_id(s, group),
				sched_clamp_factor(factor_q16));
}
