/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched_rule.h"

#include <errno.h>

#include "backend/sched/sched_priv.h"

/* All that is needed when a rule changes; nothing that each frame needs. */

#define MIN_PERCENT   95 /* of the capacity that minima may take */
#define DEFAULT_BURST 10 /* ms at max_bps */
#define FRAME_CAP_NS  1000000u
#define MAX_CAP_MS    10 /* of a ceiling that one frame may take */

static uint64_t sched_min_limit_bps(uint64_t capacity_bps)
{
	return capacity_bps / 100 * MIN_PERCENT + capacity_bps % 100 * MIN_PERCENT / 100;
}

/* The time that frames in front of an LDP that is due may take, on the slowest link expected. */
static void sched_set_slack(struct sched *s)
{
	uint64_t bps = s->link_bps ? s->link_bps : s->min_sum_bps;
	uint64_t bits = 8ull * s->quantum_bytes * (SCHED_SLACK_FRAMES + s->n_min);

	s->slack_ns = SCHED_SLACK_MS * 1000000ull;
	if (bps)
		s->slack_ns += bits * 1000000 / (bps / 1000 + 1);
}

/* Does the link carry less than the admitted minima need? */
static bool sched_is_scaled(const struct sched *s)
{
	return s->link_bps && s->min_sum_bps > sched_min_limit_bps(s->link_bps);
}

/* The minimum in force: the admitted one, or less while the link carries less. */
static uint64_t sched_min_bps(const struct sched *s, uint32_t id)
{
	uint64_t min = s->ldp[id].rule.min_bps, limit = sched_min_limit_bps(s->link_bps);

	if (!sched_is_scaled(s))
		return min;
	return (uint64_t)((unsigned __int128)min * limit / s->min_sum_bps);
}

/*
 * Sets the rate of every minimum, after their sum or the link's rate has changed. Looks at every
 * LDP, but is necessary only if the minima did not fit before or do not fit now.
 */
static void sched_scale_minima(struct sched *s)
{
	for (uint32_t id = 0; id < s->max_ldps; id++) {
		if (!(s->flags[id] & SCHED_F_MIN))
			continue;
		sched_fill_min(s, id, sched_min_bps(s, id));
		sched_set_due(s, id);
	}
}

void sched_set_capacity(struct sched *s, uint64_t capacity_bps)
{
	s->capacity_bps = capacity_bps;
	sched_set_link(s, capacity_bps);
}

void sched_set_link(struct sched *s, uint64_t link_bps)
{
	bool scaled = sched_is_scaled(s);

	s->link_bps = link_bps;
	sched_set_slack(s);
	if (scaled || sched_is_scaled(s))
		sched_scale_minima(s);
}

uint32_t sched_frame_cap_bytes(const struct sched *s)
{
	uint64_t cap = s->link_bps / 8 / (1000000000u / FRAME_CAP_NS);

	if (!s->link_bps || cap > UINT32_MAX)
		return UINT32_MAX;
	return cap < s->quantum_bytes ? s->quantum_bytes : (uint32_t)cap;
}

uint32_t sched_ldp_cap_bytes(const struct sched *s, uint32_t id)
{
	uint32_t cap = sched_frame_cap_bytes(s);
	uint64_t most;

	if (!sched_known(s, id) || !s->ldp[id].rule.max_bps)
		return cap;
	most = s->ldp[id].rule.max_bps / 8000 * MAX_CAP_MS;
	if (most < s->quantum_bytes)
		most = s->quantum_bytes;
	return most < cap ? (uint32_t)most : cap;
}

