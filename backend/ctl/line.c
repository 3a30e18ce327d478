/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void line_begin(struct line *line, unsigned columns)
{
	memset(line, 0, sizeof(*line));
	line->limit = columns < LINE_COLUMNS_MAX ? columns : LINE_COLUMNS_MAX;
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

unsigned line_columns_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += begins_character(*text);
	return n;
}

/* The bytes of the first `columns` characters. */
static unsigned bytes_of(const char *text, unsigned columns)
{
	unsigned i;

	for (i = 0; text[i]; i++)
		if (begins_character(text[i]) && columns-- == 0)
			break;
	return i;
}

static void add_part(struct line *line, enum line_look look, unsigned bytes)
{
	if (line->parts &&
	    (line->part[line->parts - 1].look == look || line->parts == LINE_PARTS_MAX))
		line->part[line->parts - 1].bytes += (uint16_t)bytes;
	else {
		line->part[line->parts].look = (uint8_t)look;
		line->part[line->parts++].bytes = (uint16_t)bytes;
	}
}

/* At most `columns` of the text. */
static void add(struct line *line, enum line_look look, const char *text, unsigned columns)
{
	unsigned room = line->limit - line->columns, bytes;

	bytes = bytes_of(text, columns < room ? columns : room);
	if (bytes > LINE_BYTES_MAX - line->bytes)
		return;
	memcpy(line->text + line->bytes, text, bytes);
	line->bytes += bytes;
	line->text[line->bytes] = '\0';
	line->columns = line_columns_of(line->text);
	if (bytes)
		add_part(line, look, bytes);
}

void line_add(struct line *line, enum line_look look, const char *text)
{
	add(line, look, text, LINE_COLUMNS_MAX);
}

void line_printf(struct line *line, enum line_look look, const char *fmt, ...)
{
	char text[LINE_BYTES_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line_add(line, look, text);
}

void line_fill(struct line *line, enum line_look look, unsigned column)
{
	while (line->columns < column && line->columns < line->limit)
		add(line, look, "                ", column - line->columns);
}

void line_cell_left(struct line *line, enum line_look look, unsigned width, const char *text)
{
	unsigned end = line->columns + width;

	add(line, look, text, width);
	line_fill(line, look, end);
}

void line_cell_right(struct line *line, enum line_look look, unsigned width, const char *text)
{
	unsigned have = line_columns_of(text);

	line_fill(line, look, line->columns + (have < width ? width - have : 0));
	add(line, look, text, width);
}
