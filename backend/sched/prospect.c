/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/prospect.h"

#include <stdlib.h>

#include "backend/sched/water.h"

/*
 * Theory of operation
 *
 * At each level, the top and inside each group, the water level (water.h) says what one gets if it
 * wants more.
 *
 * Minima together take at most MINIMA_PART of the link; see sched_rule.c.
 */
#define MINIMA_PART .95

/* What a search found. */
struct found {
	double part, level;
	bool contested; /* another one has less than it wants */
};

/* Of all members of a group. */
struct sums {
	double minima, elsewhere;
	double wants; /* of those that do not want all there is, */
	uint32_t all; /* and how many do */
};

struct prospects {
	struct water_taker *taker; /* of claims, then of groups */
	struct water_kink *kinks;  /* two for each of them, and one for each level */
	uint32_t *first, *next;	   /* by group: its slice of `member` */
	uint32_t *member;	   /* claims, ordered by group */
	struct water *level;	   /* by group; 0: the top */
	struct sums *sums;	   /* by group */
	uint32_t max_claims, max_groups;
};

struct prospects *prospects_new(uint32_t max_claims, uint32_t max_groups)
{
	struct prospects *p = calloc(1, sizeof(*p));
	size_t all = (size_t)max_claims + max_groups, groups = (size_t)max_groups + 2;

	if (!p)
		return NULL;
	p->max_claims = max_claims;
	p->max_groups = max_groups;
	p->taker = calloc(all, sizeof(*p->taker));
	p->kinks = calloc(2 * all + groups, sizeof(*p->kinks));
	p->first = calloc(groups, sizeof(*p->first));
	p->next = calloc(groups, sizeof(*p->next));
	p->member = calloc(max_claims, sizeof(*p->member));
	p->level = calloc(groups, sizeof(*p->level));
	p->sums = calloc(groups, sizeof(*p->sums));
	if (p->taker && p->kinks && p->first && p->next && p->member && p->level && p->sums)
		return p;
	prospects_free(p);
	return NULL;
}

void prospects_free(struct prospects *p)
{
	if (!p)
		return;
	free(p->sums);
	free(p->level);
	free(p->member);
	free(p->next);
	free(p->first);
	free(p->kinks);
	free(p->taker);
	free(p);
}

/* --- one level -------------------------------------------------------------------------------- */

static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

/* Do the others want more than is left? */
static bool is_contested(const struct water_change *c, double left)
{
	bool all = c->is->max >= WATER_NO_LIMIT;

	if (c->in->all > all)
		return true;
	/* A bit is no contest. */
	return c->in->wants - (all ? 0 : c->is->max) > left + 1;
}

/* What the one that would change gets of the capacity. */
static struct found find(const struct water_change *c, double capacity)
{
	struct found f = {.level = water_level(c, capacity)};

	f.part = water_takes(c->would, f.level);
	f.contested = is_contested(c, capacity - f.part);
	return f;
}

/* --- who takes what --------------------------------------------------------------------------- */

static double limit_of(uint64_t max_bps, double elsewhere)
{
	return max_bps ? most(0, (double)max_bps - elsewhere) : WATER_NO_LIMIT;
}

static struct water_taker taker(const struct sched_rule *rule, double scale, double elsewhere,
				double wants)
{
	struct water_taker t = {rule->weight, scale * (double)rule->min_bps, 0};

	t.max = least(limit_of(rule->max_bps, elsewhere), wants);
	t.min = least(t.min, t.max);
	return t;
}

static double wants_of(const struct prospect_claim *c)
{
	return c->wants_bps == PROSPECT_ALL ? WATER_NO_LIMIT : (double)c->wants_bps;
}

static struct water_taker claim_taker(const struct prospect_claim *c, double scale)
{
	return taker(c->rule, scale, (double)c->elsewhere_bps, wants_of(c));
}

