/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/far.h"

#include "tests/fuzz/frames.h"
#include "tests/fuzz/ref.h"

static void race(struct chan *c, enum chan_moment moment)
{
	struct far *s = (struct far *)((char *)c - offsetof(struct far, chan));

	if (moment == CHAN_ASKS_WRITTEN)
		far_send(s);
	else if (moment == CHAN_ASKS_READ)
		far_receive(s);
}

struct vchan *far_open(struct far *s, unsigned order)
{
	struct vchan *v;

	s->sent = s->understood = 0;
	s->broken = s->doomed = false;
	v = chan_open(&s->chan, order);
	if (s->races)
		s->chan.moment = race;
	return v;
}

void far_close(struct far *s)
{
	chan_free(&s->chan);
	stream_free(&s->bytes);
}

/* Reads on in what will be sent. */
static void understand(struct far *s)
{
	while (!s->broken && s->understood < s->bytes.len) {
		const uint8_t *p = s->bytes.bytes + s->understood;
		int64_t size =
			ref_message(p, s->bytes.len - s->understood, s->chan.size, s->sparse);
		uint32_t len;

		if (size == REF_MORE)
			return;
		s->broken = size == REF_BAD || (p[4] == WIRE_CREDIT && s->credit_is_wrong);
		if (s->broken)
			return;
		memcpy(&len, p, sizeof(len));
		s->flagged = p[5];
		if (p[4] == WIRE_DATA)
			s->expect(p + 8, len);
		s->understood += (size_t)size;
	}
}

static void add_message(struct far *s, uint8_t type, uint8_t flags, const void *body, uint32_t n)
{
	uint8_t hdr[8] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), 0, type, flags};

	stream_add(&s->bytes, hdr, sizeof(hdr));
	stream_add(&s->bytes, body, n);
	stream_add(&s->bytes, "\xa1\xa2\xa3\xa4\xa5\xa6\xa7", -n % 8);
	understand(s);
}

void far_message(struct far *s, uint8_t type, const void *body, uint32_t n)
{
	add_message(s, type, 0, body, n);
}

void far_frame(struct far *s, struct fuzz_in *in, uint8_t flags, bool sparse)
{
	const uint32_t at = WIRE_VNET_LEN + 5;
	uint32_t len;
	uint8_t *body = frames_body(in, flags, &len);

	if (s->sparse && len > at)
		body[at] = (uint8_t)((body[at] & ~1) | sparse);
	add_message(s, WIRE_DATA, sparse ? WIRE_SPARSE : 0, body, len);
	free(body);
}

void far_raw(struct far *s, struct fuzz_in *in)
{
	uint8_t bytes[255], n = fuzz_u8(in);

	fuzz_copy(in, bytes, n);
	stream_add(&s->bytes, bytes, n);
	understand(s);
}

static bool send_bytes(struct far *s, size_t n)
{
	size_t left = s->bytes.len - s->sent;

	if (left == 0)
		return false;
	n = chan_write(&s->chan, s->bytes.bytes + s->sent, (uint32_t)(n < left ? n : left));
	s->sent += n;
	return n > 0;
}

/* The next message; anything, where what comes is none. */
static bool send_message(struct far *s)
{
	struct chan *c = &s->chan;
	int64_t size;

	if (c->waits_room || s->sent == s->bytes.len)
		return false;
	size = ref_message(s->bytes.bytes + s->sent, s->bytes.len - s->sent, c->size, s->sparse);
	if (size <= 0)
		return send_bytes(s, c->size);
	c->waits_room = chan_room(c) < size;
	return !c->waits_room && send_bytes(s, (size_t)size);
}

bool far_send(struct far *s)
{
	bool any = false;

	if (s->piece)
		return send_bytes(s, s->piece);
	while (send_message(s))
		any = true;
	return any;
}

/* How many of the n bytes are messages within the budget, which all are seen to. */
static uint32_t take_messages(struct far *s, const uint8_t *bytes, uint32_t n)
{
	uint32_t at = 0, len;
	int64_t size;

	for (; at < n && s->budget > 0; at += (uint32_t)size, s->budget--) {
		size = ref_message(bytes + at, n - at, s->chan.size, s->takes_sparse);
		must(size > 0); /* published whole */
		memcpy(&len, bytes + at, sizeof(len));
		s->take(s, bytes[at + 4], bytes + at + 8, len);
	}
	return at;
}

bool far_receive(struct far *s)
{
	struct chan *c = &s->chan;
	int64_t n = chan_waiting(c);
	uint8_t *bytes;
	uint32_t taken;

	must(n >= 0);
	if (c->waits_data || s->budget == 0)
		return false;
	c->waits_data = n == 0;
	bytes = malloc((size_t)n + 1);
	must(bytes);
	chan_peek(c, 0, bytes, (uint32_t)n);
	taken = take_messages(s, bytes, (uint32_t)n);
	free(bytes);
	chan_take(c, taken);
	return taken > 0;
}

static void write_over(struct chan *c, struct fuzz_in *in)
{
	uint32_t at = c->out->cons + fuzz_u16(in);

	for (uint8_t n = fuzz_u8(in); n > 0; n--)
		c->out_bytes[at++ % c->size] = fuzz_u8(in);
}

static void move_prod(struct far *s, uint32_t by)
{
	s->chan.out_prod += by;
	s->chan.out->prod = s->chan.out_prod;
	/* Out of range, and so it is when all that was sent before has been read. */
	s->doomed = by > s->chan.size && by <= UINT32_MAX - s->chan.size;
}

void far_attack(struct far *s, struct fuzz_in *in, enum far_attack attack)
{
	struct chan *c = &s->chan;

	switch (attack) {
	case FAR_WRITE:
		write_over(c, in);
		break;
	case FAR_PROD:
		move_prod(s, fuzz_u32(in));
		break;
	case FAR_CONS:
		c->in_cons += fuzz_u32(in);
		c->in->cons = c->in_cons;
		break;
	case FAR_LIVE:
		c->live = fuzz_u8(in);
		break;
	default:
		break;
	}
	chan_kick(c);
}
