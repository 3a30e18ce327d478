/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtio_net_hdr in front of each frame: a hostile one in, a fresh and consistent one out.
 * Pure. */
#ifndef DMVL_BACKEND_VNET_H
#define DMVL_BACKEND_VNET_H

#include "backend/frame/frame.h"

#include <linux/virtio_net.h>

/*
 * Bits of the features an LDP negotiated (feature-csum, -tso4, -tso6, -uso), for vnet_rebuild();
 * and, for vnet_must_segment() and _complete(), of the offloads a receiver takes. TSO and USO mean
 * nothing without CSUM.
 */
#define VNET_F_CSUM 0x01u
#define VNET_F_TSO4 0x02u
#define VNET_F_TSO6 0x04u
#define VNET_F_USO  0x08u
/*
 * For vnet_rebuild(): the header comes from a kernel of ours (the uplink's TAP), whose GRO merges
 * small segments too: VNET_GSO_SIZE_MIN is not asked for, VNET_GSO_SEGS_MAX still is.
 */
#define VNET_F_SMALL_GSO 0x10u

#define VNET_GSO_SIZE_MIN 216 /* bytes of payload a segment, at least, from a guest */
#define VNET_GSO_SEGS_MAX 304 /* segments a frame: 65535 / VNET_GSO_SIZE_MIN, rounded up */
#define VNET_USO_SEGS_MAX 64  /* what the kernel's UDP_MAX_SEGMENTS was before Linux 6.10 */

/*
 * Makes *@out the header with which the frame may be given to a kernel, a guest or gso_begin().
 * *@in is a private copy of what the other side sent; nothing of it is passed on unchecked. @hdr,
 * @hdr_len and @fi are those of frame_parse(), which returned 0. @features: VNET_F_* that the
 * sender negotiated. @mtu: bytes of an L3 packet, 68..65521.
 *
 * What comes out is either plain; or NEEDS_CSUM over a range that lies behind all that
 * frame_spoof_check() judged and whose place is in @hdr's first FRAME_HDR_MAX bytes; or, besides,
 * GSO with lengths that agree with the headers and segments that fit into @mtu. A GSO frame of one
 * segment comes out as no GSO, as in Linux. DATA_VALID and unknown flags, hdr_len and num_buffers
 * of *@in are ignored. A write of the frame to a TAP (IFF_VNET_HDR, 12-byte header, little-endian)
 * is then never EINVAL by the rules of Linux 6.1 to 6.18, if vnet_must_segment() said no for what
 * that kernel takes.
 *
 * Returns 0, or, with *@out all zeros:
 *   -EMSGSIZE    the frame, or a segment of it, is longer than @mtu and its Ethernet header
 *   -EOPNOTSUPP  asks for an offload that was not negotiated or does not exist here (UFO, tunnels)
 *   -EINVAL      contradicts the frame, or would have the checksum stored where it must not be
 */
int vnet_rebuild(const struct virtio_net_hdr_v1 *in, const struct frame_info *fi,
		 const uint8_t *hdr, size_t hdr_len, uint32_t features, uint16_t mtu,
		 struct virtio_net_hdr_v1 *out);

/*
 * Must the frame with header *@vnet, as vnet_rebuild() made it, be cut up by gso_segment() before
 * a receiver that takes @features gets it? Also true for UDP of more than VNET_USO_SEGS_MAX
 * segments, which kernels before 6.10 refuse.
 */
bool vnet_must_segment(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
		       uint32_t features);

/* Likewise: not to be segmented, but its checksum must be completed by csum_complete(). */
bool vnet_must_complete(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
			uint32_t features);

#endif
