/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "tests/fuzz/fuzz.h"

static const char *store_bytes;
static size_t store_len;

void store_set(const uint8_t *lines, size_t n)
{
	store_bytes = (const char *)lines;
	store_len = n;
}

const char *store_find(const char *key, size_t *len)
{
	const char *line = store_bytes, *stop = store_bytes + store_len, *found = NULL;
	size_t key_len = strlen(key);

	while (line < stop) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));
		size_t n = (size_t)((end ? end : stop) - line);

		if (n > key_len && memcmp(line, key, key_len) == 0 && line[key_len] == '=') {
			found = line + key_len + 1;
			*len = n - key_len - 1;
		}
		line += n + 1;
	}
	return found;
}

struct xs_handle {
	int unused;
};

struct xs_handle *xs_open(unsigned long flags)
{
	static struct xs_handle only;

	(void)flags;
	return &only;
}

void xs_close(struct xs_handle *xsh)
{
	(void)xsh;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	const char *value = NULL;
	size_t n = 0;

	(void)h;
	(void)t;
	if (strncmp(path, STORE_DIR "/", strlen(STORE_DIR) + 1) == 0)
		value = store_find(path + strlen(STORE_DIR) + 1, &n);
	if (!value) {
		errno = ENOENT;
		return NULL;
	}
	*len = (unsigned)n;
	return fuzz_block(value, n);
}

/* The names of all lines, one by one, in the block behind their pointers, as libxenstore has it. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	const char *line = store_bytes, *stop = store_bytes + store_len;
	char **names, *text;

	(void)h;
	(void)t;
	*num = 0;
	if (strcmp(path, STORE_DIR) != 0) {
		errno = ENOENT;
		return NULL;
	}
	/* A name for each byte would be the most. */
	names = malloc((store_len + 1) * (sizeof(*names) + 1));
	must(names);
	text = (char *)(names + store_len + 1);
	while (line < stop) {
		const char *end = memchr(line, '\n', (size_t)(stop - line));
		size_t n = (size_t)((end ? end : stop) - line);
		const char *equals = n ? memchr(line, '=', n) : NULL;

		if (equals) {
			names[(*num)++] = text;
			memcpy(text, line, (size_t)(equals - line));
			text += equals - line;
			*text++ = '\0';
		}
		line += n + 1;
	}
	return names;
}
