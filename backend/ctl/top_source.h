/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_source.h: where dmvlctl top gets its numbers: the statistics of each uplink, and xenstore. */
#ifndef DMVL_CTL_TOP_SOURCE_H
#define DMVL_CTL_TOP_SOURCE_H

#include "backend/ctl/stats_view.h"
#include "backend/ctl/top_model.h"

/* Only top_source.c writes it. */
struct top_source {
	struct ctl *ctl;
	struct stats_view *views;
	int count;
	struct top_device *known; /* what xenstore says of each device */
	unsigned knowns;
	unsigned next; /* the domain to look at next, by its place in the list */
	uint64_t looked_ns;
	struct top_device *device; /* of the sample */
	unsigned devices;
	struct top_uplink *uplink;
};

void top_source_init(struct top_source *s, struct ctl *ctl);
void top_source_free(struct top_source *s);

/*
 * Reads what is now. Names and keys are read from xenstore once a second at most, and of some
 * domains at a time, so that many devices do not keep xenstored busy. *out is valid until the next
 * call. 0 or -errno.
 */
int top_source_read(struct top_source *s, uint64_t now_ns, struct top_sample *out);

#endif
