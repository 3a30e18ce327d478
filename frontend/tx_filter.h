/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_filter.h: the kernel drops the frames of one flow, instead of queueing them in the TAP. */
#ifndef DMVL_TX_FILTER_H
#define DMVL_TX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/flowq.h"

#define TX_FILTER_MAX 32u /* instructions */

/* Only tx_filter.c writes it. */
struct tx_filter {
	int tap_fd;	 /* borrowed */
	bool on;	 /* one is attached */
	bool refused;	 /* the kernel cannot, or the fd is no TAP: it is not asked again */
	uint32_t flow;	 /* of the last frame that was given; UINT32_MAX: none */
	unsigned passed; /* frames of that flow that were given after it */
	/*
	 * The TAP keeps this pointer, though it copies the program. Who opens it later, when this
	 * process has ended, must not have it read again: IFF_NO_PI, which is IFF_NOFILTER too.
	 */
	struct sock_filter code[TX_FILTER_MAX];
};

/*
 * A program that drops what is of the same flow as this frame, of which hdr has the first len bytes
 * (all, or FLOW_HDR_MAX), and accepts all else. Only untagged UDP that is no fragment: directly
 * behind an IPv6 header, or behind an IPv4 header of any, but the same, length. Returns the number
 * of instructions; 0: it is another frame.
 */
unsigned tx_filter_build(struct sock_filter code[TX_FILTER_MAX], const uint8_t *hdr, uint32_t len,
			 const struct flowq_place *place);

/* Detaches what an agent that was killed has left on the fd. */
void tx_filter_init(struct tx_filter *f, int tap_fd);

/*
 * A frame, as tx_filter_build() takes it, was read and had to be dropped: those that follow it
 * need not be read, if the kernel can filter them.
 */
void tx_filter_on(struct tx_filter *f, const uint8_t *hdr, uint32_t len,
		  const struct flowq_place *place);

/* All frames are to be read again. */
void tx_filter_off(struct tx_filter *f);

#endif
