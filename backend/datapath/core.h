/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core.h: what the files of the frame loop share. Theory of operation: dpath.c. */
#ifndef DMVL_DPATH_PRIV_H
#define DMVL_DPATH_PRIV_H

#include "backend/uplink/capacity.h"
#include "backend/credit/ledger.h"
#include "backend/credit/logfile.h"
#include "backend/datapath/dpath.h"
#include "backend/datapath/ldp.h"
#include "backend/frame/fdb.h"
#include "backend/uplink/pace.h"
#include "common/log.h"
#include "backend/datapath/realtime.h"

/* Frames of each kind in one turn of the loop, before the other events get theirs. */
#define DPATH_BATCH 64

/* Times are in nanoseconds. */
#define NS_PER_SEC 1000000000ull
#define NS_PER_MS  1000000ull

/* Accounting, in steps of an epoch: dpath_epoch.c. */
struct dpath_epoch {
	struct dpath_conf conf;
	struct loop_timer *timer;
	bool running;		   /* something is to be accounted for at the end */
	uint64_t begin_ns;	   /* of the epoch under way, or of the last one while none is */
	uint64_t passed[LDP_DIRS]; /* epochs that passed since the last one with anything in it */
	struct ledger *ledger[LDP_DIRS];
	struct logfile file[LDP_DIRS];
	char path[LOGFILE_PATH_MAX + 1];
	char error[256];	    /* what the uplink's key for it takes */
	uint64_t told_end, told_ns; /* the log's end, as told to the control thread */
};

struct dpath {
	struct loop *loop;
	struct uplink *up;
	struct mbox *in, *out;
	struct loop_io *in_io, *up_in, *up_out;
	struct loop_timer *again;  /* a budget ran out: go on after the other events */
	struct loop_timer *pace;   /* until a bucket or a ceiling lets the next frame go */
	struct loop_timer *unpark; /* LDPs that cause too many events sit out a while */
	struct link_conf link;
	struct realtime realtime;

	struct sched *tx, *rx, *local; /* onto the uplink, into the rings, LDP to LDP */
	struct pace tx_pace, rx_pace;
	uint32_t tx_frame_cost, rx_frame_cost; /* the least bytes that a frame is charged by */
	struct capacity capacity;	       /* of the uplink, as measured */
	uint64_t capacity_bps, capacity_ns;    /* in force, since when */
	uint64_t announced_bps, announced_ns;
	struct loop_timer *estimate_due; /* a change that is still to be announced */
	bool tx_blocked;		 /* the uplink said EAGAIN */
	bool lost;			 /* the uplink is no more */
	bool head_moved; /* a head went from one lottery to the other, which may have had its run */
	struct fdb *fdb;
	struct ldp *ldp[LDP_SLOTS];
	uint32_t slots_end; /* all slots in use are below */

	struct ldp *dirty[LDP_SLOTS]; /* with something to commit */
	uint32_t dirty_count;
	struct ldp *parked[LDP_SLOTS];
	uint32_t parked_count;

	uint8_t *frame; /* one frame from the uplink */
	uint8_t *flat;	/* a frame in one piece, to be segmented */
	uint8_t *segment;
	struct dpath_epoch epoch;
	struct loop_timer *announce; /* a step of the announcements */
	bool announce_set;
	unsigned announcing;	/* how many are with the control thread */
	uint32_t announce_next; /* slot at which the next step begins */
	uint64_t now_ns;	/* of this turn */
	uint64_t credits_ns;	/* when credits were looked at last */
	uint64_t uplink_errors;
	struct log_limit uplink_log;
};

/* The time that goes to dp->tx and dp->rx: turns may be late, and make up for it. */
static inline uint64_t dpath_tx_clock(const struct dpath *dp)
{
	return pace_clock_ns(&dp->tx_pace, dp->now_ns);
}

static inline uint64_t dpath_rx_clock(const struct dpath *dp)
{
	return pace_clock_ns(&dp->rx_pace, dp->now_ns);
}

/* Whose turn it is at that time, or else by now, as sched_draw(). */
static inline uint32_t dpath_draw(const struct dpath *dp, struct sched *s, uint64_t clock_ns)
{
	uint32_t slot = sched_draw(s, clock_ns);

	return slot == SCHED_NONE && clock_ns < dp->now_ns ? sched_draw(s, dp->now_ns) : slot;
}

/*
 * Only the frame loop's thread calls what follows. None of it returns errors: an LDP that
 * misbehaves is failed, and the control thread is told.
 */

/* dpath.c: turns, and what all turns need. */

/* One turn; every callback of the loop ends in it. */
void dpath_run(struct dpath *dp);

/* An event of the LDP's vchan: struct ldp *. */
void dpath_on_vchan(void *ldp);

/* Looks at both rings of an LDP that may have moved on. It must be neither failed nor frozen. */
void dpath_look(struct dpath *dp, struct ldp *l);

/* It moved an index: published at the end of the turn. */
void dpath_mark_dirty(struct dpath *dp, struct ldp *l);

/* It can be drawn no more until its heads are looked at again. */
void dpath_leave_lotteries(struct dpath *dp, struct ldp *l);

/* Ends its part, once. `why` is static text, or NULL: the guest closed its side. */
void dpath_fail(struct dpath *dp, struct ldp *l, const char *why);

