/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched.c: minima and ceilings in front of the lottery. */
#include "backend/sched/sched.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "backend/sched/bucket.h"
#include "backend/sched/draw.h"
#include "backend/sched/heap.h"

/*
 * Theory of operation
 *
 * An LDP that is awake is in exactly one of two places: in the draw (draw.c), or, when its
 * ceiling's bucket is empty, in the heap `caps` with the time at which a token will be there.
 * sched_draw() first brings back those whose time has come. A frame is let through while there is a
 * token and may leave a debt, so in any time t an LDP sends at most burst + max * t and less than
 * one frame more.
 *
 * An LDP in the draw that has a minimum is in the heap `dues` besides, with the time at which its
 * reservation bucket will hold a quantum: it has then had a quantum less than its minimum and is
 * served before the lottery. All that it sends empties the bucket; what the lottery gave it leaves
 * one frame and a quantum of debt at most, so that a good time is not held against a later
 * guarantee. While it is at most two quanta ahead of its fair share, a frame sent for the minimum
 * is charged like any other: the result is max(minimum, share). Beyond that it is charged to
 * nobody, and the weights share the rest.
 *
 * What most LDPs need at each frame is one flag byte; `rule` is read only where a rule is set.
 */
enum sched_flag {
	SCHED_F_KNOWN = 1,
	SCHED_F_AWAKE = 2,
	SCHED_F_CAPPED = 4, /* awake, and waiting for tokens */
	SCHED_F_MIN = 8,
	SCHED_F_MAX = 16,
};

#define MIN_PERCENT   95 /* of the capacity that minima may take */
#define DEFAULT_BURST 10 /* ms at max_bps */
#define FRAME_CAP_NS  1000000u
#define MIN_DEPTH_MS  2 /* of waiting behind long frames that a minimum makes up for */
#define DEPTH_MAX     ((uint64_t)1 << 40)

struct sched_ldp {
	struct bucket max, min;
	struct sched_rule rule;
};

struct sched {
	uint32_t max_ldps;
	uint32_t quantum_bytes;
	uint8_t *flags; /* enum sched_flag */
	struct sched_ldp *ldp;
	struct draw *draw;
	struct heap caps, dues;
	uint32_t reserved; /* drawn last, for its minimum */
	uint64_t now_ns;
	uint64_t capacity_bps;
	uint64_t min_sum_bps;
};

struct sched *sched_new(uint32_t max_ldps, uint32_t quantum_bytes, uint64_t seed)
{
	struct sched *s;

