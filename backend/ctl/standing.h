/* SPDX-License-Identifier: GPL-2.0-or-later */
/* standing.h: how a device stands among the others of its uplink, and why it gets no more. */
#ifndef DMVL_CTL_STANDING_H
#define DMVL_CTL_STANDING_H

#include "backend/ctl/group_view.h"
#include "backend/ctl/stats_view.h"

/* Weights against each other. all 0: not known. */
struct weights_of {
	uint64_t own, all;
};

/* A device beside the others. Only standing.c writes it. */
struct standing {
	const struct ldp_view *ldp;
	struct devices devices; /* of all uplinks */
	struct group_view *groups;
	int group_count;
	const struct group_view *group; /* its own; NULL: none */
	struct weights_of weight;	/* of the device among its group, or else at the top, */
	struct weights_of group_weight; /* and of its group at the top; of connected devices */
	struct stats_view *stats;
	int stats_count;
	struct stats_view *measured; /* its record is the device's; NULL: there is none */
};

/* 0 or -errno. After 0 end with standing_free(). */
int standing_read(struct ctl *ctl, const struct ldp_view *ldp, struct standing *out);
void standing_free(struct standing *s);

/* Why the device would get no more than it would in "tx" or "rx", in words. Returns `out`. */
#define STANDING_MAX 192
const char *standing_why(const struct standing *s, const char *dir, char out[STANDING_MAX]);

#endif
