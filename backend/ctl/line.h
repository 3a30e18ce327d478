/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line.h: a line of a terminal: text whose parts have a look. Pure. */
#ifndef DMVL_CTL_LINE_H
#define DMVL_CTL_LINE_H

#include <stdint.h>

#define LINE_COLUMNS_MAX 400u
#define LINE_BYTES_MAX	 (3u * LINE_COLUMNS_MAX) /* a character has at most three bytes */
#define LINE_PARTS_MAX	 48u

enum line_look { LINE_PLAIN, LINE_BOLD, LINE_FAINT, LINE_GOOD, LINE_WARN, LINE_BAD, LINE_BAR };

/* Of the whole line. */
enum line_kind { LINE_USUAL, LINE_HEAD, LINE_SELECTED };

/* Only line.c writes it, but for its kind. */
struct line {
	enum line_kind kind;
	char text[LINE_BYTES_MAX + 1];
	unsigned bytes, columns, limit, parts;
	struct {
		uint16_t bytes; /* of text, behind those of the parts before */
		uint8_t look;
	} part[LINE_PARTS_MAX];
};

/* An empty line of at most `columns`. */
void line_begin(struct line *line, unsigned columns);

/*
 * Adds text: UTF-8 whose characters are one column wide, none of them a control character. What
 * does not fit is left out.
 */
void line_add(struct line *line, enum line_look look, const char *text);
void line_printf(struct line *line, enum line_look look, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same in a cell of `width` columns: cut, or filled with spaces on the right or left. */
void line_cell_left(struct line *line, enum line_look look, unsigned width, const char *text);
void line_cell_right(struct line *line, enum line_look look, unsigned width, const char *text);

/* Spaces up to this column. */
void line_fill(struct line *line, enum line_look look, unsigned column);

/* How many columns the text has. */
unsigned line_columns_of(const char *text);

#endif
