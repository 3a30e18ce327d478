/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.h: the headers of an Ethernet frame, its size on the wire, MAC addresses. Pure. */
#ifndef DMVL_BACKEND_FRAME_H
#define DMVL_BACKEND_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller copies this many bytes of a frame out of the ring, once, for inspection. */
#define FRAME_HDR_MAX 256

#define FRAME_ETH_LEN	14   /* bytes of an Ethernet header, no tag */
#define FRAME_TAG_LEN	4    /* bytes of one 802.1Q or 802.1ad tag */
#define FRAME_FCS_LEN	4    /* bytes of the frame check sequence, which no buffer here has */
#define FRAME_WIRE_MIN	64   /* smallest frame on the wire, FCS included */
#define FRAME_WIRE_FULL 1518 /* a frame with 1500 bytes of payload, FCS included */
#define FRAME_TAGS_MAX	2    /* tags parsed; a third one is the ethertype of an opaque frame */
#define FRAME_RARP_LEN	60   /* bytes frame_build_rarp() writes, without a tag */
#define FRAME_MAC_STR	18   /* bytes of "00:16:3e:00:00:01" and its NUL */

/* IP protocol numbers, without the sockets of <netinet/in.h>. */
#define FRAME_PROTO_ICMP   1
#define FRAME_PROTO_TCP	   6
#define FRAME_PROTO_UDP	   17
#define FRAME_PROTO_ICMPV6 58

enum frame_l3 {
	FRAME_L3_OPAQUE, /* any other ethertype, or a length field */
	FRAME_L3_ARP,	 /* ARP, and RARP, which has the same layout */
	FRAME_L3_IPV4,
	FRAME_L3_IPV6,
};

/*
 * What frame_parse() found; only frame_parse() writes it. Offsets are bytes from the start of the
 * Ethernet header. Everything that an offset or length here covers lies within the header bytes
 * that frame_parse() was given.
 */
struct frame_info {
	uint8_t dst[6], src[6];
	uint32_t len;	    /* the whole frame's bytes, without FCS */
	int vid;	    /* outermost tag's VLAN id 0..4095, -1 untagged */
	uint8_t tags;	    /* 0..FRAME_TAGS_MAX */
	bool other_tag;	    /* one of all its tags is not 802.1Q's, or is behind FRAME_TAGS_MAX */
	bool wrapped;	    /* frame_unwrap() has something to take off */
	bool is_group;	    /* destination is multicast or broadcast */
	uint16_t ethertype; /* behind the tags, host order */
	uint16_t l3_off;    /* first byte behind the ethertype */
	enum frame_l3 l3;
	bool l3_bad;	  /* the ethertype says ARP or IP, but the header is cut short or malformed;
			   * of frame_unwrap() alone: also where the wrapping goes on behind the copy */
	bool fragment;	  /* part of a fragmented IP datagram (an atomic IPv6 one is not) */
	uint8_t l4_proto; /* IP protocol number, meaningless when l4_off is 0 */
	uint16_t l4_off;  /* 0: unknown (not IP, l3_bad, or a fragment that is not the first) */
	uint16_t l4_len;  /* bytes of the TCP or UDP header; 0: another protocol, or cut short */
};

/*
 * The only way to read bytes of a frame: a pointer to @n bytes at @off, or NULL when they are not
 * all within @hdr_len. Any @off and @n are safe.
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
 * Parses a frame of @frame_len bytes from its first @hdr_len bytes, which must be a private copy of
 * min(frame_len, FRAME_HDR_MAX) bytes: shared memory could change between two reads. Content that
 * is not understood is opaque, not an error. 0, or -EINVAL when the Ethernet header is cut short;
 * *@out is then all zeros but for len.
 */
int frame_parse(const uint8_t *hdr, size_t hdr_len, uint32_t frame_len, struct frame_info *out);

/* frame_unwrap() of a frame that is wrapped. */
bool frame_take_off(const uint8_t *hdr, size_t hdr_len, const struct frame_info *fi,
		    struct frame_info *out);

/*
 * Some receivers look further than frame_parse(): they take off any number of tags, also those of
 * older types (0x9100 to 0x9300), and LLC/SNAP headers (RFC 1042). False: there is nothing to take
 * off. True: *out is the frame as they see it; its tags and vid stay those of *fi. The first three
 * arguments are those of frame_parse().
 */
static inline bool frame_unwrap(const uint8_t *hdr, size_t hdr_len, const struct frame_info *fi,
				struct frame_info *out)
{
	return fi->wrapped && frame_take_off(hdr, hdr_len, fi, out);
}

/*
 * Bytes of the frame on an Ethernet wire: with FCS, at least FRAME_WIRE_MIN, without preamble and
 * inter-frame gap. @gso_size is the payload of a segment in bytes, 0: not GSO; the result is then
 * the sum over all segments, each with its own headers. If the headers are cut short, @gso_size is
 * ignored: vnet_rebuild() refuses such a frame anyway.
 */
uint32_t frame_wire_bytes(const struct frame_info *fi, uint16_t gso_size);

/* How many frames that are on the wire: 1, or the segments of a GSO frame. */
uint32_t frame_wire_frames(const struct frame_info *fi, uint16_t gso_size);

/*
 * Bytes of the frame behind the Ethernet header and its tags: what an MTU limits. @gso_size is the
 * payload of a segment, and the result then that of the largest one; 0: not GSO.
 */
uint32_t frame_l3_bytes(const struct frame_info *fi, uint16_t gso_size);

/*
 * Writes a broadcast RARP request from @mac, from which switches learn where @mac is now, in VLAN
 * @vid, -1: untagged. Returns the length, with padding; the rest of @out is zero.
 */
size_t frame_build_rarp(uint8_t out[64], const uint8_t mac[6], int vid);

/* @mac -> lower-case text with colons in @out; returns @out. */
const char *frame_mac_format(const uint8_t mac[6], char out[FRAME_MAC_STR]);

/*
 * The MAC address of a device for which none was chosen: Xen's 00:16:3e and 24 bits of a hash
 * (FNV-1a) of the domain's UUID and the device id. The same input gives the same address on every
 * host. 24 bits can collide (with 1 % at about 580 devices on one network): the caller must look
 * for duplicates.
 */
void frame_mac_default(uint8_t mac[6], const uint8_t uuid[16], uint32_t device_id);

#endif
