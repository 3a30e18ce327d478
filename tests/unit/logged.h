/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logged.h: what a test makes a part say in its log, which goes to a file instead of stderr. */
#ifndef DMVL_TESTS_LOGGED_H
#define DMVL_TESTS_LOGGED_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/fake/scratch.h"

static inline const char *log_path(void)
{
	static char path[SCRATCH_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/log", scratch_dir());
	return path;
}

/* Begins a new log, with warnings and errors. */
static inline void log_anew(void)
{
	int fd = open(log_path(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	dup2(fd, STDERR_FILENO);
	close(fd);
	log_init("desk", LOG_WARNING);
}

/* The whole file, as far as there is room. Good until the next call. */
static inline const char *text_of(const char *path)
{
	static char text[16384];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* How often the log has the text. */
static inline unsigned logged(const char *what)
{
	unsigned n = 0;

	for (const char *p = text_of(log_path()); (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

#endif
