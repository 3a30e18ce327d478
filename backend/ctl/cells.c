/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PERMILLE_MAX 999999u
#define STEPS	     8u /* heights of a column, and widths of a bar's last block */

/* Three digits of value / unit, in thousandths of a unit. */
static const char *three_digits(char out[CELL_MAX], const char *sign, uint64_t milli,
				const char *suffix)
{
	if (milli < 9995)
		snprintf(out, CELL_MAX, "%s%" PRIu64 ".%02" PRIu64 "%s", sign, (milli + 5) / 1000,
			 (milli + 5) % 1000 / 10, suffix);
	else if (milli < 99950)
		snprintf(out, CELL_MAX, "%s%" PRIu64 ".%" PRIu64 "%s", sign, (milli + 50) / 1000,
			 (milli + 50) % 1000 / 100, suffix);
	else
		snprintf(out, CELL_MAX, "%s%" PRIu64 "%s", sign, (milli + 500) / 1000, suffix);
	return out;
}

static const char *number(char out[CELL_MAX], const char *sign, uint64_t value)
{
	static const char *const suffix[] = {"", "k", "M", "G", "T", "P", "E"};
	unsigned i = 0;
	uint64_t rest = 0;

	for (; value >= 1000 || (i && value == 999 && rest >= 500); i++) {
		rest = value % 1000;
		value /= 1000;
	}
	if (i == 0)
		snprintf(out, CELL_MAX, "%s%" PRIu64, value ? sign : "", value);
	else
		three_digits(out, sign, value * 1000 + rest, suffix[i]);
	return out;
}

const char *cell_number(char out[CELL_MAX], uint64_t value)
{
	return number(out, "", value);
}

const char *cell_signed(char out[CELL_MAX], int64_t value)
{
	return value < 0 ? number(out, "-", -(uint64_t)value) : number(out, "+", (uint64_t)value);
}

const char *cell_time(char out[CELL_MAX], uint64_t us)
{
	if (us == 0)
		snprintf(out, CELL_MAX, "-");
	else if (us < 1000)
		snprintf(out, CELL_MAX, "%" PRIu64 "us", us);
	else if (us < 999500)
		three_digits(out, "", us, "ms");
	else
		three_digits(out, "", us / 1000, "s");
	return out;
}

/* Eighths of a column. */
static unsigned height(uint64_t value, uint64_t full)
{
	unsigned permille = cell_permille(value, full), eighths = permille * STEPS / 1000;

	if (eighths == 0 && value)
		eighths = 1;
	return eighths < STEPS ? eighths : STEPS;
}

const char *cell_spark(char out[CELL_MAX], struct cell_style style, const uint64_t *value,
		       unsigned n, unsigned width, uint64_t full)
{
	static const char *const block[STEPS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[STEPS + 1] = {" ", "_", ".", "-", "~", "=", "+", "*", "#"};
	const char *const *of = style.ascii ? plain : block;

	out[0] = '\0';
	width = width < CELL_MAX / 4 ? width : CELL_MAX / 4;
	for (unsigned i = 0; i < width; i++)
		strcat(out, i + n < width ? " " : of[height(value[i + n - width], full)]);
	return out;
}

const char *cell_bar(char out[CELL_MAX], struct cell_style style, unsigned width, unsigned permille)
{
	static const char *const block[STEPS] = {"·", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned eighths = permille < 1000 ? width * STEPS * permille / 1000 : width * STEPS;

	out[0] = '\0';
	for (unsigned i = 0; i < width; i++, eighths -= eighths < STEPS ? eighths : STEPS) {
		if (eighths >= STEPS)
			strcat(out, style.ascii ? "#" : "█");
		else
			strcat(out, style.ascii ? "." : block[eighths]);
	}
	return out;
}

unsigned cell_permille(uint64_t value, uint64_t of)
{
	double permille = of ? (double)value * 1000 / (double)of : 0;

	return permille < PERMILLE_MAX ? (unsigned)permille : PERMILLE_MAX;
}

void cell_clean(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}
