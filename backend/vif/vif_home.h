/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_home.h: where a vif was before it was taken, and how it goes back there. */
#ifndef DMVL_VIF_HOME_H
#define DMVL_VIF_HOME_H

#include <net/if.h>
#include <stdbool.h>

#define VIF_OWNER_MAX 33  /* an uplink's name, with its NUL */
#define VIF_TEXT_MAX  256 /* the kernel's limit of an alias, with its NUL */
#define VIF_PORT_MAX  128

struct vif_home {
	char bridge[IFNAMSIZ];	  /* "": it is in none */
	bool up, arp, no_ipv6;	  /* the interface is up; it answers ARP; it has no IPv6 */
	char port[VIF_PORT_MAX];  /* the settings of the bridge's port, in the order of a table */
	char vlans[VIF_PORT_MAX]; /* of that port, as vif_vlan.h has them */
};

/* Reads how the interface is now. */
void vif_home_read(const char *ifname, struct vif_home *out);

/*
 * Makes the interface like that again. 0 or -errno; -ENODEV: it or its bridge is gone. As much as
 * possible is done in any case.
 */
int vif_home_restore(const char *ifname, const struct vif_home *home);

/*
 * As one line, with the name of the uplink that took the vif; and back. False: it is no such line.
 * What does not fit is left out: VLANs first.
 */
void vif_home_format(const struct vif_home *home, const char *owner, char out[VIF_TEXT_MAX]);
bool vif_home_parse(const char *text, struct vif_home *home, char owner[VIF_OWNER_MAX]);

#endif
