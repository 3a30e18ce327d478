/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's flow queues: which frames are flagged, that a flow's frames stay in order however the
 * backend takes them, and that the TAP is read though there is no room.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backend/frame/ahead.h"
#include "backend/sched/rng.h"
#include "common/loop.h"
#include "frontend/flows.h"
#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define RING_ORDER 16
#define RING	   (1u << RING_ORDER)
#define FULL	   1500u

/* --- the rule ----------------------------------------------------------------------------------
 */

static struct flows *f;
static struct flows_ring r;

static bool writes(uint32_t flow, uint32_t bytes)
{
	bool flagged = flows_may_pass(f, flow, bytes, &r);

	flows_wrote(f, flow, bytes, &r, flagged);
	r.written += bytes;
	return flagged;
}

static void rule_begin(uint32_t at)
{
	f = flows_new(16);
	r = (struct flows_ring){at, at, 100000};
}

static void test_rule(uint32_t at)
{
	unsigned n = 0;

	rule_begin(at);
	writes(1, 8);
	writes(2, 8);
	r.taken = r.written;
	ok(writes(1, 100), "the first frame of a flow is flagged, at index %u", at);
	while (writes(2, 1000) && n++ < 100)
		;
	is_int(n, 12, "a flow is flagged up to an eighth of the window, at index %u", at);
	ok(!writes(2, 60), "a flow is not flagged while it has other frames in the ring");
	ok(writes(1, 100), "another flow is still flagged");
	r.taken = r.written - 160; /* the last but one of flow 2 is taken, the last is not */
	ok(!writes(2, 60), "a flow is not flagged while the last such frame is in the ring");
	r.taken = r.written;
	ok(writes(2, 60), "a flow is flagged again when all of it is taken");
	flows_wait(f, 1);
	ok(!flows_may_pass(f, 1, 100, &r), "a flow is not flagged while a frame of it waits");
	flows_leave(f, 1);
	ok(flows_may_pass(f, 1, 100, &r), "a flow is flagged when no frame of it waits any more");
	for (uint32_t i = 3; i < 16; i++)
		flows_wait(f, i);
	n = 0;
	while (writes(1, 1000) && n++ < 100)
		;
	is_int(n, 3, "beside many flows that wait a flow is flagged for two full frames");
	flows_begin(f);
	ok(!flows_may_pass(f, 3, 100, &r), "what waits is known over connections");
	flows_free(f);
}

/* A ping in each 20 ms beside a window of 100 ms that is always full. */
static void test_ping(void)
{
	unsigned flagged = 0;

	rule_begin(0);
	flows_wait(f, 2);
	for (unsigned i = 0; i < 1000; i++) {
		flagged += writes(1, 128);
		while (r.written - r.taken < 100000)
			writes(2, 5000);
		r.taken += 20000;
	}
	is_int(flagged, 1000, "each ping of a thousand is flagged");
	flows_free(f);
}

/* A window that becomes a tenth while it is full: a ping passes what is in the ring. */
static void test_smaller_window(void)
{
	uint32_t flow = 3, passed = 0;

	rule_begin(1000);
	flows_wait(f, 2);
	while (r.written - r.taken < 100000)
		writes(2, 5000);
	r.window_bytes = 10000;
	ok(writes(1, 128), "a flow is flagged beyond a window that has become smaller");
	while (flow < 16 && writes(flow++, 1500))
		passed++;
	is_int(passed, 6, "many flows together are flagged for another window there");
	r.taken = r.written - 100;
	ok(writes(3, 100), "a flow is flagged when what was in the ring is taken");
	flows_free(f);
}

/* --- the agent ----------------------------------------------------------------------------------
 */

static struct chan ring;
static struct vchan *v;
static struct link_tx *tx;
static int app;
static struct mk m;

static void begin(bool sparse)
{
	int tap[2];

	tx = calloc(1, sizeof(*tx));
	v = chan_open(&ring, RING_ORDER);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	setsockopt(tap[1], SOL_SOCKET, SO_SNDBUF, &(int){4 << 20}, sizeof(int));
	app = tap[1];
	if (!tx || link_tx_init(tx, tap[0], 1024) < 0)
		abort();
	link_tx_up(tx, v, 0, sparse);
}

