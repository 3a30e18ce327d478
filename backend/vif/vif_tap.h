/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vif_tap.h: a macvtap over a guest's vif: what the guest sends is read, what is written it gets.
 */
#ifndef DMVL_VIF_TAP_H
#define DMVL_VIF_TAP_H

#include <net/if.h>
#include <stdint.h>

/* Only vif_tap.c and vif.c write it. */
struct vif_tap {
	int fd; /* frames behind a virtio_net_hdr_v1, non-blocking */
	uint32_t ifindex;
	uint32_t mtu;
	char ifname[IFNAMSIZ];
};

/*
 * Opens the macvtap, with all offloads and a send buffer of some frames. On error -errno. End with
 * vif_tap_close().
 */
int vif_tap_open(const char *ifname, struct vif_tap **out);

/* Closes the descriptor; the interface stays. No effect on NULL. */
void vif_tap_close(struct vif_tap *t);

/* How many frames of the guest the kernel has dropped because nobody read them. */
uint64_t vif_tap_missed(const struct vif_tap *t);

#endif
