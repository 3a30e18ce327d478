/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the first two columns stay where they are. Of the others as many are drawn
 * as have room, from the one on that the arrow keys moved to the left end. A device that is not
 * connected has no numbers, so its state takes the rest of its line.
 */
#include "backend/ctl/top_list.h"

#include <stdio.h>
#include <string.h>

#define HISTORY_COLUMNS 8u
#define BAR_COLUMNS	6u
#define NAME_MAX_WIDTH	28u
#define GOOD_PERMILLE	900u

/* A cell: its text, and how it looks. */
struct cell {
	char text[CELL_MAX];
	enum line_look look;
};

/* What a cell is made of. */
struct cell_from {
	const struct top_row *row;
	enum top_dir dir;
	struct cell_style style;
};

typedef void cell_fn(const struct cell_from *from, struct cell *out);

static void cell_rate(const struct cell_from *from, struct cell *out, enum top_dir dir)
{
	cell_number(out->text, from->row->now.flow[dir].rate_bps);
}

static void cell_tx(const struct cell_from *from, struct cell *out)
{
	cell_rate(from, out, TOP_TX);
}

static void cell_rx(const struct cell_from *from, struct cell *out)
{
	cell_rate(from, out, TOP_RX);
}

static void cell_history(const struct cell_from *from, struct cell *out, enum top_dir dir)
{
	const struct top_history *h = &from->row->history;

	out->look = LINE_BAR;
	cell_spark(out->text, from->style, h->rate_bps[dir], h->points, HISTORY_COLUMNS,
		   top_history_full(h, dir, from->row->now.flow[dir].promise_bps));
}

static void cell_tx_history(const struct cell_from *from, struct cell *out)
{
	cell_history(from, out, TOP_TX);
}

static void cell_rx_history(const struct cell_from *from, struct cell *out)
{
	cell_history(from, out, TOP_RX);
}

static void cell_share(const struct cell_from *from, struct cell *out)
{
	unsigned permille = top_row_share(from->row, from->dir);
	char bar[CELL_MAX];

	if (from->row->now.flow[from->dir].promise_bps == 0)
		return;
	out->look = permille >= GOOD_PERMILLE ? LINE_GOOD : LINE_PLAIN;
	cell_bar(bar, from->style, BAR_COLUMNS, permille);
	if (permille < 10000)
		snprintf(out->text, sizeof(out->text), "%.*s %3u%%", (int)sizeof(bar) / 2, bar,
			 permille / 10);
	else
		snprintf(out->text, sizeof(out->text), "%.*s >999", (int)sizeof(bar) / 2, bar);
}

static void cell_delay(const struct cell_from *from, struct cell *out)
{
	uint64_t half = top_row_delay(from->row, from->dir, 500);
	char a[CELL_MAX], b[CELL_MAX];

	if (half)
		snprintf(out->text, sizeof(out->text), "%.20s/%.20s", cell_time(a, half),
			 cell_time(b, top_row_delay(from->row, from->dir, 990)));
}

static void cell_drops(const struct cell_from *from, struct cell *out)
{
	uint64_t drops = top_row_drops(from->row);

	out->look = drops ? LINE_WARN : LINE_PLAIN;
	cell_number(out->text, drops);
}

/* A limit; none is "-". */
static const char *limit(char out[CELL_MAX], uint64_t bps)
{
	return bps ? cell_number(out, bps) : strcpy(out, "-");
}

static void cell_limits(const struct cell_from *from, struct cell *out)
{
	const struct top_flow *f = &from->row->now.flow[from->dir];
	char a[CELL_MAX], b[CELL_MAX];

	snprintf(out->text, sizeof(out->text), "%.20s/%u/%.20s", limit(a, f->min_bps),
		 from->row->now.weight, limit(b, f->max_bps));
}

static void cell_balance(const struct cell_from *from, struct cell *out)
{
	cell_signed(out->text, from->row->now.flow[from->dir].balance_bytes);
}

static void cell_lent(const struct cell_from *from, struct cell *out)
{
	if (from->row->now.has_loans)
		cell_number(out->text, top_row_lent(from->row, from->dir));
}

static void cell_borrowed(const struct cell_from *from, struct cell *out)
{
	if (from->row->now.has_loans)
		cell_number(out->text, top_row_borrowed(from->row, from->dir));
}

static void cell_group(const struct cell_from *from, struct cell *out)
{
	snprintf(out->text, sizeof(out->text), "%s", from->row->now.group);
}

static void cell_uplink(const struct cell_from *from, struct cell *out)
{
	snprintf(out->text, sizeof(out->text), "%s", from->row->now.uplink);
}

static const struct column {
	const char *title;
	unsigned width;
	bool left;
	bool of_dir; /* of the direction that is chosen: the title says so */
	cell_fn *fn;
} columns[] = {
	{"TX", 6, false, false, cell_tx},
	{"", HISTORY_COLUMNS, true, false, cell_tx_history},
	{"RX", 6, false, false, cell_rx},
	{"SHARE", BAR_COLUMNS + 5, true, true, cell_share},
	{"50%/99%", 13, false, true, cell_delay},
	{"DROP/S", 6, false, false, cell_drops},
	{"MIN/WEIGHT/MAX", 17, false, true, cell_limits},
	{"BALANCE", 10, false, true, cell_balance},
	{"LENT", 7, false, true, cell_lent},
	{"BORROWED", 11, false, true, cell_borrowed},
	{"RX", HISTORY_COLUMNS, true, false, cell_rx_history},
	{"GROUP", 10, true, false, cell_group},
	{"UPLINK", 10, true, false, cell_uplink},
};

