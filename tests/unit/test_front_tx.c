/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent: how much may go into the TX ring, and what the backend takes. */
#include "frontend/tx.h"

#include "common/offload.h"
#include "common/wire.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define ECN  VIRTIO_NET_HDR_GSO_ECN
#define USO  5
#define ALL  (TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO)

static void test_room(void)
{
	is_int(tx_room(4096, 0, UINT64_MAX), 4096,
	       "without a credit, all of an empty ring is free");
	is_int(tx_room(4096, 1000, UINT64_MAX), 3096,
	       "without a credit, all that is not in flight is free");
	is_int(tx_room(4096, 4096, UINT64_MAX), 0, "a full ring has no room");
	is_int(tx_room(4096, 4000, 1u << 20), 96, "the space limits more than a large credit");
	is_int(tx_room(4096, 1000, 3000), 2000, "the credit limits more than the space");
	is_int(tx_room(4096, 1000, 5000), 3096, "a credit beyond the ring leaves all of the space");
	is_int(tx_room(4096, 1000, 1001), 1, "one byte of credit is one byte of room");
	is_int(tx_room(4096, 1000, 1000), 0, "a credit that is used up leaves no room");
	is_int(tx_room(4096, 1000, 10), 0, "a credit below what is in flight leaves no room");
	is_int(tx_room(4096, 8, 0), 0, "no credit leaves no room while a message is in flight");
	is_int(tx_room(4096, 0, 10), 4096, "an empty ring takes one message whatever the credit");
	is_int(tx_room(1 << 20, 100, (1ull << 32) + 200), (1 << 20) - 100,
	       "a credit above 4 GiB leaves all of the space");
}

/* The credit, and what is added when the ring ran empty for want of it. */
static void test_limit(void)
{
	struct tx_limit l = {.credit_bytes = UINT64_MAX};
	unsigned n = 0;

	is_int(tx_limit_bytes(&l) == UINT64_MAX, 1, "without a credit there is no limit");
	tx_limit_starved(&l, 4096);
	is_int(tx_limit_bytes(&l) == UINT64_MAX, 1,
	       "without a credit, slack does not overflow the limit");

	l = (struct tx_limit){.credit_bytes = 4000};
	is_int(tx_limit_bytes(&l), 4000, "the limit is the credit at first");
	tx_limit_starved(&l, 1 << 18);
	is_int(tx_limit_bytes(&l), 8000, "the limit doubles when the ring runs empty");
	tx_limit_relax(&l);
	is_int(tx_limit_bytes(&l), 8000,
	       "the slack stays for the second in which the ring ran empty");
	tx_limit_relax(&l);
	is_int(tx_limit_bytes(&l), 7500, "an eighth of the slack goes in the next second");
	l.credit_bytes = 8000;
	is_int(tx_limit_bytes(&l), 11500, "another credit leaves the slack as it is");
	while (l.slack_bytes && n++ < 100)
		tx_limit_relax(&l);
	ok(n < 100, "all of the slack goes in the end");
	is_int(tx_limit_bytes(&l), 8000, "the credit stays when the slack is gone");
	for (n = 0; n < 100; n++)
		tx_limit_starved(&l, 1 << 18);
	is_int(l.slack_bytes, 1 << 18, "slack is never more than the ring");
}

static bool takes(uint8_t flags, uint8_t type, uint32_t offloads)
{
	struct virtio_net_hdr_v1 vnet = {.flags = flags, .gso_type = type};

	return tx_offload_ok(&vnet, offloads);
}

static void test_queue(void)
{
	is_int(tx_queue_frames(0), 512, "an unknown rate gets the longest queue");
	is_int(tx_queue_frames(1), 64, "a slow link gets the shortest queue");
	is_int(tx_queue_frames(155000000), 64,
	       "a rate just below 128 frames in 10 ms gets 64 frames");
	is_int(tx_queue_frames(155100000), 128,
	       "a rate just above 128 frames in 10 ms gets 128 frames");
	is_int(tx_queue_frames(1000000000), 512, "1 Gbit/s gets the longest queue");
	is_int(tx_queue_frames(UINT64_MAX), 512, "no rate gets more than the longest queue");
}

