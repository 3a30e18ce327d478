/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h: texts of dmvlctl that fit a line: short rates, folded sentences, colours. */
#ifndef DMVL_CTL_TEXT_H
#define DMVL_CTL_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "backend/ctl/words.h"

#define TEXT_WIDTH    100 /* of any line */
#define TEXT_RATE_MAX 24  /* bytes that hold any text of text_rate() */

/* A measured rate with three digits: 12.3mbit, 999kbit, 0. Returns `out`. */
const char *text_rate(char out[TEXT_RATE_MAX], uint64_t bps);

/* A count with commas: 1,234,567. Returns `out`. */
#define TEXT_COUNT_MAX 32
const char *text_count(char out[TEXT_COUNT_MAX], uint64_t count);

/*
 * What `permille` of the values of a histogram of microseconds are below: "< 64 us", "< 1.02 ms",
 * "< 1.05 s"; ">= 4.19 s" where the last bucket has the rest. NULL: it is empty.
 */
#define TEXT_WAIT_MAX 32
const char *text_wait(char out[TEXT_WAIT_MAX], const uint64_t *bucket, unsigned count,
		      unsigned permille);

/*
 * Prints first and then text, broken between words where a line would be longer than TEXT_WIDTH;
 * further lines begin with `indent` spaces. What is not printable becomes '?'.
 */
void text_fold(FILE *out, const char *first, const char *text, int indent);

/*
 * What switches the colour of a tone on, and off again. Both are empty unless stdout is a terminal,
 * TERM is not "dumb" and NO_COLOR is not set.
 */
const char *text_colour(enum state_tone tone);
const char *text_plain(void);

#endif
