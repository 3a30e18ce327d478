/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define LIMIT_NS       1000000000ull

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static const char *ident = "dmvl";
static enum log_level max_level = LOG_INFO;
static bool to_journal;

void log_init(const char *name, enum log_level level)
{
	ident = name;
	max_level = level;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++) {
		if (strcmp(text, level_names[l]) == 0) {
			*level = l;
			return 0;
		}
	}
	return -EINVAL;
}

/* One write() for a line, so that lines of several threads do not mix. */
__attribute__((format(printf, 2, 0))) static void print_line(enum log_level level, const char *fmt,
							     va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n;

	if (to_journal)
		n = snprintf(line, sizeof(line), "<%d>", level);
	else
		n = snprintf(line, sizeof(line), "%s: %s: ", ident, level_names[level]);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	for (int i = 0; i < n; i++) {
		/* A guest's text must not forge lines or send escapes to a terminal. */
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0) {
		/* There is nowhere to report it. */
	}
}

void log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	print_line(level, fmt, ap);
	va_end(ap);
}

void die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(LOG_ERROR, fmt, ap);
	va_end(ap);
	exit(status);
}

bool log_allow(struct log_limit *limit, uint64_t now_ns, uint32_t *suppressed)
{
	if (now_ns < limit->next_ns) {
		limit->suppressed++;
		return false;
	}
	*suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->next_ns = now_ns + LIMIT_NS;
	return true;
}
