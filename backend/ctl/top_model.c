/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: each update copies the devices of a sample into rows, which are found again
 * by UUID, domid and id. Counters begin with 0 when a device connects, so a counter that went back
 * makes the row forget its marks. Rates are kept as they were at each update, and counters once a
 * second; delays and drops are what was added since the oldest mark.
 */
#include "backend/ctl/top_model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/cells.h"

#define NS_PER_S 1000000000.0

void top_model_init(struct top_model *m)
{
	*m = (struct top_model){.sort = TOP_BY_TX};
}

void top_model_free(struct top_model *m)
{
	for (unsigned i = 0; i < m->rows; i++)
		free(m->row[i]);
	free(m->row);
	top_model_init(m);
}

/* --- history ---------------------------------------------------------------------------------- */

static void push_rates(struct top_history *h, uint64_t tx_bps, uint64_t rx_bps)
{
	if (h->points == TOP_HISTORY) {
		h->points--;
		for (unsigned d = 0; d < TOP_DIRS; d++)
			memmove(h->rate_bps[d], h->rate_bps[d] + 1,
				h->points * sizeof(h->rate_bps[d][0]));
	}
	h->rate_bps[TOP_TX][h->points] = tx_bps;
	h->rate_bps[TOP_RX][h->points++] = rx_bps;
}

uint64_t top_history_full(const struct top_history *h, enum top_dir dir, uint64_t promise_bps)
{
	uint64_t full = promise_bps;

	for (unsigned i = 0; i < h->points; i++)
		if (h->rate_bps[dir][i] > full)
			full = h->rate_bps[dir][i];
	return full;
}

static struct top_mark mark_of(const struct top_device *d, uint64_t now_ns)
{
	struct top_mark m = {.ns = now_ns};

	for (unsigned i = 0; i < d->drops; i++)
		m.drops += d->drop[i].frames;
	for (unsigned i = 0; i < TOP_DIRS; i++) {
		m.lent[i] = d->flow[i].lent_bytes;
		m.borrowed[i] = d->flow[i].borrowed_bytes;
		memcpy(m.wait[i], d->flow[i].wait, sizeof(m.wait[i]));
	}
	return m;
}

/* Was any counter of the row smaller at `old`? */
static bool only_grew(const struct top_mark *old, const struct top_mark *now)
{
	if (now->drops < old->drops)
		return false;
	for (unsigned d = 0; d < TOP_DIRS; d++) {
		if (now->lent[d] < old->lent[d] || now->borrowed[d] < old->borrowed[d])
			return false;
		for (unsigned i = 0; i < STATS_BUCKETS; i++)
			if (now->wait[d][i] < old->wait[d][i])
				return false;
	}
	return true;
}

static void push_mark(struct top_row *row, uint64_t now_ns)
{
	row->latest = mark_of(&row->now, now_ns);
	if (row->marks &&
	    (!row->now.counted || !only_grew(&row->mark[row->marks - 1], &row->latest)))
		row->marks = 0;
	if (!row->now.counted ||
	    (row->marks && now_ns - row->mark[row->marks - 1].ns < TOP_MARK_NS))
		return;
	if (row->marks == TOP_MARKS)
		memmove(row->mark, row->mark + 1, --row->marks * sizeof(row->mark[0]));
	row->mark[row->marks++] = row->latest;
}

/* Seconds that the marks reach back; 0: there is nothing to compare with. */
static double span_s(const struct top_row *row)
{
	return row->marks ? (double)(row->latest.ns - row->mark[0].ns) / NS_PER_S : 0;
}

static uint64_t per_second(const struct top_row *row, uint64_t now, uint64_t then, unsigned times)
{
	double s = span_s(row);

	return s > 0 ? (uint64_t)((double)(now - then) * times / s + .5) : 0;
}

uint64_t top_row_delay(const struct top_row *row, enum top_dir dir, unsigned permille)
{
	uint64_t added[STATS_BUCKETS];
	bool all = span_s(row) == 0;

	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		added[i] = row->latest.wait[dir][i] - (all ? 0 : row->mark[0].wait[dir][i]);
	return stats_quantile(added, STATS_BUCKETS, permille);
}

