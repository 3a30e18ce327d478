/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_tap.h: macvtaps over a guest's vif: what the guest sends is read, what is written it gets. */
#ifndef DMVL_VIF_TAP_H
#define DMVL_VIF_TAP_H

#include <net/if.h>
#include <stdint.h>

/* A vif, and for an HVM guest the interface of its emulated network card too. */
#define VIF_PORTS 2u

/* Only vif_tap.c writes these. */
struct vif_port {
	int fd; /* frames behind a virtio_net_hdr_v1, non-blocking */
	uint32_t ifindex;
	char ifname[IFNAMSIZ];
};

struct vif_tap {
	struct vif_port port[VIF_PORTS];
	unsigned count;
	uint32_t mtu; /* of the first */
};

/* Without ports. NULL: out of memory. End with vif_tap_close(). */
struct vif_tap *vif_tap_new(void);

/* Opens a macvtap as the next port, with all offloads and a send buffer of some frames. 0 or
 * -errno. */
int vif_tap_add(struct vif_tap *t, const char *ifname);

/* Closes the descriptors; the interfaces stay. No effect on NULL. */
void vif_tap_close(struct vif_tap *t);

/* How many frames of the guest the kernel has dropped because nobody read them. */
uint64_t vif_tap_missed(const struct vif_tap *t);

#endif
