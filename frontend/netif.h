/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netif.h: the agent's network interface: MAC address, MTU, and what is said of it. */
#ifndef DMVL_NETIF_H
#define DMVL_NETIF_H

#include <net/if.h>
#include <stdint.h>

/* The interface's present name for a message; after its removal, words that fit there as well. */
const char *netif_name(int tap_fd, char name[IFNAMSIZ]);

/*
 * Gives the interface its MAC address (NULL: leaves it) and MTU. Returns 0, or -errno after a
 * warning for each that could not be set.
 */
int netif_configure(int tap_fd, const uint8_t *mac, uint32_t mtu);

/*
 * The uplink now carries packets of more than `was` bytes: makes the kernel forget that some
 * destinations could not be reached with more.
 */
void netif_forget_limit(int tap_fd, uint32_t was);

/* Why a request to the interface failed, for a message. */
const char *netif_strerror(int err);

/* Logs name, place, MAC address, MTU and queue length. */
void netif_report(int tap_fd);

#endif
