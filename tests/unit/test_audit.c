/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How well promises were kept, and why not: one outage of each reason. The loop never runs. */
#include "backend/datapath/audit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/datapath/epoch.h"
#include "backend/datapath/promise.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_room.h"
#include "tests/fake/bench.h"
#include "tests/fake/scratch.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define MBIT   1000000ull
#define WINDOW (100 * NS_PER_MS)
#define LDPS   2u

static char path[64];
static struct bench *b;
static struct mk m;
static const struct virtio_net_hdr_v1 plain;

/* Both capacities are 100 Mbit/s. */
static void begin(void)
{
	struct link_conf link = {.tx_capacity_bps = 100 * MBIT, .rx_capacity_bps = 100 * MBIT};

	b = bench_new_with(LDPS,
			   &(struct dpath_conf){.epoch_ns = BENCH_EPOCH_NS,
						.name = "a",
						.run_dir = scratch_dir()},
			   NULL);
	bench_link(b, &link);
}

static void add(uint32_t slot, uint64_t generation)
{
	bench_add_as(b, slot,
		     &(struct credit_id){.uuid = {(uint8_t)(slot + 1)},
					 .generation = generation,
					 .ldp = record_ldp(5 + slot, 0)});
}

static void begin_with_two(void)
{
	unlink(path);
	begin();
	add(0, 1);
	add(1, 1);
}

static void give(uint32_t slot)
{
	mk_eth(&m, MK_OTHER, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, 1500);
	bench_give(b, slot, &plain, m.b, m.len);
}

/* Up to `most` frames leave. */
static void drain(unsigned most)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	while (most-- > 0 && bench_left(b, &vnet, frame) > 0)
		;
}

static void end_ms(unsigned t)
{
	bench_pass(b, NS_PER_MS);
	if (t % (BENCH_EPOCH_NS / NS_PER_MS) == 0)
		epoch_end(b->dp);
	if (t % 100 == 0)
		promise_window(b->dp, WINDOW);
}

static void fill(void)
{
	for (uint32_t slot = 0; slot < LDPS; slot++) {
		while (core_ldp(b->dp, slot) && bench_given(b, slot) < 40000)
			give(slot);
	}
}

/* Both always have frames, of which the link takes `link` in each ms; 9 are more than the pace. */
static void transmit(unsigned windows, unsigned link)
{
	for (unsigned t = 1; t <= windows * 100; t++) {
		fill();
		for (unsigned turns = 0; turns < 3; turns++)
			bench_turn(b);
		drain(link);
		if (link > 0)
			tx_unblock(b->dp);
		for (uint32_t slot = 0; slot < LDPS; slot++) {
			if (core_ldp(b->dp, slot))
				bench_take_frames(b, slot);
		}
		end_ms(t);
	}
}

static const struct windows *of(uint32_t slot, enum ldp_dir dir)
{
	return &windows_file_record(b->dp->audit.file.mem, slot)->dir[dir];
}

static const struct windows_outage *last(uint32_t slot, enum ldp_dir dir)
{
	const struct windows *w = of(slot, dir);

	return &w->recent[w->newest % WINDOWS_RECENT];
}

static void test_kept(void)
{
	begin_with_two();
	transmit(5, 30);
	is_int(of(0, LDP_TX)->judged, 5, "windows are counted");
	is_int(windows_broken(of(0, LDP_TX)->broken), 0, "windows with all that was due were kept");
	is_int(of(0, LDP_RX)->judged, 0, "where nothing waits no window is counted");
	is_int(b->guest[1].ldp->audit.kept[LDP_TX], 5, "the statistics have them too");
	bench_free(b);
}

static void test_slow(void)
{
	begin_with_two();
	transmit(5, 30);
	transmit(5, 4);
	ok(of(0, LDP_TX)->broken[WINDOWS_SLOW] >= 3, "a link that takes half breaks windows");
	is_int(windows_broken(of(0, LDP_TX)->broken), of(0, LDP_TX)->broken[WINDOWS_SLOW],
	       "that is the only reason");
	bench_free(b);
}

