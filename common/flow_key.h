/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flow_key.h: to which flow an Ethernet frame belongs. Pure. */
#ifndef DMVL_FLOW_KEY_H
#define DMVL_FLOW_KEY_H

#include <stddef.h>
#include <stdint.h>

/* No more of a frame is looked at. */
#define FLOW_HDR_MAX 128u

enum flow_l3 {
	FLOW_L3_OTHER, /* also IP whose header is cut short or malformed */
	FLOW_L3_IPV4,
	FLOW_L3_IPV6,
};

/*
 * What frames of one flow have in common: of TCP, UDP, UDP-Lite, DCCP and SCTP addresses, protocol
 * and ports; of ICMP echo addresses, protocol and identifier; of other IP packets, and of fragments
 * (the first one too), addresses and protocol; of all else both MAC addresses and the ethertype. At
 * most two VLAN tags are skipped; their ids do not count. Words that are not used are 0.
 */
struct flow_key {
	uint64_t word[5];
	uint8_t words;	/* that are used: 2 or 5 */
	uint8_t l3;	/* enum flow_l3 */
	uint8_t l3_off; /* of the IP header, in bytes; at least its first 20 (IPv4) or 40 (IPv6) are
			   there */
};

/*
 * Reads the first len bytes of a frame, all or at least FLOW_HDR_MAX of them. They may be cut short
 * anywhere, and hold anything. They must be a private copy.
 */
void flow_key_read(const uint8_t *hdr, size_t len, struct flow_key *out);

/*
 * A hash of the key, of a few multiplications. The seed must be random and secret: otherwise
 * others choose whose flow they share. It places flows, and is no message authentication code.
 */
uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed);

#endif
