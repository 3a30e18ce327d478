/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the reader of a ring wakes the writer; over a stand-in for libxenvchan's own functions. */
#include "common/vchan.h"

#include <stdlib.h>

#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define ORDER 14
#define FRAME 1024u

static struct chan chan;

static void write_frames(unsigned n)
{
	static const uint8_t frame[FRAME];

	while (n-- > 0) {
		if (chan_write(&chan, frame, FRAME) != FRAME)
			abort();
	}
}

static void consume(struct vchan *v, uint32_t bytes)
{
	vchan_rx_advance(v, bytes);
	vchan_rx_commit(v);
}

/* Frame by frame out of a ring that holds `frames`: how often the writer is woken until `left`. */
static unsigned woken(struct vchan *v, unsigned frames, unsigned left)
{
	chan.told_read = 0;
	write_frames(frames);
	vchan_rx_poll(v);
	for (; frames > left; frames--) {
		consume(v, FRAME);
		vchan_rx_poll(v);
	}
	return chan.told_read;
}

static void test_quarter(struct vchan *v)
{
	is_int(woken(v, 1, 0), 1, "the writer is woken for the only frame");
	is_int(woken(v, 2, 0), 2, "the writer is woken for each of two frames");
	is_int(woken(v, 16, 13), 0,
	       "the writer is left asleep for less than a quarter of sixteen frames");
	consume(v, FRAME);
	is_int(chan.told_read, 1, "the writer is woken for a quarter of sixteen frames");
	is_int(chan_unread(&chan), 12 * FRAME, "the space is published when the writer is woken");
	consume(v, FRAME);
	is_int(chan.told_read, 1, "the writer is left asleep after it was woken for a quarter");
	consume(v, 11 * FRAME);
	is_int(chan.told_read, 2, "the writer is woken for an empty ring");
	is_int(woken(v, 4, 3), 1, "what filled the ring before it was empty is forgotten");
}

/* A writer that keeps it full: one wake-up a quarter, whatever it adds meanwhile. */
static void test_kept_full(struct vchan *v)
{
	consume(v, 3 * FRAME);
	chan.told_read = 0;
	write_frames(8);
	vchan_rx_poll(v);
	consume(v, FRAME);
	write_frames(8);
	vchan_rx_poll(v);
	consume(v, 3 * FRAME);
	is_int(chan.told_read, 0, "the quarter is of the most that lay in the ring");
	consume(v, FRAME);
	is_int(chan.told_read, 1,
	       "the writer is woken for a quarter of the most that lay in the ring");
}

int main(void)
{
	struct vchan *v = NULL;

	chan_offer(&chan, ORDER);
	is_int(vchan_connect(1, "path", &v), 0, "a client connects to its vchan");
	if (!v)
		return done_testing();
	test_quarter(v);
	test_kept_full(v);
	vchan_close(v);
	chan_free(&chan);
	return done_testing();
}
