/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.h: which metrics there are, and their text. */
#ifndef DMVL_EXPORTER_METRICS_H
#define DMVL_EXPORTER_METRICS_H

#include "backend/exporter/page.h"
#include "backend/exporter/source.h"

/* Of one LDP, without --per-ldp. */
#define METRICS_LDP_SERIES 25u

/* What the exporter knows of itself. */
struct metrics_self {
	uint64_t scrapes;
	uint64_t problems[SOURCE_PROBLEMS]; /* how often each was met */
};

/*
 * All metrics. `per_ldp`: also what else is known of each LDP, which is a hundred series more for
 * it.
 */
void metrics_write(struct page *p, const struct sources *s, const struct metrics_self *self,
		   bool per_ldp);

#endif
