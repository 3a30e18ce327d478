/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/sched/draw_family.h"
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
 * precedes all shares, cannot be used to get around them, and minima of 95 % of the link can be
 * kept with frames of any size.
 *
 * For most LDPs a frame needs only the byte of flags; `rule` is read only if a rule is set.
 *
 * Groups. A group has a draw and a heap `dues` of its own for its members. At the top it competes
 * as an LDP does, under an id of its own, and is awake while any member is in its draw. A frame is
 * charged to the member in the group's draw and to the group at the top; both ceilings count it. A
 * group is due when it is due for its own minimum or its first member is. So a member's minimum
 * does not depend on the group's weight. Such frames may take all that the group has, and a member
 * without a minimum would get nothing. Of the frames that a due group is charged for, a twentieth
 * goes by the lottery among its members, and is a turn of the lottery at the top too.
 *
 * A member that wakes lets its group overtake as it overtakes within the group.
 */

struct sched *sched_new(uint32_t max_ldps, uint32_t quantum_bytes, uint64_t seed)
{
	const uint32_t ids = max_ldps + SCHED_GROUPS;
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
	s->frame_ns = SCHED_FRAME_NS;
	s->reserved = s->reserved_group = SCHED_NONE;
	s->flags = calloc(ids, sizeof(*s->flags));
	s->ldp = calloc(ids, sizeof(*s->ldp));
	s->top.draw = draw_new(ids, quantum_bytes, seed);
	if (heap_init(&s->caps, ids) || heap_init(&s->top.dues, ids) || !s->flags || !s->ldp ||
	    !s->top.draw) {
		sched_free(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

void sched_group_free(struct sched_group *g)
{
	if (!g)
		return;
	heap_fini(&g->level.dues);
	draw_free(g->level.draw);
	free(g);
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	if (s->beside)
		s->beside->beside = NULL;
	for (uint32_t i = 0; i < SCHED_GROUPS; i++)
		sched_group_free(s->group[i]);
	heap_fini(&s->caps);
	heap_fini(&s->top.dues);
	draw_free(s->top.draw);
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

/* When an LDP or group is due, for its own minimum or for that of a member. */
static uint64_t due_ns(struct sched *s, uint32_t id)
{
	uint64_t own_ns = UINT64_MAX, members_ns = UINT64_MAX;

	if (s->flags[id] & SCHED_F_MIN)
		own_ns = bucket_when_ns(fill_min(s, id), s->quantum_bytes);
	if (s->flags[id] & SCHED_F_DUES)
		members_ns = heap_first_ns(&s->group[id - s->max_ldps]->level.dues);
	return own_ns < members_ns ? own_ns : members_ns;
}

static void set_due(struct sched *s, uint32_t id)
{
	struct heap *dues = &sched_level(s, id)->dues;

	if (!(s->flags[id] & SCHED_F_AWAKE) || s->flags[id] & SCHED_F_CAPPED)
		heap_drop(dues, id);
	else
		heap_set(dues, id, due_ns(s, id));
}

void sched_set_due(struct sched *s, uint32_t id)
{
	if (s->flags[id] & (SCHED_F_MIN | SCHED_F_DUES))
		set_due(s, id);
}

/* Places the LDP or group alone. */
static void place(struct sched *s, uint32_t id)
{
	struct draw *draw = sched_level(s, id)->draw;
	struct bucket *max = &s->ldp[id].max;
	int64_t kept;

	if (s->flags[id] & SCHED_F_MAX) {
		bucket_fill(max, s->now_ns);
		kept = sched_kept_bytes(s, id);
		if (max->tokens_bytes <= kept) {
			s->flags[id] |= SCHED_F_CAPPED;
			draw_sleep(draw, id);
			heap_set(&s->caps, id, bucket_when_ns(max, 1 + kept));
			sched_set_due(s, id);
			return;
		}
	}
	if (s->flags[id] & SCHED_F_CAPPED) {
		s->flags[id] &= (uint8_t)~SCHED_F_CAPPED;
		heap_drop(&s->caps, id);
	}
	draw_wake(draw, id);
	sched_set_due(s, id);
}

static inline void wake(struct sched *s, uint32_t id)
{
	s->flags[id] |= SCHED_F_AWAKE;
	if (s->flags[id] & SCHED_F_MIN) { /* an LDP does not save up a burst in its sleep */
		struct bucket *min = fill_min(s, id);

		if (min->tokens_bytes > (int64_t)s->quantum_bytes)
			min->tokens_bytes = s->quantum_bytes;
	}
	place(s, id);
}

static inline void fall_asleep(struct sched *s, uint32_t id)
{
	if (s->flags[id] & SCHED_F_CAPPED)
		heap_drop(&s->caps, id);
	else
		draw_sleep(sched_level(s, id)->draw, id);
	s->flags[id] &= (uint8_t) ~(SCHED_F_AWAKE | SCHED_F_CAPPED);
	sched_set_due(s, id);
}

/* Puts the group of a member to where its members' state calls for. */
static void follow(struct sched *s, uint32_t id)
{
	const struct sched_group *g = sched_group_of(s, id);
	uint32_t group_id = sched_top_id(s, id);

	if (!draw_has_any(g->level.draw)) {
		if (s->flags[group_id] & SCHED_F_AWAKE)
			fall_asleep(s, group_id);
		return;
	}
	draw_set_low(s->top.draw, group_id,
		     s->ldp[group_id].rule.low_latency || draw_has_low(g->level.draw));
	if (s->flags[group_id] & SCHED_F_AWAKE)
		place(s, group_id);
	else
		wake(s, group_id);
}

static void follow_if_member(struct sched *s, uint32_t id)
{
	if (s->flags[id] & SCHED_F_MEMBER)
		follow(s, id);
}

void sched_place(struct sched *s, uint32_t id)
{
	place(s, id);
	follow_if_member(s, id);
}

void sched_wake(struct sched *s, uint32_t id, uint64_t now_ns)
{
	if (!sched_known(s, id) || s->flags[id] & SCHED_F_AWAKE)
		return;
	sched_at(s, now_ns);
	wake(s, id);
	if (s->flags[id] & SCHED_F_MEMBER) {
		follow(s, id);
		draw_hurry(s->top.draw, sched_top_id(s, id));
	}
}

/*
 * Puts an LDP to where its ceilings let it be, after a frame that was taken from them, or when the
 * other way has no more frames.
 */
static void look_again(struct sched *s, uint32_t id)
{
	if (s->flags[id] & SCHED_F_AWAKE)
		sched_place(s, id);
	else
		follow_if_member(s, id);
}

void sched_sleep(struct sched *s, uint32_t id)
{
	if (!sched_is_awake(s, id))
		return;
	fall_asleep(s, id);
	follow_if_member(s, id);
	if (s->beside && s->flags[id] & (SCHED_F_MAX | SCHED_F_MEMBER))
		look_again(s->beside, id);
}

static bool is_first_due(const struct sched *s, const struct sched_level *at)
{
	return heap_first_ns(&at->dues) <= s->min_ns &&
	       at->owed_bytes < (int64_t)LOTTERY_EACH * s->quantum_bytes;
}

/* Whose turn it is in a group that won the lottery. */
static uint32_t draw_member(struct sched *s, uint32_t group_id)
{
	if (group_id == SCHED_NONE)
		return SCHED_NONE;
	return draw_pick(s->group[group_id - s->max_ldps]->level.draw);
}

/* Whose turn it is in a group that is due. */
static uint32_t draw_due_member(struct sched *s, uint32_t group_id)
{
	const struct sched_level *at = &s->group[group_id - s->max_ldps]->level;

	s->reserved_group = group_id;
	s->reserved = SCHED_NONE;
	if (heap_first_ns(&at->dues) > s->min_ns)
		return draw_member(s, group_id);
	if (is_first_due(s, at) || !draw_is_due(s->top.draw, group_id)) {
		s->reserved = heap_first_id(&at->dues);
		return s->reserved;
	}
	s->reserved_group = SCHED_NONE;
	return draw_member(s, group_id);
}

/* Lets those go on whose ceilings have tokens again. */
static void release(struct sched *s)
{
	while (heap_first_ns(&s->caps) <= s->now_ns)
		sched_place(s, heap_first_id(&s->caps));
}

uint32_t sched_draw(struct sched *s, uint64_t now_ns)
{
	uint32_t id;

	if (heap_first_ns(&s->caps) <= sched_at(s, now_ns))
		release(s);
	if (is_first_due(s, &s->top)) {
		id = heap_first_id(&s->top.dues);
		if (id >= s->max_ldps)
			return draw_due_member(s, id);
		s->reserved = id;
		s->reserved_group = SCHED_NONE;
		return id;
	}
	s->reserved = s->reserved_group = SCHED_NONE;
	id = draw_pick(s->top.draw);
	return id < s->max_ldps ? id : draw_member(s, id);
}

/* A member does if its group does, too. */
static bool overtakes(struct sched *s, uint32_t id)
{
	return draw_overtakes(sched_level(s, id)->draw, id) &&
	       draw_overtakes(s->top.draw, sched_top_id(s, id));
}

uint32_t sched_draw_express(struct sched *s, uint64_t now_ns)
{
	uint32_t id;

	if (!draw_has_waiters(s->top.draw))
		return SCHED_NONE;
	id = sched_draw(s, now_ns);
	return id != SCHED_NONE && overtakes(s, id) ? id : SCHED_NONE;
}

uint64_t sched_next_ns(const struct sched *s)
{
	return heap_first_ns(&s->caps);
}

/* Takes the frame from the reservation bucket: see the theory of operation. */
static void sched_served_min(struct sched *s, uint32_t id, bool reserved, uint32_t charge_bytes)
{
	struct bucket *min = fill_min(s, id);
	struct sched_ldp *l = &s->ldp[id];
	int64_t floor;

	l->longest_bytes -= l->longest_bytes / LONGEST_FADE;
	if (charge_bytes > l->longest_bytes)
		l->longest_bytes = charge_bytes;
	floor = -2 * (int64_t)l->longest_bytes - s->quantum_bytes;
	min->tokens_bytes -= charge_bytes;
	if (!reserved && min->tokens_bytes < floor)
		min->tokens_bytes = floor;
}

/* Counts what minima had in front of the lottery. */
static void sched_count_turn(struct sched_level *at, bool reserved, uint32_t charge_bytes)
{
	const int64_t by = (int64_t)LOTTERY_EACH * charge_bytes;

	if (reserved) {
		at->owed_bytes += charge_bytes;
		return;
	}
	at->owed_bytes -= by;
	if (at->owed_bytes < -by)
		at->owed_bytes = -by;
}

/*
 * Charges an LDP or group. False: the frame was sent for a minimum beyond its share. Inlined for
 * LDPs without group: as a call it would make each of their decisions 4 % longer.
 */
__attribute__((always_inline)) static inline bool serve(struct sched *s, struct sched_level *at,
							uint32_t id, bool reserved,
							uint32_t wire_bytes, uint32_t charge_bytes)
{
	bool excess = reserved && !draw_is_due(at->draw, id);

	if (s->flags[id] & SCHED_F_MIN)
		sched_served_min(s, id, reserved, charge_bytes);
	if (s->flags[id] & SCHED_F_MAX)
		sched_spend(s, id, wire_bytes);
	if (!excess)
		draw_charge(at->draw, id, charge_bytes);
	return !excess;
}

/* Charges a member, and its group at the top. */
static void serve_member(struct sched *s, uint32_t id, uint32_t wire_bytes, uint32_t charge_bytes)
{
	uint32_t group_id = sched_top_id(s, id);
	struct sched_level *level = sched_level(s, id);
	bool reserved = s->reserved_group == group_id;

	if (s->n_min)
		sched_count_turn(&s->top, reserved, charge_bytes);
	if (serve(s, &s->top, group_id, reserved, wire_bytes, charge_bytes))
		sched_count_turn(level, s->reserved == id, charge_bytes);
	serve(s, level, id, s->reserved == id, wire_bytes, charge_bytes);
}

void sched_served(struct sched *s, uint32_t id, uint32_t wire_bytes, uint32_t charge_bytes,
		  bool more, uint64_t now_ns)
{
	if (!sched_known(s, id))
		return;
	sched_at(s, now_ns);
	if (s->flags[id] & SCHED_F_MEMBER) {
		serve_member(s, id, wire_bytes, charge_bytes);
	} else {
		if (s->n_min)
			sched_count_turn(&s->top, s->reserved == id, charge_bytes);
		serve(s, &s->top, id, s->reserved == id, wire_bytes, charge_bytes);
	}
	s->reserved = s->reserved_group = SCHED_NONE;
	if (!more)
		sched_sleep(s, id);
	else if (!(s->flags[id] & SCHED_F_AWAKE))
		sched_wake(s, id, now_ns);
	else if (s->flags[id] & (SCHED_F_MIN | SCHED_F_MAX | SCHED_F_MEMBER))
		sched_place(s, id);
	if (s->beside && s->flags[id] & (SCHED_F_MAX | SCHED_F_MEMBER))
		look_again(s->beside, id);
}
