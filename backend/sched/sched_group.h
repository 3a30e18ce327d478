/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_group.h: groups of LDPs, which share one weight, one minimum and one maximum. Pure. */
#ifndef DMVL_SCHED_GROUP_H
#define DMVL_SCHED_GROUP_H

#include <stdint.h>

#include "backend/sched/sched_rule.h"

/*
 * A group competes like one LDP, by its rule. What it gets, its members divide by their own rules;
 * what one of them leaves, the others of the group have first. Minima stay absolute: a member's
 * minimum holds whatever the group's weight. At the top a group reserves its own minimum or the sum
 * of its members', whichever is more: that counts where minima shrink to the link. A group's
 * ceiling goes before its members' minima. A group has low latency while its rule or that of a
 * member with frames has.
 */
#define SCHED_GROUPS 1024u /* group ids 1..SCHED_GROUPS; 0: no group */

/*
 * Makes the group, or changes its rule, with or without members; the next draw uses the new rule.
 * -EINVAL: group or rule out of range. -ENOMEM. On error nothing changes.
 */
int sched_set_group(struct sched *s, uint32_t group, const struct sched_rule *rule,
		    uint64_t now_ns);

/*
 * Removes a group. Its members go on without group, and take its debt with them, each by its
 * weight. A group that does not exist is ignored.
 */
void sched_remove_group(struct sched *s, uint32_t group, uint64_t now_ns);

/*
 * Moves an LDP, asleep or awake, into a group, or out of any (0). What the LDP is ahead of the
 * others goes with it, as does its part of what the group is ahead; both count in the new group
 * too. Its ceiling's bucket stays as it is. -ENOENT: there is no such LDP or group. -ENOMEM. On
 * error nothing changes.
 *
 * sched_add() adds an LDP without group, and sched_remove() takes it out of its group.
 */
int sched_join(struct sched *s, uint32_t id, uint32_t group, uint64_t now_ns);

/*
 * As sched_set_factor(), for the group's weight at the top. A member's factor acts in its group
 * alone. A group that does not exist is ignored.
 */
void sched_set_group_factor(struct sched *s, uint32_t group, uint32_t factor_q16);

#endif
