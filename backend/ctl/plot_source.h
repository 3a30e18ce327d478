/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plot_source.h: what is plotted or replayed, as the records of a recording. */
#ifndef DMVL_CTL_PLOT_SOURCE_H
#define DMVL_CTL_PLOT_SOURCE_H

#include <stddef.h>

#include "backend/ctl/record/rec.h"

/* Only plot_source.c and plot_log.c write it. */
struct plot_source {
	const char *path; /* of a recording; NULL: the records below */
	struct rec *rec;
	size_t recs, room;
	bool told; /* of damaged lines */
};

/*
 * Takes the path, which is borrowed, of a recording. 0, or an exit status with the reason on
 * stderr: it is no regular file.
 */
int plot_source_open(struct plot_source *s, const char *path);

/* Gets each record. Other than 0: enough. */
typedef int plot_take(void *arg, const struct rec *r);

/*
 * Gives all records, from the first one on, as often as it is called. 0, what `take` said (-errno),
 * or an exit status, with the reason on stderr.
 */
int plot_source_each(struct plot_source *s, plot_take *take, void *arg);

void plot_source_free(struct plot_source *s);

#endif
