/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/conf_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SHOWN 255

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* One line, without its end. */
static bool take_line(char *line, conf_file_take *take, void *arg, char *why)
{
	char *name = trim(line), *value;

	if (*name == '\0' || *name == '#' || *name == ';')
		return true;
	value = strchr(name, '=');
	if (value) {
		*value = '\0';
		value = trim(value + 1);
		name = trim(name);
	}
	return take(arg, name, value, why);
}

/* Not to wait for ever where somebody put a pipe. */
static FILE *open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else
		f = fdopen(fd, "r");
	if (!f)
		close(fd);
	return f;
}

static bool take_lines(FILE *f, const char *path, conf_file_take *take, void *arg, char *err)
{
	char *line = NULL, why[CONF_FILE_WHY_MAX];
	size_t size = 0;
	ssize_t len;
	bool fine = true;

	for (unsigned n = 1; fine && (len = getline(&line, &size, f)) >= 0; n++) {
		if (strlen(line) < (size_t)len) {
			strcpy(why, "the line has a NUL byte");
			fine = false;
		} else {
			fine = take_line(line, take, arg, why);
		}
		if (!fine)
			snprintf(err, CONF_FILE_WHY_MAX, "%.*s:%u: %.240s", PATH_SHOWN, path, n,
				 why);
	}
	free(line);
	if (fine && ferror(f)) {
		snprintf(err, CONF_FILE_WHY_MAX, "%.*s: %s", PATH_SHOWN, path, strerror(errno));
		fine = false;
	}
	return fine;
}

bool conf_file_read(const char *path, conf_file_take *take, void *arg, char *err)
{
	FILE *f = open_file(path);
	bool fine;

	if (!f) {
		snprintf(err, CONF_FILE_WHY_MAX, "cannot read %.*s: %s", PATH_SHOWN, path,
			 errno == EINVAL ? "it is no file" : strerror(errno));
		return false;
	}
	fine = take_lines(f, path, take, arg, err);
	fclose(f);
	return fine;
}
