/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_service.h: frames that tell other hosts how to use the network. Pure. */
#ifndef DMVL_BACKEND_FRAME_SERVICE_H
#define DMVL_BACKEND_FRAME_SERVICE_H

#include "backend/frame/frame.h"

/*
 * Is it what only a router or a DHCP server sends?
 * - Router advertisements and redirects, of ICMPv6 (134, 137) and of ICMP (9, 5).
 * - Answers of DHCP: UDP from port 67 or to 68 over IPv4, from 547 or to 546 over IPv6. Either port
 *   is enough, because clients look at one of the two. What relays send is among them.
 * @hdr, @hdr_len and @fi are those of frame_parse(), and of frame_unwrap() where that says true.
 */
bool frame_is_service(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len);

/*
 * Does it keep from view what it is? Then frame_is_service() and the checks of neighbour discovery
 * would miss what a receiver, which puts fragments together, understands. (RFC 7113, RFC 6980)
 * - An IPv6 header chain that has no end within the copy, or among the first eight headers.
 * - A first fragment, or a whole packet, without the header that its protocol needs: 8 bytes of
 *   UDP, 4 of ICMP; a first fragment of TCP: 20.
 * - Neighbour discovery in fragments.
 * - Tags within which the copy ends, or an IP header behind them that it does not hold.
 * Later fragments never do: without the first one, no receiver takes them.
 */
bool frame_is_hidden(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len);

#endif