static void test_down(void)
{
	begin_with_two();
	transmit(2, 30);
	bench_hold(b, LINK_HOLD_ALL);
	transmit(3, 30);
	bench_hold(b, LINK_HOLD_NONE);
	transmit(2, 30);
	is_int(last(0, LDP_TX)->reason, WINDOWS_DOWN, "an uplink without a link is the reason");
	ok(last(0, LDP_TX)->windows >= 3, "all windows without a link are broken");
	is_int(windows_broken(of(0, LDP_TX)->broken), last(0, LDP_TX)->windows,
	       "no other window is broken");
	bench_free(b);
}

/* The capacity is not known: what is due is what the uplink carried before. */
static void test_down_measured(void)
{
	begin_with_two();
	bench_link(b, &(struct link_conf){.signal = true});
	transmit(3, 30);
	is_int(windows_broken(of(0, LDP_TX)->broken), 0,
	       "without a known capacity windows are kept");
	bench_hold(b, LINK_HOLD_ALL);
	transmit(3, 30);
	bench_hold(b, LINK_HOLD_NONE);
	is_int(last(0, LDP_TX)->reason, WINDOWS_DOWN,
	       "without a known capacity an uplink without a link is the reason too");
	ok(last(0, LDP_TX)->windows >= 3, "without a known capacity all these windows are broken");
	ok(last(0, LDP_TX)->due_bytes > 100000, "what was due is what the link had carried: %llu",
	   (unsigned long long)last(0, LDP_TX)->due_bytes);
	bench_free(b);
}

static void test_late(void)
{
	begin_with_two();
	transmit(2, 30);
	bench_pass(b, NS_PER_SEC);
	epoch_end(b->dp);
	promise_window(b->dp, NS_PER_SEC);
	is_int(last(0, LDP_TX)->reason, WINDOWS_LATE, "a loop that slept a second is the reason");
	is_int(last(0, LDP_TX)->windows, 10, "a second is ten windows");
	bench_free(b);
}

/* A part of the windows' time only, as epochs tell. */
static void test_late_within(void)
{
	begin_with_two();
	transmit(2, 30);
	for (unsigned t = 1; t <= 10; t++) {
		bench_pass(b, t == 3 ? 91 * NS_PER_MS : NS_PER_MS);
		epoch_end(b->dp);
	}
	promise_window(b->dp, WINDOW);
	is_int(last(0, LDP_TX)->reason, WINDOWS_LATE, "epochs that ended late are the reason");
	bench_free(b);
}

/* Frames come for guest 0, which takes none of them. */
static void receive(unsigned windows)
{
	mk_eth(&m, (const char *)bench_mac(0), MK_OTHER, 0x88b5);
	mk_payload(&m, 1500);
	for (unsigned t = 1; t <= windows * 100; t++) {
		for (unsigned i = 0; i < 9; i++)
			bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
		end_ms(t);
	}
}

static void test_guest_full(void)
{
	begin_with_two();
	receive(4);
	is_int(last(0, LDP_RX)->reason, WINDOWS_GUEST, "a guest that takes nothing is the reason");
	ok(last(0, LDP_RX)->windows >= 3, "the windows in which it took nothing are broken");
	bench_free(b);
}

/* It sends, and stands still with something in its receive ring. */
static void test_guest_still(void)
{
	begin_with_two();
	transmit(2, 30);
	receive(1);
	for (unsigned t = 1; t <= 300; t++) {
		bench_turn(b);
		drain(30);
		end_ms(t);
	}
	is_int(last(0, LDP_TX)->reason, WINDOWS_GUEST,
	       "a guest that stands still while it sends is the reason");
	ok(last(0, LDP_TX)->windows >= 3, "all windows until it goes on are broken");
	transmit(3, 30);
	is_int(of(0, LDP_TX)->judged - windows_broken(of(0, LDP_TX)->broken), 5,
	       "when it goes on they are kept again");
	bench_free(b);
}

/* It is in the ring of guest 0 at the end of the window. */
static void receive_one(void)
{
	mk_eth(&m, (const char *)bench_mac(0), MK_OTHER, 0x88b5);
	mk_payload(&m, 60);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	end_ms(100);
}

