/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap_if.h: the interface behind a TAP's fd, in any network namespace and under any name. */
#ifndef DMVL_TAP_IF_H
#define DMVL_TAP_IF_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * An interface can be renamed and moved to another network namespace at any time: open this, use it
 * at once, and close it. Only tap_if.c writes it.
 */
struct tap_if {
	char name[IFNAMSIZ];
	bool moved; /* it is in another network namespace than the calling thread */
	int tap_fd; /* borrowed */
	int sock;   /* in the interface's network namespace; or -errno: why there is none */
};

/* 0 or -errno; -EBADFD: the interface was deleted. End with tap_if_close(). */
int tap_if_open(struct tap_if *t, int tap_fd);
void tap_if_close(struct tap_if *t);

/* Reads only the present name. 0, or -errno as tap_if_open(). */
int tap_if_name(int tap_fd, char name[IFNAMSIZ]);

/*
 * Settings: 0 or -errno. All but tap_if_set_mac() return -EOPNOTSUPP when the interface was moved
 * and this kernel has no TUNGETDEVNETNS to find it.
 */
int tap_if_set_mac(const struct tap_if *t, const uint8_t mac[6]);
int tap_if_get_mac(const struct tap_if *t, uint8_t mac[6]);
int tap_if_set_mtu(const struct tap_if *t, uint32_t mtu);
int tap_if_get_mtu(const struct tap_if *t, uint32_t *mtu);
int tap_if_set_queue(const struct tap_if *t, int frames);
int tap_if_get_queue(const struct tap_if *t, int *frames);

#endif
