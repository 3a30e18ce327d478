/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While the uplink carries no frames, they wait in their rings, and all leave afterwards: what the
 * control thread says, on a socket; and a TAP that is down or deleted, in a network namespace that
 * goes with the process.
 */
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/datapath/hold.h"
#include "backend/datapath/ports.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_room.h"
#include "tests/fake/bench.h"
#include "tests/fake/netns.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define TO_EXIT	     "\x02\x00\x00\x00\x00\x0e"
#define TO_NEIGHBOUR "\x02\x00\x00\x00\x00\x05"

static struct mk m;
static struct uplink up;

static void give(struct bench *b, uint32_t slot, const void *to, unsigned frames)
{
	static const struct virtio_net_hdr_v1 plain;

	mk_eth(&m, to, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, 500);
	for (unsigned i = 0; i < frames; i++)
		bench_give(b, slot, &plain, m.b, m.len);
}

/* Turns while something leaves. */
static void run_turns(struct bench *b)
{
	for (unsigned i = 0; i < 100; i++) {
		bench_pass(b, NS_PER_MS);
		bench_turn(b);
	}
}

/* --- what the control thread says ------------------------------------------------------------- */

static void test_all(void)
{
	struct bench *b = bench_new(3);

	bench_hold(b, LINK_HOLD_ALL);
	give(b, 0, MK_OTHER, 10);
	give(b, 0, MK_BCAST, 10);
	give(b, 1, bench_mac(2), 10);
	give(b, 2, MK_OTHER, 10);
	run_turns(b);
	is_int(bench_drain(b), 0, "no frame leaves while all must wait");
	is_int(bench_take_frames(b, 2), 10,
	       "frames from guest to guest go on while the uplink's wait");
	is_int(bench_drops(b->guest[0].ldp) + bench_drops(b->guest[2].ldp), 0,
	       "no frame is dropped while it waits");
	bench_hold(b, LINK_HOLD_NONE);
	run_turns(b);
	is_int(bench_drain(b), 30, "all frames that waited leave afterwards");
	is_int(bench_take_frames(b, 1), 10,
	       "a broadcast that waited reaches the other guests once");
	bench_free(b);
}

/* Settings change and a guest stands still while its frame waits: it waits on. */
static void test_changes(void)
{
	struct bench *b = bench_new(1);
	struct ldp_conf conf = bench_ldp_conf(0);

	bench_hold(b, LINK_HOLD_ALL);
	give(b, 0, MK_OTHER, 5);
	run_turns(b);
	conf.tx.weight = 100;
	bench_configure(b, 0, &conf);
	run_turns(b);
	bench_freeze(b, 0, true);
	bench_freeze(b, 0, false);
	run_turns(b);
	is_int(bench_drain(b), 0, "frames wait on when settings change and the guest stood still");
	bench_hold(b, LINK_HOLD_EXITS);
	run_turns(b);
	is_int(bench_drain(b), 0, "frames for an exit wait on when only these must");
	bench_hold(b, LINK_HOLD_NONE);
	run_turns(b);
	is_int(bench_drain(b), 5, "frames that waited through changes leave");
	bench_free(b);
}

/* --- a TAP ------------------------------------------------------------------------------------ */

static bool make_bridge(void)
{
	return netns_run("ip link add br0 type bridge 2>/dev/null && ip link set br0 up") &&
	       netns_run("for p in exit near; do ip link add $p type veth peer name $p-far && "
			 "ip link set $p master br0 up && ip link set $p-far up || exit; done") &&
	       netns_run("bridge fdb replace 02:00:00:00:00:0e dev exit master static && "
			 "bridge fdb replace 02:00:00:00:00:05 dev near master static");
}

static bool open_uplink(void)
{
	struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "t0", .bridge = "br0"};
	char err[512];

	if (uplink_open(&up, &spec, "test", err, sizeof(err)) == 0)
		return true;
	diag("%s", err);
	return false;
}

static struct bench *start_on_tap(void)
{
	struct bench *b = bench_new_with(2, NULL, &up);
	struct link_conf link = {.tx_capacity_bps = 10000000000,
				 .bridge = if_nametoindex("br0"),
				 .exit = {if_nametoindex("exit")},
				 .exits = 1,
				 .frame_cost_bytes = 64};

	for (uint32_t slot = 0; slot < 2; slot++) {
		struct ldp_conf conf = bench_ldp_conf(slot);

		bench_add(b, slot, &conf, BENCH_RING_ORDER);
	}
	bench_link(b, &link);
	if (b->dp->ports.table_fd >= 0)
		ports_read_table(b->dp);
	return b;
}

static uint64_t sent(const struct bench *b, uint32_t slot)
{
	return b->guest[slot].ldp->count.tx_frames;
}

static void test_exits(void)
{
	struct bench *b = start_on_tap();

	bench_hold(b, LINK_HOLD_EXITS);
	give(b, 0, TO_EXIT, 10);
	give(b, 1, TO_NEIGHBOUR, 10);
	run_turns(b);
	is_int(sent(b, 0), 0, "frames for an exit wait while no exit has a link");
	is_int(sent(b, 1), 10, "frames to a neighbour go on while no exit has a link");
	bench_hold(b, LINK_HOLD_NONE);
	run_turns(b);
	is_int(sent(b, 0), 10, "frames for an exit leave when an exit has a link");
	bench_free(b);
}

static void test_down(void)
{
	struct bench *b = start_on_tap();

	netns_run("ip link set t0 down");
	give(b, 0, TO_EXIT, 10);
	give(b, 1, TO_NEIGHBOUR, 10);
	run_turns(b);
	ok(b->dp->tx.blocked && !b->dp->lost, "a TAP that is down takes no frames for now");
	is_int(sent(b, 0) + sent(b, 1) + bench_drops(b->guest[0].ldp) +
		       bench_drops(b->guest[1].ldp),
	       0, "frames wait while the TAP is down");
	netns_run("ip link set t0 up");
	tx_unblock(b->dp);
	run_turns(b);
	is_int(sent(b, 0) + sent(b, 1), 20, "frames leave when the TAP is up again");
	bench_free(b);
}

static bool was_told(struct bench *b, enum msg_type type)
{
	struct msg *mail;
	bool told = false;

	while ((mail = bench_mail(b))) {
		told |= mail->type == type;
		free(mail);
	}
	return told;
}

static void test_deleted(void)
{
	struct bench *b = start_on_tap();

	was_told(b, MSG_LOST);
	netns_run("ip link del t0");
	give(b, 0, TO_EXIT, 10);
	run_turns(b);
	ok(b->dp->tx.blocked && b->dp->lost && was_told(b, MSG_LOST),
	   "the control thread is told that the TAP was deleted");
	is_int(bench_drops(b->guest[0].ldp), 0, "frames wait while there is no TAP");
	bench_free(b);
}

int main(void)
{
	test_all();
	test_changes();
	if (!netns_enter() || !make_bridge() || !open_uplink() || !up.queues) {
		tap_skip("frames wait while a TAP is down",
			 "not root, or a kernel without bridge or queues");
		return done_testing();
	}
	test_exits();
	test_down();
	test_deleted();
	uplink_close(&up);
	return done_testing();
}
