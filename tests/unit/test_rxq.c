/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receive queue: every byte comes out as it went in, the limit holds, CoDel keeps it short. */
#include "backend/frame/rxq.h"

#include <stdlib.h>
#include <string.h>

#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define REC_HEAD  40u /* bytes that rxq.c keeps in front of a frame */
#define MS	  1000000ull
#define FRAME_MAX (14 + 2 * 4 + 65535)

static uint8_t frame[FRAME_MAX], back[FRAME_MAX];

static bool push(struct rxq *q, uint32_t len, uint8_t seed, uint64_t now_ns)
{
	struct virtio_net_hdr_v1 vnet = {.gso_size = (uint16_t)len};
	struct iovec iov[2] = {{frame, len / 3}, {frame + len / 3, len - len / 3}};

	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed + i * 7);
	return rxq_push(q, &vnet, iov, 2, len + 4, 0, now_ns);
}

static bool pop(struct rxq *q, uint32_t *len, uint8_t *seed, uint64_t now_ns, uint64_t *dropped)
{
	struct rxq_frame f;
	uint32_t at = 0;
	bool good;

	if (!rxq_peek(q, now_ns, &f, dropped))
		return false;
	for (unsigned i = 0; i < f.iovcnt; i++) {
		memcpy(back + at, f.iov[i].iov_base, f.iov[i].iov_len);
		at += (uint32_t)f.iov[i].iov_len;
	}
	good = at == f.len && f.cost_bytes == f.len + 4 && f.vnet.gso_size == (uint16_t)f.len;
	for (uint32_t i = 1; i < f.len; i++)
		good = good && back[i] == (uint8_t)(back[0] + i * 7);
	*len = f.len;
	*seed = back[0];
	rxq_pop(q);
	return good;
}

/* Random frames in and out; bytes in = bytes out + refused, in order. */
static void test_content(void)
{
	struct rxq *q = rxq_new(200000);
	uint64_t dropped = 0, now = 0;
	uint8_t in_seed = 0, out_seed = 0, seed;
	unsigned pushed = 0, popped = 0;
	bool order = true;
	uint32_t len;
	struct rng rng;

	rng_seed(&rng, 7);
	for (int i = 0; i < 20000; i++) {
		uint64_t r = rng_next(&rng);

		if (r & 1) {
			if (push(q, 14 + (uint32_t)((r >> 8) % 20000), in_seed, now)) {
				in_seed++;
				pushed++;
			}
		} else if (!rxq_empty(q)) {
			order = pop(q, &len, &seed, now, &dropped) && seed == out_seed && order;
			out_seed++;
			popped++;
		}
		if (i == 10000)
			is_int(rxq_set_limit(q, 3000000), 0, "the limit grows while frames wait");
		if (i == 15000)
			rxq_set_limit(q, 1);
	}
	ok(order, "frames come out whole and in order");
	for (; pop(q, &len, &seed, now, &dropped); popped++)
		;
	is_int(pushed, popped, "as many frames come out as went in");
	is_int((long)dropped, 0, "no frame is dropped while none waits long");
	ok(popped > 5000, "%u frames went through", popped);
	rxq_free(q);
}

/* How many frames of `len` bytes a queue takes. */
static unsigned fill(struct rxq *q, uint32_t len)
{
	unsigned n = 0;

	while (push(q, len, 1, 0))
		n++;
	return n;
}

static void test_limit(void)
{
	struct rxq *q = rxq_new(1);
	unsigned n;

	is_int(rxq_bytes(q), 0, "an empty queue has no bytes");
	ok(push(q, 1500, 1, 0) && push(q, 80, 1, 0), "two frames are taken");
	is_int(rxq_bytes(q), 1504 + 80, "the bytes of both wait");
	rxq_pop(q);
	is_int(rxq_bytes(q), 80, "those of a frame that is gone do not");
	rxq_pop(q);
	ok(push(q, FRAME_MAX, 1, 0), "an empty queue takes the largest frame, beyond its limit");
	ok(!push(q, 1500, 1, 0), "a queue beyond its limit takes no more");
	rxq_pop(q);
	n = fill(q, 1514);
	ok(n >= 40 && n <= 44, "64 KiB hold %u full frames", n);

	is_int(rxq_set_limit(q, 1 << 20), 0, "a larger limit is taken");
	n += fill(q, 1514);
	ok(n >= 650 && n <= 700, "1 MiB holds %u full frames", n);
	rxq_set_limit(q, 1);
	ok(!push(q, 14, 1, 0), "a smaller limit lets no frame in");
	for (; n > 1; n--)
		rxq_pop(q);
	ok(!rxq_empty(q), "a smaller limit drops no frame");
	n = 1 + fill(q, 1514);
	ok(n >= 40 && n <= 44, "a smaller limit is in force when frames have gone: %u frames", n);
	rxq_free(q);
}

