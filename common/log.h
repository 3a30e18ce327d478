/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h: one line per event on stderr, with a priority that the journal understands. */
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
 * Sets the program's name, borrowed for the life of the process, and the least important level that
 * is printed. Call it before other threads start; log_at() is thread-safe.
 */
void log_init(const char *ident, enum log_level level);

/* Parses "error", "warning", "notice", "info" or "debug". 0, or -EINVAL for anything else. */
int log_level_parse(const char *text, enum log_level *level);

/* Prints one line. Control characters in it become '?'; at most 1023 bytes. */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_at(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	 log_at(LOG_DEBUG, __VA_ARGS__)

/* Prints a sentence that says what to do, and exits with `status`. For start-up only. */
void die(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* Limits one cause to a line a second. Starts zero-initialised; only log_allow() writes it. */
struct log_limit {
	uint64_t next_ns;
	uint32_t suppressed;
};

/*
 * May the cause log a line at now_ns (any monotonic clock)? If so, *suppressed is the number of
 * lines that were refused since the last one.
 */
bool log_allow(struct log_limit *limit, uint64_t now_ns, uint32_t *suppressed);

#endif
