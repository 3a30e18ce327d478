/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h: time for commands that wait or repeat. */
#ifndef DMVL_CTL_CLOCK_H
#define DMVL_CTL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC UINT64_C(1000000000)

/* Nanoseconds of CLOCK_REALTIME or CLOCK_MONOTONIC. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif
