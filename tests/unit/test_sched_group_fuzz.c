/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_group_fuzz.c: groups and LDPs whose rules change in any order beside traffic. */
#include <errno.h>

#include "backend/sched/rng.h"
#include "backend/sched/sched_group.h"
#include "backend/sched/sched_pair.h"
#include "tests/unit/sched_seeds.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

#define Q	  1518u
#define LDPS	  16u
#define GROUPS	  5u
#define ALL	  (LDPS + GROUPS) /* group g is at LDPS + g - 1 */
#define STEPS	  2000
#define RATE_UNIT 8000000000ull /* a byte in bits * ns */

/* What one LDP or group was promised, and what it has had since. */
struct promise {
	bool known, awake;
	struct sched_rule rule;
	uint32_t group; /* of an LDP */
	uint64_t since_ns, wire_bytes;
};

struct fuzz {
	struct sched *s, *beside;
	struct rng rng;
	struct promise p[ALL];
	uint64_t now_ns;
	const char *wrong;
};

static struct sched_rule any_rule(struct rng *r)
{
	struct sched_rule rule = {.weight = 1u + rng_below(r, 1u << rng_below(r, 17)) % 65535,
				  .low_latency = !rng_below(r, 4)};

	if (!rng_below(r, 3))
		rule.min_bps = rng_below(r, 100000000);
	if (!rng_below(r, 3)) {
		rule.max_bps = rng_below(r, 300000000);
		rule.burst_bytes = rng_below(r, 2) ? rng_below(r, 3 * Q) : 0;
	}
	return rule;
}

static int give_rule(struct fuzz *f, struct sched *s, uint32_t at, const struct sched_rule *r)
{
	if (at >= LDPS)
		return sched_set_group(s, at - LDPS + 1, r, f->now_ns);
	if (f->p[at].known)
		return sched_set_rule(s, at, r, f->now_ns);
	return sched_add(s, at, r);
}

static void step_rule(struct fuzz *f)
{
	uint32_t at = rng_below(&f->rng, ALL);
	struct sched_rule r = any_rule(&f->rng);
	int want = r.max_bps && r.min_bps > r.max_bps ? -EINVAL : 0;
	struct promise *p = &f->p[at];

	if (give_rule(f, f->s, at, &r) != want || give_rule(f, f->beside, at, &r) != want)
		f->wrong = "a rule was not taken, or should not have been";
	if (want == 0)
		*p = (struct promise){true, p->awake, r, p->group, f->now_ns, 0};
}

static void step_join(struct fuzz *f)
{
	uint32_t id = rng_below(&f->rng, LDPS), group = rng_below(&f->rng, GROUPS + 1);
	bool may = f->p[id].known && (!group || f->p[LDPS + group - 1].known);
	int want = may ? 0 : -ENOENT;

	if (sched_join(f->s, id, group, f->now_ns) != want ||
	    sched_join(f->beside, id, group, f->now_ns) != want)
		f->wrong = "an LDP did not move, or should not have";
	if (may)
		f->p[id].group = group;
}

static void step_remove(struct fuzz *f)
{
	uint32_t at = rng_below(&f->rng, ALL);

	f->p[at] = (struct promise){0};
	if (at < LDPS) {
		sched_remove(f->s, at);
		sched_remove(f->beside, at);
		return;
	}
	sched_remove_group(f->s, at - LDPS + 1, f->now_ns);
	sched_remove_group(f->beside, at - LDPS + 1, f->now_ns);
	for (uint32_t i = 0; i < LDPS; i++)
		if (f->p[i].group == at - LDPS + 1)
			f->p[i].group = 0;
}

/* Has the ceiling let through more than it may? */
static bool is_above(const struct fuzz *f, const struct promise *p)
{
	uint64_t burst = p->rule.burst_bytes ? p->rule.burst_bytes : p->rule.max_bps / 8000 * 10;

	if (!p->known || !p->rule.max_bps)
		return false;
	if (burst < 2 * Q)
		burst = 2 * Q;
	return p->wire_bytes >= burst + (uint64_t)((unsigned __int128)(f->now_ns - p->since_ns) *
						   p->rule.max_bps / RATE_UNIT);
}

static const struct promise *group_of(const struct fuzz *f, uint32_t id)
{
	static const struct promise none;

	return f->p[id].group ? &f->p[LDPS + f->p[id].group - 1] : &none;
}

static void count(struct fuzz *f, uint32_t id, uint32_t wire_bytes)
{
	f->p[id].wire_bytes += wire_bytes;
	if (f->p[id].group)
		f->p[LDPS + f->p[id].group - 1].wire_bytes += wire_bytes;
}

