/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share.h: two classes on an exit, the LDPs' frames and the host's: their rates, as tc(8)'s words.
 * Pure. */
#ifndef DMVL_SHARE_H
#define DMVL_SHARE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/uplink/qdiscs.h"

#define SHARE_MIN_AUTO UINT64_MAX /* as host-min: it follows from the capacity */
#define SHARE_TEXT_MAX 2048
#define SHARE_WHY_MAX  200

/* Should the host share an exit with the LDPs? */
enum share_mode {
	SHARE_AUTO, /* yes, but on a card with several transmit queues */
	SHARE_YES,
	SHARE_NO,
};

/* What the host and all LDPs together want of an exit. */
struct share_wish {
	uint64_t capacity_bps;
	uint64_t weight, min_bps, max_bps; /* the host's; max 0: none; min may be SHARE_MIN_AUTO */
	uint64_t ldp_weights, ldp_minima_bps; /* the sums over all LDPs */
};

/* What the two classes get. */
struct share_rates {
	uint64_t capacity_bps;
	uint64_t host_bps;     /* the host's part while both want more; the rest is the LDPs' */
	uint64_t host_max_bps; /* what the host gets at most, when the LDPs leave it */
};

/* One exit, and the TAP whose frames are the LDPs'. */
struct share_port {
	char exit[IFNAMSIZ], tap[IFNAMSIZ];
	struct qdiscs found; /* on the exit */
};

/* What the host gets at most while the LDPs want all. */
uint64_t share_host_limit_bps(const struct share_wish *w);

/* What the host gets at least; less than the capacity. The LDPs' minima must fit beside it. */
uint64_t share_host_min_bps(const struct share_wish *w);

struct share_rates share_rates(const struct share_wish *w);

/*
 * May the HTB be put on an exit with these qdiscs, or is it there? Otherwise the reason, a
 * sentence without its full stop, in why.
 */
bool share_may(enum share_mode mode, const struct share_port *p, char why[SHARE_WHY_MAX]);

/* Does the exit have the HTB, for this TAP? Or for another interface that exists? */
bool share_stands(const struct share_port *p);
bool share_is_foreign(const struct share_port *p);

/* The capacity of an exit: what is configured (0: nothing), but not more than its TBF lets pass. */
uint64_t share_capacity_bps(const struct share_port *p, uint64_t configured_bps);

/*
 * Commands for tc(8). share_add() puts an empty HTB, which lets all pass, on an exit that has none,
 * share_build() makes its classes, and share_filter() tells the LDPs' frames from others.
 * share_set() sets all that depends on the rates, and is part of share_build(). share_refine()
 * gives the host's class a better queue. Commands of share_filter() and share_refine() may fail and
 * the rest should be tried: there may be no filter to delete, and not every kernel has these
 * queues. share_undo() leaves the qdiscs that were there before.
 */
void share_add(const struct share_port *p, char out[SHARE_TEXT_MAX]);
void share_build(const struct share_port *p, const struct share_rates *r, char out[SHARE_TEXT_MAX]);
void share_set(const struct share_port *p, const struct share_rates *r, char out[SHARE_TEXT_MAX]);
void share_filter(const struct share_port *p, char out[SHARE_TEXT_MAX]);
void share_refine(const struct share_port *p, const struct share_rates *r,
		  char out[SHARE_TEXT_MAX]);
void share_undo(const struct share_port *p, char out[SHARE_TEXT_MAX]);

#endif
