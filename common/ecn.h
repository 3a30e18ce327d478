/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecn.h: marking IP packets "congestion experienced", RFC 3168. Pure. */
#ifndef DMVL_ECN_H
#define DMVL_ECN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Marks the packet whose header begins at ip: IPv4 of at least 20 bytes, whose checksum is updated
 * (RFC 1624; it stays wrong if it was), or IPv6 of at least 4. False, with nothing changed: its
 * sender does not take part in ECN. A packet that is marked already stays so: true.
 */
bool ecn_mark_ipv4(uint8_t *ip);
bool ecn_mark_ipv6(uint8_t *ip);

#endif
