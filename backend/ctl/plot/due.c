/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: as the frame loop's own promise (docs/statistics.md) does it, the link is
 * divided among the devices without a group and the groups, and each group's part among its
 * members; only that here all of them want all there is.
 */
#include "backend/ctl/plot/due.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sched/fluid.h"

#define WHOLE	       UINT64_C(1000000000) /* stands for the link where no capacity is known */
#define WEIGHT_DEFAULT 256		    /* of a group that the recording says nothing of */

struct work {
	const struct follow *f;
	uint32_t uplink, dir;
	bool known; /* the capacity, in which limits are expressed */
	struct fluid_part *part;
	unsigned *device; /* whose part it is */
	struct water_kink *kink;
};

static struct fluid_part part_of(const struct work *w, const struct rec_limits *l)
{
	struct fluid_part p = {.share = l->weight ? l->weight : 1, .demand = FLUID_HUNGRY};

	if (!w->known)
		return p;
	p.max = l->max_bps[w->dir];
	p.min = l->min_bps[w->dir];
	if (p.max && p.min > p.max)
		p.min = p.max;
	return p;
}

/* The members of a group, or, with "", the devices without one, as parts from `at` on. */
static unsigned add_members(const struct work *w, const char *group, unsigned at)
{
	unsigned n = at;

	for (unsigned i = 0; i < w->f->devices; i++) {
		const struct follow_device *d = &w->f->device[i];

		if (!d->present || d->uplink != w->uplink || strcmp(d->group, group) != 0)
			continue;
		w->device[n] = i;
		w->part[n++] = part_of(w, &d->limits);
	}
	return n - at;
}

static struct rec_limits limits_of_group(const struct work *w, const char *name)
{
	for (unsigned i = 0; i < w->f->groups; i++)
		if (w->f->group[i].uplink == w->uplink && strcmp(w->f->group[i].name, name) == 0)
			return w->f->group[i].limits;
	return (struct rec_limits){.weight = WEIGHT_DEFAULT};
}

/* The group as a whole; its members' minima are its own at least. */
static struct fluid_part part_of_group(const struct work *w, const char *name, unsigned at)
{
	struct rec_limits limits = limits_of_group(w, name);
	struct fluid_part sum = part_of(w, &limits);
	unsigned n = add_members(w, name, at);
	uint64_t minima = 0;

	for (unsigned i = at; i < at + n; i++)
		minima += w->part[i].min;
	if (sum.min < minima)
		sum.min = sum.max && minima > sum.max ? sum.max : minima;
	return sum;
}

/* Is it the first device of its group, and so stands for all of it? */
static bool is_first(const struct work *w, unsigned device)
{
	const struct follow_device *d = &w->f->device[device];

	if (!d->present || d->uplink != w->uplink || !d->group[0])
		return false;
	for (unsigned i = 0; i < device; i++) {
		const struct follow_device *e = &w->f->device[i];

		if (e->present && e->uplink == w->uplink && strcmp(e->group, d->group) == 0)
			return false;
	}
	return true;
}

/* The groups become parts behind the `tops` that have none; room for members is behind those. */
static unsigned add_groups(const struct work *w, unsigned tops)
{
	unsigned n = tops;

	for (unsigned i = 0; i < w->f->devices; i++) {
		if (!is_first(w, i))
			continue;
		w->part[n] = part_of_group(w, w->f->device[i].group, n + 1);
		w->device[n++] = i;
	}
	return n;
}

static void divide(const struct work *w, uint64_t whole, double *out)
{
	unsigned tops = add_members(w, "", 0), all = add_groups(w, tops);

	fluid_share(w->part, all, whole, w->kink);
	for (unsigned i = 0; i < tops; i++)
		out[w->device[i]] = (double)w->part[i].gets / (double)whole;
	for (unsigned g = tops; g < all; g++) {
		const char *name = w->f->device[w->device[g]].group;
		unsigned n = add_members(w, name, all);

		fluid_share(w->part + all, n, w->part[g].gets, w->kink);
		for (unsigned i = all; i < all + n; i++)
			out[w->device[i]] = (double)w->part[i].gets / (double)whole;
	}
}

int due_shares(const struct follow *f, uint32_t uplink, uint32_t dir, double *out)
{
	uint64_t capacity_bps = f->uplink[uplink].capacity_bps[dir];
	size_t n = 2 * (size_t)f->devices + 1; /* groups too, at most one for each device */
	struct work w = {.f = f, .uplink = uplink, .dir = dir, .known = capacity_bps > 0};
	int ret = -ENOMEM;

	for (unsigned i = 0; i < f->devices; i++)
		out[i] = -1;
	w.part = calloc(n, sizeof(*w.part));
	w.device = calloc(n, sizeof(*w.device));
	w.kink = calloc(WATER_KINKS(n), sizeof(*w.kink));
	if (w.part && w.device && w.kink) {
		divide(&w, w.known ? capacity_bps : WHOLE, out);
		ret = 0;
	}
	free(w.part);
	free(w.device);
	free(w.kink);
	return ret;
}
