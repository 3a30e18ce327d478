/* SPDX-License-Identifier: GPL-2.0-or-later */
/* announce.h: what xenstore is told of an LDP's credit, and when that is worth it. Pure. */
#ifndef DMVL_ANNOUNCE_H
#define DMVL_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

/* Bounds: of one LDP, and of all together so many in a step, which their answers may prolong. */
#define ANNOUNCE_EACH_NS 1000000000ull
#define ANNOUNCE_STEP_NS 50000000ull
#define ANNOUNCE_AT_ONCE 5u

/* Of the transmit direction but for rx_rate_bps. Rates are those in force, as rate.h has them. */
struct announcement {
	uint64_t credit_bytes;
	int64_t balance_bytes;
	uint64_t log_offset;
	uint64_t tx_rate_bps, rx_rate_bps;
};

/* Of one LDP. Begins as all zeros. */
struct announced {
	struct announcement told;
	uint64_t told_ns; /* 0: nothing yet */
};

enum announce_when {
	ANNOUNCE_NOT,	/* as it was told, or nearly */
	ANNOUNCE_LATER, /* it was told something less than a second ago */
	ANNOUNCE_NOW,
};

/*
 * Worth it: another log offset, and any other number that differs by more than 1 % of the larger.
 * A balance, which has its zero in the middle, must differ by a full frame too.
 */
enum announce_when announce_when(const struct announced *a, const struct announcement *now,
				 uint64_t now_ns);

#endif
