/* SPDX-License-Identifier: GPL-2.0-or-later */
/* linklocal.h: which LDP uses which IPv6 link-local address. Pure. */
#ifndef DMVL_LINKLOCAL_H
#define DMVL_LINKLOCAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A guest chooses its link-local addresses (fe80::/64) by itself: from its MAC (EUI-64), from a
 * secret (RFC 7217), or at random (RFC 8981). So whoever uses one first has it, until it was not
 * used for LINKLOCAL_SECONDS. An LDP has at most LINKLOCAL_MAX. Devices of one guest may take them
 * from each other. The address made from the MAC of another guest's device is never free, and that
 * of an own one is not counted.
 */
#define LINKLOCAL_MAX	  8u
#define LINKLOCAL_SECONDS 300u

struct linklocal;
struct mac_owners;

/* For LDPs of slots 0..slots - 1. NULL: out of memory. linklocal_free(NULL) does nothing. */
struct linklocal *linklocal_new(uint32_t slots, const struct mac_owners *owners);
void linklocal_free(struct linklocal *t);

/* Who asks, and when. Devices of one guest have its number. */
struct linklocal_user {
	struct linklocal *table;
	uint32_t slot, guest;
	uint64_t now_ns;
};

/* Is it in fe80::/64? */
bool linklocal_is(const uint8_t addr[16]);

/* May the LDP use the link-local address? If so, it is noted as the LDP's. */
bool linklocal_claim(const struct linklocal_user *u, const uint8_t addr[16]);

/*
 * The LDP, which may use any address, used this one. It becomes the LDP's, in place of the oldest,
 * unless another guest has it.
 */
void linklocal_note(const struct linklocal_user *u, const uint8_t addr[16]);

/* The LDP is gone. */
void linklocal_forget(struct linklocal *t, uint32_t slot);

#endif
