/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_spoof.h: does a frame use only its sender's own addresses? Pure. */
#ifndef DMVL_BACKEND_FRAME_SPOOF_H
#define DMVL_BACKEND_FRAME_SPOOF_H

#include "backend/frame/frame_check.h"
#include "backend/frame/linklocal.h"

/*
 * The spoof check (spoof-check=1): does the frame use only addresses of the LDP with @mac? @hdr,
 * @hdr_len and @fi are those of frame_parse(), which must have returned 0. @allowed is the LDP's
 * allowed-ip, or NULL. @user: the LDP, for link-local addresses; NULL: it has none but that of
 * @mac.
 *
 * Always required:
 * - The source MAC address is @mac. ARP and RARP are complete, and their sender hardware address is
 *   @mac.
 * - In router solicitations and advertisements, neighbour solicitations and advertisements, each
 *   link-layer address is @mac. Neighbour discovery in fragments does not pass (RFC 6980).
 *
 * Required as well when @allowed has entries (a header that is cut short is FRAME_MALFORMED):
 * - The frame is IPv4, IPv6 or ARP. RARP is not: a guest that has addresses does not ask for one.
 * - The IPv4 source and the ARP sender are in the list. 0.0.0.0 passes as the source of a DHCP
 *   client's message (UDP 68 to 67, no fragment) and as the sender of an ARP probe for a listed
 *   address.
 * - The IPv6 source is the LDP's own: in the list, the link-local address made from @mac (EUI-64),
 *   or another link-local one that linklocal_claim() grants. :: passes in a neighbour solicitation
 *   for an own address (DAD), a router solicitation, and MLD reports.
 * - The target of a neighbour advertisement is an own address in this sense.
 *
 * Without entries, the link-local sources are noted, so that no other LDP is granted them. What a
 * guest says about other hosts is not judged here, as in redirects: frame_service.h.
 */
enum frame_verdict frame_spoof_check(const struct frame_info *fi, const uint8_t *hdr,
				     size_t hdr_len, const uint8_t mac[6],
				     const struct ip_list *allowed,
				     const struct linklocal_user *user);

/* Notes the link-local source of a frame that is not checked. */
void frame_spoof_note(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
		      const struct linklocal_user *user);

#endif
