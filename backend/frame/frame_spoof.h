/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_spoof.h: does a frame use only its sender's own addresses? Pure. */
#ifndef DMVL_BACKEND_FRAME_SPOOF_H
#define DMVL_BACKEND_FRAME_SPOOF_H

#include "backend/frame/frame_check.h"

/*
 * The spoof check (spoof-check=1): does the frame use only addresses of the LDP with @mac? @hdr,
 * @hdr_len and @fi are those of frame_parse(), which must have returned 0. @allowed is the LDP's
 * allowed-ip, or NULL.
 *
 * Always required: the source MAC address is @mac; ARP and RARP are complete, and their sender
 * hardware address is @mac.
 *
 * Required as well when @allowed has entries (a header that is cut short is FRAME_MALFORMED):
 * - The frame is IPv4, IPv6 or ARP. RARP is not: a guest that has addresses does not ask for one.
 * - The IPv4 source and the ARP sender are in the list. 0.0.0.0 passes as the source of a DHCP
 *   client's message (UDP 68 to 67, no fragment) and as the sender of an ARP probe for a listed
 *   address.
 * - The IPv6 source is in the list or is the link-local address made from @mac (EUI-64). Other
 *   link-local addresses (RFC 7217, 8981) must be listed, for example as fe80::/64. :: passes in a
 *   neighbour solicitation for an own address (DAD), a router solicitation, and MLD reports.
 * - The target of a neighbour advertisement is an own address in this sense, and the link-layer
 *   address in each neighbour discovery message is @mac. Redirects never pass, and neither does
 *   neighbour discovery in fragments (RFC 6980).
 * The check does not judge what a guest says about anything but its own addresses, as in router
 * advertisements and DHCP offers.
 */
enum frame_verdict frame_spoof_check(const struct frame_info *fi, const uint8_t *hdr,
				     size_t hdr_len, const uint8_t mac[6],
				     const struct ip_list *allowed);

#endif
