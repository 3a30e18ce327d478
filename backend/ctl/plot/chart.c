/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the records are read twice. The first time follow.c finds out which devices
 * there are, and chart_rank() which of them get a line. The second time chart_take() spreads what
 * each interval has over the bins. A bin is closed when an interval behind it begins: then it gets
 * the balances and the promises that are in force.
 */
#include "backend/ctl/plot/chart.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/plot/due.h"
#include "backend/ctl/plot/label.h"

/* --- ranks ------------------------------------------------------------------------------------ */

uint64_t chart_amount(const struct rec *r, enum chart_what what, uint32_t dir)
{
	if (r->type != REC_FLOW || r->dir != dir)
		return 0;
	return what == CHART_LOANS ? r->flow.lent_bytes + r->flow.borrowed_bytes : r->flow.bytes;
}

/* The largest that has no line yet; below 0: there is none. */
static int largest(const struct chart_rank *rank, unsigned n)
{
	int best = -1;

	for (unsigned i = 0; i < n; i++)
		if (rank[i].wanted && rank[i].amount && rank[i].line < 0 &&
		    (best < 0 || rank[i].amount > rank[best].amount))
			best = (int)i;
	return best;
}

unsigned chart_rank(struct chart_rank *rank, unsigned n)
{
	unsigned lines = 0, others = 0;
	int best;

	for (unsigned i = 0; i < n; i++)
		rank[i].line = -1;
	while (lines < CHART_SHOWN && (best = largest(rank, n)) >= 0)
		rank[best].line = (int)lines++;
	for (unsigned i = 0; i < n; i++) {
		if (!rank[i].wanted || !rank[i].amount || rank[i].line >= 0)
			continue;
		rank[i].line = (int)CHART_SHOWN;
		others++;
	}
	return lines + (others > 0);
}

/* --- the chart -------------------------------------------------------------------------------- */

static void name_line(struct chart_line *line, const struct follow_device *d)
{
	char name[REC_TEXT_MAX + 1];

	if (line->others++)
		snprintf(line->label, sizeof(line->label), "%u others", line->others);
	else if (d->name[0])
		snprintf(line->label, sizeof(line->label), "%s/%u",
			 label_clean(name, sizeof(name), d->name), d->id);
	else
		snprintf(line->label, sizeof(line->label), "%u/%u", d->domid, d->id);
}

static void name_lines(struct chart *c, const struct follow *all)
{
	for (unsigned i = 0; i < c->ranks; i++) {
		int at = c->rank[i].line;

		if (at < 0)
			continue;
		c->lines = (unsigned)at + 1 > c->lines ? (unsigned)at + 1 : c->lines;
		name_line(&c->line[at], &all->device[i]);
	}
	for (unsigned i = 0; i < CHART_SHOWN; i++)
		c->line[i].others = 0;
	/* One device of more than are shown is called "1 others" by nobody. */
	if (c->lines > CHART_SHOWN && c->line[CHART_SHOWN].others == 1)
		c->line[CHART_SHOWN].others = 0;
}

int chart_begin(struct chart *c, enum chart_what what, uint32_t uplink, uint32_t dir,
		const struct bins *bins, const struct follow *all, const struct chart_rank *rank,
		unsigned ranks)
{
	*c = (struct chart){.what = what,
			    .uplink = uplink,
			    .dir = dir,
			    .bins = *bins,
			    .rank = rank,
			    .ranks = ranks};
	name_lines(c, all);
	c->time = calloc(bins->count, sizeof(*c->time));
	if (!c->time)
		return -ENOMEM;
	for (unsigned i = 0; i < c->lines; i++) {
		c->line[i].cell = calloc(bins->count, sizeof(*c->line[i].cell));
		if (!c->line[i].cell)
			return -ENOMEM;
		for (unsigned bin = 0; bin < bins->count; bin++)
			c->line[i].cell[bin].due = -1;
	}
	return 0;
}

void chart_free(struct chart *c)
{
	for (unsigned i = 0; i < CHART_SHOWN + 1; i++)
		free(c->line[i].cell);
	free(c->time);
	free(c->due);
	follow_free(&c->follow);
	*c = (struct chart){0};
}

/* --- balances and promises -------------------------------------------------------------------- */

static void close_cell(struct chart *c, unsigned device, unsigned bin)
{
	int line = device < c->ranks ? c->rank[device].line : -1;
	struct chart_cell *cell;

	if (line < 0)
		return;
	cell = &c->line[line].cell[bin];
	cell->balance_bytes += c->follow.device[device].balance_bytes[c->dir];
	if (c->due && c->due[device] >= 0 && !c->line[line].others)
		cell->due = c->due[device];
}

