/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times in the past as operators type them, and times as they are shown. */
#include "backend/ctl/since.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/tap.h"

/* 2026-11-28 15:00:00 in a zone of UTC+1, whole. */
#define NOW_MS	UINT64_C(1795874400000)
#define MINUTE	UINT64_C(60000)
#define HOUR_MS (60 * MINUTE)

static uint64_t parsed(const char *text)
{
	char err[SINCE_ERR_MAX];
	uint64_t ms = 0;

	return since_parse(text, NOW_MS, &ms, err) == 0 ? ms : 0;
}

static void test_durations(void)
{
	is_int(parsed("90s"), NOW_MS - 90000, "90 seconds ago");
	is_int(parsed("10m"), NOW_MS - 10 * MINUTE, "10m are minutes");
	is_int(parsed("10min"), NOW_MS - 10 * MINUTE, "10min are minutes");
	is_int(parsed("2h"), NOW_MS - 2 * HOUR_MS, "two hours ago");
	is_int(parsed("3d"), NOW_MS - 72 * HOUR_MS, "three days ago");
	is_int(parsed("999999d"), 1, "before 1970 is the beginning of time");
}

static void test_clock(void)
{
	is_int(parsed("14:03"), NOW_MS - 57 * MINUTE, "a time of today");
	is_int(parsed("14:03:20"), NOW_MS - 57 * MINUTE + 20000, "a time with seconds");
	is_int(parsed("15:01"), NOW_MS - 24 * HOUR_MS + MINUTE,
	       "a time that is still to come was yesterday");
	is_int(parsed("2026-11-28T14:03"), NOW_MS - 57 * MINUTE, "a date with a time");
	is_int(parsed("2026-11-28 14:03:00"), NOW_MS - 57 * MINUTE, "a space will do");
	is_int(parsed("2026-11-27"), NOW_MS - 39 * HOUR_MS, "a date is its midnight");
}

static void test_refused(void)
{
	static const char *const bad[] = {"",	    "10",	 "m",	       "yesterday",
					  "10 min", "-1h",	 "14:3x",      "2026-11-28T",
					  "1e3s",   "25:00",	 "2026-13-01", "10ms",
					  "14:03h", "10000000s", "2026-11-29"};
	char err[SINCE_ERR_MAX];
	uint64_t ms = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(since_parse(bad[i], NOW_MS, &ms, err), -EINVAL, "\"%s\" is refused", bad[i]);
		ok(strstr(err, "expected a time in the past"), "it is said what is expected");
	}
	is_int(ms == 77 || ms > NOW_MS, true, "what is refused is no time that passed");
}

static void test_shown(void)
{
	char text[SINCE_TEXT_MAX];

	is_str(since_text(text, NOW_MS), "2026-11-28 15:00:00", "people see local time");
	is_str(since_iso(text, NOW_MS + 7), "2026-11-28T15:00:00.007+01:00",
	       "programs see its zone too");
	setenv("TZ", "XXX3:30", 1);
	tzset();
	is_str(since_iso(text, NOW_MS), "2026-11-28T10:30:00.000-03:30",
	       "a zone west of Greenwich");
}

int main(void)
{
	setenv("TZ", "XXX-1", 1);
	tzset();
	test_durations();
	test_clock();
	test_refused();
	test_shown();
	return done_testing();
}
