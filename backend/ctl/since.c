/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/since.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/quote.h"

#define DAY_MS	  UINT64_C(86400000)
#define COUNT_MAX 1000000ul /* of any unit */

bool since_duration(const char *text, uint64_t *out_ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", DAY_MS}};
	size_t digits = strspn(text, "0123456789");
	unsigned long n = strtoul(text, NULL, 10);

	if (digits == 0 || digits > 7 || n > COUNT_MAX)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		*out_ms = n * units[i].ms;
		return true;
	}
	return false;
}

static bool parse_duration(const char *text, uint64_t now_ms, uint64_t *out_ms)
{
	uint64_t ms;

	if (!since_duration(text, &ms))
		return false;
	*out_ms = ms < now_ms ? now_ms - ms : 1;
	return true;
}

static struct tm local(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = {0};

	localtime_r(&seconds, &tm);
	return tm;
}

/* "14:03", "14:03:20", and nothing behind it. */
static bool parse_clock(const char *text, struct tm *tm)
{
	const char *end = strptime(text, "%H:%M:%S", tm);

	if (!end || *end) {
		tm->tm_sec = 0;
		end = strptime(text, "%H:%M", tm);
	}
	return end && !*end;
}

static bool parse_date(const char *text, struct tm *tm)
{
	const char *end = strptime(text, "%Y-%m-%d", tm);

	tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
	if (!end)
		return false;
	return !*end || ((*end == 'T' || *end == ' ') && parse_clock(end + 1, tm));
}

static uint64_t ms_of(struct tm *tm)
{
	time_t seconds;

	tm->tm_isdst = -1;
	seconds = mktime(tm);
	return seconds > 0 ? (uint64_t)seconds * 1000 : 1;
}

int since_parse(const char *text, uint64_t now_ms, uint64_t *out_ms, char err[SINCE_ERR_MAX])
{
	struct tm tm = local(now_ms), date = tm;
	char shown[QUOTE_MAX];

	if (parse_duration(text, now_ms, out_ms))
		return 0;
	if (parse_clock(text, &tm)) {
		*out_ms = ms_of(&tm);
		if (*out_ms > now_ms) {
			tm.tm_mday--;
			*out_ms = ms_of(&tm);
		}
		return 0;
	}
	if (parse_date(text, &date)) {
		*out_ms = ms_of(&date);
		if (*out_ms <= now_ms)
			return 0;
	}
	snprintf(err, SINCE_ERR_MAX,
		 "%s: expected a time in the past, like 10min, 2h, 3d, 14:03 or "
		 "2026-11-28T14:03",
		 quote_text(shown, text));
	return -EINVAL;
}

uint64_t since_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *since_text(char out[SINCE_TEXT_MAX], uint64_t ms)
{
	struct tm tm = local(ms);

	strftime(out, SINCE_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

const char *since_iso(char out[SINCE_TEXT_MAX], uint64_t ms)
{
	struct tm tm = local(ms);
	size_t n = strftime(out, SINCE_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	long off = tm.tm_gmtoff / 60;

	snprintf(out + n, SINCE_TEXT_MAX - n, ".%03u%c%02ld:%02ld", (unsigned)(ms % 1000),
		 off < 0 ? '-' : '+', labs(off) / 60, labs(off) % 60);
	return out;
}