	if (!max_ldps || max_ldps > SCHED_MAX_LDPS || quantum_bytes < 64 || quantum_bytes > 65536) {
		errno = EINVAL;
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->max_ldps = max_ldps;
	s->quantum_bytes = quantum_bytes;
	s->reserved = SCHED_NONE;
	s->flags = calloc(max_ldps, sizeof(*s->flags));
	s->ldp = calloc(max_ldps, sizeof(*s->ldp));
	s->draw = draw_new(max_ldps, quantum_bytes, seed);
	if (heap_init(&s->caps, max_ldps) || heap_init(&s->dues, max_ldps) || !s->flags ||
	    !s->ldp || !s->draw) {
		sched_free(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	heap_fini(&s->caps);
	heap_fini(&s->dues);
	draw_free(s->draw);
	free(s->ldp);
	free(s->flags);
	free(s);
}

/* Time never goes back, whatever the caller says. */
static uint64_t sched_at(struct sched *s, uint64_t now_ns)
{
	if (now_ns > s->now_ns)
		s->now_ns = now_ns;
	return s->now_ns;
}

static bool sched_known(const struct sched *s, uint32_t id)
{
	return id < s->max_ldps && s->flags[id] & SCHED_F_KNOWN;
}

static uint64_t sched_min_limit_bps(const struct sched *s)
{
	return s->capacity_bps / 100 * MIN_PERCENT + s->capacity_bps % 100 * MIN_PERCENT / 100;
}

/* The minimum in force: what was granted, or less when the link has since shrunk. */
static uint64_t sched_min_bps(const struct sched *s, uint32_t id)
{
	uint64_t min = s->ldp[id].rule.min_bps, limit = sched_min_limit_bps(s);

	if (!s->capacity_bps || s->min_sum_bps <= limit)
		return min;
	return (uint64_t)((unsigned __int128)min * limit / s->min_sum_bps);
}

/* Puts an LDP that is in the draw into `dues` at its time, or takes any other out. */
static void sched_set_due(struct sched *s, uint32_t id)
{
	uint8_t f = s->flags[id];
	uint64_t when;

	if (!(f & SCHED_F_MIN))
		return;
	if (!(f & SCHED_F_AWAKE) || f & SCHED_F_CAPPED) {
		heap_drop(&s->dues, id);
		return;
	}
	bucket_fill(&s->ldp[id].min, s->now_ns);
	when = bucket_when_ns(&s->ldp[id].min, s->quantum_bytes);
	heap_set(&s->dues, id, when);
}

/* Puts an LDP that is awake where it belongs: in the draw, or aside until it has tokens. */
static void sched_place(struct sched *s, uint32_t id)
{
	struct bucket *max = &s->ldp[id].max;

	if (s->flags[id] & SCHED_F_MAX) {
		bucket_fill(max, s->now_ns);
		if (max->tokens_bytes <= 0) {
			s->flags[id] |= SCHED_F_CAPPED;
			draw_sleep(s->draw, id);
			heap_set(&s->caps, id, bucket_when_ns(max, 1));
			sched_set_due(s, id);
			return;
		}
	}
	if (s->flags[id] & SCHED_F_CAPPED) {
		s->flags[id] &= (uint8_t)~SCHED_F_CAPPED;
		heap_drop(&s->caps, id);
	}
	draw_wake(s->draw, id);
	sched_set_due(s, id);
}

/* The reservation bucket's rate and depth. */
static void sched_set_min(struct sched *s, uint32_t id)
{
	uint64_t rate_bps = sched_min_bps(s, id);
	uint64_t depth = rate_bps / 8000 * MIN_DEPTH_MS + 2ull * s->quantum_bytes;

	bucket_change(&s->ldp[id].min, rate_bps, (int64_t)(depth > DEPTH_MAX ? DEPTH_MAX : depth),
		      s->now_ns);
}

/* The rate of every minimum, after their sum or the capacity has changed. */
static void sched_scale_minima(struct sched *s)
{
	for (uint32_t id = 0; id < s->max_ldps; id++) {
		if (!(s->flags[id] & SCHED_F_MIN))
			continue;
		sched_set_min(s, id);
		sched_set_due(s, id);
	}
}

void sched_set_capacity(struct sched *s, uint64_t capacity_bps)
{
	s->capacity_bps = capacity_bps;
	if (s->min_sum_bps)
		sched_scale_minima(s);
}

uint64_t sched_min_room_bps(const struct sched *s)
{
	uint64_t limit = sched_min_limit_bps(s);

	if (!s->capacity_bps)
		return UINT64_MAX;
	return limit > s->min_sum_bps ? limit - s->min_sum_bps : 0;
}

uint32_t sched_frame_cap_bytes(const struct sched *s)
{
	uint64_t cap = s->capacity_bps / 8 / (1000000000u / FRAME_CAP_NS);

	if (!s->capacity_bps || cap > UINT32_MAX)
		return UINT32_MAX;
	return cap < s->quantum_bytes ? s->quantum_bytes : (uint32_t)cap;
}

/* Whether the rule may be put in the place of one that reserved old_min_bps. */
static int sched_check(const struct sched *s, const struct sched_rule *r, uint64_t old_min_bps)
{
	uint64_t others = s->min_sum_bps - old_min_bps;

	if (r->weight < SCHED_WEIGHT_MIN || r->weight > SCHED_WEIGHT_MAX)
		return -EINVAL;
	if (r->max_bps && r->min_bps > r->max_bps)
		return -EINVAL;
	if (r->min_bps > UINT64_MAX - others)
		return -ERANGE;
	/* What shrinks or stays is always welcome, even on a link that has itself shrunk. */
	if (s->capacity_bps && r->min_bps > old_min_bps &&
	    others + r->min_bps > sched_min_limit_bps(s))
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

/* Puts a checked rule in force, for an LDP that had `had` flags. */
static void sched_apply(struct sched *s, uint32_t id, const struct sched_rule *r, uint8_t had)
{
	struct sched_ldp *l = &s->ldp[id];
	bool scaled = sched_min_bps(s, id) != l->rule.min_bps;

	s->min_sum_bps += r->min_bps - l->rule.min_bps;
	l->rule = *r;
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
		bucket_init(&l->min, 0, s->quantum_bytes, s->now_ns);
	if (!r->min_bps)
		heap_drop(&s->dues, id);
	sched_set_min(s, id);
	if (scaled || sched_min_bps(s, id) != r->min_bps)
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

void sched_wake(struct sched *s, uint32_t id, uint64_t now_ns)
{
	if (!sched_known(s, id) || s->flags[id] & SCHED_F_AWAKE)
		return;
	sched_at(s, now_ns);
	s->flags[id] |= SCHED_F_AWAKE;
	if (s->flags[id] & SCHED_F_MIN) { /* sleep earns no burst ahead of the others */
		struct bucket *min = &s->ldp[id].min;

		bucket_fill(min, s->now_ns);
		if (min->tokens_bytes > (int64_t)s->quantum_bytes)
			min->tokens_bytes = s->quantum_bytes;
	}
	sched_place(s, id);
}

void sched_sleep(struct sched *s, uint32_t id)
{
	if (!sched_known(s, id) || !(s->flags[id] & SCHED_F_AWAKE))
		return;
	if (s->flags[id] & SCHED_F_CAPPED)
		heap_drop(&s->caps, id);
	else
		draw_sleep(s->draw, id);
	s->flags[id] &= (uint8_t) ~(SCHED_F_AWAKE | SCHED_F_CAPPED);
	sched_set_due(s, id);
}

uint32_t sched_draw(struct sched *s, uint64_t now_ns)
{
	now_ns = sched_at(s, now_ns);
	while (heap_first_ns(&s->caps) <= now_ns)
		sched_place(s, heap_first_id(&s->caps));
	if (heap_first_ns(&s->dues) <= now_ns) {
		s->reserved = heap_first_id(&s->dues);
		return s->reserved;
	}
	s->reserved = SCHED_NONE;
	return draw_pick(s->draw);
}

uint64_t sched_next_ns(const struct sched *s)
{
	return heap_first_ns(&s->caps);
}

/* Takes the frame off the reservation bucket; see the theory of operation. */
static void sched_served_min(struct sched *s, uint32_t id, uint32_t cost_bytes)
{
	struct bucket *min = &s->ldp[id].min;
	int64_t floor;

	bucket_fill(min, s->now_ns);
	floor = -(int64_t)cost_bytes - s->quantum_bytes;
	if (floor > min->tokens_bytes)
		floor = min->tokens_bytes;
	min->tokens_bytes -= cost_bytes;
	if (s->reserved != id && min->tokens_bytes < floor)
		min->tokens_bytes = floor;
}

void sched_served(struct sched *s, uint32_t id, uint32_t cost_bytes, bool more, uint64_t now_ns)
{
	bool excess;

	if (!sched_known(s, id))
		return;
	sched_at(s, now_ns);
	excess = s->reserved == id && !draw_is_due(s->draw, id);
	if (s->flags[id] & SCHED_F_MIN)
		sched_served_min(s, id, cost_bytes);
	if (s->flags[id] & SCHED_F_MAX) {
		bucket_fill(&s->ldp[id].max, s->now_ns);
		s->ldp[id].max.tokens_bytes -= cost_bytes;
	}
	s->reserved = SCHED_NONE;
	if (!excess)
		draw_charge(s->draw, id, cost_bytes);
	if (!more)
		sched_sleep(s, id);
	else if (!(s->flags[id] & SCHED_F_AWAKE))
		sched_wake(s, id, now_ns);
	else if (s->flags[id] & (SCHED_F_MIN | SCHED_F_MAX))
		sched_place(s, id);
}

void sched_set_express(struct sched *s, bool on)
{
	draw_set_express(s->draw, on);
}

uint64_t sched_active_weight(const struct sched *s)
{
	return draw_active_weight(s->draw);
}

bool sched_is_awake(const struct sched *s, uint32_t id)
{
	return sched_known(s, id) && s->flags[id] & SCHED_F_AWAKE;
}

bool sched_is_sound(const struct sched *s)
{
	uint64_t min_sum_bps = 0, weight = 0;

	for (uint32_t id = 0; id < s->max_ldps; id++) {
		uint8_t f = s->flags[id];
		bool in = f & SCHED_F_AWAKE && !(f & SCHED_F_CAPPED);

		if (f && !(f & SCHED_F_KNOWN))
			return false;
		min_sum_bps += f ? s->ldp[id].rule.min_bps : 0;
		weight += in ? s->ldp[id].rule.weight : 0;
		if (!s->caps.pos[id] != !(f & SCHED_F_CAPPED) ||
		    !s->dues.pos[id] != !(in && f & SCHED_F_MIN))
			return false;
	}
	return min_sum_bps == s->min_sum_bps && weight == draw_active_weight(s->draw) &&
	       draw_is_sound(s->draw);
}