/* A recording that still grows may have more devices than when they were ranked. */
static int find_due(struct chart *c)
{
	double *due = realloc(c->due, (c->follow.devices + 1) * sizeof(*due));

	if (!due)
		return -ENOMEM;
	c->due = due;
	return due_shares(&c->follow, c->uplink, c->dir, due);
}

/* Those before `end`. */
static int close_bins(struct chart *c, unsigned end)
{
	if (c->closed >= end)
		return 0;
	if (c->what == CHART_SHARES && find_due(c) < 0)
		return -ENOMEM;
	for (; c->closed < end; c->closed++) {
		c->time[c->closed].capacity_bps = c->follow.uplink[c->uplink].capacity_bps[c->dir];
		for (unsigned i = 0; i < c->follow.devices; i++)
			if (c->follow.device[i].uplink == c->uplink)
				close_cell(c, i, c->closed);
	}
	return 0;
}

/* --- intervals -------------------------------------------------------------------------------- */

static void add_known(void *arg, unsigned i, uint64_t amount)
{
	((struct chart *)arg)->time[i].known_ms += amount;
}

static void add_broken(void *arg, unsigned i, uint64_t amount)
{
	(void)amount;
	((struct chart *)arg)->time[i].broken = true;
}

/* Gaps that are close look like one. */
static void add_gap(struct chart *c, uint64_t begin_ms, uint64_t end_ms)
{
	struct chart_gap *last = c->gaps ? &c->gap[c->gaps - 1] : NULL;

	if (begin_ms < c->bins.begin_ms)
		begin_ms = c->bins.begin_ms;
	if (end_ms > c->bins.end_ms)
		end_ms = c->bins.end_ms;
	if (begin_ms >= end_ms)
		return;
	bins_spread(&c->bins, begin_ms, end_ms, end_ms - begin_ms, add_broken, c);
	if (last && (begin_ms < last->end_ms + c->bins.width_ms / 4 || c->gaps == CHART_GAPS_MAX))
		last->end_ms = end_ms;
	else
		c->gap[c->gaps++] = (struct chart_gap){begin_ms, end_ms};
}

static void know(struct chart *c, uint64_t begin_ms, uint64_t end_ms)
{
	if (begin_ms < end_ms)
		bins_spread(&c->bins, begin_ms, end_ms, end_ms - begin_ms, add_known, c);
}

/* Before the record of the next interval changes anything. */
static int close_before(struct chart *c, const struct rec *r)
{
	uint64_t ms = r->end_ms - r->us / 2000;

	if (ms <= c->bins.begin_ms)
		return 0;
	return close_bins(c, ms >= c->bins.end_ms ? c->bins.count : bins_at(&c->bins, ms));
}

struct into {
	struct chart *c;
	struct chart_cell *cell; /* of its line; NULL: it has none */
	size_t at;		 /* of the number in a cell */
};

static void add_number(void *arg, unsigned i, uint64_t amount)
{
	const struct into *to = arg;

	*(uint64_t *)((char *)&to->cell[i] + to->at) += amount;
}

static void add_bytes(void *arg, unsigned i, uint64_t amount)
{
	((struct chart *)arg)->time[i].bytes += amount;
}

static void spread(struct chart *c, struct chart_cell *cell, uint64_t amount, size_t at)
{
	struct into to = {c, cell, at};

	if (amount)
		bins_spread(&c->bins, c->follow.begin_ms, c->follow.end_ms, amount, add_number,
			    &to);
}

/* Waits are counts of frames, too few to be spread: they are of the interval's middle. */
static void merge_waits(struct chart *c, struct chart_cell *cell, const uint64_t *wait)
{
	uint64_t ms = c->follow.begin_ms + (c->follow.end_ms - c->follow.begin_ms) / 2;

	if (ms < c->bins.begin_ms || ms >= c->bins.end_ms)
		return;
	cell += bins_at(&c->bins, ms);
	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		cell->wait[i] += wait[i];
}

static void take_flow(struct chart *c, const struct rec *r, int device)
{
	const struct rec_flow *f = &r->flow;
	struct chart_cell *cell;

	if (device < 0 || (unsigned)device >= c->ranks || r->dir != c->dir ||
	    c->follow.device[device].uplink != c->uplink)
		return;
	bins_spread(&c->bins, c->follow.begin_ms, c->follow.end_ms, f->bytes, add_bytes, c);
	if (c->rank[device].line < 0)
		return;
	cell = c->line[c->rank[device].line].cell;
	spread(c, cell, f->bytes, offsetof(struct chart_cell, bytes));
	spread(c, cell, f->lent_bytes, offsetof(struct chart_cell, lent_bytes));
	spread(c, cell, f->borrowed_bytes, offsetof(struct chart_cell, borrowed_bytes));
	merge_waits(c, cell, f->wait);
}

