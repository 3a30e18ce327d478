/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/stats/stats.h"

#define US_PER_MS 1000u

const char *text_rate(char out[TEXT_RATE_MAX], uint64_t bps)
{
	static const char *const units[] = {"bit", "kbit", "mbit", "gbit", "tbit"};
	unsigned unit = 0;
	double value = (double)bps;

	/* As many digits as "%.3g" would print, without its exponent. */
	for (; value >= 999.5 && unit < 4; value /= 1000)
		unit++;
	snprintf(out, TEXT_RATE_MAX, "%.*f",
		 unit == 0 || value >= 99.95 ? 0
		 : value < 9.995	     ? 2
					     : 1,
		 value);
	if (strchr(out, '.'))
		for (size_t n = strlen(out); out[n - 1] == '0' || out[n - 1] == '.'; n--) {
			bool point = out[n - 1] == '.';

			out[n - 1] = '\0';
			if (point)
				break;
		}
	if (bps > 0)
		strcat(out, units[unit]);
	return out;
}

const char *text_count(char out[TEXT_COUNT_MAX], uint64_t count)
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;

	for (size_t i = 0; i < n; i++) {
		out[at++] = digits[i];
		if ((n - i) % 3 == 1 && i + 1 < n)
			out[at++] = ',';
	}
	out[at] = '\0';
	return out;
}

const char *text_wait(char out[TEXT_WAIT_MAX], const uint64_t *bucket, unsigned count,
		      unsigned permille)
{
	uint64_t us = stats_quantile(bucket, count, permille);
	bool last = us > 1 && count <= 64 && us == UINT64_C(1) << (count - 1);
	const char *than = last ? ">=" : "<";

	if (us == 0)
		return NULL;
	if (last)
		us /= 2;
	if (us < US_PER_MS)
		snprintf(out, TEXT_WAIT_MAX, "%s %" PRIu64 " us", than, us);
	else if (us < US_PER_MS * 1000)
		snprintf(out, TEXT_WAIT_MAX, "%s %.3g ms", than, (double)us / US_PER_MS);
	else
		snprintf(out, TEXT_WAIT_MAX, "%s %.3g s", than, (double)us / US_PER_MS / 1000);
	return out;
}

static void put(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fputc(text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i], out);
}

/* How much of text goes on a line with `room`: up to a space, or all that a long word leaves. */
static size_t line_end(const char *text, size_t room)
{
	size_t len = strlen(text), end = room;

	if (len <= room)
		return len;
	while (end > 0 && text[end] != ' ')
		end--;
	return end ? end : room;
}

void text_fold(FILE *out, const char *first, const char *text, int indent)
{
	size_t used = strlen(first);

	put(out, first, used);
	for (;;) {
		size_t room = used < TEXT_WIDTH ? TEXT_WIDTH - used : 1;
		size_t end = line_end(text, room);

		put(out, text, end);
		fputc('\n', out);
		text += end + strspn(text + end, " ");
		if (!*text)
			return;
		fprintf(out, "%*s", indent, "");
		used = (size_t)indent;
	}
}

static bool colours_are_on(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

const char *text_colour(enum state_tone tone)
{
	static const char *const on[] = {
		[STATE_GOOD] = "\033[32m",
		[STATE_WAITS] = "\033[33m",
		[STATE_BAD] = "\033[31m",
	};

	return colours_are_on() ? on[tone] : "";
}

const char *text_plain(void)
{
	return colours_are_on() ? "\033[0m" : "";
}
