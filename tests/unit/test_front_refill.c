/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A turn of the agent is long where its processor is slow or is taken away. Meanwhile the backend
 * gets what the turn has put into the ring, and the ring is filled again.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frontend/link_tx.h"
#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define ORDER	16
#define FRAMES	24u
#define WINDOW	4u /* frames */
#define MESSAGE wire_size(WIRE_VNET_LEN + 1400)

static struct chan ring;
static int tap[2];
static unsigned reads, most, taken, left;
static unsigned from, to; /* the backend takes a frame at each of these reads */

/* The agent reads its TAP. */
ssize_t readv(int fd, const struct iovec *iov, int iovcnt)
{
	unsigned waiting = (unsigned)(chan_waiting(&ring) / MESSAGE);

	reads++;
	most = waiting > most ? waiting : most;
	if (reads >= from && reads < to && waiting > 0) {
		chan_take(&ring, MESSAGE);
		taken++;
	}
	return syscall(SYS_readv, fd, iov, iovcnt);
}

/* One turn, with all frames in the TAP. */
static void turn(unsigned first, unsigned end)
{
	static const uint8_t frame[WIRE_VNET_LEN + 1400];
	struct vchan *v = chan_open(&ring, ORDER);
	struct link_tx tx;

	from = first;
	to = end;
	reads = most = taken = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0 ||
	    link_tx_init(&tx, tap[0], 1024) < 0)
		abort();
	for (unsigned i = 0; i < FRAMES; i++) {
		if (send(tap[1], frame, sizeof(frame), 0) < 0)
			abort();
	}
	link_tx_up(&tx, v, 0, false);
	link_tx_credit(&tx, (uint64_t)WINDOW * MESSAGE, 640000);
	ok(!link_tx_run(&tx), "a turn");
	ok(reads > FRAMES, "all frames are read in one turn");
	left = (unsigned)(chan_waiting(&ring) / MESSAGE);
	link_tx_free(&tx);
	vchan_close(v);
	chan_free(&ring);
	close(tap[0]);
	close(tap[1]);
}

int main(void)
{
	turn(0, 0);
	is_int(most, WINDOW, "the backend sees what fills the window while the TAP is read");
	turn(0, UINT32_MAX);
	ok(taken >= FRAMES - WINDOW, "whatever it takes, it finds more: %u of %u", taken, FRAMES);
	turn(8, 9);
	is_int(taken, 1, "the backend takes one frame");
	is_int(left, WINDOW, "a turn ends with a full window while frames wait");
	return done_testing();
}
