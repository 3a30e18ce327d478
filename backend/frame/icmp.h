/* SPDX-License-Identifier: GPL-2.0-or-later */
/* icmp.h: the answer to a packet that is too big for where it goes. Pure. */
#ifndef DMVL_BACKEND_ICMP_H
#define DMVL_BACKEND_ICMP_H

#include "backend/frame/frame.h"

#define ICMP_QUOTE_MAX	 (FRAME_HDR_MAX - FRAME_ETH_LEN) /* bytes of the packet that are quoted */
#define ICMP_TOO_BIG_MAX (FRAME_ETH_LEN + FRAME_TAGS_MAX * FRAME_TAG_LEN + 40 + 8 + ICMP_QUOTE_MAX)

/*
 * Writes to @out (ICMP_TOO_BIG_MAX bytes) the frame that tells the packet's sender to send no more
 * than @mtu bytes: ICMP "fragmentation needed" or ICMPv6 "packet too big", from the packet's
 * destination, with the frame's addresses exchanged and its tags. @hdr, @hdr_len and @fi are those
 * of frame_parse(), which must have returned 0.
 *
 * Returns the frame's length in bytes, its checksums complete; it is not longer than the one that
 * it answers. 0: there is no answer, because the
 * packet is not IP, is malformed, is IPv4 without DF, is a fragment other than the first, goes to
 * or comes from what is no single host's address, or may be an ICMP error (RFC 1122, RFC 4443).
 */
uint32_t icmp_too_big(uint8_t out[ICMP_TOO_BIG_MAX], const struct frame_info *fi,
		      const uint8_t *hdr, size_t hdr_len, uint32_t mtu);

#endif
