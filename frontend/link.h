/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.h: frames between the TAP and the rings, in the frame thread. */
#ifndef DMVL_LINK_H
#define DMVL_LINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "common/vchan.h"

struct link;

/* What the control thread publishes: it reads at any time, only link.c writes. */
struct link_shared {
	_Atomic uint64_t log_offset;   /* of the newest credit record that was applied */
	_Atomic uint64_t demand_bytes; /* ring bytes that wait to be consumed or written */
};

struct link_events {
	/* The connection cannot go on; `why` is static. The rings are no longer touched. */
	void (*failed)(void *arg, const char *why);
	/* The interface was removed. */
	void (*tap_gone)(void *arg);
	/* The backend told a new TX rate in force, in bits per second; 0: unlimited. */
	void (*rate)(void *arg, uint64_t rate_bps);
	void *arg;
};

/*
 * The fd (non-blocking) and *shared are borrowed. Frames wait in `flows` queues; 0: in the TAP.
 * NULL: out of memory. Starts with carrier off; but of an interface that was `kept` since an
 * earlier agent it stays as it is, and goes unless link_up() comes soon.
 */
struct link *link_new(struct loop *loop, int tap_fd, const struct link_events *events,
		      struct link_shared *shared, unsigned flows, bool kept);
void link_free(struct link *k);

/* The calling thread will run the loop, as a real-time one where it may: realtime.h. */
void link_realtime(struct link *k);

/*
 * Frames flow over v, which is borrowed until link_down(). `offloads` (enum tap_offload) is what
 * the backend takes; frames that need more are dropped. `sparse`: it sends flagged frames first.
 * What the last connection left unconsumed goes first. 0 or -ENOMEM.
 */
int link_up(struct link *k, struct vchan *v, uint32_t offloads, bool sparse);

/*
 * Does the backend's uplink carry frames? Else the interface has no carrier, though frames flow
 * over v. Stays over connections.
 */
void link_set_carrier(struct link *k, bool on);

/*
 * Frames stop, and unless link_up() comes soon the carrier goes; what the backend has not consumed
 * is kept. After a restore (`resumed`) the index in the shared page may be older than this side's
 * copy of it, so only the copy counts. Nothing if not up.
 */
void link_down(struct link *k, bool resumed);

/* SIGUSR1: logs counters, rings, credit and rate. */
void link_report(const struct link *k);

#endif
