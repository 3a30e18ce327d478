/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's credit: how much of what the guest sends goes into the ring, and what changes when
 * the agent looks too late. The TAP is a socket.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/link_rx.h"
#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define RING_ORDER 16
#define FRAME	   1000u
#define MESSAGE	   wire_size(WIRE_VNET_LEN + FRAME)

static struct chan ring;
static struct vchan *v;
static struct link_tx tx;
static struct link_rx rx;
static int app; /* the other end of the TAP */

static void begin(unsigned flows, bool sparse)
{
	int tap[2];

	v = chan_open(&ring, RING_ORDER);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	app = tap[1];
	link_rx_init(&rx, tap[0]);
	link_rx_up(&rx, v);
	if (link_tx_init(&tx, tap[0], flows) < 0)
		abort();
	link_tx_up(&tx, v, 0, sparse);
}

static void end(void)
{
	link_tx_free(&tx);
	vchan_close(v);
	chan_free(&ring);
	close(tx.tap_fd);
	close(app);
}

static void credit(uint64_t bytes, uint64_t log_offset)
{
	struct wire_credit c = {.credit_bytes = bytes, .log_offset = log_offset};
	bool more;

	chan_message(&ring, WIRE_CREDIT, &c, sizeof(c));
	if (link_rx_run(&rx, &more) || !rx.told)
		abort();
	link_tx_credit(&tx, rx.credit.credit_bytes, 0);
}

static void send_frames(unsigned n)
{
	static const uint8_t body[WIRE_VNET_LEN + FRAME];

	while (n--) {
		if (send(app, body, sizeof(body), 0) < 0)
			abort();
	}
}

/* The backend takes up to `frames` frames, and the agent looks. */
static void taken(uint32_t frames)
{
	uint32_t bytes = frames * MESSAGE, waiting = (uint32_t)chan_waiting(&ring);

	chan_take(&ring, bytes < waiting ? bytes : waiting);
	if (link_tx_run(&tx))
		abort();
}

static unsigned in_ring(void)
{
	return (unsigned)chan_waiting(&ring) / MESSAGE;
}

static void test_late(void)
{
	begin(0, false);
	send_frames(3);
	taken(0);
	is_int(in_ring(), 3, "without a credit all frames go into the ring");
	taken(3);
	credit(5000, 640);
	is_int((long long)rx.credit.log_offset, 640, "the log offset comes with the credit");
	send_frames(60);
	taken(0);
	is_int(in_ring(), 4, "a credit of 5000 bytes lets four frames of 1024 in");
	taken(1);
	is_int(in_ring(), 4, "when the backend takes one frame, one goes in");
	taken(3);
	is_int(in_ring(), 4, "an agent that is in time gets no slack");
	taken(4);
	is_int(in_ring(), 9, "an agent that finds the ring empty gets twice as much");
	taken(9);
	is_int(in_ring(), 19, "an agent that is late twice gets four times as much");
	end();
}

static void test_shrink(void)
{
	unsigned n;

	begin(0, false);
	credit(5000, 0);
	send_frames(60);
	taken(0);
	taken(4);
	taken(9);
	credit(500, 704);
	taken(15);
	is_int(in_ring(), 4 + (10000 + 5000 + 500 - 4 * 1024) / 1024,
	       "a smaller credit leaves the slack as it is");
	for (n = 0; in_ring() > 0 && n < 100; n++)
		taken(1);
	ok(n < 100, "all frames are sent in the end");
	taken(0);
	is_int((long long)tx.limit.slack_bytes, 15000, "an idle guest gets no slack");
	end();
}

static void test_small_credit(void)
{
	begin(0, false);
	credit(100, 0);
	send_frames(2);
	taken(0);
	is_int(in_ring(), 1, "with less credit than a frame takes, one frame goes");
	taken(1);
	is_int(in_ring(), 1, "with less credit than a frame takes, a second one follows it");
	end();
}

static void test_full_ring(void)
{
	begin(0, false);
	send_frames(70);
	taken(0);
	taken(0); /* the first one ends when its budget is used up, not when the ring is full */
	taken(64);
	is_int((long long)tx.limit.slack_bytes, 0, "a full ring gives no slack");
	end();
}

/* A sixteenth of the ring is kept for flagged frames: that is no lack of credit. */
static void test_reserve(void)
{
	begin(1024, true);
	send_frames(70);
	taken(0);
	taken(0);
	is_int(in_ring(), 60, "beside a reserve of four frames 60 fit into the ring");
	taken(60);
	is_int((long long)tx.limit.slack_bytes, 0,
	       "a ring that is full up to its reserve gives no slack");
	end();
}

/* The first frame that waits in the flow queues has no room in the ring, whatever waited before. */
static void test_first_waits(void)
{
	begin(1024, false);
	send_frames(64);
	taken(0);
	send_frames(1);
	taken(0);
	is_int(in_ring(), 64, "a ring that is full takes no more");
	taken(64);
	is_int((long long)tx.limit.slack_bytes, 0,
	       "a full ring gives no slack to the first frame that waits");
	end();
}

int main(void)
{
	test_late();
	test_shrink();
	test_small_credit();
	test_full_ring();
	test_reserve();
	test_first_waits();
	return done_testing();
}
