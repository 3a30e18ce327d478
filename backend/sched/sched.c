/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sched/sched_priv.h"

#define LOTTERY_EACH 19 /* bytes for minima in front of each byte that the lottery has anyway */
#define LONGEST_FADE 128

/*
 * Theory of operation
 *
 * An LDP that is awake is in one of two places: in the draw (draw.c), or, while its ceiling's
 * bucket is empty, in the heap `caps`, with the time of the next token. sched_draw() first moves
 * those whose time has come back into the draw. A frame may be sent while there is a token, and may
 * leave a debt. So in any time t an LDP sends less than burst + max * t + one frame.
 *
 * An LDP in the draw that has a minimum is also in the heap `dues`, with the time at which its
 * reservation bucket will hold a quantum. At that time it has had a quantum less than its minimum,
 * and is served before the lottery. All that it sends is taken from the bucket. Frames that it won
 * in the lottery leave at most a debt of the longest frame that it sent of late and a quantum, so
 * that they do not cost it a later guarantee. That debt does not depend on the frame sent: an LDP
 * that mixes short and long frames has no debt forgiven by the short ones. While it is at most two
 * quanta ahead of its fair share, a frame sent for the minimum is charged like any other: the
 * result is max(minimum, share). Beyond that, no LDP is charged, and the weights share the rest.
 *
 * A link may be slower than its capacity says, and then the minima together ask for more than it
 * carries. Two things hold even so. The lottery has a twentieth of the bytes. And minima keep their
 * proportion: their clock, min_ns, runs at most slack_ns ahead of the first LDP that is due, so it
 * slows down for all alike, and no bucket overflows. Time that this clock has lost stays lost.
 *
 * A served frame has two sizes. A ceiling is about the wire, so its bucket counts bytes on the
 * wire. Shares and minima are about the uplink's time; a small frame takes more of that than its
 * bytes, because of its CPU cost, so they count the charge. For that reason a minimum, which
 * precedes all shares, cannot be used to get around them, and all admitted minima can be kept with
 * frames of any size.
 *
 * For most LDPs a frame needs only the byte of flags; `rule` is read only if a rule is set.
 */

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

/* A bucket holds what it earns in slack_ns and a quantum, so it never overflows. */
struct bucket *sched_fill_min(struct sched *s, uint32_t id, uint64_t rate_bps)
{
	struct bucket *min = &s->ldp[id].min;
	uint64_t depth = rate_bps / 8000 * SCHED_SLACK_MS +
			 (SCHED_SLACK_FRAMES + (uint64_t)s->n_min) * s->quantum_bytes;

	bucket_change(min, rate_bps, (int64_t)(depth > DEPTH_MAX ? DEPTH_MAX : depth), s->min_ns);
	return min;
}

static struct bucket *fill_min(struct sched *s, uint32_t id)
{
	return sched_fill_min(s, id, s->ldp[id].min.rate_bps);
}

void sched_set_due(struct sched *s, uint32_t id)
{
	uint8_t f = s->flags[id];
	uint64_t when;

	if (!(f & SCHED_F_MIN))
		return;
	if (!(f & SCHED_F_AWAKE) || f & SCHED_F_CAPPED) {
		heap_drop(&s->dues, id);
		return;
	}
	when = bucket_when_ns(fill_min(s, id), s->quantum_bytes);
	heap_set(&s->dues, id, when);
}

void sched_place(struct sched *s, uint32_t id)
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

void sched_wake(struct sched *s, uint32_t id, uint64_t now_ns)
{
	if (!sched_known(s, id) || s->flags[id] & SCHED_F_AWAKE)
		return;
	sched_at(s, now_ns);
	s->flags[id] |= SCHED_F_AWAKE;
	if (s->flags[id] & SCHED_F_MIN) { /* an LDP does not save up a burst in its sleep */
		struct bucket *min = fill_min(s, id);

		if (min->tokens_bytes > (int64_t)s->quantum_bytes)
			min->tokens_bytes = s->quantum_bytes;
	}
	sched_place(s, id);
}

void sched_sleep(struct sched *s, uint32_t id)
{
	if (!sched_is_awake(s, id))
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
	if (heap_first_ns(&s->dues) <= s->min_ns &&
	    s->owed_bytes < (int64_t)LOTTERY_EACH * s->quantum_bytes) {
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

/* Takes the frame from the reservation bucket: see the theory of operation. */
static void sched_served_min(struct sched *s, uint32_t id, uint32_t charge_bytes)
{
	struct bucket *min = fill_min(s, id);
	struct sched_ldp *l = &s->ldp[id];
	int64_t floor;

	l->longest_bytes -= l->longest_bytes / LONGEST_FADE;
	if (charge_bytes > l->longest_bytes)
		l->longest_bytes = charge_bytes;
	floor = -2 * (int64_t)l->longest_bytes - s->quantum_bytes;
	min->tokens_bytes -= charge_bytes;
	if (s->reserved != id && min->tokens_bytes < floor)
		min->tokens_bytes = floor;
}

/* Counts what minima had in front of the lottery. */
static void sched_count_turn(struct sched *s, bool reserved, uint32_t charge_bytes)
{
	const int64_t by = (int64_t)LOTTERY_EACH * charge_bytes;

	if (reserved) {
		s->owed_bytes += charge_bytes;
		return;
	}
	s->owed_bytes -= by;
	if (s->owed_bytes < -by)
		s->owed_bytes = -by;
}

void sched_served(struct sched *s, uint32_t id, uint32_t wire_bytes, uint32_t charge_bytes,
		  bool more, uint64_t now_ns)
{
	bool excess;

	if (!sched_known(s, id))
		return;
	sched_at(s, now_ns);
	excess = s->reserved == id && !draw_is_due(s->draw, id);
	if (s->n_min)
		sched_count_turn(s, s->reserved == id, charge_bytes);
	if (s->flags[id] & SCHED_F_MIN)
		sched_served_min(s, id, charge_bytes);
	if (s->flags[id] & SCHED_F_MAX) {
		bucket_fill(&s->ldp[id].max, s->now_ns);
		s->ldp[id].max.tokens_bytes -= wire_bytes;
	}
	s->reserved = SCHED_NONE;
	if (!excess)
		draw_charge(s->draw, id, charge_bytes);
	if (!more)
		sched_sleep(s, id);
	else if (!(s->flags[id] & SCHED_F_AWAKE))
		sched_wake(s, id, now_ns);
	else if (s->flags[id] & (SCHED_F_MIN | SCHED_F_MAX))
		sched_place(s, id);
}

void sched_spent(struct sched *s, uint32_t id, uint32_t wire_bytes, uint64_t now_ns)
{
	if (!sched_known(s, id) || !(s->flags[id] & SCHED_F_MAX))
		return;
	bucket_fill(&s->ldp[id].max, sched_at(s, now_ns));
	s->ldp[id].max.tokens_bytes -= wire_bytes;
	if (s->flags[id] & SCHED_F_AWAKE)
		sched_place(s, id);
}
