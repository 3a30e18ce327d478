/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qdiscs.h: what is known of the queueing disciplines of an interface. Pure. */
#ifndef DMVL_QDISCS_H
#define DMVL_QDISCS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* The HTB that dmvl-back itself keeps on a port (share.h) is known by its handle. */
#define QDISC_SHARE	 0x1d6d0000u
#define QDISC_SHARE_LDPS (QDISC_SHARE | 0x10u) /* its class of the LDPs' frames */
#define QDISC_SHARE_LAST 0x1d720000u	       /* the qdiscs in it have handles up to this one */
#define QDISC_KIND_MAX	 16

/* A token bucket filter that has no options beyond these. */
struct qdisc_tbf {
	uint64_t rate_bps;
	uint32_t burst_bytes, limit_bytes;
	bool plain; /* there is one, and these are all its options */
};

/* Written by qdisc_read(). */
struct qdiscs {
	bool any;		  /* there is a qdisc: the interface is up, or was configured */
	bool shaped;		  /* one of them, but not the HTB of share.h, limits the rate */
	bool shared;		  /* the HTB of share.h is one of them */
	char share_tap[IFNAMSIZ]; /* through which the frames came in that it knows as the LDPs';
				   * "": through no interface that exists */
	bool queueless;		  /* there is none but noqueue */
	bool orphans;		  /* one of them ends the charge to the sender's buffer (netem) */
	/* Of all of them; where the HTB of share.h is, of its queue of the LDPs' frames alone. */
	uint64_t backlog_bytes; /* what waits there now */
	uint32_t limit_bytes; /* what the smallest holds, as charged to a send buffer; 0: unknown */

	char root[QDISC_KIND_MAX];  /* kind of the root qdisc; "": there is none */
	uint32_t root_handle;	    /* 0: it is the kernel's default one */
	struct qdisc_tbf tbf;	    /* the root qdisc, if it is a TBF */
	char inner[QDISC_KIND_MAX]; /* kind of the qdisc in the root TBF; "": there is none */
	uint32_t inner_handle;	    /* 0: it is the TBF's default one */
};

#endif
