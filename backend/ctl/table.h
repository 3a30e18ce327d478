/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h: prints tables with columns as wide as needed, and JSON. */
#ifndef DMVL_CTL_TABLE_H
#define DMVL_CTL_TABLE_H

#include <json-c/json_object.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 24

/* Rows of cells. Only table.c writes it. */
struct table {
	unsigned columns, rows;
	char **cell; /* rows * columns, row by row */
};

/* Starts an empty table of 1..TABLE_COLUMNS_MAX columns. */
void table_init(struct table *table, unsigned columns);

/*
 * Adds a row and copies its table->columns cells; unprintable characters become '?'. Without memory
 * the program exits.
 */
void table_add(struct table *table, const char *const *cells);

/* Prints all rows with two spaces between columns, and frees them. */
void table_print(struct table *table, FILE *out);

/*
 * Prints the object on stdout, flushes, and drops the reference. Returns the exit status: 1 when
 * stdout fails.
 */
int json_print(struct json_object *object);

/* Flushes stdout. Returns the exit status: 1, with the reason on stderr, when output was lost. */
int output_end(void);

#endif
