/* SPDX-License-Identifier: GPL-2.0-or-later */
/* since.h: a time in the past as an operator types it, and times as they are shown. */
#ifndef DMVL_CTL_SINCE_H
#define DMVL_CTL_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#define SINCE_ERR_MAX  160
#define SINCE_TEXT_MAX 40

/*
 * "90s", "10min" or "10m", "2h", "3d": so long before now_ms. "14:03" or "14:03:20": today, or, if
 * that is still to come, yesterday. "2026-11-28", "2026-11-28T14:03": then, in local time; a space
 * in place of the T will do. 0, or -EINVAL with one sentence in err. Times are ms since 1970.
 */
int since_parse(const char *text, uint64_t now_ms, uint64_t *out_ms, char err[SINCE_ERR_MAX]);

/* "90s", "10min" or "10m", "2h", "3d", in ms. */
bool since_duration(const char *text, uint64_t *out_ms);

/* CLOCK_REALTIME. */
uint64_t since_now_ms(void);

/* "2026-11-28 14:03:20" in local time; "2026-11-28T14:03:20.100+01:00" for programs. */
const char *since_text(char out[SINCE_TEXT_MAX], uint64_t ms);
const char *since_iso(char out[SINCE_TEXT_MAX], uint64_t ms);

#endif
