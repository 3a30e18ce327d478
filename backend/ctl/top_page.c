/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_page.h"

#include <stdio.h>

#include "backend/ctl/top_detail.h"
#include "backend/ctl/top_list.h"

#define UPLINK_HISTORY 8u
#define UPLINK_PART    4u /* at most this part of the screen is for uplinks */

/* --- the list --------------------------------------------------------------------------------- */

static void draw_title(const struct top_model *m, struct top_screen *s)
{
	struct line *line = top_screen_next(s);

	line_printf(line, LINE_BOLD, "dmvlctl top  %s", s->clock);
	line_printf(line, LINE_PLAIN, "  %u device%s, by %s%s", m->rows, m->rows == 1 ? "" : "s",
		    top_sort_name(m->sort), m->reversed ? ", reversed" : "");
	if (m->filter[0] && !m->typing)
		line_printf(line, LINE_WARN, "  %u with \"%s\"", m->shown, m->filter);
}

static void draw_uplink_flow(struct line *line, const struct top_uplink_row *row, enum top_dir dir,
			     struct cell_style style)
{
	const struct top_uplink *u = &row->now;
	char text[CELL_MAX];

	line_add(line, LINE_PLAIN, dir == TOP_TX ? "  TX " : "  RX ");
	line_cell_right(line, LINE_BOLD, 5, cell_number(text, u->rate_bps[dir]));
	if (u->capacity_bps[dir]) {
		line_printf(line, LINE_PLAIN, " of %s", cell_number(text, u->capacity_bps[dir]));
		line_printf(line, LINE_PLAIN, " %u%%",
			    cell_permille(u->rate_bps[dir], u->capacity_bps[dir]) / 10);
	}
	line_add(line, LINE_PLAIN, " ");
	line_add(line, LINE_BAR,
		 cell_spark(text, style, row->history.rate_bps[dir], row->history.points,
			    UPLINK_HISTORY,
			    top_history_full(&row->history, dir, u->capacity_bps[dir])));
}

static void draw_uplink(const struct top_uplink_row *row, struct top_screen *s)
{
	struct line *line = top_screen_next(s);

	line_add(line, LINE_BOLD, row->now.name);
	if (row->now.why[0]) {
		line_printf(line, LINE_BAD, ": %s", row->now.why);
		return;
	}
	draw_uplink_flow(line, row, TOP_TX, s->style);
	draw_uplink_flow(line, row, TOP_RX, s->style);
	line_printf(line, LINE_PLAIN, "  %u connected", row->now.connected);
}

static void draw_uplinks(const struct top_model *m, struct top_screen *s)
{
	unsigned room = s->lines / UPLINK_PART;

	for (unsigned i = 0; i < m->uplinks && i < room; i++)
		draw_uplink(&m->uplink[i], s);
	if (m->uplinks > room)
		line_printf(top_screen_next(s), LINE_FAINT,
			    "%u more: --uplink NAME shows one alone", m->uplinks - room);
	if (m->uplinks == 0)
		line_add(top_screen_next(s), LINE_WARN, "no uplink: does dmvl-back run?");
}

static void draw_list(struct top_model *m, struct top_screen *s)
{
	draw_title(m, s);
	draw_uplinks(m, s);
	top_list_draw(m, s, 1);
	top_foot_draw(m, s,
		      "? help  / filter  s sort  d TX or RX  left, right: columns  Enter details  "
		      "q quit");
}

/* --- help ------------------------------------------------------------------------------------- */

static void draw_help(const struct top_model *m, struct top_screen *s)
{
	static const char *const text[] = {
		"TX and RX are as the guest sees them: TX leaves the guest. Rates are bit/s of the",
		"last second. The history has a column for each refresh, the promise as its "
		"height.",
		"SHARE    rate in percent of the promise: what the device would get if it sent all "
		"it",
		"         could. Above 100% it uses what others do not need.",
		"50%/99%  how long half, and 99 of 100 frames waited at most, in the last 10 "
		"seconds",
		"DROP/S   frames dropped a second, in the last 10 seconds",
		"BALANCE  bytes lent to others (+) or borrowed from them (-)",
		"",
		"up down PgUp PgDn Home End   select a device      Enter  its details",
		"left right   other columns                        d      of TX or RX",
		"/   show only what has a text in name, state, uplink or group; Esc: all",
		"s   sort by the next column, or by: N name, E state, T TX, R RX, S share, D "
		"delay,",
		"    X drops, W weight, B balance; r: the other way round",
		"q   back, and from the list: quit",
	};

	line_add(top_screen_next(s), LINE_BOLD, "dmvlctl top: what the columns and keys mean");
	for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		line_add(top_screen_next(s), LINE_PLAIN, text[i]);
	top_foot_draw(m, s, "? or q back");
}

void top_page_draw(struct top_model *m, struct top_screen *s)
{
	s->used = 0;
	if (s->lines < TOP_LINES_MIN || s->columns < TOP_COLUMNS_MIN)
		line_printf(top_screen_next(s), LINE_WARN, "needs %u columns, %u lines",
			    TOP_COLUMNS_MIN, TOP_LINES_MIN);
	else if (m->page == TOP_HELP)
		draw_help(m, s);
	else if (m->page == TOP_DETAIL && m->at)
		top_detail_draw(m, s);
	else
		draw_list(m, s);
}