/* 0 if the rule may replace one that reserved old_min_bps, or -errno. */
static int sched_check(const struct sched *s, const struct sched_rule *r, uint64_t old_min_bps)
{
	uint64_t others = s->min_sum_bps - old_min_bps;

	if (r->weight < SCHED_WEIGHT_MIN || r->weight > SCHED_WEIGHT_MAX)
		return -EINVAL;
	if (r->max_bps && r->min_bps > r->max_bps)
		return -EINVAL;
	if (r->min_bps > UINT64_MAX - others)
		return -ERANGE;
	/* A minimum that does not grow is always accepted, also when the link carries less now. */
	if (s->capacity_bps && r->min_bps > old_min_bps &&
	    others + r->min_bps > sched_min_limit_bps(s->capacity_bps))
		return -ERANGE;
	return 0;
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

/* Puts a checked rule in force. `had`: the LDP's flags before. */
static void sched_apply(struct sched *s, uint32_t id, const struct sched_rule *r, uint8_t had)
{
	struct sched_ldp *l = &s->ldp[id];
	bool scaled = sched_is_scaled(s);

	s->min_sum_bps += r->min_bps - l->rule.min_bps;
	s->weight_sum += (uint64_t)r->weight - l->rule.weight;
	draw_set_all_weight(s->draw, s->weight_sum);
	s->n_min += (r->min_bps > 0) - (l->rule.min_bps > 0);
	l->rule = *r;
	sched_set_slack(s);
	s->flags[id] &= (uint8_t) ~(SCHED_F_MIN | SCHED_F_MAX);
	if (r->min_bps)
		s->flags[id] |= SCHED_F_MIN;
	if (r->max_bps)
		s->flags[id] |= SCHED_F_MAX;
	if (!(had & SCHED_F_MAX))
		bucket_init(&l->max, r->max_bps, sched_burst(s, r), s->now_ns);
	else
		bucket_change(&l->max, r->max_bps, sched_burst(s, r), s->now_ns);
	if (!(had & SCHED_F_MIN))
		bucket_init(&l->min, 0, s->quantum_bytes, s->min_ns);
	if (!r->min_bps)
		heap_drop(&s->dues, id);
	sched_fill_min(s, id, sched_min_bps(s, id));
	if (scaled || sched_is_scaled(s))
		sched_scale_minima(s);
}

int sched_add(struct sched *s, uint32_t id, const struct sched_rule *rule)
{
	int rc;

	if (id >= s->max_ldps)
		return -EINVAL;
	if (s->flags[id])
		return -EEXIST;
	rc = sched_check(s, rule, 0);
	if (rc)
		return rc;
	s->flags[id] = SCHED_F_KNOWN;
	s->ldp[id].rule = (struct sched_rule){0};
	draw_reset(s->draw, id, rule->weight, rule->low_latency);
	sched_apply(s, id, rule, 0);
	return 0;
}

int sched_set_rule(struct sched *s, uint32_t id, const struct sched_rule *rule, uint64_t now_ns)
{
	int rc;

	if (!sched_known(s, id))
		return -ENOENT;
	rc = sched_check(s, rule, s->ldp[id].rule.min_bps);
	if (rc)
		return rc;
	sched_at(s, now_ns);
	draw_reweight(s->draw, id, rule->weight, rule->low_latency);
	sched_apply(s, id, rule, s->flags[id]);
	if (s->flags[id] & SCHED_F_AWAKE)
		sched_place(s, id);
	return 0;
}

void sched_set_factor(struct sched *s, uint32_t id, uint32_t factor_q16)
{
	if (factor_q16 < SCHED_FACTOR_ONE / 2)
		factor_q16 = SCHED_FACTOR_ONE / 2;
	if (factor_q16 > SCHED_FACTOR_ONE * 2)
		factor_q16 = SCHED_FACTOR_ONE * 2;
	if (sched_known(s, id))
		draw_set_factor(s->draw, id, factor_q16);
}

void sched_remove(struct sched *s, uint32_t id)
{
	if (!sched_known(s, id))
		return;
	sched_sleep(s, id);
	sched_apply(s, id, &(struct sched_rule){0}, s->flags[id]);
	s->flags[id] = 0;
	if (s->reserved == id)
		s->reserved = SCHED_NONE;
}
