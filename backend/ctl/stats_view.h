/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats_view.h: the statistics of the uplinks of this host, by the names of their fields. */
#ifndef DMVL_CTL_STATS_VIEW_H
#define DMVL_CTL_STATS_VIEW_H

#include "backend/ctl/ctl.h"
#include "backend/stats/statsfile.h"

/* Begins the name of each field that counts frames that were dropped for a reason. */
#define STATS_DROP "drop-"

/* The statistics of one uplink. Only stats_view.c writes it. */
struct stats_view {
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];
	char path[MAPFILE_PATH_MAX + 1];
	struct mapfile file; /* closed: `why` says why */
	const char *why;     /* static */
	struct stats_header header;
	struct stats_record *record; /* the one that was read last */
};

/*
 * Opens those of all uplinks, or of the one of --uplink, by name. Returns their number or -errno.
 * End with stats_views_free().
 */
int stats_views_open(struct ctl *ctl, struct stats_view **out);
void stats_views_free(struct stats_view *views, int count);

/* Reads record `i` into view->record. False: it is not in use. */
bool stats_view_read(struct stats_view *view, unsigned i);

/*
 * The statistics of which view->record is now that of a connected device. NULL: none of those that
 * could be read has it.
 */
struct stats_view *stats_views_find(struct stats_view *views, int count, unsigned domid,
				    unsigned id);

/*
 * The values of a field in view->record, and how many in *count. NULL: the daemon that wrote it
 * does not know the field.
 */
const uint64_t *stats_view_get(const struct stats_view *view, enum stats_scope scope,
			       const char *name, unsigned *count);

/* The first value; 0 where there is none. */
uint64_t stats_view_number(const struct stats_view *view, enum stats_scope scope, const char *name);

#endif
