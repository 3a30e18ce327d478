/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_impl.h: what the files of the link share. Private to link*.c. */
#ifndef DMVL_LINK_IMPL_H
#define DMVL_LINK_IMPL_H

#include <stdbool.h>

#include "common/wire.h"
#include "frontend/backlog.h"
#include "frontend/link.h"
#include "frontend/tx.h"

#define LINK_HDR_LEN ((uint32_t)sizeof(struct wire_hdr))

struct counters {
	uint64_t tx_frames, tx_bytes, rx_frames, rx_bytes;
	uint64_t tx_dropped, rx_dropped, kept;
};

struct link {
	struct loop *loop;
	int tap_fd;
	struct link_events events;
	struct link_shared *shared;
	struct loop_io *tap_io, *vchan_io;
	struct loop_timer *more;    /* the budget was used up with frames left */
	struct loop_timer *refresh; /* once a second while anything waits */

	struct vchan *v; /* NULL: down */
	bool failed;
	bool blocked;
	bool refreshing;
	uint32_t offloads;
	bool out_of_credit; /* blocked with room left in the ring */
	struct tx_limit limit;
	uint64_t rate_bps; /* as told */
	struct backlog backlog;
	struct counters n;
	uint8_t spill[WIRE_BODY_MAX + 1];
};

/* Reports, once, that the connection cannot go on; the rings are left alone from here on. */
void link_fail(struct link *k, const char *why);

/* Sends what there is to send, as far as there is room, and listens for what lets it go on. */
void link_tx_run(struct link *k);
/* Callbacks: the TAP is readable; the announced demand is to be looked at again. */
void link_on_tap(void *arg);
void link_on_refresh(void *arg);

/* Takes what came, up to a budget, and asks for an event or, after the budget, for a turn. */
void link_rx_run(struct link *k);

#endif
