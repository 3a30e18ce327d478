/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/ctl.h"
#include "common/log.h"

void table_init(struct table *table, unsigned columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
	*table = (struct table){.columns = columns};
}

void table_add(struct table *table, const char *const *cells)
{
	size_t old = (size_t)table->rows * table->columns;
	char **more = realloc(table->cell, (old + table->columns) * sizeof(*more));

	if (!more)
		die(EXIT_FAILED, "out of memory");
	table->cell = more;
	for (unsigned i = 0; i < table->columns; i++) {
		char *copy = strdup(cells[i]);

		for (char *p = copy; p && *p; p++)
			if (*p < 0x20 || *p > 0x7e)
				*p = '?';
		if (!copy)
			die(EXIT_FAILED, "out of memory");
		more[old + i] = copy;
	}
	table->rows++;
}

void table_print(struct table *table, FILE *out)
{
	int width[TABLE_COLUMNS_MAX] = {0};
	unsigned cells = table->rows * table->columns;

	for (unsigned i = 0; i < cells; i++) {
		int len = (int)strlen(table->cell[i]), *w = &width[i % table->columns];

		*w = len > *w ? len : *w;
	}
	for (unsigned i = 0; i < cells; i++) {
		unsigned column = i % table->columns;

		/* No spaces behind the last column. */
		if (column + 1 == table->columns)
			fprintf(out, "%s\n", table->cell[i]);
		else
			fprintf(out, "%-*s  ", width[column], table->cell[i]);
		free(table->cell[i]);
	}
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
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return output_end();
}
