/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's flow queues give their memory back when nothing waits any more. The TAP is a socket.
 */
#include <malloc.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define RING_ORDER 16
#define FRAME	   1500u
#define FRAMES	   2000u /* that wait: 3 MB */
#define RATE_BPS   1000000000u
#define SLACK	   (64u << 10)

static struct chan ring;
static struct vchan *v;
static struct link_tx tx;
static int app; /* the other end of the TAP */

/* Bytes that malloc() has of the kernel. */
static long held(void)
{
	struct mallinfo2 m = mallinfo2();

	return (long)(m.arena + m.hblkhd);
}

static void begin(void)
{
	int tap[2];

	v = chan_open(&ring, RING_ORDER);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	app = tap[1];
	if (link_tx_init(&tx, tap[0], 1024) < 0)
		abort();
	link_tx_up(&tx, v, 0, true);
	link_tx_credit(&tx, 1 << RING_ORDER, RATE_BPS);
}

static void end(void)
{
	link_tx_free(&tx);
	vchan_close(v);
	chan_free(&ring);
	close(tx.tap_fd);
	close(app);
}

static void flood(void)
{
	static const uint8_t body[WIRE_VNET_LEN + FRAME];

	for (unsigned i = 0; i < FRAMES; i++) {
		if (send(app, body, sizeof(body), 0) < 0 || link_tx_run(&tx))
			abort();
	}
}

static void drain(void)
{
	while (chan_waiting(&ring) > 0) {
		chan_take(&ring, (uint32_t)chan_waiting(&ring));
		if (link_tx_run(&tx))
			abort();
	}
}

/* What the queues hold while many frames wait, and what is left a second after the last one. */
static void test_round(unsigned round)
{
	long before = held(), full;

	flood();
	full = held() - before;
	ok(full > (long)(FRAMES * FRAME), "round %u: %ld KiB are held for what waits", round,
	   full >> 10);
	drain();
	is_int((long)link_tx_waits(&tx), 0, "round %u: all frames have left", round);
	link_tx_refresh(&tx);
	ok(held() - before < (long)SLACK, "round %u: idle queues hold %ld KiB", round,
	   (held() - before) >> 10);
}

int main(void)
{
	begin();
	if (held() == 0)
		ok(true, "a sanitizer's malloc() tells no figures: nothing is looked at");
	for (unsigned round = 1; held() > 0 && round <= 3; round++)
		test_round(round);
	end();
	return done_testing();
}
