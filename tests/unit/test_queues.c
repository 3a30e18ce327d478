/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of what guests receive give their memory back when nothing waits any more. */
#include "backend/datapath/queues.h"

#include <malloc.h>
#include <stdlib.h>

#include "backend/datapath/members.h"
#include "backend/datapath/rx_limit.h"
#include "backend/datapath/rx_uplink.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define GUESTS	 32u
#define FLOWS	 16u
#define FULL	 1514u
#define RATE_BPS 1000000000u
#define SLACK	 (8u << 10) /* for each guest */

static struct bench *b;

/* Bytes that malloc() has of the kernel. */
static long held(void)
{
	struct mallinfo2 m = mallinfo2();

	return (long)(m.arena + m.hblkhd);
}

/* For each guest, of FLOWS flows. */
static void receive(unsigned frames)
{
	static const struct virtio_net_hdr_v1 plain;
	struct mk m;

	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x0800);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		mk_udp(&m, 1, 53);
		mk_payload(&m, FULL - m.len);
		mk_finish(&m, 0);
		for (unsigned i = 0; i < frames; i++) {
			mk_be16(&m, m.l4, i % FLOWS);
			bench_come(b, &plain, m.b, m.len);
			rx_uplink_read(b->dp);
		}
	}
}

static uint64_t waiting(void)
{
	uint64_t bytes = 0;

	for (uint32_t slot = 0; slot < GUESTS; slot++)
		bytes += queues_waiting(b->guest[slot].ldp);
	return bytes;
}

/* The guests take all frames, and for two seconds none comes. */
static void rest(void)
{
	for (unsigned turn = 0; turn < 10000 && waiting() > 0; turn++) {
		bench_receive(b);
		for (uint32_t slot = 0; slot < GUESTS; slot++) {
			bench_take_frames(b, slot);
			members_look(b->dp, b->guest[slot].ldp);
		}
	}
	for (unsigned look = 0; look < 200; look++) {
		b->dp->now_ns += 10 * NS_PER_MS;
		rx_limit_look(b->dp);
	}
}

static void test_round(unsigned round)
{
	long before = held(), full;
	void *later;

	for (uint32_t slot = 0; slot < GUESTS; slot++)
		queues_set_rate(b->guest[slot].ldp, RATE_BPS);
	receive(500);
	full = held() - before;
	ok(full > (long)(GUESTS * 500 * FULL), "round %u: %ld KiB are held for what waits", round,
	   full >> 10);
	later = malloc(
		1000); /* of something else, that stays: no queue is at the end of the heap */
	rest();
	is_int((long)waiting(), 0, "round %u: all frames have left", round);
	ok(held() - before < (long)(GUESTS * SLACK), "round %u: idle queues hold %ld KiB", round,
	   (held() - before) >> 10);
	free(later);
}

int main(void)
{
	b = bench_new(GUESTS);
	if (held() == 0)
		ok(true, "a sanitizer's malloc() tells no figures: nothing is looked at");
	for (unsigned round = 1; held() > 0 && round <= 3; round++)
		test_round(round);
	bench_free(b);
	return done_testing();
}
