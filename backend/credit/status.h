/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h: what xenstore shows of an LDP's credit, and when to write it again. Pure. */
#ifndef DMVL_STATUS_H
#define DMVL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* The load on xenstored is bounded. */
#define STATUS_EACH_NS	1000000000ull /* of one LDP: at most one write in this time */
#define STATUS_RATES_NS 5000000000ull /* the same while little but its rates changes */
#define STATUS_STEP_NS	50000000ull   /* of all LDPs: at most STATUS_AT_ONCE writes in this time, */
#define STATUS_AT_ONCE	5u	      /* and at most STATUS_AT_ONCE unanswered */

/* The values of one LDP. All but rx_rate_bps and groups are of the transmit direction. */
struct ldp_status {
	uint64_t credit_bytes;
	int64_t balance_bytes;
	uint64_t log_offset;
	uint64_t tx_rate_bps, rx_rate_bps; /* what it would get: outlook.h */
	uint64_t groups;		   /* multicast groups that it is in */
};

/* What xenstore shows of one LDP. Starts zero-initialised; the caller writes it. */
struct ldp_status_shown {
	struct ldp_status status;
	uint64_t shown_ns; /* when it was handed over for writing; 0: never */
};

enum status_when {
	STATUS_NOT,   /* what xenstore shows is still right, or nearly */
	STATUS_LATER, /* a new value is due, STATUS_EACH_NS after the last one */
	STATUS_NOW,
};

/*
 * When to write *now. A new value is due when the log offset differs, or another number by more
 * than 1 % of the larger one. A balance, which is often near 0, must differ by a full frame too.
 * Rates alone that differ by less than an eighth wait for STATUS_RATES_NS: they follow what the
 * neighbours do, and one of them would have those of hundreds written again.
 */
enum status_when status_when(const struct ldp_status_shown *shown, const struct ldp_status *now,
			     uint64_t now_ns);

#endif
