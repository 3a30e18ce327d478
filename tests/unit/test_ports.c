/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues for the ports of the uplink's bridge, on a real TAP in a real bridge: a port that stands
 * still takes a few frames, and those that have no room after that are dropped, while the uplink's
 * frames go on. In a network namespace that goes with the process.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/datapath/ports.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_room.h"
#include "tests/fake/bench.h"
#include "tests/fake/netns.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define TO_EXIT	 "\x02\x00\x00\x00\x00\x0e"
#define TO_SLOW	 "\x02\x00\x00\x00\x00\x05"
#define TO_OTHER "\x02\x00\x00\x00\x00\x06"
#define NOWHERE	 "\x02\x00\x00\x00\x00\x77"

#define FRAMES 100u

static struct mk m;
static struct uplink up;

/* A bridge with an exit, a port that sends nothing on, and another neighbour. */
static bool make_bridge(void)
{
	return netns_run("ip link add br0 type bridge 2>/dev/null && ip link set br0 up") &&
	       netns_run(
		       "for f in /proc/sys/net/bridge/bridge-nf-call-*tables; do echo 0 >$f; done "
		       "2>/dev/null; true") &&
	       netns_run(
		       "for p in exit slow other; do ip link add $p type veth peer name $p-far && "
		       "ip link set $p master br0 up && ip link set $p-far up || exit; done") &&
	       netns_run("tc qdisc add dev slow root tbf rate 8kbit burst 1600 limit 4000000") &&
	       netns_run("bridge fdb replace 02:00:00:00:00:0e dev exit master static && "
			 "bridge fdb replace 02:00:00:00:00:05 dev slow master static && "
			 "bridge fdb replace 02:00:00:00:00:06 dev other master static");
}

static bool open_uplink(void)
{
	struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "t0", .bridge = "br0"};
	char err[256];

	if (uplink_open(&up, &spec, "test", err, sizeof(err)) == 0)
		return true;
	diag("%s", err);
	return false;
}

static struct link_conf link_conf(void)
{
	return (struct link_conf){.bridge = if_nametoindex("br0"),
				  .exit = {if_nametoindex("exit")},
				  .exits = 1,
				  .frame_cost_bytes = 64};
}

/* The same, paced to so much that it limits nobody. */
static struct link_conf paced_conf(void)
{
	struct link_conf link = link_conf();

	link.tx_capacity_bps = 10000000000;
	return link;
}

/* Two guests on the TAP, and what the bridge knows. */
static struct bench *start(const struct link_conf *link)
{
	struct bench *b = bench_new_with(2, NULL, &up);

	for (uint32_t slot = 0; slot < 2; slot++) {
		struct ldp_conf conf = bench_ldp_conf(slot);

		bench_add(b, slot, &conf, BENCH_RING_ORDER);
	}
	bench_link(b, link);
	uplink_set_sndbuf(&up, 20000);
	if (b->dp->ports.table_fd >= 0)
		ports_read_table(b->dp);
	return b;
}

static void give(struct bench *b, uint32_t slot, const char *to)
{
	static const struct virtio_net_hdr_v1 plain;

	mk_eth(&m, to, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, 1000);
	for (unsigned i = 0; i < FRAMES; i++)
		bench_give(b, slot, &plain, m.b, m.len);
}

static void run_turns(struct bench *b)
{
	while (bench_turn(b))
		;
}

static uint64_t full(const struct bench *b, uint32_t slot)
{
	return b->guest[slot].ldp->count.drops[LDP_DROP_NEIGHBOUR_FULL];
}

static uint64_t sent(const struct bench *b, uint32_t slot)
{
	return b->guest[slot].ldp->count.tx_frames;
}

static void test_slow_port(void)
{
	struct link_conf link = link_conf();
	struct bench *b = start(&link);

	give(b, 0, TO_SLOW);
	give(b, 1, TO_EXIT);
	run_turns(b);
	ok(!b->dp->tx.blocked, "a slow port does not block the uplink's own queue");
	is_int(sent(b, 1), FRAMES, "all frames of another guest leave beside a slow port");
	ok(full(b, 0) > FRAMES / 2 && full(b, 0) + sent(b, 0) == FRAMES,
	   "a slow port takes some frames, and the others are counted as neighbour-full");
	is_int(bench_given(b, 0), 0, "no frame to a slow port stays in its ring");
	give(b, 0, TO_EXIT);
	run_turns(b);
	is_int(full(b, 0) + sent(b, 0), 2 * FRAMES,
	       "the guest that filled a slow port still sends to the uplink");
	give(b, 1, TO_OTHER);
	run_turns(b);
	is_int(sent(b, 1), 2 * FRAMES, "another neighbour's port has its own room");
	is_int(b->dp->ports.count, 2, "each neighbour's port in use has one queue");
	bench_free(b);
}

/* The same without queues, so that the test above is known to be able to fail. */
static void test_one_queue(void)
{
	struct link_conf link = link_conf();
	struct bench *b;

	link.bridge = 0;
	b = start(&link);
	give(b, 0, TO_SLOW);
	run_turns(b);
	ok(b->dp->tx.blocked, "without queues a slow port blocks the uplink");
	bench_free(b);
}

static int64_t tokens_of(const struct bench *b)
{
	return b->dp->tx.pace.bucket.tokens_bytes;
}

