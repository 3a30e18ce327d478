/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched_rule.h"

#include <errno.h>

#include "backend/sched/draw_family.h"
#include "backend/sched/sched_priv.h"

/* All that is needed when a rule changes; nothing that each frame needs. */

#define MIN_PERCENT   95 /* of the capacity that minima may take */
#define DEFAULT_BURST 10 /* ms at max_bps */
#define MAX_CAP_MS    10 /* of a ceiling that one frame may take */

/* What all minima together may take; 0 while the capacity is not known. */
static uint64_t sched_min_limit_bps(const struct sched *s)
{
	return s->capacity_bps / 100 * MIN_PERCENT + s->capacity_bps % 100 * MIN_PERCENT / 100;
}

/* The time that frames in front of an LDP that is due may take, on the slowest link expected. */
static void sched_set_slack(struct sched *s)
{
	uint64_t bps = s->capacity_bps ? s->capacity_bps : s->min_sum_bps;
	uint64_t bits = 8ull * s->quantum_bytes * (SCHED_SLACK_FRAMES + s->n_min);

	s->slack_ns = SCHED_SLACK_MS * 1000000ull;
	if (bps)
		s->slack_ns += bits * 1000000 / (bps / 1000 + 1);
}

/* Do the minima need more than that? */
static bool sched_is_scaled(const struct sched *s)
{
	return s->capacity_bps && s->min_sum_bps > sched_min_limit_bps(s);
}

/* What a group reserves at the top: its own minimum, or the sum of its members'. */
static uint64_t sched_reserves_bps(const struct sched *s, uint32_t group)
{
	uint64_t own = s->ldp[sched_group_id(s, group)].rule.min_bps;
	uint64_t members = s->group[group - 1]->min_sum_bps;

	return own > members ? own : members;
}

/* The minimum in force: the LDP's own, or less while the link carries less. */
static uint64_t sched_min_bps(const struct sched *s, uint32_t id)
{
	uint64_t min = s->ldp[id].rule.min_bps, limit = sched_min_limit_bps(s);

	if (!sched_is_scaled(s))
		return min;
	return (uint64_t)((unsigned __int128)min * limit / s->min_sum_bps);
}

/*
 * Sets the rate of every minimum, after their sum or the link's rate has changed. Looks at every
 * LDP, but is necessary only if the minima did not fit before or do not fit now. Groups have the
 * last ids, so their members are done before them.
 */
static void sched_scale_minima(struct sched *s)
{
	for (uint32_t id = 0; id < s->max_ldps + SCHED_GROUPS; id++) {
		if (s->flags[id] & SCHED_F_MIN)
			sched_fill_min(s, id, sched_min_bps(s, id));
		sched_set_due(s, id);
	}
}

void sched_set_capacity(struct sched *s, uint64_t capacity_bps)
{
	bool scaled = sched_is_scaled(s);

	s->capacity_bps = capacity_bps;
	sched_set_slack(s);
	if (scaled || sched_is_scaled(s))
		sched_scale_minima(s);
}

void sched_set_frame_time(struct sched *s, uint64_t ns)
{
	s->frame_ns = ns;
}

uint32_t sched_frame_cap_bytes(const struct sched *s)
{
	uint64_t cap = s->capacity_bps / 8000 * s->frame_ns / 1000000;

	if (!s->capacity_bps || cap > UINT32_MAX)
		return UINT32_MAX;
	return cap < s->quantum_bytes ? s->quantum_bytes : (uint32_t)cap;
}

/* `cap`, or less if a ceiling of max_bps carries less in 10 ms. */
static uint32_t sched_ceiling_cap(const struct sched *s, uint64_t max_bps, uint32_t cap)
{
	uint64_t most = max_bps / 8000 * MAX_CAP_MS;

	if (!max_bps)
		return cap;
	if (most < s->quantum_bytes)
		most = s->quantum_bytes;
	return most < cap ? (uint32_t)most : cap;
}

