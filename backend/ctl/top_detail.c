/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_detail.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/uuid.h"

#define LABEL_COLUMNS 16u
#define HALF_COLUMNS  28u

/* A line with a label and a text for each direction. */
static void draw_both(struct top_screen *s, enum line_look look, const char *label, const char *tx,
		      const char *rx)
{
	struct line *line = top_screen_next(s);

	line_cell_left(line, LINE_FAINT, LABEL_COLUMNS, label);
	line_cell_left(line, look, HALF_COLUMNS, tx);
	line_add(line, LINE_PLAIN, "  ");
	line_cell_left(line, look, HALF_COLUMNS, rx);
}

/* A direction of a device. */
struct flow_from {
	const struct top_row *row;
	enum top_dir dir;
	struct cell_style style;
};

typedef void flow_text(const struct flow_from *from, char out[CELL_MAX]);

static void rate_text(const struct flow_from *from, char out[CELL_MAX])
{
	const struct top_flow *f = &from->row->now.flow[from->dir];
	char a[CELL_MAX], b[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20sbit/s (10 s: %.20s)", cell_number(a, f->rate_bps),
		 cell_number(b, f->rate_10s_bps));
}

static void history_text(const struct flow_from *from, char out[CELL_MAX])
{
	const struct top_history *h = &from->row->history;

	cell_spark(out, from->style, h->rate_bps[from->dir], h->points, HALF_COLUMNS - 2,
		   top_history_full(h, from->dir, from->row->now.flow[from->dir].promise_bps));
}

static void promise_text(const struct flow_from *from, char out[CELL_MAX])
{
	char a[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20sbit/s",
		 cell_number(a, from->row->now.flow[from->dir].promise_bps));
}

static void share_text(const struct flow_from *from, char out[CELL_MAX])
{
	unsigned permille = top_row_share(from->row, from->dir);
	char bar[CELL_MAX];

	cell_bar(bar, from->style, HALF_COLUMNS / 2, permille);
	snprintf(out, CELL_MAX, "%.*s %u%%", CELL_MAX / 2, bar, permille / 10);
}

static void limits_text(const struct flow_from *from, char out[CELL_MAX])
{
	const struct top_flow *f = &from->row->now.flow[from->dir];
	char a[CELL_MAX], b[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20s/%u/%.20s", f->min_bps ? cell_number(a, f->min_bps) : "-",
		 from->row->now.weight, f->max_bps ? cell_number(b, f->max_bps) : "-");
}

static void balance_text(const struct flow_from *from, char out[CELL_MAX])
{
	int64_t balance = from->row->now.flow[from->dir].balance_bytes;
	char a[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20sB%s",
		 cell_number(a, (uint64_t)(balance < 0 ? -balance : balance)),
		 balance < 0   ? " borrowed"
		 : balance > 0 ? " lent"
			       : "");
}

static void loans_text(const struct flow_from *from, char out[CELL_MAX])
{
	char a[CELL_MAX], b[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20s/%.20s bit/s",
		 cell_number(a, top_row_lent(from->row, from->dir)),
		 cell_number(b, top_row_borrowed(from->row, from->dir)));
}

static void delay_text(const struct flow_from *from, char out[CELL_MAX])
{
	uint64_t half = top_row_delay(from->row, from->dir, 500);
	char a[CELL_MAX], b[CELL_MAX];

	if (half == 0)
		snprintf(out, CELL_MAX, "no frames");
	else
		snprintf(out, CELL_MAX, "50%% < %.20s, 99%% < %.20s", cell_time(a, half),
			 cell_time(b, top_row_delay(from->row, from->dir, 990)));
}

static void count_text(const struct flow_from *from, char out[CELL_MAX])
{
	const struct top_flow *f = &from->row->now.flow[from->dir];
	char a[CELL_MAX], b[CELL_MAX];

	snprintf(out, CELL_MAX, "%.20s frames, %.20sB", cell_number(a, f->frames),
		 cell_number(b, f->bytes));
}

static const struct {
	const char *label;
	flow_text *text;
	enum line_look look;
	bool loans; /* needs them */
} details[] = {
	{"rate", rate_text, LINE_BOLD, false},
	{"history", history_text, LINE_BAR, false},
	{"promise", promise_text, LINE_PLAIN, false},
	{"share of it", share_text, LINE_BAR, false},
	{"min/weight/max", limits_text, LINE_PLAIN, false},
	{"balance", balance_text, LINE_PLAIN, false},
	{"lent/borrowed", loans_text, LINE_PLAIN, true},
	{"delay", delay_text, LINE_PLAIN, false},
	{"counted", count_text, LINE_PLAIN, false},
};

static void draw_flows(const struct top_row *row, struct top_screen *s)
{
	char tx[CELL_MAX], rx[CELL_MAX];

	draw_both(s, LINE_BOLD, "", "TX (the guest sends)", "RX (the guest receives)");
	for (unsigned i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (details[i].loans && !row->now.has_loans)
			continue;
		details[i].text(&(struct flow_from){row, TOP_TX, s->style}, tx);
		details[i].text(&(struct flow_from){row, TOP_RX, s->style}, rx);
		draw_both(s, details[i].look, details[i].label, tx, rx);
	}
}

static void draw_drops(const struct top_row *row, struct top_screen *s)
{
	const struct top_device *d = &row->now;
	struct line *line = top_screen_next(s);
	char text[CELL_MAX];
	bool any = false;

	line_cell_left(line, LINE_FAINT, LABEL_COLUMNS, "dropped");
	line_printf(line, LINE_PLAIN, "%s a second", cell_number(text, top_row_drops(row)));
	for (unsigned i = 0; i < d->drops; i++) {
		if (d->drop[i].frames == 0)
			continue;
		if (line->columns + 30 > s->columns) {
			line = top_screen_next(s);
			line_fill(line, LINE_PLAIN, LABEL_COLUMNS);
			any = false;
		} else
			line_add(line, LINE_PLAIN, any ? ", " : "; in all: ");
		line_printf(line, LINE_WARN, "%s %" PRIu64, d->drop[i].reason, d->drop[i].frames);
		any = true;
	}
}

void top_detail_draw(const struct top_model *m, struct top_screen *s)
{
	const struct top_device *d = &m->at->now;
	char title[TOP_TEXT_MAX + 12], uuid[UUID_TEXT_LEN + 1];
	struct line *line = top_screen_next(s);

	top_device_title(d, title);
	uuid_format(d->uuid, uuid);
	line_add(line, LINE_BOLD, title);
	line_printf(line, LINE_PLAIN, "  %s  on %s%s%s  %s", d->state, d->uplink,
		    d->group[0] ? ", group " : "", d->group, s->clock);
	line_printf(top_screen_next(s), LINE_FAINT, "domid %u, UUID %s", d->domid, uuid);
	if (d->error[0])
		line_add(top_screen_next(s), LINE_BAD, d->error);
	if (d->counted) {
		draw_flows(m->at, s);
		draw_drops(m->at, s);
	} else
		line_add(top_screen_next(s), LINE_WARN, "not connected: there are no numbers");
	top_foot_draw(m, s, "up, down: other devices  Esc or q back  ? help");
}