static void test_flow_queues(void)
{
	is_int(tx_queue_limits(0, 0).limit_bytes, 4 << 20, "an unknown rate: flow queues of 4 MiB");
	is_int(tx_queue_limits(1, 0).limit_bytes, 256 << 10, "a slow link: flow queues of 256 KiB");
	is_int(tx_queue_limits(10000000, 0).limit_bytes, 256 << 10,
	       "10 Mbit/s carries less than 256 KiB in 200 ms");
	is_int(tx_queue_limits(100000000, 0).limit_bytes, 2500000,
	       "100 Mbit/s carries 2.5 MB in 200 ms");
	is_int(tx_queue_limits(1000000000, 0).limit_bytes, 4 << 20, "1 Gbit/s has 4 MiB");
	is_int(tx_queue_limits(UINT64_MAX, 0).limit_bytes, 4 << 20, "no rate has more than 4 MiB");
}

/* At 10 Mbit/s two of the largest frames take 104.9 ms. */
static void test_codel(void)
{
	struct flowq_limits l = tx_queue_limits(1000000000, 12500000);

	is_int(l.target_ns / 1000000, 5, "on a fast link CoDel's target is 5 ms");
	is_int(l.interval_ns / 1000000, 200, "a window of 100 ms: the interval is 200 ms");
	l = tx_queue_limits(1000000000, 25000000);
	is_int(l.interval_ns / 1000000, 400, "a window of 200 ms: the interval is 400 ms");
	l = tx_queue_limits(10000000, 125000);
	is_int(l.target_ns / 1000000, 104, "the target is the time of two of the largest frames");
	is_int(l.interval_ns / 1000000, 209, "the interval is twice that");
	l = tx_queue_limits(1, 125000);
	is_int(l.target_ns / 1000000, 1000, "the target is a second at most");
	is_int(l.interval_ns / 1000000, 2000, "the interval is two seconds at most");
	l = tx_queue_limits(1000000000, UINT64_MAX);
	is_int(l.interval_ns / 1000000, 2000, "a window without a limit: likewise");
	l = tx_queue_limits(0, UINT64_MAX);
	is_int(l.target_ns / 1000000, 5, "a rate that is not known: the target is 5 ms");
	is_int(l.interval_ns / 1000000, 200, "a rate that is not known: the interval is 200 ms");
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

	ok(takes(0, 0, 0), "a plain frame is taken without any offload");
	ok(takes(CSUM, 0, TAP_CSUM), "an open checksum is taken with csum");
	ok(!takes(CSUM, 0, ALL & ~TAP_CSUM), "an open checksum is not taken without csum");
	ok(!takes(CSUM, VIRTIO_NET_HDR_GSO_UDP, ALL), "UFO is never taken");
	ok(!takes(CSUM, 0x42, ~0u), "an unknown type of segments is never taken");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ok(takes(CSUM, rows[i].type, TAP_CSUM | rows[i].needs),
		   "%s is taken with its offload", rows[i].name);
		ok(!takes(CSUM, rows[i].type, ALL & ~rows[i].needs),
		   "%s is not taken without its offload", rows[i].name);
	}
}

static void test_cost(void)
{
	const uint32_t most = 14 + 8 + 60 + 60;
	struct virtio_net_hdr_v1 vnet = {.gso_size = 1448, .hdr_len = 66};

	is_int(tx_cost(&vnet, 1514), 1514, "a plain frame costs its length");
	vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	is_int(tx_cost(&vnet, 66 + 3 * 1448), 3 * 1514, "a frame of three segments costs three");
	is_int(tx_cost(&vnet, 66), 66, "headers without a segment cost their length");
	vnet.hdr_len = 65535;
	is_int(tx_cost(&vnet, most + 2 * 1448), 2 * (most + 1448),
	       "no more counts as headers than headers can be");
	vnet.gso_size = 1;
	ok(tx_cost(&vnet, WIRE_FRAME_MAX) <= WIRE_FRAME_MAX * (most + 1),
	   "nor do segments of a byte cost more than their headers");
	vnet.gso_size = 0;
	is_int(tx_cost(&vnet, 60000), 60000, "segments of no bytes are none");
}

static void test_gather(void)
{
	struct iovec iov[3] = {{"abc", 3}, {"", 0}, {"defg", 4}};
	char to[9] = "--------";

	tx_gather(to, iov, 3, 5);
	is_str(to, "abcde---", "5 bytes are gathered from two pieces");
	tx_gather(to, iov, 3, 2);
	is_str(to, "abcde---", "2 bytes are gathered from one piece");
	tx_gather(to, iov, 3, 100);
	is_str(to, "abcdefg-", "asked for 100 bytes, all 7 are gathered");
}

int main(void)
{
	test_room();
	test_limit();
	test_queue();
	test_flow_queues();
	test_codel();
	test_offloads();
	test_cost();
	test_gather();
	return done_testing();
}
