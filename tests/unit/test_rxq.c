/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receive queue: every byte comes out as it went in, the limit holds, CoDel keeps it short. */
#include "backend/rxq.h"

#include <stdlib.h>
#include <string.h>

#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define MS 1000000ull

static uint8_t frame[65536], back[65536];

static bool push(struct rxq *q, uint32_t len, uint8_t seed, uint64_t now_ns)
{
	struct virtio_net_hdr_v1 vnet = {.gso_size = (uint16_t)len};
	struct iovec iov[2] = {{frame, len / 3}, {frame + len / 3, len - len / 3}};

	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed + i * 7);
	return rxq_push(q, &vnet, iov, 2, len + 4, now_ns);
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
			is_int(rxq_set_limit(q, 3000000), 0, "grows while frames wait");
		if (i == 15000)
			rxq_set_limit(q, 1);
	}
	ok(order, "frames come out whole and in order");
	is_int(pushed - popped, rxq_frames(q), "in = out + waiting");
	is_int((long)dropped, 0, "no drop while nothing waits long");
	ok(popped > 5000, "%u frames went through", popped);
	rxq_free(q);
}

static void test_limit(void)
{
	struct rxq *q = rxq_new(1);
	unsigned n = 0;

	ok(push(q, 65535, 1, 0), "an empty queue takes the largest frame");
	ok(!push(q, 1500, 1, 0), "and then no more");
	rxq_pop(q);
	while (push(q, 1514, 1, 0))
		n++;
	ok(n >= 40 && n <= 44, "64 KiB hold %u full frames", n);
	rxq_free(q);
}

/* Fed at twice the rate at which it is emptied, for ten seconds. */
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
		late += i > 5000 && rxq_frames(q) > 100;
	}
	ok(dropped > 500, "%llu frames dropped", (unsigned long long)dropped);
	is_int(late, 0, "the queue stays below 100 ms");
	is_int((long)(sent + dropped + rxq_frames(q)), 10000, "sent + dropped + waiting = in");

	while (pop(q, &len, &seed, now, &dropped))
		;
	dropped = 0;
	for (int i = 0; i < 1000; i++, now += 10 * MS) {
		/* Bursts of 50 that are gone within 50 ms are no standing queue. */
		for (int k = 0; i % 10 == 0 && k < 50; k++)
			push(q, 1500, 0, now);
		for (int k = 0; k < 10; k++)
			pop(q, &len, &seed, now, &dropped);
	}
	is_int((long)dropped, 0, "bursts are let through");
	rxq_free(q);
}

int main(void)
{
	test_content();
	test_limit();
	test_codel();
	return done_testing();
}
