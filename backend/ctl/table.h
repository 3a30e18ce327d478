/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h: prints tables with columns as wide as needed, and JSON. */
#ifndef DMVL_CTL_TABLE_H
#define DMVL_CTL_TABLE_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 24

struct table_cell {
	char *text;
	const char *colour; /* static: switches it on; "": none */
};

/* Rows of cells. Only table.c writes it. */
struct table {
	unsigned columns, rows;
	struct table_cell *cell; /* rows * columns, row by row */
	bool hidden[TABLE_COLUMNS_MAX];
};

/* Starts an empty table of 1..TABLE_COLUMNS_MAX columns. */
void table_init(struct table *table, unsigned columns);

/*
 * Adds a row and copies its table->columns cells; unprintable characters become '?'. Without memory
 * the program exits.
 */
void table_add(struct table *table, const char *const *cells);

/* Gives a cell of the last row a colour, a static text that a terminal takes. */
void table_colour(struct table *table, unsigned column, const char *colour);

/* Leaves a column out when the table is printed. */
void table_hide(struct table *table, unsigned column);

/* Do all rows but the first have the same text there? */
bool table_is_uniform(const struct table *table, unsigned column, const char *text);

/* Cuts what is longer than `width` (at least 2) in a column. It then ends in '~'. */
void table_cut(struct table *table, unsigned column, unsigned width);

/* Of the longest line that would be printed, in characters. */
unsigned table_width(const struct table *table);

/* Prints all rows with two spaces between columns, and frees them. */
void table_print(struct table *table, FILE *out);

/* Frees all rows: for a table that is not printed. It is empty then. */
void table_clear(struct table *table);

/*
 * Prints the object on stdout, flushes, and drops the reference. Returns the exit status: 1 when
 * stdout fails.
 */
int json_print(struct json_object *object);

/* Flushes stdout. Returns the exit status: 1, with the reason on stderr, when output was lost. */
int output_end(void);

#endif
