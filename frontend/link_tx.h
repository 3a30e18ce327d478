/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_tx.h: frames from the TAP into the TX ring. Private to link.c. */
#ifndef DMVL_LINK_TX_H
#define DMVL_LINK_TX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/flowq.h"
#include "common/vchan.h"
#include "common/wire.h"
#include "frontend/backlog.h"
#include "frontend/flows.h"
#include "frontend/tx.h"
#include "frontend/tx_filter.h"

/* Less than a full TAP queue takes to fill, and little for a light flow's frame to wait. */
#define TX_REST_NS 500000ull

/* Everybody reads, only link_tx.c, tx_ring.c and tx_wait.c write. */
struct link_tx {
	int tap_fd;
	struct vchan *v;    /* borrowed; NULL: down */
	uint32_t offloads;  /* enum tap_offload: what the backend takes */
	bool sparse;	    /* frames may be flagged */
	bool blocked;	    /* frames wait for room: run again on events */
	bool again;	    /* blocked, but there was room a moment ago: run again soon */
	bool out_of_credit; /* blocked with room left in the ring */
	bool tap_gone;	    /* the interface was removed */
	bool empty;	    /* nothing was left in the TAP */
	bool crowded;	    /* frames of a flow that fills the queues were dropped in this turn */
	bool rests;	    /* the TAP need not be read for TX_REST_NS, except on events */
	struct tx_limit limit;
	uint64_t rate_bps; /* 0: not known */
	/* These outlive connections. */
	struct backlog backlog;
	struct flowq *queue; /* NULL: frames wait in the TAP */
	struct flows *flows; /* NULL likewise */
	struct tx_filter filter;
	uint64_t now_ns;     /* of the turn, by CoDel's clock; 0: not read yet */
	uint64_t looked_ns;  /* of the last turn that left frames waiting */
	uint64_t paused_ns;  /* when the last connection ended; 0: there is one */
	uint64_t away_ns;    /* how long there was none, in all */
	uint32_t next_bytes; /* of the message that waits for room */
	struct {
		uint64_t frames, bytes, dropped, flagged;
	} n; /* since link_tx_up() */
	uint8_t spill[WIRE_BODY_MAX + 1];
};

/* `flows` queues for frames that wait; 0: they wait in the TAP. 0 or -errno. */
int link_tx_init(struct link_tx *t, int tap_fd, unsigned flows);
void link_tx_free(struct link_tx *t);

/*
 * What the last connection left goes first: blocked until link_tx_run(). `sparse`: the backend
 * takes flags.
 */
void link_tx_up(struct link_tx *t, struct vchan *v, uint32_t offloads, bool sparse);

/* Is the TAP to be read? */
bool link_tx_reads(const struct link_tx *t);

/* Keeps what the backend has not consumed. `resumed`: as link_down() has it. */
void link_tx_down(struct link_tx *t, bool resumed);

/* The backend told how many bytes may be in flight, and its rate (0: not known). */
void link_tx_credit(struct link_tx *t, uint64_t credit_bytes, uint64_t rate_bps);

/*
 * Sends up to a budget, as far as there is room. The caller looks at `blocked` and `tap_gone`
 * afterwards. Returns NULL, or why the connection cannot go on (static).
 */
const char *link_tx_run(struct link_tx *t);

/* Once a second while there is demand: what was consumed, and slack that is no longer needed. */
const char *link_tx_refresh(struct link_tx *t);

/* Bytes that were read from the TAP and are not in the ring. */
uint64_t link_tx_waits(const struct link_tx *t);

/* Likewise, and those that wait in the ring to be consumed. */
uint64_t link_tx_demand(const struct link_tx *t);

#endif
