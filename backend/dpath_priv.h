/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dpath_priv.h: what the files of the data path share. Theory of operation: dpath.c. */
#ifndef DMVL_DPATH_PRIV_H
#define DMVL_DPATH_PRIV_H

#include "backend/dpath.h"
#include "backend/fdb.h"
#include "backend/pace.h"

/* Frames of each kind in one turn of the loop, before the other events get theirs. */
#define DPATH_BATCH 64

/* Times are in nanoseconds. */
#define NS_PER_SEC 1000000000ull
#define NS_PER_MS  1000000ull

struct dpath {
	struct loop *loop;
	struct uplink *up;
	struct mbox *in, *out;
	struct loop_io *in_io, *up_in, *up_out;
	struct loop_timer *again;  /* a budget ran out: go on after the other events */
	struct loop_timer *pace;   /* until a bucket or a ceiling lets the next frame go */
	struct loop_timer *unpark; /* LDPs that cause too many events sit out a while */
	struct link_conf link;

	struct sched *tx, *rx, *local; /* onto the uplink, into the rings, LDP to LDP */
	struct pace tx_pace, rx_pace;
	bool tx_blocked; /* the uplink said EAGAIN */
	bool lost;	 /* the uplink is no more */
	bool head_moved; /* a head went from one lottery to the other, which may have had its run */
	struct fdb *fdb;
	struct ldp *ldp[DPATH_SLOTS];
	uint32_t slots_end; /* all slots in use are below */

	struct ldp *dirty[DPATH_SLOTS]; /* with something to commit */
	uint32_t dirty_count;
	struct ldp *parked[DPATH_SLOTS];
	uint32_t parked_count;

	uint8_t *frame; /* one frame from the uplink */
	uint8_t *flat;	/* a frame in one piece, to be segmented */
	uint8_t *segment;
	uint64_t now_ns; /* of this turn */
	uint64_t uplink_errors;
	struct log_limit uplink_log;
};

/* dpath.c */
void dpath_run(struct dpath *dp);
void dpath_mark_dirty(struct dpath *dp, struct ldp *l);
void dpath_fail(struct dpath *dp, struct ldp *l, const char *why);
void dpath_uplink_lost(struct dpath *dp, int err);
void dpath_send(struct dpath *dp, enum msg_type type, struct ldp *l, const char *why);

/* dpath_tx.c: TX rings -> uplink, and LDP to LDP. Each returns whether a budget ran out. */
void tx_scan(struct dpath *dp, struct ldp *l);
void tx_rejudge(struct dpath *dp); /* addresses or settings changed: look at all heads anew */
bool tx_run(struct dpath *dp);
bool tx_run_local(struct dpath *dp);
void tx_announce(struct dpath *dp, struct ldp *l);

/* dpath_rx.c: uplink -> RX queues -> RX rings. */
struct rx_source {
	const struct virtio_net_hdr_v1 *vnet;
	const struct frame_info *fi;
	const uint8_t *hdr; /* of hdr_len bytes: a private copy */
	uint32_t hdr_len;
	const struct iovec *iov; /* the whole frame */
	unsigned iovcnt;
	uint32_t cost_bytes;
};
bool rx_read_uplink(struct dpath *dp);
void rx_queue(struct dpath *dp, struct ldp *l, const struct rx_source *src);
unsigned rx_flood(struct dpath *dp, const struct ldp *from, const struct rx_source *src);
bool rx_run(struct dpath *dp);
void rx_unblock(struct dpath *dp, struct ldp *l);
void rx_set_limits(struct dpath *dp);

#endif
