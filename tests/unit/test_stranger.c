/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread hears of a guest that sends from a MAC that is not its own. */
#include "backend/datapath/stranger.h"

#include <stdlib.h>

#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define SEC 1000000000ull

static struct bench *b;

static void send_from(const uint8_t *src, unsigned frames)
{
	static const struct virtio_net_hdr_v1 plain;
	static struct mk m;

	for (unsigned i = 0; i < frames; i++) {
		mk_eth(&m, MK_OTHER, (const char *)src, 0x88b5);
		mk_payload(&m, 86);
		bench_give(b, 0, &plain, m.b, m.len);
		bench_turn(b);
	}
}

/* What was told since the last call: -1 nothing, 0 or 1 the last message. */
static int told(const uint8_t *mac)
{
	struct msg *m;
	int on = -1;

	while ((m = bench_mail(b))) {
		if (m->type == MSG_STRANGER) {
			on = m->stranger.on;
			if (on && memcmp(m->stranger.mac, mac, 6) != 0)
				on = 2;
		}
		free(m);
	}
	return on;
}

static void test_told(void)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 7};

	b = bench_new(1);
	send_from(bench_mac(0), 1);
	bench_pass(b, 2 * SEC);
	send_from(other, 2);
	is_int(told(other), -1, "two frames from another MAC are not told of");
	send_from(other, 1);
	is_int(told(other), 1, "the third frame in a row is told of, with the MAC");
	send_from(other, 5);
	is_int(told(other), -1, "further frames are not told of");
	bench_pass(b, SEC);
	send_from(bench_mac(0), 1);
	is_int(told(other), 0, "a good frame ends it");
	bench_pass(b, 2 * SEC);
	send_from(other, 5);
	is_int(told(other), -1, "a guest that changes its MAC all the time is not told of again");
	bench_pass(b, 10 * SEC);
	send_from(other, 1);
	is_int(told(other), 1, "after a rest it is told of again");
	bench_free(b);
}

static void test_both(void)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 7};

	b = bench_new(1);
	for (unsigned i = 0; i < 20; i++) {
		bench_pass(b, SEC / 2);
		send_from(bench_mac(0), 1);
		send_from(other, 5);
	}
	is_int(told(other), -1, "a guest that sends from its own MAC too is not told of");
	bench_free(b);
}

static void test_new(void)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 7};

	b = bench_new(1);
	send_from(other, 3);
	is_int(told(other), 1, "a guest that never sent from its own MAC is told of");
	bench_free(b);
}

int main(void)
{
	test_told();
	test_both();
	test_new();
	return done_testing();
}
