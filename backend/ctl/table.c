/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/ctl.h"
#include "backend/ctl/utf8.h"
#include "common/log.h"

void table_init(struct table *table, unsigned columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
	*table = (struct table){.columns = columns};
}

static char *printable_copy(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die(EXIT_FAILED, "out of memory");
	for (char *p = copy; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

void table_add(struct table *table, const char *const *cells)
{
	size_t old = (size_t)table->rows * table->columns;
	struct table_cell *more = realloc(table->cell, (old + table->columns) * sizeof(*more));

	if (!more)
		die(EXIT_FAILED, "out of memory");
	table->cell = more;
	for (unsigned i = 0; i < table->columns; i++)
		more[old + i] = (struct table_cell){printable_copy(cells[i]), ""};
	table->rows++;
}

void table_colour(struct table *table, unsigned column, const char *colour)
{
	table->cell[(table->rows - 1) * table->columns + column].colour = colour;
}

void table_hide(struct table *table, unsigned column)
{
	table->hidden[column] = true;
}

bool table_is_uniform(const struct table *table, unsigned column, const char *text)
{
	for (unsigned row = 1; row < table->rows; row++)
		if (strcmp(table->cell[row * table->columns + column].text, text) != 0)
			return false;
	return true;
}

void table_cut(struct table *table, unsigned column, unsigned width)
{
	for (unsigned row = 0; row < table->rows; row++) {
		char *text = table->cell[row * table->columns + column].text;

		if (strlen(text) > width)
			memcpy(text + width - 1, "~", 2);
	}
}

static unsigned column_width(const struct table *table, unsigned column)
{
	size_t most = 0;

	for (unsigned row = 0; row < table->rows; row++) {
		size_t len = strlen(table->cell[row * table->columns + column].text);

		most = len > most ? len : most;
	}
	return (unsigned)most;
}

unsigned table_width(const struct table *table)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < table->columns; i++)
		if (!table->hidden[i])
			sum += (sum ? 2 : 0) + column_width(table, i);
	return sum;
}

/* `last` of the line: no spaces behind it. */
static void print_cell(const struct table_cell *cell, int width, bool last, FILE *out)
{
	fprintf(out, "%s%s%s", cell->colour, cell->text, *cell->colour ? "\033[0m" : "");
	if (last)
		fputc('\n', out);
	else
		fprintf(out, "%*s", width + 2 - (int)strlen(cell->text), "");
}

void table_print(struct table *table, FILE *out)
{
	unsigned width[TABLE_COLUMNS_MAX], last = 0, cells = table->rows * table->columns;

	for (unsigned i = 0; i < table->columns; i++) {
		width[i] = column_width(table, i);
		last = table->hidden[i] ? last : i;
	}
	for (unsigned i = 0; i < cells; i++) {
		unsigned column = i % table->columns;

		if (!table->hidden[column])
			print_cell(&table->cell[i], (int)width[column], column == last, out);
	}
	table_clear(table);
}

void table_clear(struct table *table)
{
	for (unsigned i = 0; i < table->rows * table->columns; i++)
		free(table->cell[i].text);
	free(table->cell);
	table_init(table, table->columns);
}

int output_end(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return ctl_fail(EXIT_FAILED, "cannot write the output: %s", strerror(errno));
}

int json_print(struct json_object *object)
{
	utf8_puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE),
		  stdout);
	json_object_put(object);
	return output_end();
}