static void end(void)
{
	int fd = tx->tap_fd;

	link_tx_free(tx);
	free(tx);
	vchan_close(v);
	chan_free(&ring);
	close(fd);
	close(app);
}

static void send_made(void)
{
	static uint8_t body[WIRE_BODY_MAX];

	memset(body, 0, WIRE_VNET_LEN);
	memcpy(body + WIRE_VNET_LEN, m.b, m.len);
	if (send(app, body, WIRE_VNET_LEN + m.len, 0) < 0)
		abort();
}

/* A UDP frame of the flow `port`, with the number n. */
static void send_frame(uint16_t port, uint32_t n, uint32_t len)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, port, 9);
	mk_payload(&m, len - m.len);
	mk_finish(&m, 0);
	memcpy(m.b + m.l4 + 8, &n, sizeof(n));
	send_made();
}

static void send_tcp(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, FULL - m.len);
	mk_finish(&m, 0);
	send_made();
}

/* The next message that waits in the ring, at `off`: what flow and number, flagged or not. */
struct seen {
	uint32_t size, port, n;
	bool flagged;
};

static struct seen look(uint32_t off)
{
	uint8_t bytes[128];
	struct wire_hdr hdr;
	struct seen s;

	chan_peek(&ring, off, &hdr, sizeof(hdr));
	chan_peek(&ring, off + (uint32_t)sizeof(hdr) + WIRE_VNET_LEN, bytes, 60);
	s.size = wire_size(hdr.len);
	s.flagged = hdr.flags & WIRE_SPARSE;
	s.port = (uint32_t)bytes[34] << 8 | bytes[35];
	memcpy(&s.n, bytes + 42, sizeof(s.n));
	return s;
}

static void turn(void)
{
	if (link_tx_run(tx))
		abort();
}

static uint64_t passed_ns; /* more than the real clock shows */

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int ret = (int)syscall(SYS_clock_gettime, clock, t);
	uint64_t ns = (uint64_t)t->tv_nsec + passed_ns;

	t->tv_sec += (time_t)(ns / 1000000000u);
	t->tv_nsec = (long)(ns % 1000000000u);
	return ret;
}

/* Frames of a heavy flow, which come within that time. Does the TAP rest then? */
static bool rests_after(unsigned frames, uint64_t ns)
{
	passed_ns += ns;
	for (unsigned i = 0; i < frames; i++)
		send_frame(1, 0, FULL);
	turn();
	return tx->rests && !link_tx_reads(tx);
}

static void test_passes(void)
{
	struct seen s = {0};
	uint32_t at, light = 0;

	begin(true);
	for (uint32_t i = 0; i < 100; i++)
		send_frame(1, i, FULL);
	for (unsigned i = 0; i < 5; i++)
		turn();
	ok(tx->blocked && link_tx_reads(tx), "without room the TAP is read all the same");
	is_int(recv(tx->tap_fd, &at, 1, MSG_PEEK), -1, "the TAP is empty");
	for (uint16_t port = 2; port < 5; port++)
		send_frame(port, 7, 1000);
	turn();
	for (at = 0; at < (uint32_t)chan_waiting(&ring); at += s.size) {
		s = look(at);
		light += s.port > 1 && s.n == 7 && s.flagged;
	}
	is_int(light, 3,
	       "light flows' frames are in the ring, flagged, though others wait for room");
	ok(link_tx_demand(tx) > 100 * FULL, "what waits is demand: %llu",
	   (unsigned long long)link_tx_demand(tx));
	end();
}

/* More than the queues hold, from one flow. */
static void flood(bool tcp)
{
	link_tx_credit(tx, 8000, 640000);
	for (uint32_t i = 0; i < 300; i++) {
		if (tcp)
			send_tcp();
		else
			send_frame(1, i, FULL);
		if (i % 25 == 24)
			turn();
	}
}

