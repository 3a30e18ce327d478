/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h: one line per event to stderr, with a priority that the journal understands. */
#ifndef DMVL_LOG_H
#define DMVL_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* syslog's numbers. */
enum log_level {
	LOG_ERROR = 3,
	LOG_WARNING = 4,
	LOG_NOTICE = 5,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* Exit statuses of all programs. */
#define EXIT_FAILED    1
#define EXIT_WRONG_USE 2

/*
 * Names the program and the least important level that is printed. `ident` is borrowed for the life
 * of the process. Not thread-safe; log_at() is.
 */
void log_init(const char *ident, enum log_level level);

/* Reads "error", "warning", "notice", "info" or "debug". -EINVAL otherwise. */
int log_level_parse(const char *text, enum log_level *level);

void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_at(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_at(LOG_DEBUG, __VA_ARGS__)

/* Prints one sentence that says what to do, and exits with `status`. For start-up only. */
void die(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* At most one line a second for one cause. Zero-initialised. */
struct log_limit {
	uint64_t next_ns;
	uint32_t suppressed;
};

/*
 * Whether the cause may log at `now_ns` (any monotonic clock). When it may, *suppressed is the
 * number of lines that were held back since the last one.
 */
bool log_allow(struct log_limit *limit, uint64_t now_ns, uint32_t *suppressed);

#endif
