/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells.h: numbers and histories as short texts for narrow columns. Pure. */
#ifndef DMVL_CTL_CELLS_H
#define DMVL_CTL_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELL_MAX 200u /* bytes of any text below */

/* At most six characters, three digits of them: 0, 950, 93.1M, 1.02G. */
const char *cell_number(char out[CELL_MAX], uint64_t value);

/* The same with a sign: +1.50k, -12.0M; 0. */
const char *cell_signed(char out[CELL_MAX], int64_t value);

/* A time in microseconds: 64us, 1.02ms, 2.10s; "-": 0, which is none. */
const char *cell_time(char out[CELL_MAX], uint64_t us);

/* Draws with characters of ASCII instead of blocks. */
struct cell_style {
	bool ascii;
};

/*
 * A column for each of the last `width` of `n` values, oldest first, as high as its part of `full`,
 * and at most full. Fewer values: spaces in front.
 */
const char *cell_spark(char out[CELL_MAX], struct cell_style style, const uint64_t *value,
		       unsigned n, unsigned width, uint64_t full);

/* A bar of `width` columns, of which `permille` are filled; at most all. */
const char *cell_bar(char out[CELL_MAX], struct cell_style style, unsigned width,
		     unsigned permille);

/* value / of in permille; 0 without `of`; at most 999999. */
unsigned cell_permille(uint64_t value, uint64_t of);

/* Replaces all but printable ASCII with '?', in place. */
void cell_clean(char *text);

#endif
