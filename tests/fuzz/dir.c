/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/dir.h"

#include <stdbool.h>
#include <string.h>

#include "tests/fake/store.h"

#define KEY_MAX 255

static bool key_path(char path[sizeof(DIR_PATH "/") + KEY_MAX], const char *key, size_t len)
{
	if (len == 0 || len > KEY_MAX || memchr(key, '\0', len) || memchr(key, '/', len))
		return false;
	memcpy(path, DIR_PATH "/", sizeof(DIR_PATH));
	memcpy(path + sizeof(DIR_PATH), key, len);
	path[sizeof(DIR_PATH) + len] = '\0';
	return true;
}

static void set_line(const char *line, size_t n)
{
	const char *equals = n ? memchr(line, '=', n) : NULL;
	char path[sizeof(DIR_PATH "/") + KEY_MAX];

	if (equals && key_path(path, line, (size_t)(equals - line)))
		store_write_bytes(path, equals + 1, (size_t)(line + n - equals - 1));
}

void dir_set(const uint8_t *lines, size_t n)
{
	const char *line = (const char *)lines, *stop = line + n;

	store_clear();
	store_write(DIR_PATH, "");
	while (line < stop) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));

		end = end ? end : stop;
		set_line(line, (size_t)(end - line));
		line = end + 1;
	}
}

const char *dir_find(const char *key, size_t *len)
{
	char path[sizeof(DIR_PATH "/") + KEY_MAX];

	*len = 0;
	return key_path(path, key, strlen(key)) ? store_read_bytes(path, len) : NULL;
}