uint32_t sched_ldp_cap_bytes(const struct sched *s, uint32_t id)
{
	uint32_t cap = sched_frame_cap_bytes(s);

	if (!sched_known(s, id))
		return cap;
	cap = sched_ceiling_cap(s, s->ldp[id].rule.max_bps, cap);
	return sched_ceiling_cap(s, s->ldp[sched_top_id(s, id)].rule.max_bps, cap);
}

int sched_check(const struct sched_rule *r)
{
	if (r->weight < SCHED_WEIGHT_MIN || r->weight > SCHED_WEIGHT_MAX)
		return -EINVAL;
	if (r->max_bps && r->min_bps > r->max_bps)
		return -EINVAL;
	return r->min_bps > SCHED_MIN_MAX ? -EINVAL : 0;
}

static int64_t sched_burst(const struct sched *s, const struct sched_rule *r)
{
	uint64_t burst = r->burst_bytes;

	if (!burst)
		burst = r->max_bps / 8000 * DEFAULT_BURST;
	if (burst < 2ull * s->quantum_bytes)
		burst = 2ull * s->quantum_bytes;
	return (int64_t)(burst > DEPTH_MAX ? DEPTH_MAX : burst);
}

/* Counts an LDP's minimum in (sign 1) or out (-1). */
static void sched_count_min(struct sched *s, uint32_t id, int sign)
{
	uint64_t min = (uint64_t)(int64_t)sign * s->ldp[id].rule.min_bps;
	struct sched_group *g = sched_group_of(s, id);
	uint32_t group_id = sched_top_id(s, id);

	if (!g) {
		s->min_sum_bps += min;
		return;
	}
	s->min_sum_bps -= sched_reserves_bps(s, s->ldp[id].group);
	g->min_sum_bps += min;
	s->min_sum_bps += sched_reserves_bps(s, s->ldp[id].group);
	if (min)
		g->n_min += (uint32_t)sign;
	s->flags[group_id] &= (uint8_t)~SCHED_F_DUES;
	if (g->n_min)
		s->flags[group_id] |= SCHED_F_DUES;
	if (s->flags[group_id] & (SCHED_F_MIN | SCHED_F_DUES))
		sched_set_due(s, group_id);
	else
		heap_drop(&s->top.dues, group_id);
}

/* Counts a group's own minimum in or out: what it is above its members'. */
static void sched_count_group_min(struct sched *s, uint32_t id, int sign)
{
	uint64_t members = s->group[id - s->max_ldps]->min_sum_bps, own = s->ldp[id].rule.min_bps;

	if (own > members)
		s->min_sum_bps += (uint64_t)(int64_t)sign * (own - members);
}

/* Counts the rule of an LDP or group into the sums (sign 1), or out of them (-1). */
static void sched_count_weight(struct sched *s, uint32_t id, int sign)
{
	struct sched_level *at = sched_level(s, id);

	if (id >= s->max_ldps && !s->group[id - s->max_ldps]->members)
		return; /* nobody is idle there */
	at->weight_sum += (uint64_t)(int64_t)sign * s->ldp[id].rule.weight;
	draw_set_all_weight(at->draw, at->weight_sum);
}

static void sched_count(struct sched *s, uint32_t id, int sign)
{
	const struct sched_rule *r = &s->ldp[id].rule;

	sched_count_weight(s, id, sign);
	if (r->min_bps)
		s->n_min += (uint32_t)sign;
	if (id < s->max_ldps)
		sched_count_min(s, id, sign);
	else
		sched_count_group_min(s, id, sign);
}

/* After a change of sums that may have been scaled before. */
static void sched_rescale(struct sched *s, bool scaled)
{
	sched_set_slack(s);
	if (scaled || sched_is_scaled(s))
		sched_scale_minima(s);
}

static void sched_count_member(struct sched *s, uint32_t group, int sign)
{
	uint32_t id = sched_group_id(s, group);

	sched_count_weight(s, id, -1);
	s->group[group - 1]->members += (uint32_t)sign;
	sched_count_weight(s, id, 1);
}

