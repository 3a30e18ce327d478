/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/sched_pair.h"

#include "backend/sched/draw.h"
#include "backend/sched/sched_priv.h"

/*
 * Theory of operation
 *
 * Each lottery has a bucket for a ceiling, and a frame is taken from both, so they hold the same.
 * Without more, the way that looks first has each token: a way that waits for its turn on a busy
 * uplink would have none. Therefore each way knows what it is owed: by each frame that went either
 * way, its part by weight less what it sent. The way that is owed may send while there is a token.
 * The other leaves that many tokens in the bucket, but not more than half of the bucket: that is
 * kept for the way that is owed, and beyond it the other goes on. As with an LDP's share, nothing
 * is owed to a way that has no frames.
 */
#define OWED_MAX 131072 /* bytes: two of the longest frames */

void sched_pair(struct sched *a, struct sched *b)
{
	a->beside = b;
	b->beside = a;
}

/* Of those who have frames there: the LDP, or the group's members. */
static uint64_t pair_weight(const struct sched *s, uint32_t id)
{
	if (!(s->flags[id] & SCHED_F_AWAKE))
		return 0;
	if (id < s->max_ldps)
		return s->ldp[id].rule.weight;
	return draw_weight(s->group[id - s->max_ldps]->level.draw);
}

static void pair_take(struct sched *s, uint32_t id, uint32_t wire_bytes, uint64_t now_ns)
{
	if (!(s->flags[id] & SCHED_F_MAX))
		return;
	bucket_fill(&s->ldp[id].max, now_ns);
	s->ldp[id].max.tokens_bytes -= wire_bytes;
}

/*
 * What may be owed to a way when the other has `weight` of `all`. While the creditor sends, that
 * part of its bytes is repaid. So a creditor with nearly all of the weight would be first for very
 * long. One frame always counts.
 */
static int64_t pair_most(uint64_t weight, uint64_t all, uint32_t wire_bytes)
{
	int64_t most = (int64_t)(2 * OWED_MAX * weight / all);

	return most > wire_bytes ? most : wire_bytes;
}

static int64_t pair_owed(const struct sched *s, uint32_t id, uint32_t wire_bytes)
{
	uint64_t own = pair_weight(s, id), beside = pair_weight(s->beside, id);
	int64_t owed = s->ldp[id].owed_bytes, most, least;

	if (!own || !beside)
		return 0;
	most = pair_most(beside, own + beside, wire_bytes);
	least = -pair_most(own, own + beside, wire_bytes);
	owed -= (int64_t)(wire_bytes * beside / (own + beside));
	if (owed < least)
		return least;
	return owed > most ? most : owed;
}

void sched_spend(struct sched *s, uint32_t id, uint32_t wire_bytes)
{
	uint64_t now_ns = s->now_ns;

	/* One of them may not have been looked at for long. */
	if (s->beside && s->beside->now_ns > now_ns)
		now_ns = s->beside->now_ns;
	pair_take(s, id, wire_bytes, now_ns);
	if (!s->beside)
		return;
	pair_take(s->beside, id, wire_bytes, now_ns);
	s->ldp[id].owed_bytes = pair_owed(s, id, wire_bytes);
	s->beside->ldp[id].owed_bytes = -s->ldp[id].owed_bytes;
}

int64_t sched_kept_bytes(const struct sched *s, uint32_t id)
{
	const struct sched_ldp *l = &s->ldp[id];

	if (l->owed_bytes >= 0 || !pair_weight(s->beside, id))
		return 0;
	return -l->owed_bytes < l->max.depth_bytes / 2 ? -l->owed_bytes : l->max.depth_bytes / 2;
}