/* Its members' minima and wants are the group's too. */
static struct water_taker group_taker(const struct sched_rule *rule, double scale,
				      const struct sums *s)
{
	struct water_taker t = taker(rule, scale, s->elsewhere, s->all ? WATER_NO_LIMIT : s->wants);

	t.min = least(most(t.min, s->minima), t.max);
	return t;
}

static void count_member(struct sums *s, const struct water_taker *t, double elsewhere)
{
	s->minima += t->min;
	s->elsewhere += elsewhere;
	if (t->max < WATER_NO_LIMIT)
		s->wants += t->max;
	else
		s->all++;
}

static void discount_member(struct sums *s, const struct water_taker *t, double elsewhere)
{
	s->minima -= t->min;
	s->elsewhere -= elsewhere;
	if (t->max < WATER_NO_LIMIT)
		s->wants -= t->max;
	else
		s->all--;
}

static uint32_t group_of(const struct prospect_link *link, const struct prospect_claim *c)
{
	return link->group[c->group] ? c->group : 0;
}

/* Orders the claims by group: their number in first[group] .. first[group + 1]. */
static void order(struct prospects *p, const struct prospect_link *link,
		  const struct prospect_claim *claims, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t g = 0; g <= p->max_groups + 1; g++)
		p->first[g] = 0;
	for (uint32_t i = 0; i < n; i++)
		p->first[group_of(link, &claims[i])]++;
	for (uint32_t g = 0; g <= p->max_groups + 1; g++) {
		uint32_t count = p->first[g];

		p->first[g] = p->next[g] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		p->member[p->next[group_of(link, &claims[i])]++] = i;
}

/* By how much minima shrink so that they fit the link. */
static double minima_scale(const struct prospects *p, const struct prospect_link *link,
			   const struct prospect_claim *claims)
{
	double all = 0, room = MINIMA_PART * (double)link->capacity_bps;

	for (uint32_t g = 0; g <= p->max_groups; g++) {
		double sum = 0;

		for (uint32_t k = p->first[g]; k < p->first[g + 1]; k++)
			sum += (double)claims[p->member[k]].rule->min_bps;
		if (g > 0 && link->group[g])
			sum = most(sum, (double)link->group[g]->min_bps);
		all += sum;
	}
	return all > room ? room / all : 1;
}

/* The level inside each group, and at the top that of those without one. */
static struct water_kink *fill_members(struct prospects *p, const struct prospect_claim *claims,
				       uint32_t g, double scale, struct water_kink *at)
{
	struct water *l = &p->level[g];

	water_begin(l, at);
	p->sums[g] = (struct sums){0};
	for (uint32_t k = p->first[g]; k < p->first[g + 1]; k++) {
		uint32_t i = p->member[k];
		struct water_taker *t = &p->taker[i];

		*t = claim_taker(&claims[i], scale);
		water_add(l, t);
		count_member(&p->sums[g], t, (double)claims[i].elsewhere_bps);
	}
	return l->kink + l->n;
}

static struct water_taker *of_group(const struct prospects *p, uint32_t g)
{
	return &p->taker[p->max_claims + g - 1];
}

/* The groups first: the top's kinks are behind theirs. */
static void fill_levels(struct prospects *p, const struct prospect_link *link,
			const struct prospect_claim *claims, double scale)
{
	struct water_kink *at = p->kinks;

	for (uint32_t g = p->max_groups; g > 0; g--) {
		if (p->first[g] == p->first[g + 1])
			continue;
		at = fill_members(p, claims, g, scale, at);
		water_sort(&p->level[g]);
	}
	fill_members(p, claims, 0, scale, at);
	for (uint32_t g = 1; g <= p->max_groups; g++) {
		if (p->first[g] == p->first[g + 1])
			continue;
		*of_group(p, g) = group_taker(link->group[g], scale, &p->sums[g]);
		water_add(&p->level[0], of_group(p, g));
	}
	water_sort(&p->level[0]);
}