uint64_t top_row_drops(const struct top_row *row)
{
	return per_second(row, row->latest.drops, row->mark[0].drops, 1);
}

uint64_t top_row_lent(const struct top_row *row, enum top_dir dir)
{
	return per_second(row, row->latest.lent[dir], row->mark[0].lent[dir], 8);
}

uint64_t top_row_borrowed(const struct top_row *row, enum top_dir dir)
{
	return per_second(row, row->latest.borrowed[dir], row->mark[0].borrowed[dir], 8);
}

unsigned top_row_share(const struct top_row *row, enum top_dir dir)
{
	return cell_permille(row->now.flow[dir].rate_bps, row->now.flow[dir].promise_bps);
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool is_same(const struct top_device *a, const struct top_device *b)
{
	return a->domid == b->domid && a->id == b->id &&
	       memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0;
}

/* The row of the device, or a fresh one; NULL: no memory. */
static struct top_row *row_for(struct top_model *m, const struct top_device *d)
{
	struct top_row **more, *fresh;

	for (unsigned i = 0; i < m->rows; i++)
		if (is_same(&m->row[i]->now, d))
			return m->row[i];
	more = realloc(m->row, (m->rows + 1) * sizeof(struct top_row *));
	if (more)
		m->row = more;
	fresh = more ? calloc(1, sizeof(*fresh)) : NULL;
	if (fresh)
		m->row[m->rows++] = fresh;
	return fresh;
}

static void take_device(struct top_row *row, const struct top_device *d, uint64_t now_ns)
{
	row->now = *d;
	row->seen = true;
	cell_clean(row->now.name);
	cell_clean(row->now.state);
	cell_clean(row->now.uplink);
	cell_clean(row->now.group);
	cell_clean(row->now.error);
	push_rates(&row->history, d->flow[TOP_TX].rate_bps, d->flow[TOP_RX].rate_bps);
	push_mark(row, now_ns);
}

static void drop_unseen(struct top_model *m)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < m->rows; i++) {
		if (m->row[i]->seen) {
			m->row[kept++] = m->row[i];
			continue;
		}
		if (m->at == m->row[i]) {
			m->at = NULL;
			m->page = m->page == TOP_DETAIL ? TOP_LIST : m->page;
		}
		free(m->row[i]);
	}
	m->rows = kept;
}

static void take_uplinks(struct top_model *m, const struct top_sample *s)
{
	m->uplinks = s->uplinks < TOP_UPLINKS_MAX ? s->uplinks : TOP_UPLINKS_MAX;
	for (unsigned i = 0; i < m->uplinks; i++) {
		struct top_uplink_row *row = &m->uplink[i];

		/* Another than was here: its history is another's. */
		if (strcmp(row->now.name, s->uplink[i].name) != 0)
			row->history.points = 0;
		row->now = s->uplink[i];
		cell_clean(row->now.name);
		cell_clean(row->now.why);
		push_rates(&row->history, row->now.rate_bps[TOP_TX], row->now.rate_bps[TOP_RX]);
	}
}

bool top_model_update(struct top_model *m, const struct top_sample *s)
{
	m->now_ns = s->now_ns;
	take_uplinks(m, s);
	for (unsigned i = 0; i < m->rows; i++)
		m->row[i]->seen = false;
	for (unsigned i = 0; i < s->devices; i++) {
		struct top_row *row = row_for(m, &s->device[i]);

		if (!row)
			return false;
		take_device(row, &s->device[i], s->now_ns);
	}
	drop_unseen(m);
	top_model_arrange(m);
	return true;
}

/* --- filter and order ------------------------------------------------------------------------- */

/* Does `text` contain the filter, in upper or lower case? */
static bool contains(const char *text, const char *filter)
{
	size_t len = strlen(filter);

	for (; strlen(text) >= len; text++) {
		size_t i = 0;

		while (i < len &&
		       tolower((unsigned char)text[i]) == tolower((unsigned char)filter[i]))
			i++;
		if (i == len)
			return true;
	}
	return false;
}