static void test_capacity(void)
{
	struct link_conf link = paced_conf();
	struct bench *b = start(&link);
	int64_t tokens;

	bench_pass(b, 2 * NS_PER_MS);
	run_turns(b);
	tokens = tokens_of(b);

	give(b, 0, TO_OTHER);
	run_turns(b);
	ok(tokens_of(b) > tokens - FRAMES * 100,
	   "frames to a neighbour's port use none of the uplink's pace");
	give(b, 0, TO_EXIT);
	run_turns(b);
	ok(tokens_of(b) < tokens, "frames to an exit use the uplink's pace");
	bench_free(b);
}

/* The bridge floods: the original goes to the port that was told. */
static void test_flood(void)
{
	struct link_conf link = link_conf();
	struct bench *b;

	link.flood_port = if_nametoindex("slow");
	b = start(&link);
	give(b, 0, NOWHERE);
	run_turns(b);
	ok(!b->dp->tx.blocked && b->dp->ports.count == 1,
	   "a flooded frame goes to the queue of the port that gets the original");
	bench_free(b);
	link.flood_port = 0;
	b = start(&link);
	give(b, 0, NOWHERE);
	give(b, 1, MK_BCAST);
	run_turns(b);
	is_int(b->dp->ports.count, 0,
	       "flooded frames and groups go to the uplink's own queue where an exit gets them");
	bench_free(b);
}

static void test_table(void)
{
	struct link_conf link = paced_conf();
	struct bench *b = start(&link);
	int64_t tokens;

	bench_pass(b, 4 * NS_PER_MS);
	netns_run("bridge fdb replace 02:00:00:00:00:77 dev other master static");
	ports_read_table(b->dp);
	give(b, 0, NOWHERE);
	run_turns(b);
	is_int(b->dp->ports.count, 1, "an address that the bridge learns later gets its queue");
	netns_run("bridge fdb del 02:00:00:00:00:77 dev other master");
	netns_run("bridge fdb replace 02:00:00:00:00:06 dev exit master static");
	ports_read_table(b->dp);
	tokens = tokens_of(b);
	give(b, 1, TO_OTHER);
	run_turns(b);
	ok(tokens_of(b) < tokens,
	   "an address that moves to an exit leaves by the uplink's own queue");
	netns_run("bridge fdb replace 02:00:00:00:00:06 dev other master static");
	bench_free(b);
}

static unsigned mails(struct bench *b, enum msg_type type)
{
	struct msg *msg;
	unsigned n = 0;

	while ((msg = bench_mail(b))) {
		n += msg->type == type;
		free(msg);
	}
	return n;
}

/* The bridge moved an address to a slow port, and the copy of its table is late. */
static void test_retire(void)
{
	struct link_conf link = link_conf();
	struct bench *b;

	netns_run("bridge fdb replace 02:00:00:00:00:05 dev exit master static");
	b = start(&link);
	netns_run("bridge fdb replace 02:00:00:00:00:05 dev slow master static");
	give(b, 0, TO_SLOW);
	run_turns(b);
	ok(b->dp->tx.blocked, "frames to a port of which the table does not tell block the uplink");
	mails(b, MSG_STUCK);
	tx_tell_stuck(b->dp);
	is_int(mails(b, MSG_STUCK), 1, "a queue that stays blocked is told to the control thread");
	tx_retire_queue(b->dp);
	ok(!b->dp->tx.blocked && b->dp->ports.fd != up.fd, "a fresh queue takes the uplink's role");
	ports_read_table(b->dp);
	give(b, 1, TO_EXIT);
	run_turns(b);
	is_int(sent(b, 1), FRAMES, "frames to the exit leave by the fresh queue");
	tx_tell_stuck(b->dp);
	is_int(mails(b, MSG_STUCK), 0, "a queue that is not blocked is not told of");
	tx_retire_queue(b->dp);
	is_int(b->dp->ports.count, 1, "a queue that is not blocked is not retired");
	bench_free(b);
}

/* More ports than queues: the one that was not used for the longest time is closed. */
static void test_many(void)
{
	struct link_conf link = link_conf();
	struct bench *b = start(&link);
	struct frame_info fi = {.vid = -1};
	unsigned failed = 0;

	for (uint32_t n = 1; n <= PORTS_QUEUES + 20; n++) {
		bench_pass(b, 1000);
		link.flood_port = 100000 + n; /* no such port: only its number counts */
		bench_link(b, &link);
		memcpy(fi.dst, NOWHERE, 6);
		failed += ports_queue(b->dp, &fi) == up.fd;
	}
	is_int(failed, 0, "275 ports one after the other each get a queue");
	is_int(b->dp->ports.count, PORTS_QUEUES, "no more queues are open than a TAP can have");
	bench_free(b);
}

static void test_without(void)
{
	struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "t1"};
	struct uplink old;
	char err[256];

	netns_run("ip tuntap add t1 mode tap vnet_hdr");
	is_int(uplink_open(&old, &spec, "test", err, sizeof(err)), 0,
	       "a TAP that was created with one queue is opened");
	ok(!old.queues && uplink_add_queue(&old) == -ENOTSUP,
	   "a TAP that was created with one queue gets no second one");
	uplink_close(&old);
}

int main(void)
{
	if (!netns_enter() || !make_bridge() || !open_uplink() || !up.queues) {
		tap_skip("ports of a bridge get queues",
			 "not root, or a kernel without bridge, tbf or queues");
		return done_testing();
	}
	test_slow_port();
	test_one_queue();
	test_capacity();
	test_flood();
	test_table();
	test_retire();
	test_many();
	test_without();
	uplink_close(&up);
	return done_testing();
}
