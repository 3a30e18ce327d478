/* SPDX-License-Identifier: GPL-2.0-or-later */
/* span.h: the time between --since and --until. */
#ifndef DMVL_CTL_SPAN_H
#define DMVL_CTL_SPAN_H

#include "backend/ctl/ctl.h"

/*
 * Reads --since and --until, as of the moment end_ms, ms since 1970: of a recording its end. A span
 * that is not given is that from begin_ms to end_ms, which it never exceeds; it may be empty. 0, or
 * EXIT_WRONG_USE with the reason on stderr.
 */
int span_read(const struct ctl *ctl, uint64_t *begin_ms, uint64_t *end_ms);

#endif
