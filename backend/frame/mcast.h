/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mcast.h: the multicast group of a frame, and what IGMP and MLD messages say of groups. Pure. */
#ifndef DMVL_MCAST_H
#define DMVL_MCAST_H

#include "backend/frame/frame.h"

/* A group's address: IPv6, or IPv4 as ::ffff:a.b.c.d. */
struct mcast_addr {
	uint8_t b[16];
};

/* Where a frame to a group goes. */
struct mcast_target {
	uint32_t vlan; /* of which VLAN, or stack of two; 0: untagged, or a priority tag */
	uint8_t mac[6];
	bool v6;
	/*
	 * Hosts can join the group. Not so broadcast, MAC groups of no IP group, and the groups
	 * that all hosts hear without joining: 224.0.0.0/24 and ff02::1.
	 */
	bool joinable;
	/*
	 * The frame is an IP packet to `addr`, and `mac` is that group's. Otherwise the MAC address
	 * is all that is known; 32 IPv4 groups share one.
	 */
	bool exact;
	struct mcast_addr addr;
};

/* @hdr, @hdr_len and @fi are those of frame_parse(), and @fi->is_group is set. */
void mcast_target(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
		  struct mcast_target *out);

/* The MAC address of a group. */
void mcast_mac(const struct mcast_addr *addr, uint8_t mac[6]);

bool mcast_is_v4(const struct mcast_addr *addr);

enum mcast_type {
	MCAST_DATA,   /* not a message of IGMP or MLD about members */
	MCAST_QUERY,  /* of a router or switch, to members */
	MCAST_REPORT, /* of members, to routers: joins and leaves */
	MCAST_BAD,    /* malformed, or with a wrong checksum */
};

/* One message must not keep its reader busy for long. */
#define MCAST_RECORDS_MAX 256u

struct mcast_message {
	enum mcast_type type;
	bool v6;
	uint64_t querier_ns; /* a general query: for how long its sender counts as present */
	bool more;	     /* a report of more than MCAST_RECORDS_MAX groups: they are left out */

	/* Only mcast.c reads and writes the rest: a report's records that are still to be read. */
	const uint8_t *at;
	unsigned left;
	bool records;
};

/* Must mcast_read() look at the frame? Arguments as for mcast_target(). */
bool mcast_is_message(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len);

/*
 * Reads a message. Borrows @frame, which is the whole frame in private memory, of fi->len bytes,
 * until the last mcast_next(). A message must keep the rules by which a Linux bridge believes one:
 * lengths, both checksums, the source of an MLD query, the destination of a general query; and a
 * fragment is none. `summed`: the checksum is not yet in the frame, because the sender left it to
 * the receiver (VIRTIO_NET_HDR_F_NEEDS_CSUM).
 */
void mcast_read(struct mcast_message *m, const struct frame_info *fi, const uint8_t *frame,
		bool summed);

/*
 * The next join or leave of a report; false: there is none. A record with an empty INCLUDE list is
 * a leave; lists of sources are ignored otherwise. Groups that nobody can join are left out.
 */
bool mcast_next(struct mcast_message *m, struct mcast_addr *group, bool *join);

/*
 * Writes a general query as a switch sends it: IGMPv3 from 0.0.0.0, or MLDv2 from a link-local
 * address higher than any router's, so that it takes no part in the election of a querier. Members
 * answer within a second. @vid: of the VLAN, -1: untagged. Returns the length.
 */
#define MCAST_QUERY_MAX 96
uint32_t mcast_build_query(uint8_t out[MCAST_QUERY_MAX], bool v6, int vid);

#endif