int chart_take(struct chart *c, const struct rec *r)
{
	bool ours = r->type == REC_TIME && r->uplink == c->uplink;
	const struct follow *f = &c->follow;
	int device;

	if (ours && close_before(c, r) < 0)
		return -ENOMEM;
	device = follow_take(&c->follow, r);
	if (device == -ENOMEM)
		return device;
	if (ours) {
		know(c, f->known_ms, f->end_ms);
		c->known_to_ms = f->uplink[c->uplink].last_ms;
		if (f->known_ms > f->gap_ms)
			add_gap(c, f->gap_ms, f->known_ms);
	}
	if (r->type == REC_FLOW)
		take_flow(c, r, device);
	return 0;
}

int chart_end(struct chart *c)
{
	const struct follow_uplink *u = &c->follow.uplink[c->uplink];
	int ret = close_bins(c, c->bins.count);

	/* The quiet time up to the end. */
	know(c, c->known_to_ms, u->last_ms);
	if (u->last_ms < c->bins.end_ms)
		add_gap(c, u->last_ms, c->bins.end_ms);
	return ret;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The last bin may be cut off by the end. */
static uint64_t width_ms(const struct chart *c, unsigned bin)
{
	uint64_t begin_ms = c->bins.begin_ms + bin * c->bins.width_ms;

	return bin + 1 < c->bins.count ? c->bins.width_ms : c->bins.end_ms - begin_ms;
}

bool chart_is_unknown(const struct chart *c, unsigned bin)
{
	return 2 * c->time[bin].known_ms < width_ms(c, bin);
}

static double rate(uint64_t bytes, uint64_t ms)
{
	return (double)bytes * 8 * 1000 / (double)ms;
}

static double share(uint64_t bytes, uint64_t all)
{
	return all ? 100 * (double)bytes / (double)all : NAN;
}

static double delay(const struct chart_cell *cell, unsigned permille)
{
	uint64_t us = stats_quantile(cell->wait, STATS_BUCKETS, permille);

	return us ? (double)us / 1000 : NAN;
}

double chart_value(const struct chart *c, unsigned line, unsigned bin, enum chart_value value)
{
	const struct chart_cell *cell = &c->line[line].cell[bin];
	const struct chart_time *time = &c->time[bin];

	if (chart_is_unknown(c, bin))
		return NAN;
	switch (value) {
	case CHART_SHARE:
		return share(cell->bytes, time->bytes);
	case CHART_DUE:
		return cell->due < 0 ? NAN : 100 * cell->due;
	case CHART_RATE:
		return rate(cell->bytes, time->known_ms);
	case CHART_LENT_RATE:
		return rate(cell->lent_bytes, time->known_ms);
	case CHART_BORROWED_RATE:
		return rate(cell->borrowed_bytes, time->known_ms);
	case CHART_BALANCE:
		return (double)cell->balance_bytes;
	case CHART_DELAY_HALF:
		return delay(cell, 500);
	default:
		return delay(cell, 990);
	}
}

double chart_capacity(const struct chart *c, unsigned bin)
{
	uint64_t bps = c->time[bin].capacity_bps;

	return bps && !chart_is_unknown(c, bin) ? (double)bps : NAN;
}

double chart_whole_share(const struct chart *c, unsigned line)
{
	uint64_t bytes = 0, all = 0;

	for (unsigned bin = 0; bin < c->bins.count; bin++) {
		bytes += c->line[line].cell[bin].bytes;
		all += c->time[bin].bytes;
	}
	return share(bytes, all);
}

bool chart_has_numbers(const struct chart *c)
{
	static const enum chart_value values[CHART_WHATS] = {
		[CHART_SHARES] = CHART_SHARE,
		[CHART_RATES] = CHART_RATE,
		[CHART_LOANS] = CHART_BALANCE,
		[CHART_DELAY] = CHART_DELAY_MOST,
	};

	for (unsigned line = 0; line < c->lines; line++)
		for (unsigned bin = 0; bin < c->bins.count; bin++)
			if (!isnan(chart_value(c, line, bin, values[c->what])))
				return true;
	return false;
}
