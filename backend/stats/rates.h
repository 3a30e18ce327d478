/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rates.h: the rate of a counter over the last second and the last ten. Pure. */
#ifndef DMVL_RATES_H
#define DMVL_RATES_H

#include <stdint.h>

#define RATES_PERIOD_MS 100u /* between two samples */
#define RATES_SECOND	(1000u / RATES_PERIOD_MS)
#define RATES_SAMPLES	(10 * RATES_SECOND)

/* Samples of a counter of bytes, the newest at `last`. Starts zero-initialised. */
struct rates {
	uint64_t bytes[RATES_SAMPLES + 1];
	uint64_t ns[RATES_SAMPLES + 1];
	uint32_t last, count;
};

/* What the counter is at now_ns, which never goes back. */
void rates_sample(struct rates *r, uint64_t bytes, uint64_t now_ns);

/*
 * Nothing was sampled for a while, and nothing counted until one period before now_ns: older
 * samples are forgotten. The next one follows.
 */
void rates_restart(struct rates *r, uint64_t now_ns);

/* bit/s over the last `periods` of RATES_PERIOD_MS, or as far back as there are samples; 0: no two.
 */
uint64_t rates_bps(const struct rates *r, unsigned periods);

#endif