/* --- what one would get ----------------------------------------------------------------------- */

static enum prospect_by reason(const struct water_taker *t, const struct found *f)
{
	if (f->part >= t->max)
		return PROSPECT_MAX;
	if (f->level * t->weight < t->min)
		return PROSPECT_MIN;
	return f->contested ? PROSPECT_WEIGHT : PROSPECT_LINK;
}

static struct prospect whole(double bps, enum prospect_by by)
{
	return (struct prospect){(uint64_t)(bps + .5), by};
}

/* It has no group. */
static struct prospect alone(const struct prospects *p, uint32_t i, const struct water_taker *would,
			     double capacity)
{
	struct found f = find(&(struct water_change){&p->level[0], &p->taker[i], would}, capacity);

	return whole(f.part, reason(would, &f));
}

/* What the group says of it, unless a limit of its own is met first. */
static enum prospect_by both(enum prospect_by in_group, enum prospect_by of_group)
{
	if (in_group == PROSPECT_MAX || in_group == PROSPECT_MIN)
		return in_group;
	if (of_group == PROSPECT_MAX)
		return PROSPECT_GROUP_MAX;
	if (of_group == PROSPECT_MIN)
		return PROSPECT_GROUP_MIN;
	return in_group == PROSPECT_WEIGHT ? in_group : of_group;
}

/* The claim i of group g. */
static struct prospect within(const struct prospects *p, const struct prospect_link *link,
			      const struct prospect_claim *claim, uint32_t i,
			      const struct water_taker *would, double scale)
{
	uint32_t g = claim->group;
	struct sums sums = p->sums[g];
	struct water_taker group;
	struct found top, in;

	discount_member(&sums, &p->taker[i], (double)claim->elsewhere_bps);
	count_member(&sums, would, 0);
	group = group_taker(link->group[g], scale, &sums);
	top = find(&(struct water_change){&p->level[0], of_group(p, g), &group},
		   (double)link->capacity_bps);
	in = find(&(struct water_change){&p->level[g], &p->taker[i], would}, top.part);
	return whole(in.part, both(reason(would, &in), reason(&group, &top)));
}

/* Without a capacity, maxima alone are known. */
static struct prospect by_maximum(const struct prospects *p, const struct sched_rule *group,
				  const struct prospect_claim *claim, uint32_t i,
				  const struct water_taker *would)
{
	struct found f;

	if (!group || group->max_bps == 0)
		return would->max < WATER_NO_LIMIT ? whole(would->max, PROSPECT_MAX)
						   : (struct prospect){0, PROSPECT_UNKNOWN};
	f = find(&(struct water_change){&p->level[claim->group], &p->taker[i], would},
		 limit_of(group->max_bps,
			  p->sums[claim->group].elsewhere - (double)claim->elsewhere_bps));
	return whole(f.part, f.part >= would->max ? PROSPECT_MAX : PROSPECT_GROUP_MAX);
}

void prospects_fill(struct prospects *p, const struct prospect_link *link,
		    const struct prospect_claim *claims, uint32_t n, struct prospect *out)
{
	double capacity = (double)link->capacity_bps, scale;

	order(p, link, claims, n);
	scale = capacity > 0 ? minima_scale(p, link, claims) : 0;
	fill_levels(p, link, claims, scale);
	for (uint32_t i = 0; i < n; i++) {
		const struct sched_rule *group = link->group[group_of(link, &claims[i])];
		/* What it sends elsewhere is of its own maximum, and it could leave that. */
		struct water_taker would = taker(claims[i].rule, scale, 0, WATER_NO_LIMIT);

		if (capacity == 0)
			out[i] = by_maximum(p, group, &claims[i], i, &would);
		else if (group)
			out[i] = within(p, link, &claims[i], i, &would, scale);
		else
			out[i] = alone(p, i, &would, capacity);
	}
}
