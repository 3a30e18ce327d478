/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_vlan.h: the VLANs of a port of a bridge that filters by VLAN. */
#ifndef DMVL_VIF_VLAN_H
#define DMVL_VIF_VLAN_H

#include <stdint.h>

#define VIF_VLANS_MAX 128 /* bytes of the text */

/*
 * Writes the port's VLANs as "1pu,10,20-29u": p, frames without a tag belong to it; u, frames of it
 * leave untagged. 0, or "" and -errno: -E2BIG: there are too many.
 */
int vif_vlan_read(uint32_t ifindex, char out[VIF_VLANS_MAX]);

/* Gives the port these VLANs and takes all others away. "" does nothing. */
void vif_vlan_restore(uint32_t ifindex, const char *text);

#endif
