/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mac_owners.h: which guests have a device with a MAC address, connected or not. Pure. */
#ifndef DMVL_MAC_OWNERS_H
#define DMVL_MAC_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An entry for each pair of address and guest, which counts how often it was added. Guests are
 * numbered by the caller.
 */
struct mac_owners;

/* NULL: out of memory. mac_owners_free(NULL) does nothing. */
struct mac_owners *mac_owners_new(void);
void mac_owners_free(struct mac_owners *o);

/* 0 or -ENOMEM. */
int mac_owners_add(struct mac_owners *o, const uint8_t mac[6], uint32_t guest);

/* Takes back one mac_owners_add(). Does nothing where there was none. */
void mac_owners_remove(struct mac_owners *o, const uint8_t mac[6], uint32_t guest);

/* Who has the address? */
enum mac_owner {
	MAC_OWNER_NONE,
	MAC_OWNER_SELF,	 /* this guest, and perhaps another by mistake */
	MAC_OWNER_OTHER, /* other guests only */
};
enum mac_owner mac_owners_find(const struct mac_owners *o, const uint8_t mac[6], uint32_t guest);

#endif
