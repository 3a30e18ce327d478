/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that wait for room on the other side. Zeroed memory is an empty one; out of memory ends. */
#ifndef XENSIM_BYTES_H
#define XENSIM_BYTES_H

#include <stdlib.h>
#include <string.h>

struct bytes {
	char *data;
	size_t len, size;
};

static inline void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2;
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

/* The first n are on their way. */
static inline void bytes_drop(struct bytes *b, size_t n)
{
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

#endif
