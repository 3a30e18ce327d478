/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tenants.h: groups of LDPs in the frame loop: their rules, and who has which part of a rate. */
#ifndef DMVL_TENANTS_H
#define DMVL_TENANTS_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/msg/ldp_conf.h"
#include "backend/sched/sched_group.h"

struct dpath;
struct ldp;

/*
 * Weights of LDPs, added up. Those of a group compete as one of the group's weight, and share among
 * themselves what that gets.
 */
struct weights {
	uint64_t all;
	uint64_t in[SCHED_GROUPS + 1]; /* by group; 0: none of it is counted */
};

/* A group comes, has other settings, or (!on) goes. */
void tenants_set(struct dpath *dp, uint32_t group, bool on, const struct group_conf *conf);

/* The LDP, which all schedulers know, is in the group that its settings name. */
void tenants_join(struct dpath *dp, const struct ldp *l);

/* An epoch of one direction ended: by what factor each group repays, or is repaid. */
void tenants_repay(struct dpath *dp, enum ldp_dir dir);

/* The LDPs, or their groups, are other ones: adds up dp->tenants.weights. */
void tenants_count(struct dpath *dp);

/* Adds up some of the LDPs only, beginning with *w all zero; takes one of them out again. */
void tenants_add(const struct dpath *dp, struct weights *w, const struct ldp *l, enum ldp_dir dir);
void tenants_subtract(const struct dpath *dp, struct weights *w, const struct ldp *l,
		      enum ldp_dir dir);

/*
 * The LDP's part of rate_bps, in bits per second, if those in *w, it among them, share it by
 * weight, groups within their limits. Where rate_bps is not known (0), its part of the group's
 * maximum, or 0.
 */
uint64_t tenants_part(const struct dpath *dp, const struct weights *w, const struct ldp *l,
		      enum ldp_dir dir, uint64_t rate_bps);

/* The group that the LDP is in; LDP_GROUP_NONE where that does not exist, too. */
uint32_t tenants_group(const struct dpath *dp, const struct ldp *l);

const struct sched_rule *tenants_rule(const struct dpath *dp, uint32_t group, enum ldp_dir dir);

/* The maximum of the LDP's group, 0: none. */
uint64_t tenants_max(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir);

#endif
