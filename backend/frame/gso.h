/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gso.h: segmentation and checksums in software, for a receiver without offloads. Pure. */
#ifndef DMVL_BACKEND_GSO_H
#define DMVL_BACKEND_GSO_H

#include "backend/frame/vnet.h"

#include <sys/types.h>

/* The state of cutting one GSO frame. Only gso.c reads and writes it; nothing to free. */
struct gso_iter {
	const uint8_t *frame; /* borrowed */
	uint32_t len;	      /* bytes of frame */
	struct virtio_net_hdr_v1 vnet;
	uint32_t done; /* bytes of payload in the segments or parts made so far */
	uint16_t l3_off, l4_off, headers;
	uint16_t size;	/* bytes of payload in a segment */
	uint16_t index; /* of the next segment */
	bool v6, tcp;
};

/* The largest segment in bytes; @mtu as in vnet_rebuild(). */
#define GSO_SEGMENT_MAX(mtu) ((mtu) + FRAME_ETH_LEN + FRAME_TAGS_MAX * FRAME_TAG_LEN)

/*
 * Starts to cut @frame into the segments that *@vnet (made by vnet_rebuild()) describes. Borrows
 * @frame until the last segment is made: fi->len contiguous bytes of private memory. 0, or -EINVAL
 * when *@vnet is not a GSO header that fits this frame.
 */
int gso_begin(struct gso_iter *it, const struct virtio_net_hdr_v1 *vnet,
	      const struct frame_info *fi, const uint8_t *frame);

/*
 * Writes the next segment to @out: a plain frame, to be sent with a vnet header of zeros. It has
 * its own IP and UDP lengths, IPv4 id, TCP sequence number and checksums; only the first segment
 * keeps CWR, only the last one FIN and PSH. Returns the segment's length in bytes, 0 when all have
 * been made, or -ENOSPC: the next call writes the same segment.
 */
ssize_t gso_segment(struct gso_iter *it, uint8_t *out, size_t out_size);

/* One part of a GSO frame: new headers, and a range of the frame's payload. Made by gso_cut(). */
struct gso_part {
	struct virtio_net_hdr_v1 vnet; /* GSO, or plain with a checksum to complete */
	uint8_t hdr[FRAME_HDR_MAX];
	uint32_t hdr_len;
	uint32_t off, len;   /* of the payload, from the start of the frame */
	uint32_t wire_bytes; /* sum over its segments */
};

/*
 * Makes the next part: as many whole segments as fit into @max_wire_bytes on the wire, at most
 * @max_segments (not 0), at least one. Segmenting the parts gives the same segments as segmenting
 * the frame, byte for byte. Reads only the frame's headers. False: all parts have been made, *@out
 * is unchanged.
 */
bool gso_cut(struct gso_iter *it, uint32_t max_wire_bytes, uint32_t max_segments,
	     struct gso_part *out);

/*
 * Completes the checksum in @frame (@len bytes) that *@vnet requests, and clears the request. 0,
 * also when none is requested. -EINVAL, with nothing changed: the checksum's place is outside the
 * frame, or *@vnet is a GSO header.
 */
int csum_complete(struct virtio_net_hdr_v1 *vnet, uint8_t *frame, uint32_t len);

#endif
