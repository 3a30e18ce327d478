/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h: will the uplink signal (EAGAIN) that the link behind it is full? */
#ifndef DMVL_PROBE_H
#define DMVL_PROBE_H

#include "backend/uplink/exits.h"

#define PROBE_WHY_MAX 192

/* Written by probe_uplink(). */
struct probe {
	bool signal;		   /* writes are refused when the link is full */
	bool lent;		   /* writes are refused when the HTB of share.h is full: this
				    * shows no more than the capacity that the HTB was given */
	bool tso;		   /* a frame of 64 KiB fits into the queue behind the uplink */
	bool plain;		   /* only whole frames with a checksum: a program switches them */
	uint32_t sndbuf_max_bytes; /* less than the queues behind it hold; 0: no limit is known */
	char why[PROBE_WHY_MAX];   /* without a signal: what hides it, a clause */
};

/*
 * Examines the devices and queues that the uplink's frames leave through. Sends nothing. May block
 * in netlink for a moment.
 */
void probe_uplink(const struct exits *e, struct probe *out);

/* Does nothing wait in the queues of the exits, nor of what is below them? */
bool probe_idle(const struct exits *e);

#endif
