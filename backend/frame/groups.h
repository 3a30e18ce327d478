/* SPDX-License-Identifier: GPL-2.0-or-later */
/* groups.h: who joined which multicast group, and where a querier asks for members. Pure. */
#ifndef DMVL_GROUPS_H
#define DMVL_GROUPS_H

#include "backend/frame/mcast.h"

/*
 * A member is a number that the caller chooses. Time is an argument: nanoseconds of any monotonic
 * clock. The rules and the defaults are those of RFC 3376 and RFC 3810.
 *
 * While a querier is present in a VLAN, members there are asked again and again, and one that does
 * not answer is forgotten after GROUPS_MEMBER_NS. Without a querier nobody asks, and a member stays
 * until it leaves. A leave takes effect after GROUPS_LEAVE_NS, unless a join follows: another host
 * behind the same member may answer for itself.
 */
#define GROUPS_MEMBER_NS 260000000000ull
#define GROUPS_LEAVE_NS	 2000000000ull /* the last member query time */

#define GROUPS_PER_MEMBER 256u	 /* groups that a member is in, in all VLANs together */
#define GROUPS_PER_MAC	  8u	 /* of those, groups that share a MAC address */
#define GROUPS_MAX	  65536u /* members of all groups together */
#define GROUPS_QUERIERS	  256u	 /* VLANs in which a querier is remembered, for each protocol */
#define GROUPS_NONE	  UINT32_MAX

struct groups;

/*
 * For members 0..members - 1. Those from number `wide` on stand for whole networks and may be in
 * GROUPS_WIDE groups. NULL: out of memory. groups_free(NULL) does nothing. `seed`: a random number
 * that no guest knows, or a guest could choose groups that are slow to find.
 */
#define GROUPS_WIDE 4096u
struct groups *groups_new(uint32_t members, uint32_t wide, uint64_t seed);
void groups_free(struct groups *g);

/*
 * A join or leave that was seen. False: there is no room for the join. The member is `crowded` for
 * as long as it might be in the group: it should get all groups. groups_crowd(): there was no room
 * to read of a join.
 */
bool groups_join(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		 uint64_t now_ns);
void groups_leave(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		  uint64_t now_ns);
void groups_crowd(struct groups *g, uint32_t member, uint64_t now_ns);
bool groups_crowded(const struct groups *g, uint32_t member, uint64_t now_ns);

/*
 * Somebody who knows told that the member is in the group, or no longer: for as long as it is not
 * told otherwise.
 */
void groups_told(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		 bool joined);

/* The member is gone. */
void groups_forget(struct groups *g, uint32_t member);

/* How many groups the member is in. */
unsigned groups_count(const struct groups *g, uint32_t member);

/* A general query was seen, whose sender counts as present for present_ns. */
void groups_query(struct groups *g, uint32_t vlan, bool v6, uint64_t present_ns, uint64_t now_ns);
bool groups_has_querier(const struct groups *g, uint32_t vlan, bool v6, uint64_t now_ns);

/* Visits the queriers that are present, from *i = 0 on. False: that were all. */
bool groups_next_querier(const struct groups *g, unsigned *i, uint32_t *vlan, bool *v6,
			 uint64_t now_ns);

/*
 * Visits the members that a frame to `target` is for. A member may come twice, if the target is not
 * exact.
 *
 *	struct groups_walk w = groups_find(g, &target);
 *	while ((member = groups_next(g, &w, now_ns)) != GROUPS_NONE)
 */
struct groups_walk {
	const struct mcast_target *target; /* borrowed */
	struct groups_entry *next;
};

struct groups_walk groups_find(const struct groups *g, const struct mcast_target *target);
uint32_t groups_next(struct groups *g, struct groups_walk *w, uint64_t now_ns);

#endif
