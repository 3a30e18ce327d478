/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rx.h: uplink -> RX queues -> RX rings. */
#ifndef DMVL_RX_H
#define DMVL_RX_H

#include <stdbool.h>
#include <stdint.h>

struct dpath;
struct flood_plan;
struct frame_info;
struct iovec;
struct ldp;
struct virtio_net_hdr_v1;

/* A frame to be queued. All borrowed: a queue copies what it keeps. */
struct rx_source {
	const struct virtio_net_hdr_v1 *vnet;
	const struct frame_info *fi;
	const uint8_t *hdr; /* a private copy of the first hdr_len bytes */
	uint32_t hdr_len;
	const struct iovec *iov; /* the whole frame */
	unsigned iovcnt;
	uint32_t cost_bytes; /* on the wire */
	bool control;	     /* screen_is_control() */
	unsigned flags;	     /* FLOWQ_BEYOND, and: */
};

#define RX_UNPACED 2u	  /* a further copy, or from this host: the link's pace does not count it */
#define RX_FLOODED 0x100u /* waits in the queue for flooded frames */
#define RX_LOCAL   0x200u /* waits in the queue for frames from other LDPs */

#define RX_LOCAL_QUEUE_BYTES (1u << 20) /* 10 ms at 800 Mbit/s; CoDel keeps it shorter */
/* A frame of more segments is queued in parts of this many, and one to a group segment by segment.
 */
#define RX_SEGMENTS_MAX 64u

/* False: out of memory. */
bool rx_init(struct dpath *dp);
void rx_fini(struct dpath *dp);

/* dp->link has changed. */
void rx_set_link(struct dpath *dp);

/* All LDPs together receive that much from now on (0: no limit), until dp->link changes. */
void rx_set_rate(struct dpath *dp, uint64_t bps);

/* Answers MSG_RX_COUNT. */
void rx_count(struct dpath *dp);

/* Is the frame cut into its segments for this LDP? */
bool rx_must_segment(const struct ldp *l, const struct rx_source *src);

/*
 * Queues the frame for one LDP, in the form that it takes, or counts why not. A GSO frame has at
 * most RX_SEGMENTS_MAX segments.
 */
void rx_queue(struct dpath *dp, struct ldp *l, const struct rx_source *src);

/*
 * Queues the frame for the LDPs of its plan. `from`: the sender, NULL: the uplink. Returns for how
 * many.
 */
unsigned rx_flood(struct dpath *dp, const struct ldp *from, const struct rx_source *src,
		  const struct flood_plan *plan);

/* LDPs whose flooded frames waited for their share may go on. */
void rx_flood_due(struct dpath *dp);

/* Asks the guest for the groups that it joined, as a switch does when a port comes up. */
void rx_ask_members(struct dpath *dp, struct ldp *l);

/*
 * Moves frames from the queues into the rings: what the uplink brought (rx_run(), alone), and what
 * other LDPs sent. As tx_run_both(), one of them goes first by turns. True: the budget ran out.
 */
bool rx_run(struct dpath *dp);
bool rx_run_both(struct dpath *dp);

/* The ring is taken as full until rx_unblock(): it may have room again. */
void rx_block(struct ldp *l);
void rx_unblock(struct dpath *dp, struct ldp *l);

#endif
