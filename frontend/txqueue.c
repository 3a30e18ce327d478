/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/txqueue.h"

#include <errno.h>

#include "common/log.h"
#include "common/tap_if.h"
#include "frontend/netif.h"
#include "frontend/tx.h"

/* Between two changes: Linux drops what is sent while the length of a queue changes. */
#define QUEUE_REST_NS 10000000000ull

/* From now on the queue's length is what this file set. */
static void own(struct txqueue *q, int frames)
{
	q->ours = frames;
	q->theirs = 0;
}

static int set_length(struct txqueue *q, const struct tap_if *t, int frames)
{
	int ret = tap_if_set_queue(t, frames);

	if (ret < 0)
		log_warning("%s: cannot set the queue length: %s", t->name, netif_strerror(ret));
	if (q->ours) {
		q->rests = true;
		loop_timer_set(q->rested, QUEUE_REST_NS);
	}
	own(q, frames);
	return ret;
}

static bool is_theirs(struct txqueue *q, const struct tap_if *t)
{
	int is;

	if (!q->ours || tap_if_get_queue(t, &is) < 0 || is == q->ours)
		return false;
	if (is != q->theirs)
		log_info("%s: somebody else has set the queue length to %d: it stays", t->name, is);
	q->theirs = is;
	return true;
}

/* `forced`: even where somebody else has set a length. */
static int fit(struct txqueue *q, bool forced)
{
	int frames = (int)tx_queue_frames(q->rate_bps), is;
	struct tap_if t;
	int ret = tap_if_open(&t, q->tap_fd);

	if (ret < 0) {
		log_warning("cannot set the queue length: the interface was removed");
		return ret;
	}
	if (!forced && is_theirs(q, &t))
		ret = 0;
	else if (forced && tap_if_get_queue(&t, &is) == 0 && is == frames)
		own(q, frames); /* whoever set it */
	else
		ret = set_length(q, &t, frames);
	tap_if_close(&t);
	return ret;
}

static void fit_if_changed(struct txqueue *q)
{
	if (!q->rests && (int)tx_queue_frames(q->rate_bps) != q->ours)
		fit(q, false);
}

static void on_rested(void *arg)
{
	struct txqueue *q = arg;

	q->rests = false;
	fit_if_changed(q);
}

int txqueue_init(struct txqueue *q, struct loop *loop, int tap_fd)
{
	*q = (struct txqueue){.tap_fd = tap_fd};
	q->rested = loop_timer_new(loop, on_rested, q);
	if (!q->rested)
		return -ENOMEM;
	fit_if_changed(q);
	return 0;
}

void txqueue_free(struct txqueue *q)
{
	loop_timer_free(q->rested);
}

void txqueue_rate(struct txqueue *q, uint64_t rate_bps)
{
	q->rate_bps = rate_bps;
	fit_if_changed(q);
}

int txqueue_again(struct txqueue *q)
{
	return fit(q, true);
}
