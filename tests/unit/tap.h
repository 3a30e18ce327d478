/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test Anything Protocol output for unit tests. */
#ifndef DMVL_TAP_H
#define DMVL_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((unused, format(printf, 1, 2))) static void diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

__attribute__((unused, format(printf, 2, 3))) static bool ok(bool cond, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%sok %d - ", cond ? "" : "not ", ++tap_count);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	tap_failed += !cond;
	return cond;
}

#define is_int(got, want, ...)                                                \
	do {                                                                  \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (!ok(got_ == want_, __VA_ARGS__))                          \
			diag("got %lld, expected %lld", got_, want_);         \
	} while (0)

#define is_str(got, want, ...)                                        \
	do {                                                          \
		const char *got_ = (got), *want_ = (want);            \
		if (!ok(strcmp(got_, want_) == 0, __VA_ARGS__))       \
			diag("got '%s', expected '%s'", got_, want_); \
	} while (0)

__attribute__((unused)) static int done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