#define COLUMNS	    (sizeof(columns) / sizeof(columns[0]))
#define NAME_WIDTH  14u
#define STATE_WIDTH 9u
#define FIXED_WIDTH (NAME_WIDTH + 1 + STATE_WIDTH)

/* The columns that are drawn. */
struct window {
	unsigned from, to, name_width;
};

/* The first column that has room when those behind it have. */
static unsigned last_start(unsigned columns_wide)
{
	unsigned width = FIXED_WIDTH, i = COLUMNS;

	while (i > 0 && width + 1 + columns[i - 1].width <= columns_wide)
		width += 1 + columns[--i].width;
	return i < COLUMNS ? i : COLUMNS - 1;
}

static struct window choose(struct top_model *m, const struct top_screen *s)
{
	unsigned last = last_start(s->columns), width = FIXED_WIDTH, spare;
	struct window w;

	m->column = m->column < last ? m->column : last;
	w.from = w.to = m->column;
	while (w.to < COLUMNS && width + 1 + columns[w.to].width <= s->columns)
		width += 1 + columns[w.to++].width;
	spare = s->columns > width ? s->columns - width : 0;
	w.name_width = NAME_WIDTH + spare < NAME_MAX_WIDTH ? NAME_WIDTH + spare : NAME_MAX_WIDTH;
	return w;
}

static void add_cell(struct line *line, const struct column *c, enum line_look look,
		     const char *text)
{
	line_add(line, LINE_PLAIN, " ");
	if (c->left)
		line_cell_left(line, look, c->width, text);
	else
		line_cell_right(line, look, c->width, text);
}

static void draw_head(const struct top_model *m, struct line *line, const struct window *w)
{
	char title[48];

	line->kind = LINE_HEAD;
	line_cell_left(line, LINE_PLAIN, w->name_width, "DEVICE");
	line_add(line, LINE_PLAIN, " ");
	line_cell_left(line, LINE_PLAIN, STATE_WIDTH, "STATE");
	for (unsigned i = w->from; i < w->to; i++) {
		snprintf(title, sizeof(title), "%s%s",
			 !columns[i].of_dir ? ""
			 : m->dir == TOP_TX ? "TX "
					    : "RX ",
			 columns[i].title);
		add_cell(line, &columns[i], LINE_PLAIN, title);
	}
	line_fill(line, LINE_PLAIN, line->limit);
}

static enum line_look state_look(const struct top_device *d)
{
	if (d->error[0])
		return LINE_BAD;
	return d->connected ? LINE_PLAIN : LINE_WARN;
}

static void draw_row(const struct top_model *m, const struct top_row *row,
		     const struct top_screen *s, struct line *line, const struct window *w)
{
	const struct cell_from from = {row, m->dir, s->style};
	const struct top_device *d = &row->now;
	char title[TOP_TEXT_MAX + 12];

	top_device_title(d, title);
	line->kind = row == m->at ? LINE_SELECTED : LINE_USUAL;
	line_cell_left(line, LINE_BOLD, w->name_width, title);
	line_add(line, LINE_PLAIN, " ");
	if (!d->counted) {
		line_printf(line, state_look(d), "%s%s%s", d->state, d->error[0] ? ": " : "",
			    d->error);
		line_fill(line, LINE_PLAIN, line->limit);
		return;
	}
	line_cell_left(line, state_look(d), STATE_WIDTH, d->state);
	for (unsigned i = w->from; i < w->to; i++) {
		struct cell c = {"-", LINE_PLAIN};

		columns[i].fn(&from, &c);
		add_cell(line, &columns[i], c.look, c.text);
	}
	line_fill(line, LINE_PLAIN, line->limit);
}

/* Which devices: the selected one is always among them. */
static void scroll(struct top_model *m)
{
	unsigned last = m->shown > m->page_rows ? m->shown - m->page_rows : 0;

	if (m->cursor < m->first)
		m->first = m->cursor;
	if (m->cursor >= m->first + m->page_rows)
		m->first = m->cursor - m->page_rows + 1;
	m->first = m->first < last ? m->first : last;
}

void top_list_draw(struct top_model *m, struct top_screen *s, unsigned kept)
{
	const struct window w = choose(m, s);

	draw_head(m, top_screen_next(s), &w);
	m->page_rows = s->lines > s->used + kept ? s->lines - s->used - kept : 1;
	scroll(m);
	if (m->shown == 0)
		line_add(top_screen_next(s), LINE_PLAIN,
			 m->rows ? "no device has this in its name, state, uplink or group: Esc "
				   "shows all"
				 : "no device is attached: dmvlctl attach DOM makes one");
	for (unsigned i = m->first; i < m->shown && i < m->first + m->page_rows; i++)
		draw_row(m, m->row[i], s, top_screen_next(s), &w);
}