static void look_drawn(struct fuzz *f, uint32_t id)
{
	bool any_free = false;

	for (uint32_t i = 0; i < LDPS; i++)
		any_free |= f->p[i].awake && !f->p[i].rule.max_bps && !group_of(f, i)->rule.max_bps;
	if (id == SCHED_NONE) {
		if (any_free)
			f->wrong = "nobody drawn though somebody could be";
		if (sched_next_ns(f->s) <= f->now_ns)
			f->wrong = "somebody's tokens are there";
	} else if (id >= LDPS || !f->p[id].awake) {
		f->wrong = "a sleeper was drawn";
	} else if (is_above(f, &f->p[id]) || is_above(f, group_of(f, id))) {
		f->wrong = "one above a ceiling was drawn";
	}
}

static void step_draw(struct fuzz *f)
{
	uint32_t id = sched_draw(f->s, f->now_ns), wire, charge;
	bool more = rng_below(&f->rng, 4);

	look_drawn(f, id);
	if (f->wrong || id == SCHED_NONE || !rng_below(&f->rng, 8))
		return;
	wire = 64 + rng_below(&f->rng, 1u << rng_below(&f->rng, 17));
	/* Now and then a frame that is flooded to thousands. */
	charge = wire + (rng_below(&f->rng, 8) ? 0 : rng_below(&f->rng, 1u << 23));
	sched_served(f->s, id, wire, charge, more, f->now_ns);
	count(f, id, wire);
	f->p[id].awake = more;
}

/* In the lottery beside, LDPs come, go and send at their own times. */
static void step_beside(struct fuzz *f, uint32_t id)
{
	uint32_t wire = rng_below(&f->rng, 65536);

	if (rng_below(&f->rng, 2))
		sched_wake(f->beside, id, f->now_ns);
	else
		id = sched_draw(f->beside, f->now_ns);
	if (id == SCHED_NONE || !f->p[id].known)
		return;
	sched_served(f->beside, id, wire, wire, rng_below(&f->rng, 4), f->now_ns);
	count(f, id, wire);
}

static void step_wake(struct fuzz *f, uint32_t id)
{
	sched_wake(f->s, id, f->now_ns);
	f->p[id].awake = f->p[id].known;
}

static void step_sleep(struct fuzz *f, uint32_t id)
{
	sched_sleep(f->s, id);
	f->p[id].awake = false;
}

static void step(struct fuzz *f)
{
	uint32_t id = rng_below(&f->rng, LDPS);

	f->now_ns += rng_below(&f->rng, 1u << rng_below(&f->rng, 24));
	switch (rng_below(&f->rng, 18)) {
	case 0:
	case 1:
		step_rule(f);
		break;
	case 2:
	case 3:
		step_join(f);
		break;
	case 4:
		if (!rng_below(&f->rng, 4))
			step_remove(f);
		break;
	case 5:
		step_sleep(f, id);
		break;
	case 6:
		sched_set_capacity(f->s,
				   rng_below(&f->rng, 4) ? rng_below(&f->rng, 2000000000) : 0);
		break;
	case 7:
		step_beside(f, id);
		break;
	case 8:
		sched_set_factor(f->s, id, rng_below(&f->rng, 4 * SCHED_FACTOR_ONE));
		sched_set_group_factor(f->s, rng_below(&f->rng, 8),
				       rng_below(&f->rng, 4 * SCHED_FACTOR_ONE));
		break;
	case 9:
	case 10:
		step_wake(f, id);
		break;
	default:
		step_draw(f);
	}
}

static bool holds(uint64_t seed)
{
	struct fuzz f = {.s = sched_new(LDPS, Q, seed), .beside = sched_new(LDPS, Q, seed)};

	sched_pair(f.s, f.beside);
	rng_seed(&f.rng, seed);
	for (int i = 0; i < STEPS && !f.wrong; i++) {
		step(&f);
		for (uint32_t id = 0; id < LDPS; id++)
			if (sched_is_awake(f.s, id) != f.p[id].awake)
				f.wrong = "asleep or awake?";
		if (!sched_is_sound(f.s) || !sched_is_sound(f.beside))
			f.wrong = "a sum is wrong";
		if (f.wrong)
			diag("SEED=%llu step %d: %s", (unsigned long long)seed, i, f.wrong);
	}
	sched_free(f.beside);
	sched_free(f.s);
	return !f.wrong;
}

int main(void)
{
	is_int(sched_seeds_failed(60, holds), 0,
	       "groups, rules, moves and calls in any order: all promises hold");
	return done_testing();
}