/*
 * errno `err` says that somebody deleted the interface. Nothing can be sent any more: end, and be
 * started again.
 */
void dpath_uplink_lost(struct dpath *dp, int err);

/* To the control thread, of l (borrowed) or of none (NULL). `why` is static text, or NULL. */
void dpath_send(struct dpath *dp, enum msg_type type, struct ldp *l, const char *why);

/* dpath_orders.c: what the control thread wants. */

/* Messages wait in dp->in: struct dpath *. */
void dpath_on_orders(void *dp);

/* Takes the LDP, which is in no list any more, but not its vchan. */
void dpath_free_ldp(struct dpath *dp, struct ldp *l);

/* dpath_credit.c: once an epoch, measures what each was served and tells those whose credit
 * changed. */
void dpath_update_credits(struct dpath *dp);
/* The telling alone. False: there is more to be told, later. */
bool dpath_tell_credits(struct dpath *dp);

/* The sum of all LDPs' weights, and the rate in force of one that is among them. */
uint64_t dpath_weights(const struct dpath *dp, enum ldp_dir dir);
uint64_t dpath_rate(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir,
		    uint64_t weights);

/* dpath_announce.c: what xenstore is to be told of the LDPs. */

/* False: out of memory. */
bool dpath_announce_init(struct dpath *dp);
void dpath_announce_fini(struct dpath *dp);

/* Something may be worth announcing: sees to it, soon. */
void dpath_announce(struct dpath *dp);

/* The announcement of a slot was written. */
void dpath_announced(struct dpath *dp, uint32_t slot);

/* Announces what it may at dp->now_ns. False: there is more to be announced, later. */
bool dpath_announce_step(struct dpath *dp);

/* dpath_epoch.c: what is counted, and what is done at the end of each epoch. */

/* False: out of memory. */
bool dpath_epoch_init(struct dpath *dp);
void dpath_epoch_fini(struct dpath *dp);

/*
 * Charges a frame that was sent or refused in s, as sched_served(), and counts it for the epoch if
 * s is the uplink's in either direction.
 */
void dpath_served(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t wire_bytes,
		  uint32_t charge_bytes, bool more);

/* Sees to it that an epoch is under way. */
void dpath_epoch_begin(struct dpath *dp);

/* An epoch ends at dp->now_ns: accounts, repays, and fills in each LDP's accounts. */
void dpath_epoch(struct dpath *dp);

/* An LDP comes, gets other weights, goes. */
void dpath_account_open(struct dpath *dp, struct ldp *l);
void dpath_account_reweight(struct dpath *dp, struct ldp *l);
void dpath_account_close(struct dpath *dp, struct ldp *l);

/* dpath_capacity.c: what the uplink carries, and what follows from that. */

/* The capacity in force, configured or measured, in bits per second; 0: unknown. */
uint64_t dpath_capacity_bps(const struct dpath *dp);

/* dp->link has changed. */
void dpath_capacity_configure(struct dpath *dp);

/* Each turn, when all was sent that could be. */
void dpath_capacity_turn(struct dpath *dp);

/* Logs what is in force and what was measured. */
void dpath_capacity_report(const struct dpath *dp);

/* For dp->estimate_due; NULL: out of memory. */
struct loop_timer *dpath_capacity_timer(struct dpath *dp);

/* dpath_tx.c: TX rings -> uplink, and LDP to LDP. */

/* Looks at the head of the TX ring, if it has none yet, and enters the lottery it belongs to. */
void tx_scan(struct dpath *dp, struct ldp *l);

/* Addresses or settings changed: looks at all heads anew. */
void tx_rejudge(struct dpath *dp);

/* What a turn sends onto the uplink, and from LDP to LDP. Returns whether the budget ran out. */
bool tx_run(struct dpath *dp);
bool tx_run_local(struct dpath *dp);

/* Says on the uplink where the LDP's MAC is now, so that switches learn it: five times, rarer. */
void tx_announce(struct dpath *dp, struct ldp *l);

/* dpath_rx.c: uplink -> RX queues -> RX rings. */

/* A frame to be queued. All borrowed: what a queue keeps it copies. */
struct rx_source {
	const struct virtio_net_hdr_v1 *vnet;
	const struct frame_info *fi;
	const uint8_t *hdr; /* of hdr_len bytes: a private copy */
	uint32_t hdr_len;
	const struct iovec *iov; /* the whole frame */
	unsigned iovcnt;
	uint32_t cost_bytes; /* on the wire */
};

/* Empties the uplink into the queues. Returns whether the budget ran out. */
bool rx_read_uplink(struct dpath *dp);

/* Queues the frame for one LDP, in the form that it takes, or counts why not. */
void rx_queue(struct dpath *dp, struct ldp *l, const struct rx_source *src);

/* Queues it for all but `from` (NULL: for all). Returns for how many. */
unsigned rx_flood(struct dpath *dp, const struct ldp *from, const struct rx_source *src);

/* Moves from the queues into the rings. Returns whether the budget ran out. */
bool rx_run(struct dpath *dp);

/* The ring may have room again. */
void rx_unblock(struct dpath *dp, struct ldp *l);

/* Sizes the queues, after attach, detach and changed settings. */
void rx_set_limits(struct dpath *dp);

#endif
