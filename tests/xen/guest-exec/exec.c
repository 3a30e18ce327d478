/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"

void die(const char *what)
{
	fprintf(stderr, "guest-exec: %s: %s\n", what, strerror(errno));
	exit(125);
}

bool put(const char *dir, const char *key, const void *value, size_t len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, key);
	return xs_write(xs, XBT_NULL, path, value, len);
}

char *get(const char *dir, const char *key, unsigned *len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, key);
	return xs_read(xs, XBT_NULL, path, len);
}

bool put_number(const char *dir, const char *key, unsigned long n)
{
	char text[24];

	return put(dir, key, text, (size_t)snprintf(text, sizeof text, "%lu", n));
}

unsigned long get_number(const char *dir, const char *key)
{
	char *text = get(dir, key, NULL);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return n;
}

void message_set(struct message *m, char kind, const void *data, size_t len)
{
	int head = snprintf(m->text, 32, "%lu ", ++m->seq);

	if (kind)
		m->text[head++] = kind;
	memcpy(m->text + head, data, len);
	m->len = head + len;
	m->pending = true;
}

const char *message_parse(const char *text, unsigned len, unsigned long want, size_t *left)
{
	char *end;

	if (!text || strtoul(text, &end, 10) != want || *end != ' ')
		return NULL;
	*left = len - (size_t)(end + 1 - text);
	return end + 1;
}

void write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}