/* For how long nothing was taken, as the statistics have it. */
static void test_agent_still(void)
{
	begin_with_two();
	end_ms(100);
	is_int(b->guest[0].ldp->audit.still_ns, 0,
	       "an agent to which nothing comes does not stand still");
	ok(!promise_window(b->dp, WINDOW), "windows without frames end by themselves");
	receive_one();
	for (unsigned t = 1; t <= 1000; t++)
		end_ms(t);
	is_int(b->guest[0].ldp->audit.still_ns, 10 * WINDOW,
	       "an agent that takes nothing stands still from window to window");
	is_int(b->guest[1].ldp->audit.still_ns, 0, "the other one does not");
	ok(promise_window(b->dp, WINDOW), "windows go on while an agent stands still");
	bench_take_frames(b, 0);
	end_ms(100);
	is_int(b->guest[0].ldp->audit.still_ns, 0, "an agent that takes something goes on");
	receive_one();
	bench_freeze(b, 0, true);
	end_ms(100);
	is_int(b->guest[0].ldp->audit.still_ns, 0, "a guest that is suspended has no agent");
	bench_free(b);
}

static void test_frozen(void)
{
	begin_with_two();
	transmit(2, 30);
	bench_freeze(b, 0, true);
	transmit(2, 30);
	is_int(last(0, LDP_TX)->reason, WINDOWS_GUEST, "a guest that is suspended is the reason");
	is_int(windows_broken(of(1, LDP_TX)->broken), 0, "the other one has its share");
	bench_free(b);
}

/* What has happened so far, to another daemon. The bench's clock begins again, so it is told. */
static void restart(uint64_t gap_ns)
{
	struct windows_header *h;

	bench_free(b);
	begin();
	bench_pass(b, 2 * gap_ns);
	h = windows_file_header(b->dp->audit.file.mem);
	for (unsigned i = 0; i < LDPS; i++)
		windows_file_record(h, i)->last_ns = b->dp->now_ns - gap_ns;
	b->dp->audit.run = h->run = 77;
}

static void test_restart(void)
{
	begin_with_two();
	transmit(3, 30);
	restart(2 * NS_PER_SEC);
	add(0, 1);
	add(1, 2);
	transmit(2, 30); /* the one in which they connect is not judged */
	is_int(last(0, LDP_TX)->reason, WINDOWS_RESTART, "a daemon that was away is the reason");
	is_int(last(0, LDP_TX)->windows, 20, "two seconds are twenty windows");
	is_int(of(0, LDP_TX)->judged, 24, "windows of the daemon before are kept");
	is_int(windows_broken(of(1, LDP_TX)->broken), 0,
	       "another attachment wanted nothing before");
	bench_free(b);
}

/* One that had nothing to send, or had gone, when the daemon ended. */
static void test_restart_idle(void)
{
	begin_with_two();
	transmit(3, 30);
	for (unsigned t = 1; t <= 200; t++) {
		bench_turn(b);
		drain(30);
		end_ms(t);
	}
	restart(2 * NS_PER_SEC);
	add(0, 1);
	transmit(1, 30);
	is_int(windows_broken(of(0, LDP_TX)->broken), 0,
	       "a daemon that was away breaks nothing where no frames waited");
	bench_free(b);
}

static void test_file(void)
{
	begin_with_two();
	transmit(2, 30);
	unlink(path);
	bench_pass(b, NS_PER_SEC);
	promise_window(b->dp, WINDOW);
	ok(access(path, F_OK) == 0, "a file that was removed is made again");
	transmit(2, 30);
	ok(of(0, LDP_TX)->judged >= 2, "windows are counted in the fresh file");
	bench_free(b);
	ok(access(path, F_OK) == 0, "the file stays when the daemon ends");
}

int main(void)
{
	snprintf(path, sizeof(path), "%s/a.windows", scratch_dir());
	test_kept();
	test_slow();
	test_down();
	test_down_measured();
	test_late();
	test_late_within();
	test_guest_full();
	test_guest_still();
	test_agent_still();
	test_frozen();
	test_restart();
	test_restart_idle();
	test_file();
	return done_testing();
}