/* While nothing has room, a turn for each frame would be in vain, if many come. */
static void test_rest(void)
{
	uint64_t flagged;

	begin(true);
	link_tx_credit(tx, 8000, 640000);
	ok(!rests_after(4, 0), "while there is room the TAP does not rest");
	rests_after(4, 0);
	flagged = tx->n.flagged;
	ok(!rests_after(1, TX_REST_NS), "the TAP does not rest when frames come seldom");
	ok(rests_after(1, TX_REST_NS / 2), "the TAP rests when they come often");
	send_frame(2, 0, 100);
	turn();
	is_int(tx->n.flagged, flagged + 1, "a light flow's frame is sent when the rest is over");
	ok(rests_after(21, 20 * TX_REST_NS), "the TAP rests when many come in a longer time");
	ok(!rests_after(20, 20 * TX_REST_NS), "the TAP does not rest when these are fewer");
	end();
}

static void test_crowded(void)
{
	uint64_t dropped, flagged;

	begin(true);
	flood(false);
	dropped = tx->n.dropped;
	ok(dropped > 0, "one flow fills the queues");
	flagged = tx->n.flagged;
	ok(rests_after(1, TX_REST_NS), "the TAP rests while it does, even if frames come seldom");
	is_int(tx->n.dropped, dropped + 1, "what would wait in vain is not put into the queues");
	passed_ns += TX_REST_NS;
	send_frame(2, 0, 100);
	turn();
	is_int(tx->n.flagged, flagged + 1, "a light flow's frame is sent all the same");
	ok(!tx->rests && link_tx_reads(tx), "without a flood the TAP does not rest");
	end();
	begin(true);
	flood(true);
	passed_ns += TX_REST_NS;
	dropped = tx->n.dropped;
	send_tcp();
	turn();
	ok(dropped > 0 && tx->n.dropped > dropped && !tx->rests,
	   "TCP loses the head of its queue, and the TAP does not rest for that");
	end();
}

/* Each frame is of a flow of its own, as those of a resolver or a scan: light flows that are many.
 */
static void test_many(void)
{
	const uint32_t window = 8000;
	uint32_t at = 0, later = 0;
	struct seen s;

	begin(true);
	link_tx_credit(tx, window, 640000);
	for (uint16_t port = 1; port <= 400; port++) {
		send_frame(port, 0, 120);
		turn();
	}
	ok(chan_waiting(&ring) > window,
	   "%u bytes of light flows are in the ring beyond the credit",
	   (unsigned)chan_waiting(&ring));
	ok(chan_waiting(&ring) <= 2 * window, "they are no more than the credit twice");
	is_int(tx->n.dropped, 0, "none is dropped");
	/* Later flows wait for those in the ring alone, unless one of those in the agent has the
	 * same place. */
	for (unsigned i = 0; i < 20; i++)
		chan_take(&ring, look(0).size);
	for (uint16_t port = 1000; port < 1020; port++)
		send_frame(port, 0, 120);
	turn();
	for (; at < (uint32_t)chan_waiting(&ring); at += s.size) {
		s = look(at);
		later += s.port >= 1000 && s.flagged;
	}
	ok(later > 0, "%u of 20 later flows pass those that wait in the agent", later);
	end();
}

static void test_no_flags(void)
{
	bool flagged = false;
	struct seen s;

	begin(false);
	for (uint32_t i = 0; i < 20; i++)
		send_frame((uint16_t)(1 + i), i, 100);
	turn();
	for (uint32_t at = 0; at < (uint32_t)chan_waiting(&ring); at += s.size) {
		s = look(at);
		flagged |= s.flagged;
	}
	ok(!flagged, "where the backend takes no flags, none is set");
	end();
}

/* A backend that sends flagged messages first: the frames of each flow leave in order. */
static uint32_t next_n[8];
static uint32_t looked; /* bytes behind the first that waits */

static unsigned backend_takes(struct ahead *a, unsigned count)
{
	unsigned bad = 0;
	struct seen s;

	for (; count > 0; count--) {
		while (ahead_has_room(a) && looked < (uint32_t)chan_waiting(&ring)) {
			struct wire_hdr hdr;

			chan_peek(&ring, looked, &hdr, sizeof(hdr));
			ahead_add(a, hdr.len, hdr.flags & WIRE_SPARSE);
			looked += wire_size(hdr.len);
		}
		if (!ahead_choose(a))
			break;
		s = look(ahead_offset(a));
		bad += s.n < next_n[s.port];
		next_n[s.port] = s.n + 1;
		s.size = ahead_done(a);
		looked -= s.size;
		chan_take(&ring, s.size);
	}
	return bad;
}

