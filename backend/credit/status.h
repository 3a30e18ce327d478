/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h: what xenstore is told of an LDP's credit, and when that is worth it. Pure. */
#ifndef DMVL_STATUS_H
#define DMVL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds: of one LDP, and of all together so many in a step, which their answers may prolong. */
#define STATUS_EACH_NS 1000000000ull
#define STATUS_STEP_NS 50000000ull
#define STATUS_AT_ONCE 5u

/* Of the transmit direction but for rx_rate_bps. Rates are those in force, as rate.h has them. */
struct ldp_status {
	uint64_t credit_bytes;
	int64_t balance_bytes;
	uint64_t log_offset;
	uint64_t tx_rate_bps, rx_rate_bps;
};

/* Of one LDP. Begins as all zeros. */
struct ldp_status_shown {
	struct ldp_status status;
	uint64_t shown_ns; /* 0: nothing yet */
};

enum status_when {
	STATUS_NOT,   /* as it was told, or nearly */
	STATUS_LATER, /* it was told something less than a second ago */
	STATUS_NOW,
};

/*
 * Worth it: another log offset, and any other number that differs by more than 1 % of the larger.
 * A balance, which has its zero in the middle, must differ by a full frame too.
 */
enum status_when status_when(const struct ldp_status_shown *a, const struct ldp_status *now,
			     uint64_t now_ns);

#endif