static void test_limit_edges(void)
{
	struct rxq *q = rxq_new(RXQ_LIMIT_MIN);
	struct virtio_net_hdr_v1 vnet = {0};
	struct iovec twice[2] = {{frame, FRAME_MAX}, {frame, FRAME_MAX}};
	uint32_t room;

	ok(!rxq_push(q, &vnet, twice, 2, 1, RXQ_BEYOND, 0),
	   "a frame that memory does not hold is refused");
	ok(rxq_empty(q), "a frame that is refused changes nothing");
	push(q, 1000, 1, 0);
	room = RXQ_LIMIT_MIN - (REC_HEAD + 1000);
	ok(!push(q, room + 1, 1, 0), "a frame of a byte more than the limit is refused");
	ok(push(q, room, 1, 0), "a frame up to the limit is taken");
	ok(!rxq_push(q, &vnet, twice, 1, 1, RXQ_BEYOND, 0),
	   "a frame that may go beyond the limit is refused where memory ends");
	ok(rxq_push(q, &vnet, &(struct iovec){frame, 1500}, 1, 1, RXQ_BEYOND, 0),
	   "a frame that may go beyond the limit is taken there");
	while (!rxq_empty(q))
		rxq_pop(q);
	rxq_free(q);

	q = rxq_new(3 * RXQ_LIMIT_MAX);
	ok(fill(q, 65535) <= RXQ_LIMIT_MAX / 65535, "no limit is larger than RXQ_LIMIT_MAX");
	rxq_free(q);
}

/* Fed with ten frames for each nine that are taken, for ten seconds. */
static void test_codel(void)
{
	struct rxq *q = rxq_new(10u << 20);
	uint64_t dropped = 0, now = 0;
	unsigned late = 0, sent = 0;
	uint8_t seed;
	uint32_t len;

	for (int i = 0; i < 10000; i++, now += MS) {
		push(q, 1500, 0, now);
		if (i % 10 != 9) /* nine out of ten: 10 % too much */
			sent += pop(q, &len, &seed, now, &dropped);
		late += i > 5000 && (unsigned)i + 1 - sent - dropped > 100;
	}
	ok(dropped > 500, "a queue fed too fast drops %llu frames", (unsigned long long)dropped);
	is_int(late, 0, "a queue fed too fast stays below 100 ms");
	while (pop(q, &len, &seed, now, &dropped))
		sent++;
	is_int((long)(sent + dropped), 10000, "sent + dropped = in");

	dropped = 0;
	for (int i = 0; i < 1000; i++, now += 10 * MS) {
		/* Bursts of 50 that are gone within 50 ms are no standing queue. */
		for (int k = 0; i % 10 == 0 && k < 50; k++)
			push(q, 1500, 0, now);
		for (int k = 0; k < 10; k++)
			pop(q, &len, &seed, now, &dropped);
	}
	is_int((long)dropped, 0, "bursts that are soon gone are let through");
	rxq_free(q);
}

/*
 * A standing queue: in each millisecond one frame comes and one is taken. Returns how many were
 * dropped before `to_ms`; the milliseconds of the first `max` drops go to at[].
 */
static unsigned stand(struct rxq *q, unsigned from_ms, unsigned to_ms, unsigned *at, unsigned max)
{
	struct rxq_frame f;
	uint64_t dropped = 0;

	for (unsigned t = from_ms; t < to_ms; t++) {
		uint64_t before = dropped;

		push(q, 100, 0, t * MS);
		rxq_peek(q, t * MS, &f, &dropped);
		rxq_pop(q);
		for (; before < dropped; before++) {
			if (before < max)
				at[before] = t;
		}
	}
	return (unsigned)dropped;
}

static struct rxq *queue_of(unsigned frames, unsigned t_ms)
{
	struct rxq *q = rxq_new(1 << 20);

	for (unsigned i = 0; i < frames; i++)
		push(q, 100, 0, t_ms * MS);
	return q;
}

static void empty(struct rxq *q, unsigned t_ms)
{
	struct rxq_frame f;
	uint64_t dropped = 0;

	while (!rxq_empty(q))
		rxq_pop(q);
	ok(!rxq_peek(q, t_ms * MS, &f, &dropped),
	   "an emptied queue has nothing to peek at, at %u ms", t_ms);
}

static void is_list(const unsigned *got, const unsigned *want, unsigned n, const char *name)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < n; i++) {
		if (got[i] != want[i])
			diag("%s: number %u at %u ms, want %u", name, i + 1, got[i], want[i]);
		bad += got[i] != want[i];
	}
	is_int(bad, 0, "%s", name);
}