void sched_regroup(struct sched *s, uint32_t id, uint32_t group)
{
	bool scaled = sched_is_scaled(s);

	sched_count(s, id, -1);
	if (s->ldp[id].group)
		sched_count_member(s, s->ldp[id].group, -1);
	s->ldp[id].group = group;
	s->flags[id] &= (uint8_t)~SCHED_F_MEMBER;
	if (group) {
		s->flags[id] |= SCHED_F_MEMBER;
		sched_count_member(s, group, 1);
	}
	sched_count(s, id, 1);
	sched_rescale(s, scaled);
}

/* Sets both buckets and their flags by the rule. */
static void sched_set_buckets(struct sched *s, uint32_t id)
{
	struct sched_ldp *l = &s->ldp[id];
	const struct sched_rule *r = &l->rule;
	uint8_t had = s->flags[id];

	s->flags[id] &= (uint8_t) ~(SCHED_F_MIN | SCHED_F_MAX);
	if (r->min_bps)
		s->flags[id] |= SCHED_F_MIN;
	if (r->max_bps)
		s->flags[id] |= SCHED_F_MAX;
	if (!(had & SCHED_F_MAX)) {
		bucket_init(&l->max, r->max_bps, sched_burst(s, r), s->now_ns);
		l->owed_bytes = 0;
	} else {
		bucket_change(&l->max, r->max_bps, sched_burst(s, r), s->now_ns);
	}
	if (!(had & SCHED_F_MIN))
		bucket_init(&l->min, 0, s->quantum_bytes, s->min_ns);
	sched_fill_min(s, id, sched_min_bps(s, id));
}

void sched_apply(struct sched *s, uint32_t id, const struct sched_rule *r)
{
	bool scaled = sched_is_scaled(s);

	sched_count(s, id, -1);
	s->ldp[id].rule = *r;
	sched_count(s, id, 1);
	sched_set_buckets(s, id);
	if (!(s->flags[id] & (SCHED_F_MIN | SCHED_F_DUES)))
		heap_drop(&sched_level(s, id)->dues, id);
	sched_rescale(s, scaled);
	if (s->flags[id] & SCHED_F_AWAKE)
		sched_place(s, id);
}

int sched_add(struct sched *s, uint32_t id, const struct sched_rule *rule)
{
	int rc;

	if (id >= s->max_ldps)
		return -EINVAL;
	if (s->flags[id])
		return -EEXIST;
	rc = sched_check(rule);
	if (rc)
		return rc;
	s->flags[id] = SCHED_F_KNOWN;
	draw_reset(s->top.draw, id, rule->weight, rule->low_latency);
	sched_apply(s, id, rule);
	return 0;
}

int sched_set_rule(struct sched *s, uint32_t id, const struct sched_rule *rule, uint64_t now_ns)
{
	struct draw *draw;
	int rc;

	if (!sched_known(s, id))
		return -ENOENT;
	draw = sched_level(s, id)->draw;
	rc = sched_check(rule);
	if (!rc)
		rc = draw_reserve(draw, 0, rule->weight);
	if (rc)
		return rc;
	sched_at(s, now_ns);
	draw_reweight(draw, id, rule->weight, rule->low_latency);
	sched_apply(s, id, rule);
	return 0;
}

void sched_set_factor(struct sched *s, uint32_t id, uint32_t factor_q16)
{
	if (sched_known(s, id))
		draw_set_factor(sched_level(s, id)->draw, id, sched_clamp_factor(factor_q16));
}

void sched_remove(struct sched *s, uint32_t id)
{
	if (!sched_known(s, id))
		return;
	sched_sleep(s, id);
	sched_apply(s, id, &(struct sched_rule){0});
	if (s->flags[id] & SCHED_F_MEMBER) {
		draw_move(sched_level(s, id)->draw, s->top.draw, id, 0);
		sched_regroup(s, id, 0);
	}
	s->flags[id] = 0;
	if (s->reserved == id)
		s->reserved = SCHED_NONE;
}