static void test_order(uint64_t seed)
{
	static const uint32_t lens[] = {60, 100, 600, FULL};
	uint32_t n[8] = {0};
	struct ahead a = {0};
	unsigned bad = 0;
	struct rng rng;

	rng_seed(&rng, seed);
	memset(next_n, 0, sizeof(next_n));
	looked = 0;
	begin(true);
	for (unsigned i = 0; i < 4000; i++) {
		/* Flow 1 sends most, flow 7 next to nothing. */
		uint16_t port = (uint16_t)(1 + rng_below(&rng, 1 + rng_below(&rng, 7)));

		send_frame(port, n[port]++, lens[rng_below(&rng, 4)]);
		if (rng_below(&rng, 3) == 0)
			turn();
		if (rng_below(&rng, 4) == 0)
			bad += backend_takes(&a, rng_below(&rng, 8));
	}
	for (unsigned i = 0; i < 5000 && link_tx_demand(tx) > 0; i++) {
		bad += backend_takes(&a, 100);
		turn();
	}
	is_int(bad, 0, "each flow's frames leave in order, seed %u", (unsigned)seed);
	ok(tx->n.flagged > 100, "many of them are flagged: %u of %u", (unsigned)tx->n.flagged,
	   (unsigned)tx->n.frames);
	is_int(tx->n.frames + tx->n.dropped, 4000, "each frame is sent, or dropped and counted");
	end();
}

/* What the backend did not take goes first in the next connection, and without flags. */
static void test_again(void)
{
	struct seen s;
	uint32_t at = 0;

	begin(true);
	send_frame(3, 0, 100);
	send_frame(4, 0, 100);
	turn();
	link_tx_down(tx, false);
	vchan_close(v);
	chan_free(&ring);
	v = chan_open(&ring, RING_ORDER);
	link_tx_up(tx, v, 0, false);
	send_frame(3, 1, 100);
	turn();
	s = look(at);
	ok(s.port == 3 && s.n == 0 && !s.flagged, "what was flagged is sent again without a flag");
	s = look(at += s.size);
	ok(s.port == 4 && s.n == 0 && !s.flagged, "so is the frame behind it");
	s = look(at + s.size);
	ok(s.port == 3 && s.n == 1, "new frames follow");
	end();
}

/* Until the next connection tells its credit, that of the last one is kept to: the ring is a FIFO.
 */
static void test_credit_stays(void)
{
	const uint32_t credit = 8000;

	begin(true);
	link_tx_credit(tx, credit, 640000);
	for (uint32_t i = 0; i < 100; i++) {
		send_frame(3, i, 1000);
		if (i % 25 == 24)
			turn();
	}
	link_tx_down(tx, false);
	vchan_close(v);
	chan_free(&ring);
	v = chan_open(&ring, RING_ORDER);
	link_tx_up(tx, v, 0, true);
	turn();
	ok(chan_waiting(&ring) > 0 && chan_waiting(&ring) <= credit,
	   "after an outage %u bytes of %u of credit are in the ring",
	   (unsigned)chan_waiting(&ring), credit);
	link_tx_credit(tx, credit, 640000);
	send_frame(4, 0, 100);
	turn();
	is_int(tx->n.flagged, 1, "a light flow passes what waited over an outage");
	end();
}

/* No frame can leave while there is no connection, so CoDel must not count that time. */
static void test_away(void)
{
	uint64_t from, to;

	begin(true);
	send_frame(3, 0, 100);
	turn();
	link_tx_down(tx, false);
	from = loop_now_ns();
	while ((to = loop_now_ns()) < from + 1000000)
		;
	link_tx_up(tx, v, 0, true);
	turn();
	ok(tx->now_ns <= loop_now_ns() - (to - from),
	   "the time without a connection is no waiting time of frames");
	end();
}

int main(void)
{
	test_rule(0);
	test_rule(UINT32_MAX - 5000);
	test_ping();
	test_smaller_window();
	test_passes();
	test_rest();
	test_crowded();
	test_many();
	test_no_flags();
	for (uint64_t seed = 1; seed <= 4; seed++)
		test_order(seed);
	test_again();
	test_credit_stays();
	test_away();
	return done_testing();
}
