/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.h: what the kernel answers over netlink. */
#ifndef DMVL_CTL_ASK_H
#define DMVL_CTL_ASK_H

#include <stdbool.h>
#include <stdint.h>

#define ASK_KIND_MAX 16u
#define ASK_MAX	     256u /* bytes of a request */

/* What a port of a bridge, or its TAP, is told beside what sysfs shows. */
struct ask_port {
	bool locked;	 /* it passes frames from entered addresses alone */
	const char *xdp; /* the option of ip(8) that takes its XDP program off; NULL: it has none */
};

/* Of an interface. All zeroes where the kernel does not answer. */
void ask_port(uint32_t ifindex, struct ask_port *out);

/* Has the interface a filter of tc(8) at this hook (TC_H_MIN_INGRESS, TC_H_MIN_EGRESS)? */
bool ask_filter(uint32_t ifindex, uint16_t hook);

/* How many frames these filters have dropped, and the kind of qdisc they are in; 0: none. */
uint32_t ask_filter_drops(uint32_t ifindex, char kind[ASK_KIND_MAX]);

#endif
