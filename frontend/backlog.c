/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/backlog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

#define HDR_LEN ((uint32_t)sizeof(struct wire_hdr))

int backlog_init(struct backlog *b)
{
	*b = (struct backlog){.cap = wire_size(WIRE_BODY_MAX)};
	b->mem = malloc(b->cap);
	return b->mem ? 0 : -ENOMEM;
}

void backlog_free(struct backlog *b)
{
	free(b->mem);
	*b = (struct backlog){0};
}

/* Moves to memory of `cap` bytes with `gap` free bytes in front. */
static int move_to(struct backlog *b, uint32_t cap, uint32_t gap)
{
	uint8_t *mem = malloc(cap);

	if (!mem)
		return -ENOMEM;
	memcpy(mem + gap, b->mem + b->head, b->tail - b->head);
	free(b->mem);
	b->mem = mem;
	b->cap = cap;
	b->tail = b->tail - b->head + gap;
	b->head = gap;
	return 0;
}

/* Copies `len` bytes of iov to `to`. */
static void gather(uint8_t *to, const struct iovec *iov, unsigned n, uint32_t len)
{
	for (unsigned i = 0; i < n && len > 0; i++) {
		uint32_t part = iov[i].iov_len < len ? (uint32_t)iov[i].iov_len : len;

		memcpy(to, iov[i].iov_base, part);
		to += part;
		len -= part;
	}
	assert(len == 0);
}

int backlog_push(struct backlog *b, const struct iovec *iov, unsigned n, uint32_t len)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, len);
	uint32_t size = wire_size(len);

	if (b->head == b->tail)
		b->head = b->tail = 0;
	if (size > b->cap - b->tail) {
		int ret = move_to(b, b->tail - b->head + size, 0);

		if (ret < 0)
			return ret;
	}
	memcpy(b->mem + b->tail, &hdr, HDR_LEN);
	gather(b->mem + b->tail + HDR_LEN, iov, n, len);
	b->tail += size;
	return 0;
}

/* How many frames `len` bytes are; -EPROTO when they are anything but whole frames. */
static int count_frames(const uint8_t *mem, uint32_t len)
{
	struct wire_hdr hdr;
	const char *why;
	int frames = 0;

	while (len > 0) {
		if (len < HDR_LEN)
			return -EPROTO;
		memcpy(&hdr, mem, HDR_LEN);
		/* This side wrote nothing else, but the other side can write here, too. */
		if (wire_check_sparse(&hdr, len, &why) < 0 || hdr.type != WIRE_DATA)
			return -EPROTO;
		mem += wire_size(hdr.len);
		len -= wire_size(hdr.len);
		frames++;
	}
	return frames;
}

int backlog_prepend(struct backlog *b, const struct iovec *iov, unsigned n)
{
	uint32_t len = 0;
	int frames;

	for (unsigned i = 0; i < n; i++)
		len += (uint32_t)iov[i].iov_len;
	/* With room for one more frame at the end, so that backlog_push() seldom moves it again. */
	if (move_to(b, len + (b->tail - b->head) + wire_size(WIRE_BODY_MAX), len) < 0)
		return -ENOMEM;
	gather(b->mem, iov, n, len);
	frames = count_frames(b->mem, len);
	if (frames > 0)
		b->head = 0;
	return frames;
}

const uint8_t *backlog_peek(const struct backlog *b, uint32_t *len)
{
	struct wire_hdr hdr;

	if (b->head == b->tail)
		return NULL;
	memcpy(&hdr, b->mem + b->head, HDR_LEN);
	*len = hdr.len;
	return b->mem + b->head + HDR_LEN;
}

void backlog_pop(struct backlog *b)
{
	struct wire_hdr hdr;

	memcpy(&hdr, b->mem + b->head, HDR_LEN);
	b->head += wire_size(hdr.len);
}

uint32_t backlog_bytes(const struct backlog *b)
{
	return b->tail - b->head;
}