/*
 * RFC 8289 by the clock. Above the target from 5 ms on; an interval later, at 105 ms, the first
 * drop; the next ones 100, 70.7, 57.7, 50, 44.7, 40.8 .. ms (interval / sqrt(count)) later, each in
 * the first whole millisecond that is not before. The root is cut to 1/256: 470 would be 469.
 */
static void test_codel_law(void)
{
	static const unsigned first[] = {105, 205, 276, 334, 384, 429, 470, 507};
	/* Standing again: drops go on where they ended, 100 / sqrt(8 - 1) ms apart, and so on. */
	static const unsigned again[] = {715, 753, 789, 822};
	/* After 16 intervals that is forgotten. */
	static const unsigned later[] = {3105, 3205, 3276};
	struct rxq *q = queue_of(200, 0);
	unsigned at[8];

	is_int(stand(q, 0, 510, at, 8), 8, "a standing queue drops eight frames in 510 ms");
	is_list(at, first, 8, "a standing queue drops frames at the right times");

	empty(q, 510);
	for (unsigned i = 0; i < 200; i++)
		push(q, 100, 0, 610 * MS);
	is_int(stand(q, 610, 830, at, 8), 4, "a queue that stands soon again drops four frames");
	is_list(at, again, 4, "a queue that stands soon again drops frames at the right times");

	empty(q, 830);
	for (unsigned i = 0; i < 200; i++)
		push(q, 100, 0, 3000 * MS);
	is_int(stand(q, 3000, 3300, at, 8), 3, "a queue that stands much later drops three frames");
	is_list(at, later, 3, "a queue that stands much later drops frames at the right times");
	rxq_free(q);
}

static void test_codel_interval(void)
{
	struct rxq *q = queue_of(50, 0);
	struct rxq_frame f;
	uint64_t dropped = 0;
	unsigned at[4];

	/* 50 ms above, then a moment below: the interval begins again. */
	stand(q, 0, 50, NULL, 0);
	while (!rxq_empty(q))
		rxq_pop(q);
	push(q, 100, 0, 50 * MS);
	push(q, 100, 0, 50 * MS);
	rxq_peek(q, 51 * MS, &f, &dropped);
	rxq_pop(q);
	for (unsigned i = 0; i < 50; i++)
		push(q, 100, 0, 51 * MS);
	is_int(stand(q, 52, 156, at, 4), 0,
	       "a queue that was below the target for a moment drops nothing yet");
	is_int(stand(q, 156, 157, at, 4), 1,
	       "a queue above the target for an interval drops a frame");

	/* Not looked at for long: the drops that were due are made up for. */
	is_int(stand(q, 300, 301, at, 4), 1,
	       "a queue not looked at drops the frame that was due at 256 ms");
	is_int(stand(q, 440, 441, at, 4), 3,
	       "a queue not looked at drops what was due at 327, 385 and 435 ms");
	rxq_free(q);
}

static void test_codel_peek(void)
{
	struct rxq *q = queue_of(50, 0);
	struct rxq_frame f;
	uint64_t dropped = 0;

	/* A frame that was peeked stays, however long it takes to deliver it. */
	stand(q, 0, 100, NULL, 0);
	rxq_peek(q, 100 * MS, &f, &dropped);
	rxq_peek(q, 900 * MS, &f, &dropped);
	is_int((long)dropped, 0, "a frame that was peeked is not dropped");
	rxq_pop(q);
	rxq_peek(q, 900 * MS, &f, &dropped);
	is_int((long)dropped, 1, "the frame behind one that was peeked is dropped");
	rxq_free(q);
}

/* A queue of one is no standing queue; and an empty one forgets. */
static void test_codel_last_frame(void)
{
	struct rxq *q = queue_of(1, 0);
	struct rxq_frame f;
	uint64_t dropped = 0;

	for (unsigned t = 0; t < 1000; t += 10) {
		rxq_peek(q, t * MS, &f, &dropped);
		rxq_pop(q);
		push(q, 100, 0, 0);
	}
	is_int((long)dropped, 0, "the last frame is never dropped");
	rxq_free(q);
	q = queue_of(2, 0);
	push(q, 100, 0, 0);
	rxq_peek(q, 5 * MS, &f, &dropped);
	rxq_pop(q);
	dropped = 0;
	rxq_peek(q, 105 * MS, &f, &dropped);
	is_int((long)dropped, 1, "the last frame but one is dropped");
	empty(q, 106);
	for (unsigned i = 0; i < 3; i++)
		push(q, 100, 0, 300 * MS);
	rxq_peek(q, 310 * MS, &f, &dropped);
	is_int((long)dropped, 1, "an empty queue forgets that it was above");
	rxq_free(q);
}

int main(void)
{
	test_content();
	test_limit();
	test_limit_edges();
	test_codel();
	test_codel_law();
	test_codel_interval();
	test_codel_peek();
	test_codel_last_frame();
	return done_testing();
}
