/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables on stdout with columns as wide as needed, and JSON. */
#ifndef DMVL_CTL_TABLE_H
#define DMVL_CTL_TABLE_H

#include <json-c/json_object.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

/* Rows of cells; grows as rows are added. */
struct table {
	unsigned columns, rows;
	char **cell; /* rows * columns, row by row */
};

/* An empty table of 1..TABLE_COLUMNS_MAX columns. */
void table_init(struct table *table, unsigned columns);

/*
 * Add a row of table->columns cells, which are copied; what is not printable becomes '?'. Out of
 * memory ends the program.
 */
void table_add(struct table *table, const char *const *cells);

/* Print all rows, two spaces between columns, and free them. */
void table_print(struct table *table, FILE *out);

/*
 * Print the object on stdout, put it, and flush. Returns the exit status: 1 when stdout fails.
 */
int json_print(struct json_object *object);

/* Flush stdout: the exit status, 1 with the reason on stderr when what was printed got lost. */
int output_end(void);

#endif
