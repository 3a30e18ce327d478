/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent: how much may go into the TX ring, and what the backend takes. */
#include "frontend/tx.h"

#include "common/tap.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define ECN  VIRTIO_NET_HDR_GSO_ECN
#define USO  5
#define ALL  (TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO)

static void test_room(void)
{
	is_int(tx_room(4096, 0, UINT64_MAX), 4096, "an empty ring, no credit told");
	is_int(tx_room(4096, 1000, UINT64_MAX), 3096, "what is free");
	is_int(tx_room(4096, 4096, UINT64_MAX), 0, "a full ring");
	is_int(tx_room(4096, 1000, 3000), 2000, "what the credit leaves");
	is_int(tx_room(4096, 1000, 5000), 3096, "a credit beyond the ring");
	is_int(tx_room(4096, 1000, 1001), 1, "one byte of credit left");
	is_int(tx_room(4096, 1000, 1000), 0, "none left");
	is_int(tx_room(4096, 1000, 10), 0, "less than is in flight already");
	is_int(tx_room(4096, 0, 10), 4096, "one message goes, whatever the credit");
	is_int(tx_room(1 << 20, 100, (1ull << 32) + 200), (1 << 20) - 100, "a credit of 4 GiB");
}

/* The credit, and what is added when the ring ran empty for want of it. */
static void test_limit(void)
{
	struct tx_limit l = {.credit_bytes = UINT64_MAX};
	unsigned n = 0;

	is_int(tx_limit_bytes(&l) == UINT64_MAX, 1, "no credit told: no limit");
	tx_limit_starved(&l, 4096);
	is_int(tx_limit_bytes(&l) == UINT64_MAX, 1, "nor does that overflow");

	l = (struct tx_limit){.credit_bytes = 4000};
	is_int(tx_limit_bytes(&l), 4000, "the credit");
	tx_limit_starved(&l, 1 << 18);
	is_int(tx_limit_bytes(&l), 8000, "the ring ran empty: twice as much");
	tx_limit_relax(&l);
	is_int(tx_limit_bytes(&l), 8000, "for the second in which it did, and another");
	tx_limit_relax(&l);
	is_int(tx_limit_bytes(&l), 7500, "then an eighth of it goes");
	l.credit_bytes = 8000;
	is_int(tx_limit_bytes(&l), 11500, "another credit");
	while (l.slack_bytes && n++ < 100)
		tx_limit_relax(&l);
	ok(n < 100, "all of it goes in the end");
	is_int(tx_limit_bytes(&l), 8000, "but not the credit");
	for (n = 0; n < 100; n++)
		tx_limit_starved(&l, 1 << 18);
	is_int(l.slack_bytes, 1 << 18, "never more than the ring");
}

static bool takes(uint8_t flags, uint8_t type, uint32_t offloads)
{
	struct virtio_net_hdr_v1 vnet = {.flags = flags, .gso_type = type};

	return tx_offload_ok(&vnet, offloads);
}

static void test_queue(void)
{
	is_int(tx_queue_frames(0), 512, "an unknown rate: the longest queue");
	is_int(tx_queue_frames(1), 64, "a slow link: the shortest");
	is_int(tx_queue_frames(155000000), 64, "not yet 128 frames in 10 ms");
	is_int(tx_queue_frames(155100000), 128, "more of them");
	is_int(tx_queue_frames(1000000000), 512, "1 Gbit/s: the longest");
	is_int(tx_queue_frames(UINT64_MAX), 512, "and no more");
}

static void test_offloads(void)
{
	static const struct {
		const char *name;
		uint8_t type;
		uint32_t needs;
	} rows[] = {
		{"TSO4", VIRTIO_NET_HDR_GSO_TCPV4, TAP_TSO4},
		{"TSO6", VIRTIO_NET_HDR_GSO_TCPV6, TAP_TSO6},
		{"TSO4 with ECN", VIRTIO_NET_HDR_GSO_TCPV4 | ECN, TAP_TSO4},
		{"USO", USO, TAP_USO},
	};

	ok(takes(0, 0, 0), "a plain frame");
	ok(takes(CSUM, 0, TAP_CSUM), "a checksum");
	ok(!takes(CSUM, 0, ALL & ~TAP_CSUM), "a checksum that is not taken");
	ok(!takes(CSUM, VIRTIO_NET_HDR_GSO_UDP, ALL), "UFO is taken by nobody");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ok(takes(CSUM, rows[i].type, TAP_CSUM | rows[i].needs), "%s", rows[i].name);
		ok(!takes(CSUM, rows[i].type, ALL & ~rows[i].needs), "%s that is not taken",
		   rows[i].name);
	}
}

static void test_gather(void)
{
	struct iovec iov[3] = {{"abc", 3}, {"", 0}, {"defg", 4}};
	char to[9] = "--------";

	tx_gather(to, iov, 3, 5);
	is_str(to, "abcde---", "so many bytes, over pieces");
	tx_gather(to, iov, 3, 2);
	is_str(to, "abcde---", "or of one");
	tx_gather(to, iov, 3, 100);
	is_str(to, "abcdefg-", "or all that there are");
}

int main(void)
{
	test_room();
	test_limit();
	test_queue();
	test_offloads();
	test_gather();
	return done_testing();
}
