/* SPDX-License-Identifier: GPL-2.0-or-later */
/* portmap.h: a copy of a bridge's forwarding table: which port a MAC address is behind. Pure. */
#ifndef DMVL_PORTMAP_H
#define DMVL_PORTMAP_H

#include <stdint.h>

#define PORTMAP_MAX  16384u /* entries; further ones are not kept, and then found nowhere */
#define PORTMAP_NONE 0u	    /* no interface has this index */

struct portmap;

struct portmap *portmap_new(void); /* NULL: out of memory */
void portmap_free(struct portmap *m);

/* Forgets all entries. */
void portmap_clear(struct portmap *m);

/*
 * The bridge learnt, or was told, that `mac` is behind port `ifindex` in VLAN `vid` (0: the bridge
 * does not filter VLANs). It takes the place of the address's entry of that VLAN.
 */
void portmap_set(struct portmap *m, const uint8_t mac[6], uint16_t vid, uint32_t ifindex);

/* The bridge forgot the entry. */
void portmap_remove(struct portmap *m, const uint8_t mac[6], uint16_t vid);

/*
 * The port of a frame to `mac` in VLAN `vid` (0: untagged): of the entry of that VLAN, or else of
 * any, because an untagged frame belongs to a VLAN that only the bridge knows. PORTMAP_NONE: the
 * bridge floods such a frame.
 */
uint32_t portmap_find(const struct portmap *m, const uint8_t mac[6], uint16_t vid);

#endif
