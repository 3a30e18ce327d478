/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_term.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ESCAPE	    27
#define ESCAPE_MS   25 /* so long the rest of a key's sequence may take */
#define COLOUR_BASE 1

static SCREEN *screen;
static bool coloured;

/* Looks as colours, where there are any. */
static const struct {
	short colour;
	attr_t without;
} looks[] = {
	[LINE_GOOD] = {COLOR_GREEN, A_NORMAL},
	[LINE_WARN] = {COLOR_YELLOW, A_BOLD},
	[LINE_BAD] = {COLOR_RED, A_BOLD},
	[LINE_BAR] = {COLOR_CYAN, A_NORMAL},
};

#define LOOKS (sizeof(looks) / sizeof(looks[0]))

/* https://no-color.org: set and not empty. */
static void begin_colours(void)
{
	const char *no = getenv("NO_COLOR");

	coloured =
		has_colors() && !(no && *no) && start_color() == OK && use_default_colors() == OK;
	for (unsigned i = LINE_GOOD; coloured && i < LOOKS; i++)
		init_pair((short)(COLOUR_BASE + i), looks[i].colour, -1);
}

const char *top_term_begin(void)
{
	setlocale(LC_ALL, "");
	set_escdelay(ESCAPE_MS);
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return "the terminal is not known: set TERM, or use dmvlctl top --batch";
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	begin_colours();
	return NULL;
}

void top_term_end(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
}

bool top_term_size(struct top_screen *s)
{
	int lines, columns;

	getmaxyx(stdscr, lines, columns);
	s->style.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	s->columns = columns > 0 ? (unsigned)columns : 1;
	if (lines < 1)
		lines = 1;
	if (s->line && s->lines == (unsigned)lines)
		return true;
	free(s->line);
	s->lines = (unsigned)lines;
	s->line = calloc(s->lines, sizeof(*s->line));
	return s->line;
}

static attr_t attributes(enum line_look look, enum line_kind kind)
{
	attr_t a = kind == LINE_USUAL ? A_NORMAL : A_REVERSE;

	if (look == LINE_BOLD)
		a |= A_BOLD;
	else if (look == LINE_FAINT)
		a |= A_DIM;
	else if (look >= LINE_GOOD)
		a |= coloured ? COLOR_PAIR(COLOUR_BASE + look) : looks[look].without;
	return a;
}

static void draw_line(const struct line *line)
{
	unsigned at = 0;

	for (unsigned i = 0; i < line->parts; at += line->part[i++].bytes) {
		attrset(attributes(line->part[i].look, line->kind));
		addnstr(line->text + at, line->part[i].bytes);
	}
	attrset(A_NORMAL);
	clrtoeol();
}

void top_term_draw(const struct top_screen *s)
{
	erase();
	for (unsigned i = 0; i < s->used; i++) {
		move((int)i, 0);
		draw_line(&s->line[i]);
	}
	refresh();
}

static int translated(int key)
{
	static const struct {
		int curses, ours;
	} table[] = {
		{ERR, TOP_KEY_NONE},
		{KEY_RESIZE, TOP_KEY_NONE},
		{KEY_UP, TOP_KEY_UP},
		{KEY_DOWN, TOP_KEY_DOWN},
		{KEY_LEFT, TOP_KEY_LEFT},
		{KEY_RIGHT, TOP_KEY_RIGHT},
		{KEY_PPAGE, TOP_KEY_PAGE_UP},
		{KEY_NPAGE, TOP_KEY_PAGE_DOWN},
		{KEY_HOME, TOP_KEY_HOME},
		{KEY_END, TOP_KEY_END},
		{KEY_ENTER, TOP_KEY_ENTER},
		{'\r', TOP_KEY_ENTER},
		{'\n', TOP_KEY_ENTER},
		{ESCAPE, TOP_KEY_ESCAPE},
		{KEY_BACKSPACE, TOP_KEY_ERASE},
		{127, TOP_KEY_ERASE},
		{'\b', TOP_KEY_ERASE},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].curses == key)
			return table[i].ours;
	return key < 128 ? key : TOP_KEY_NONE;
}

int top_term_key(int timeout_ms)
{
	timeout(timeout_ms);
	return translated(getch());
}

/* Then nothing can be read or shown, and reading does not wait either. */
bool top_term_is_gone(void)
{
	struct pollfd fd[] = {{.fd = STDIN_FILENO}, {.fd = STDOUT_FILENO}};

	return poll(fd, 2, 0) > 0;
}
