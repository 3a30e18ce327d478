/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A turn of the agent ends, however fast the backend fills one ring and empties the other. */
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/link_rx.h"
#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define ORDER 12

static struct chan chan;
static struct vchan *v;
static int tap[2];
static unsigned written;

/* Frames, or credits where `what` is so. */
static enum wire_type what;
static uint32_t body_len;

static void fill(struct chan *c, enum chan_moment moment)
{
	static const uint8_t body[WIRE_BODY_MAX];

	(void)moment;
	while (chan_message(c, what, body, body_len))
		written++;
}

static void empty(struct chan *c, enum chan_moment moment)
{
	(void)moment;
	chan_take(c, (uint32_t)chan_waiting(c));
}

static void begin(void)
{
	int size = 4 << 20;

	v = chan_open(&chan, ORDER);
	written = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	setsockopt(tap[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void end(void)
{
	vchan_close(v);
	chan_free(&chan);
	close(tap[0]);
	close(tap[1]);
}

static void test_rx(enum wire_type type, uint32_t len, const char *name)
{
	struct link_rx rx;
	bool more = false;
	unsigned left;

	begin();
	what = type;
	body_len = len;
	fill(&chan, CHAN_CALL);
	chan.moment = fill;
	link_rx_init(&rx, tap[0]);
	link_rx_up(&rx, v);
	ok(!link_rx_run(&rx, &more), "%s are taken", name);
	left = chan_unread(&chan) / wire_size(len);
	ok(more, "%s that go on: the agent comes back for more", name);
	is_int(written - left, 16, "%s that go on: a turn takes a batch", name);
	end();
}

static void test_tx(unsigned flows)
{
	static const uint8_t frame[WIRE_VNET_LEN + 1400];
	struct link_tx tx;
	unsigned n = 0;

	begin();
	while (send(tap[1], frame, sizeof(frame), 0) > 0)
		n++;
	chan.moment = empty;
	if (link_tx_init(&tx, tap[0], flows) < 0)
		abort();
	link_tx_up(&tx, v, 0, false);
	ok(!link_tx_run(&tx), "frames are sent while the backend empties the ring");
	ok(flows ? !tx.empty : tx.again && tx.blocked,
	   "the agent comes back for more than a turn's frames");
	ok(tx.n.frames > 4 && tx.n.frames < n, "a turn sends some of the frames: %u of %u",
	   (unsigned)tx.n.frames, n);
	chan.moment = NULL;
	link_tx_run(&tx);
	ok(link_tx_waits(&tx) >= 1400, "with %u flow queues what waits in the agent is counted",
	   flows);
	chan.moment = empty;
	empty(&chan, CHAN_CALL);
	link_tx_run(&tx);
	for (unsigned turns = 0; turns < n && (tx.again || !tx.empty); turns++)
		link_tx_run(&tx);
	ok(!tx.again && tx.empty, "with %u flow queues the turns end", flows);
	ok(flows || tx.n.frames == n, "all frames are sent in the end: %u", (unsigned)tx.n.frames);
	link_tx_free(&tx);
	end();
}

int main(void)
{
	test_rx(WIRE_DATA, WIRE_VNET_LEN + 60, "frames");
	test_rx(WIRE_CREDIT, sizeof(struct wire_credit), "credits");
	test_tx(0);
	test_tx(1024);
	return done_testing();
}
