/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backlog's order and bounds. */
#include "frontend/backlog.h"

#include <errno.h>
#include <stdlib.h>

#include "common/wire.h"
#include "tests/unit/tap.h"

static uint8_t frame[WIRE_BODY_MAX];

static void push(struct backlog *b, uint8_t tag, uint32_t len)
{
	struct iovec iov[2] = {{frame, 1}, {frame + 1, sizeof(frame) - 1}};

	memset(frame, tag, sizeof(frame));
	is_int(backlog_push(b, iov, 2, len), 0, "frame %d of %u bytes is taken", tag, len);
}

static void pop(struct backlog *b, uint8_t tag, uint32_t len)
{
	uint32_t got = 0;
	const uint8_t *body = backlog_peek(b, &got);

	ok(body && got == len && body[0] == tag && body[len - 1] == tag,
	   "frame %d of %u bytes comes out", tag, len);
	if (body)
		backlog_pop(b);
}

/* Appends a message as it would lie in a ring. */
static uint32_t lay(uint8_t *ring, uint32_t at, enum wire_type type, uint8_t tag, uint32_t len)
{
	struct wire_hdr hdr = wire_make(type, len);

	memcpy(ring + at, &hdr, sizeof(hdr));
	memset(ring + at + sizeof(hdr), tag, len);
	return at + wire_size(len);
}

static void test_order(void)
{
	struct backlog b;
	uint32_t len;

	backlog_init(&b);
	ok(!backlog_peek(&b, &len), "a new backlog is empty");
	push(&b, 1, 100);
	push(&b, 2, WIRE_BODY_MAX);
	push(&b, 3, 27);
	is_int(backlog_bytes(&b), wire_size(100) + wire_size(WIRE_BODY_MAX) + wire_size(27),
	       "the backlog counts the ring bytes of three frames");
	pop(&b, 1, 100);
	pop(&b, 2, WIRE_BODY_MAX);
	pop(&b, 3, 27);
	ok(!backlog_peek(&b, &len), "the backlog is empty after three frames came out");
	for (int i = 0; i < 1000; i++) {
		struct iovec iov = {frame, WIRE_BODY_MAX};

		backlog_push(&b, &iov, 1, WIRE_BODY_MAX);
		backlog_pop(&b);
	}
	ok(b.cap <= 3 * wire_size(WIRE_BODY_MAX),
	   "a thousand frames do not make the backlog grow: %u bytes", b.cap);
	backlog_free(&b);
}

static void test_prepend(void)
{
	uint8_t *ring = calloc(1, 4096);
	struct iovec iov[2];
	struct backlog b;
	uint32_t end, len;

	backlog_init(&b);
	push(&b, 9, 60);
	end = lay(ring, 0, WIRE_DATA, 1, 61);
	end = lay(ring, end, WIRE_DATA, 2, 70);
	iov[0] = (struct iovec){ring, 33}; /* cut anywhere: the ring wraps */
	iov[1] = (struct iovec){ring + 33, end - 33};
	is_int(backlog_prepend(&b, iov, 2), 2, "both frames of a ring with two are kept");
	pop(&b, 1, 61);
	pop(&b, 2, 70);
	pop(&b, 9, 60);
	ok(!backlog_peek(&b, &len), "the backlog is empty after the last of three frames");
	backlog_free(&b);
	free(ring);
}

/* The backend can write into the ring whose rest is kept. */
static void test_refused(void)
{
	uint8_t *ring = calloc(1, 4096);
	struct iovec iov = {ring, 0};
	struct backlog b;
	uint32_t end = lay(ring, 0, WIRE_DATA, 1, 61), len;

	backlog_init(&b);
	push(&b, 9, 60);
	iov.iov_len = end - 1;
	is_int(backlog_prepend(&b, &iov, 1), -EPROTO, "half a message is refused");
	iov.iov_len = lay(ring, end, WIRE_CREDIT, 0, sizeof(struct wire_credit));
	is_int(backlog_prepend(&b, &iov, 1), -EPROTO, "a message that is no frame is refused");
	iov.iov_len = end;
	ring[4] = 77;
	is_int(backlog_prepend(&b, &iov, 1), -EPROTO, "an unknown type is refused");
	memset(ring, 0xff, 8);
	is_int(backlog_prepend(&b, &iov, 1), -EPROTO, "a wild length is refused");
	pop(&b, 9, 60);
	ok(!backlog_peek(&b, &len), "only the frame of before is kept after refusals");
	backlog_free(&b);
	free(ring);
}

static void test_reconnects(void)
{
	uint8_t *ring = calloc(1, 4096);
	struct backlog b;
	uint32_t end = lay(ring, 0, WIRE_DATA, 5, 1000);
	struct iovec iov = {ring, end};

	backlog_init(&b);
	for (int i = 0; i < 1000; i++) {
		backlog_prepend(&b, &iov, 1);
		backlog_pop(&b);
	}
	ok(b.cap < 4096 + 2 * wire_size(WIRE_BODY_MAX),
	   "a thousand connections do not make the backlog grow: %u bytes", b.cap);
	backlog_free(&b);
	free(ring);
}

int main(void)
{
	test_order();
	test_prepend();
	test_refused();
	test_reconnects();
	return done_testing();
}
