/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.h: the specification of the messages between dmvl-front and dmvl-back. Pure. */
#ifndef DMVL_WIRE_H
#define DMVL_WIRE_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Everywhere in dmvl, TX and RX are as the GUEST sees them: TX frames leave the guest, RX frames
 * enter it. The guest is the vchan server, so TX is its write ring and the backend's read ring.
 *
 * A ring carries messages, one directly behind the other:
 *
 *	struct wire_hdr, `len` bytes of body, zero to seven bytes of padding (any content)
 *
 * The padding aligns every header to 8 bytes. All integers are little-endian. The writer publishes
 * a message as a whole: it moves the ring's producer index past header, body and padding in one
 * store. A reader may treat a header without its body as not yet written. A receiver that finds an
 * unknown type, a bad length, or flags or reserved bits that are set and may not be fails the LDP,
 * because it cannot find the next message.
 *
 * Version 1, negotiated in xenstore (protocol-versions, protocol-version).
 */
#define WIRE_VERSION 1

struct wire_hdr {
	uint32_t len;	   /* of the body, without padding; bounds below */
	uint8_t type;	   /* enum wire_type */
	uint8_t flags;	   /* 0, or WIRE_SPARSE where that may be */
	uint16_t reserved; /* 0 */
};

enum wire_type {
	/* Both ways: struct virtio_net_hdr_v1, then an Ethernet frame without FCS. */
	WIRE_DATA = 1,
	/*
	 * Backend to frontend, once in an epoch and when the capacity changes, if at all: struct
	 * wire_credit.
	 */
	WIRE_CREDIT = 2,
	/* 3 is reserved: it was an empty message, which was never sent. */
};

/*
 * On DATA from the frontend, where both sides have feature-sparse: the frame is of a flow that
 * sends little. The backend may send it before frames of the same LDP that the frontend wrote
 * earlier, and among such frames in order. It never goes before a frame of another LDP. The ring's
 * space is freed in order all the same: the consumer index passes a message when that message and
 * all before it are done.
 */
#define WIRE_SPARSE 1u

/* How much an LDP may have in flight. Until the first of these the frontend may fill its ring. */
struct wire_credit {
	uint64_t credit_bytes; /* bytes that may wait in the TX ring; one message always may */
	uint64_t rate_bps;     /* TX rate in force in bits per second, 0: unlimited */
	uint64_t log_offset;   /* of the credit record that this follows from, 0: none */
};

#define WIRE_ALIGN 8u

/* The largest frame of a TAP with offloads: Ethernet, two VLAN tags, the largest IP packet. */
#define WIRE_FRAME_MIN 14u
#define WIRE_FRAME_MAX (14u + 2 * 4u + 65535u)
#define WIRE_VNET_LEN  ((uint32_t)sizeof(struct virtio_net_hdr_v1))
#define WIRE_BODY_MAX  (WIRE_VNET_LEN + WIRE_FRAME_MAX)

/* The key ring-order: each ring has 2^order bytes. */
#define WIRE_RING_ORDER_MIN 12u
#define WIRE_RING_ORDER_MAX 20u

_Static_assert(sizeof(struct wire_hdr) == 8, "wire format");
_Static_assert(sizeof(struct wire_credit) == 24, "wire format");
_Static_assert(sizeof(struct virtio_net_hdr_v1) == 12, "wire format");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "wire format is the host's");

/* The bytes of a message in the ring, with header and padding, for a body of `len` bytes. */
static inline uint32_t wire_size(uint32_t len)
{
	return (uint32_t)sizeof(struct wire_hdr) + ((len + WIRE_ALIGN - 1) & ~(WIRE_ALIGN - 1));
}

/* The largest frame in bytes that fits into a ring of ring_bytes, at most WIRE_FRAME_MAX. */
static inline uint32_t wire_frame_limit(uint32_t ring_bytes)
{
	uint32_t room = ring_bytes - (uint32_t)sizeof(struct wire_hdr) - WIRE_VNET_LEN;

	return room < WIRE_FRAME_MAX ? room : WIRE_FRAME_MAX;
}

/*
 * Checks a header that was copied out of a ring of ring_bytes. 0, or -EPROTO with *why set to a
 * static sentence.
 */
int wire_check(const struct wire_hdr *hdr, uint32_t ring_bytes, const char **why);

/* As wire_check(), of a header that may carry WIRE_SPARSE. */
int wire_check_sparse(const struct wire_hdr *hdr, uint32_t ring_bytes, const char **why);

/* Makes the header of a message. `len` must be within the bounds of the type. */
static inline struct wire_hdr wire_make(enum wire_type type, uint32_t len)
{
	return (struct wire_hdr){.len = len, .type = (uint8_t)type};
}

#endif
