/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the reader of a ring wakes the writer; over a stand-in for libxenvchan's own functions. */
#include "common/vchan.h"

#include <libxenvchan.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

#define ORDER 14
#define RING  (1u << ORDER)
#define FRAME 1024u

static struct vchan_interface page;
static char data[2][RING];
static struct libxenvchan chan;
static unsigned wakes;

/* Found before the library's own, as the program's symbols are. */
struct libxenvchan *libxenvchan_client_init(struct xentoollog_logger *log, int domid,
					    const char *path)
{
	(void)log, (void)domid, (void)path;
	chan.read = (struct libxenvchan_ring){&page.left, data[0], ORDER};
	chan.write = (struct libxenvchan_ring){&page.right, data[1], ORDER};
	return &chan;
}

int libxenvchan_recv(struct libxenvchan *x, void *buf, size_t len)
{
	(void)x, (void)buf, (void)len;
	wakes++;
	return 0;
}

static void consume(struct vchan *v, uint32_t bytes)
{
	vchan_rx_advance(v, bytes);
	vchan_rx_commit(v);
}

/* Frame by frame out of a ring that holds `frames`: how often the writer is woken until `left`. */
static unsigned woken(struct vchan *v, unsigned frames, unsigned left)
{
	wakes = 0;
	page.left.prod += frames * FRAME;
	vchan_rx_poll(v);
	for (; frames > left; frames--) {
		consume(v, FRAME);
		vchan_rx_poll(v);
	}
	return wakes;
}

int main(void)
{
	struct vchan *v = NULL;

	is_int(vchan_connect(1, "path", &v), 0, "a client connects to its vchan");
	if (!v)
		return done_testing();

	is_int(woken(v, 1, 0), 1, "the writer is woken for the only frame");
	is_int(woken(v, 2, 0), 2, "the writer is woken for each of two frames");
	is_int(woken(v, 16, 13), 0,
	       "the writer is left asleep for less than a quarter of sixteen frames");
	consume(v, FRAME);
	is_int(wakes, 1, "the writer is woken for a quarter of sixteen frames");
	is_int(page.left.prod - page.left.cons, 12 * FRAME,
	       "the space is published when the writer is woken");
	consume(v, FRAME);
	is_int(wakes, 1, "the writer is left asleep after it was woken for a quarter");
	consume(v, 11 * FRAME);
	is_int(wakes, 2, "the writer is woken for an empty ring");
	is_int(woken(v, 4, 3), 1, "what filled the ring before it was empty is forgotten");

	/* A writer that keeps it full: one wake-up a quarter, whatever it adds meanwhile. */
	consume(v, 3 * FRAME);
	wakes = 0;
	page.left.prod += 8 * FRAME;
	vchan_rx_poll(v);
	consume(v, FRAME);
	page.left.prod += 8 * FRAME;
	vchan_rx_poll(v);
	consume(v, 3 * FRAME);
	is_int(wakes, 0, "the quarter is of the most that lay in the ring");
	consume(v, FRAME);
	is_int(wakes, 1, "the writer is woken for a quarter of the most that lay in the ring");

	free(v);
	return done_testing();
}
