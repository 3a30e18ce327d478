/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dpath.h: the data path: the frame loop between the LDPs' rings and the uplink. */
#ifndef DMVL_DPATH_H
#define DMVL_DPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "common/mbox.h"

struct uplink;

/*
 * Moves frames until a MSG_STOP. Everything here belongs to the loop's thread, except the
 * mailboxes: `in` brings orders of the control thread, `out` takes the answers. Loop, uplink and
 * mailboxes are borrowed and outlive the data path.
 */
struct dpath;

/* Nanoseconds. */
typedef uint64_t dpath_clock(void);

struct dpath_conf {
	uint64_t epoch_ns;	/* 1 ms..1 s */
	uint32_t repayment_ppm; /* 0..1000000: how strongly a balance moves a weight */
	uint64_t latency_ns;	/* 50 us..10 ms, that one frame may take; 0: SCHED_FRAME_NS */
	const char *name;	/* of the instance; borrowed while dpath_new() runs */
	const char *run_dir;	/* where the credit logs are, borrowed likewise; NULL: no logs */
	dpath_clock *clock;	/* never goes back; NULL: loop_now_ns() */
	dpath_clock *wall;	/* what records are dated with; NULL: CLOCK_REALTIME */
	uint64_t seed;		/* of the lotteries; 0: a random one */
};

/* NULL: out of memory. */
struct dpath *dpath_new(struct loop *loop, struct uplink *uplink, struct mbox *in, struct mbox *out,
			const struct dpath_conf *conf);
void dpath_free(struct dpath *dp);

/* The calling thread will run the loop, as a real-time one where it may: realtime.h. */
void dpath_realtime(struct dpath *dp);

/* Logs the uplink's capacity, and each LDP's counters: frames, bytes, and drops by reason. */
void dpath_report(const struct dpath *dp);

/*
 * The path of the credit log of what guests transmit, "" if there is none; and one sentence that
 * says why a log cannot be kept, "" if it can. Both are as of dpath_new().
 */
const char *dpath_log_path(const struct dpath *dp);
const char *dpath_log_error(const struct dpath *dp);

#endif
