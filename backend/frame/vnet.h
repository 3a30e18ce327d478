/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vnet.h: the virtio_net_hdr of a frame: from an untrusted one, a new consistent one. Pure. */
#ifndef DMVL_BACKEND_VNET_H
#define DMVL_BACKEND_VNET_H

#include "backend/frame/frame.h"

#include <linux/virtio_net.h>

/*
 * Features: for vnet_rebuild() those that an LDP negotiated (feature-csum, -tso4, -tso6, -uso), for
 * vnet_must_segment() and vnet_must_complete() the offloads that the receiver takes. TSO and USO
 * have no effect without CSUM.
 */
#define VNET_F_CSUM 0x01u
#define VNET_F_TSO4 0x02u
#define VNET_F_TSO6 0x04u
#define VNET_F_USO  0x08u

/* Segments of fewer bytes than this leave one at a time: see vnet_segments_max(). */
#define VNET_GSO_SMALL	  216
#define VNET_USO_SEGS_MAX 64 /* the kernel's UDP_MAX_SEGMENTS before Linux 6.10 */

/*
 * Makes *@out, the header with which the frame may go to a kernel, a guest or gso_begin(). *@in is
 * a private copy of the header that the sender wrote; nothing of it is passed on unchecked. @hdr,
 * @hdr_len and @fi are those of frame_parse(), which must have returned 0. @features: VNET_F_* that
 * the sender negotiated. @mtu: bytes of an L3 packet, 68..65521.
 *
 * *@out is one of these:
 * - plain: all zeros;
 * - NEEDS_CSUM: the checksum's range begins behind all that frame_spoof_check() judged, and its
 *   place is within the first FRAME_HDR_MAX bytes;
 * - NEEDS_CSUM and GSO: the lengths agree with the headers, and the segments, of any size from one
 *   byte on, fit into @mtu. A GSO frame of a single segment becomes a frame without GSO, as in
 * Linux. DATA_VALID and unknown flags, hdr_len and num_buffers of *@in are ignored. If
 * vnet_must_segment() is false for what the kernel takes, a write of the frame to a TAP
 * (IFF_VNET_HDR, 12-byte little-endian header) never fails with EINVAL on Linux 6.1 to 6.18.
 *
 * 0, or, with *@out all zeros:
 *   -EMSGSIZE    the frame or one of its segments is longer than @mtu and the Ethernet header
 *   -EOPNOTSUPP  the offload was not negotiated or is not supported (UFO, tunnels)
 *   -EINVAL      the header contradicts the frame, or puts the checksum into a forbidden place
 */
int vnet_rebuild(const struct virtio_net_hdr_v1 *in, const struct frame_info *fi,
		 const uint8_t *hdr, size_t hdr_len, uint32_t features, uint16_t mtu,
		 struct virtio_net_hdr_v1 *out);

/*
 * Must gso_segment() cut the frame before a receiver that takes @features gets it? *@vnet is from
 * vnet_rebuild(). Also true for UDP of more than VNET_USO_SEGS_MAX segments, which kernels before
 * 6.10 refuse.
 */
bool vnet_must_segment(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
		       uint32_t features);

/*
 * How many segments of the frame a kernel that takes @features may get in one piece: 1 where each
 * has to be a frame of its own, UINT32_MAX where the number does not matter. Small segments are
 * frames of their own: a kernel that had to make them all at once would do as much work for one
 * frame as for thousands, and neither the sender's turn nor the link's pace would count it.
 */
uint32_t vnet_segments_max(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
			   uint32_t features);

/*
 * Must csum_complete() complete the checksum first? False when the frame must be segmented. Always
 * true for what a DHCP client waits for (UDP to port 68 or 546): clients read it from raw sockets,
 * which show an incomplete checksum. @hdr and @hdr_len are those of frame_parse().
 */
bool vnet_must_complete(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
			const uint8_t *hdr, size_t hdr_len, uint32_t features);

#endif
