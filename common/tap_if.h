/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap_if.h: the network interface of a TAP's fd, by its present name, where it is now. */
#ifndef DMVL_TAP_IF_H
#define DMVL_TAP_IF_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel lets an interface be renamed and moved to another network namespace at any time. So
 * this is for use at once, not to be kept. Only tap_if.c writes it. */
struct tap_if {
	char name[IFNAMSIZ];
	bool moved; /* it is in another network namespace than the calling thread */
	int tap_fd; /* borrowed */
	int sock;   /* in the interface's network namespace; or -errno: why there is none */
};

/* 0, or -errno: -EBADFD when the interface was removed. End it with tap_if_close(). */
int tap_if_open(struct tap_if *t, int tap_fd);
void tap_if_close(struct tap_if *t);

/* The present name alone. 0 or as tap_if_open(). */
int tap_if_name(int tap_fd, char name[IFNAMSIZ]);

/*
 * Settings. All return 0 or -errno; all but tap_if_set_mac() return -EOPNOTSUPP when the interface
 * was moved and this kernel cannot tell where to (it has no TUNGETDEVNETNS).
 */
int tap_if_set_mac(const struct tap_if *t, const uint8_t mac[6]);
int tap_if_get_mac(const struct tap_if *t, uint8_t mac[6]);
int tap_if_set_mtu(const struct tap_if *t, uint32_t mtu);
int tap_if_get_mtu(const struct tap_if *t, uint32_t *mtu);
int tap_if_set_queue(const struct tap_if *t, int frames);
int tap_if_get_queue(const struct tap_if *t, int *frames);

#endif
