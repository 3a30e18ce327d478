/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtlink.h: asks the kernel over netlink, and changes interfaces. */
#ifndef DMVL_RTLINK_H
#define DMVL_RTLINK_H

#include <libmnl/libmnl.h>
#include <stdint.h>

/* All of them: 0, or -errno of the kernel. */

/*
 * Sends the request, a dump or one with NLM_F_ACK, on a bus (NETLINK_ROUTE) and has `take` look at
 * each answer.
 */
int rtlink_ask(int bus, const struct nlmsghdr *request, mnl_cb_t take, void *arg);

/* Creates a macvtap in mode passthru over an interface, which -EBUSY says is in use otherwise. */
int rtlink_add_macvtap(const char *name, uint32_t lower);
int rtlink_delete(uint32_t ifindex);
int rtlink_set_alias(uint32_t ifindex, const char *text);
int rtlink_set_master(uint32_t ifindex, uint32_t master); /* 0: none */
/* The bridge of this port forgets that it learnt the address there. */
int rtlink_forget_mac(uint32_t port, const uint8_t mac[6]);
/* Sets the flags (IFF_..) that are in `mask`. */
int rtlink_set_flags(uint32_t ifindex, unsigned flags, unsigned mask);

#endif
