/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One Ethernet frame's headers: parsing, size on the wire, MAC addresses, announcements. Pure. */
#ifndef DMVL_BACKEND_FRAME_H
#define DMVL_BACKEND_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many first bytes of a frame the caller copies out of the ring, once, for inspection. */
#define FRAME_HDR_MAX 256

#define FRAME_ETH_LEN	14   /* bytes of an Ethernet header, no tag */
#define FRAME_TAG_LEN	4    /* bytes of one 802.1Q or 802.1ad tag */
#define FRAME_FCS_LEN	4    /* bytes of the frame check sequence, never in a buffer of ours */
#define FRAME_WIRE_MIN	64   /* smallest frame on the wire, FCS included */
#define FRAME_WIRE_FULL 1518 /* a frame of 1500 bytes and its headers, likewise */
#define FRAME_TAGS_MAX	2    /* tags walked; a third one is left as the inner ethertype: opaque */
#define FRAME_RARP_LEN	60   /* bytes frame_build_rarp() writes */
#define FRAME_MAC_STR	18   /* bytes of "00:16:3e:00:00:01" and its NUL */

/* IP protocol numbers that the backend looks into; <netinet/in.h> would drag sockets in. */
#define FRAME_PROTO_TCP	   6
#define FRAME_PROTO_UDP	   17
#define FRAME_PROTO_ICMPV6 58

enum frame_l3 {
	FRAME_L3_OPAQUE, /* any ethertype or length field that is not below */
	FRAME_L3_ARP,	 /* ARP, and RARP, which has the same layout */
	FRAME_L3_IPV4,
	FRAME_L3_IPV6,
};

/*
 * What frame_parse() found. Offsets are bytes from the start of the Ethernet header. Everything
 * that an offset or length here covers lies within the header bytes that were given.
 */
struct frame_info {
	uint8_t dst[6], src[6];
	uint32_t len;	    /* the whole frame's bytes, without FCS */
	int vid;	    /* outermost tag's VLAN id 0..4095, -1 untagged */
	uint8_t tags;	    /* 0..FRAME_TAGS_MAX */
	bool is_group;	    /* destination is multicast or broadcast */
	uint16_t ethertype; /* behind the tags, host order */
	uint16_t l3_off;    /* first byte behind the ethertype */
	enum frame_l3 l3;
	bool l3_bad;	  /* says ARP or IP, but its headers are cut short or not well-formed */
	bool fragment;	  /* part of a fragmented IP datagram (an atomic IPv6 one is not) */
	uint8_t l4_proto; /* IP protocol number, meaningless when l4_off is 0 */
	uint16_t l4_off;  /* 0: unknown (not IP, l3_bad, or a fragment that is not the first) */
	uint16_t l4_len;  /* TCP or UDP header's bytes; 0: another protocol, or cut short */
};

/*
 * The one way to look into a frame: @n bytes at @off of the @hdr_len that are there, or NULL.
 * Any @off and @n are safe.
 */
static inline const uint8_t *frame_at(const uint8_t *hdr, size_t hdr_len, size_t off, size_t n)
{
	return off <= hdr_len && n <= hdr_len - off ? hdr + off : NULL;
}

/* Two bytes in network order at @p, which came from frame_at(). */
static inline uint16_t frame_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/*
 * Parses the first @hdr_len bytes (a private copy: shared memory may change between two looks) of
 * a frame of @frame_len bytes into *@out. Copy min(frame_len, FRAME_HDR_MAX) bytes. Content that is
 * not understood is opaque, not an error. Returns 0, or -EINVAL when not even the Ethernet header
 * is there; *@out is then all zeros but for len.
 */
int frame_parse(const uint8_t *hdr, size_t hdr_len, uint32_t frame_len, struct frame_info *out);

/*
 * Bytes that the frame takes on an Ethernet wire: FCS included, at least FRAME_WIRE_MIN for each
 * frame, preamble and inter-frame gap not included. @gso_size is the payload bytes of a segment
 * (0: not GSO); each segment then counts its own copy of the headers. Of a header that was cut
 * short the GSO size is ignored: vnet_rebuild() refuses such a frame anyway.
 */
uint32_t frame_wire_bytes(const struct frame_info *fi, uint16_t gso_size);

/*
 * Writes a RARP request from @mac to everybody, which makes switches learn where @mac now is.
 * Returns the frame's length, FRAME_RARP_LEN bytes, padding included; the rest of @out is zero.
 */
size_t frame_build_rarp(uint8_t out[64], const uint8_t mac[6]);

/* @mac -> lower-case text with colons in @out; returns @out. */
const char *frame_mac_format(const uint8_t mac[6], char out[FRAME_MAC_STR]);

/*
 * The MAC of a device that was given none: Xen's 00:16:3e and 24 bits of a hash of the domain's
 * UUID and the device id. The same input gives the same MAC for ever, on every host; 24 bits can
 * collide (1 % at about 580 devices on one network), so whoever attaches must look for duplicates.
 */
void frame_mac_default(uint8_t mac[6], const uint8_t uuid[16], uint32_t device_id);

#endif