static bool passes(const struct top_model *m, const struct top_row *row)
{
	const struct top_device *d = &row->now;

	return contains(d->name, m->filter) || contains(d->state, m->filter) ||
	       contains(d->uplink, m->filter) || contains(d->group, m->filter);
}

/* The value by which it is sorted; texts are compared as such. */
static uint64_t sort_value(const struct top_model *m, const struct top_row *row)
{
	switch (m->sort) {
	case TOP_BY_TX:
		return row->now.flow[TOP_TX].rate_bps;
	case TOP_BY_RX:
		return row->now.flow[TOP_RX].rate_bps;
	case TOP_BY_SHARE:
		return top_row_share(row, m->dir);
	case TOP_BY_DELAY:
		return top_row_delay(row, m->dir, 990);
	case TOP_BY_DROPS:
		return top_row_drops(row);
	case TOP_BY_WEIGHT:
		return row->now.weight;
	case TOP_BY_BALANCE:
		return (uint64_t)row->now.flow[m->dir].balance_bytes ^ (UINT64_C(1) << 63);
	default:
		return 0;
	}
}

static int by_name(const struct top_row *a, const struct top_row *b)
{
	int order = strcmp(a->now.name, b->now.name);

	if (order == 0)
		order = (a->now.domid > b->now.domid) - (a->now.domid < b->now.domid);
	return order ? order : (a->now.id > b->now.id) - (a->now.id < b->now.id);
}

static int by_rank(const void *left, const void *right)
{
	const struct top_row *a = *(struct top_row *const *)left;
	const struct top_row *b = *(struct top_row *const *)right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return by_name(a, b);
}

static int by_state(const void *left, const void *right)
{
	const struct top_row *a = *(struct top_row *const *)left;
	const struct top_row *b = *(struct top_row *const *)right;
	int order = strcmp(a->now.state, b->now.state);

	return order ? order : by_name(a, b);
}

static void reverse(struct top_row **row, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		struct top_row *swapped = row[i];

		row[i] = row[n - 1 - i];
		row[n - 1 - i] = swapped;
	}
}

/* Those that pass the filter go to the front. */
static void apply_filter(struct top_model *m)
{
	m->shown = 0;
	for (unsigned i = 0; i < m->rows; i++) {
		struct top_row *row = m->row[i];

		if (!passes(m, row))
			continue;
		m->row[i] = m->row[m->shown];
		m->row[m->shown++] = row;
	}
}

void top_model_arrange(struct top_model *m)
{
	apply_filter(m);
	/* Large numbers come first. */
	for (unsigned i = 0; i < m->shown; i++)
		m->row[i]->rank = ~sort_value(m, m->row[i]);
	if (m->shown)
		qsort(m->row, m->shown, sizeof(struct top_row *),
		      m->sort == TOP_BY_STATE ? by_state : by_rank);
	if (m->reversed)
		reverse(m->row, m->shown);
	for (unsigned i = 0; m->at && i < m->shown; i++)
		if (m->row[i] == m->at) {
			m->cursor = i;
			return;
		}
	top_model_select(m, m->cursor);
}

void top_model_select(struct top_model *m, unsigned place)
{
	m->cursor = m->shown == 0 ? 0 : place < m->shown ? place : m->shown - 1;
	m->at = m->shown ? m->row[m->cursor] : NULL;
}

const char *top_sort_name(enum top_sort sort)
{
	static const char *const name[TOP_SORTS] = {
		[TOP_BY_NAME] = "name",	  [TOP_BY_STATE] = "state",   [TOP_BY_TX] = "TX",
		[TOP_BY_RX] = "RX",	  [TOP_BY_SHARE] = "share",   [TOP_BY_DELAY] = "delay",
		[TOP_BY_DROPS] = "drops", [TOP_BY_WEIGHT] = "weight", [TOP_BY_BALANCE] = "balance",
	};

	return name[sort];
}
