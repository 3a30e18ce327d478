/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Test Anything Protocol in one header, for one-file test programs: main() makes checks and
 * ends with `return done_testing();`, which prints the plan and is 0 when all of them held. Each
 * check returns whether it held; its name is a printf format. Checks evaluate arguments once.
 */
#ifndef DMVL_TESTS_TAP_H
#define DMVL_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_run, tap_failed;

__attribute__((format(printf, 1, 2), unused)) static void diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

__attribute__((format(printf, 4, 5))) static bool tap_ok(bool held, const char *file, int line,
							 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%sok %d - ", held ? "" : "not ", ++tap_run);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	if (!held) {
		tap_failed++;
		diag("failed at %s:%d", file, line);
	}
	fflush(stdout);
	return held;
}

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...)                                                      \
	({                                                                          \
		long long tap_got = (long long)(got), tap_want = (long long)(want); \
		bool tap_held = ok(tap_got == tap_want, __VA_ARGS__);               \
		if (!tap_held)                                                      \
			diag("got %lld, want %lld", tap_got, tap_want);             \
		tap_held;                                                           \
	})

#define is_str(got, want, ...)                                                                   \
	({                                                                                       \
		const char *tap_got = (got), *tap_want = (want);                                 \
		bool tap_held = ok(tap_got && strcmp(tap_got, tap_want) == 0, __VA_ARGS__);      \
		if (!tap_held)                                                                   \
			diag("got \"%s\", want \"%s\"", tap_got ? tap_got : "(null)", tap_want); \
		tap_held;                                                                        \
	})

/* Counts as one check that could not be made here; say what is missing. */
__attribute__((unused)) static void tap_skip(const char *name, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_run, name, reason);
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed || !tap_run;
}

#endif
