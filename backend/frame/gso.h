/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offloads in software: segments and checksums for a receiver that takes none, parts of a frame.
 * Pure. */
#ifndef DMVL_BACKEND_GSO_H
#define DMVL_BACKEND_GSO_H

#include "backend/frame/vnet.h"

#include <sys/types.h>

/* A GSO frame on its way to be cut up. Private to gso.c; needs no end. */
struct gso_iter {
	const uint8_t *frame; /* borrowed */
	uint32_t len;	      /* bytes of frame */
	struct virtio_net_hdr_v1 vnet;
	uint32_t done; /* bytes of payload that left */
	uint16_t l3_off, l4_off, headers;
	uint16_t size;	/* bytes of payload a segment */
	uint16_t index; /* of the next segment */
	bool v6, tcp;
};

/* Bytes that a buffer must have for any segment: @mtu as in vnet_rebuild(). */
#define GSO_SEGMENT_MAX(mtu) ((mtu) + FRAME_ETH_LEN + FRAME_TAGS_MAX * FRAME_TAG_LEN)

/*
 * Starts to cut @frame (fi->len bytes in one piece of private memory, unchanged until the last
 * segment is made) into segments as *@vnet, which vnet_rebuild() made, asks. Returns 0, or -EINVAL
 * when *@vnet is no GSO header or is none of this frame.
 */
int gso_begin(struct gso_iter *it, const struct virtio_net_hdr_v1 *vnet,
	      const struct frame_info *fi, const uint8_t *frame);

/*
 * Writes the next segment to @out: a plain frame, complete in itself, which goes with a vnet header
 * of zeros. IP and UDP lengths, IPv4 id (counting up) and checksums are its own; TCP's sequence
 * counts up, CWR stays on the first segment only, FIN and PSH on the last. Returns its length in
 * bytes, 0 when all have been made, or -ENOSPC (nothing is lost: come again with more room).
 */
ssize_t gso_segment(struct gso_iter *it, uint8_t *out, size_t out_size);

/* One part of a GSO frame: the headers here, and bytes of the frame's payload. */
struct gso_part {
	struct virtio_net_hdr_v1 vnet; /* GSO, or a plain frame whose checksum is to be completed */
	uint8_t hdr[FRAME_HDR_MAX];
	uint32_t hdr_len;
	uint32_t off, len;   /* the payload, in the frame */
	uint32_t wire_bytes; /* of all its segments */
};

/*
 * Makes the next part: as many whole segments as take at most @max_wire_bytes on the wire, but at
 * least one. Segmented, the parts of a frame are the frame's segments, byte for byte. Only the
 * headers of the frame are read. False, with nothing made, when all of it has been.
 */
bool gso_cut(struct gso_iter *it, uint32_t max_wire_bytes, struct gso_part *out);

/*
 * Completes the checksum that *@vnet (not GSO) asks for in @frame of @len bytes and clears the
 * request. Nothing to do is no error. Returns 0, or -EINVAL, with nothing changed, when the place
 * is not inside the frame or *@vnet is GSO.
 */
int csum_complete(struct virtio_net_hdr_v1 *vnet, uint8_t *frame, uint32_t len);

#endif
