/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldp.h: one Logical Data Path as the frame loop sees it: its rings, its head frame, its queue. */
#ifndef DMVL_LDP_H
#define DMVL_LDP_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/credit/ledger.h"
#include "backend/credit/status.h"
#include "backend/credit/replay.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/flood_limit.h"
#include "backend/datapath/outlook.h"
#include "backend/frame/arrivals.h"
#include "backend/frame/frame.h"
#include "backend/frame/gso.h"
#include "common/flowq.h"
#include "backend/sched/bucket.h"
#include "backend/sched/sched.h"
#include "backend/stats/rates.h"
#include "backend/stats/stats.h"
#include "backend/credit/window.h"
#include "backend/msg/ldp_conf.h"
#include "backend/vif/vif_tap.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/vchan.h"
#include "common/wire.h"

#define LDP_VIF_QUEUE_MAX (4u << 20) /* bytes of a tap's frames that may wait to be sent */

/* Why a frame did not arrive. The first ones are frame_verdict's, by number. */
enum ldp_drop {
	LDP_DROP_FLOOD = FRAME_VERDICTS, /* more than flood-rate or flood-max */
	LDP_DROP_NO_ROUTE,		 /* to another LDP, with switch=off */
	LDP_DROP_UPLINK,		 /* the uplink refused it (not for want of room) */
	LDP_DROP_MTU,			 /* too big for the uplink, or for another LDP */
	LDP_DROP_NEIGHBOUR_FULL,	 /* another port of the bridge had no room */
	LDP_DROP_RX_FULL,
	LDP_DROP_RX_CODEL,
	LDP_DROP_RX_FLOOD, /* more flooded frames than their share of the receiver's rate */
	LDP_DROP_RX_VLAN,
	LDP_DROP_RX_CONTROL,
	LDP_DROP_RX_OVERSIZE,
	LDP_DROP_RX_SEGMENTS, /* a GSO frame of more segments than any network stack makes */
	LDP_DROP_RX_VIF,      /* the guest's vif refused it (not for want of room) */
	LDP_DROP_VIF_CODEL,   /* a vif's frame waited too long */
	LDP_DROP_VIF_FULL,    /* a vif's frame found no room */
	LDP_DROPS,
};

const char *ldp_drop_name(unsigned reason);

struct ldp_counters {
	uint64_t tx_frames, tx_bytes; /* wire bytes, uplink and local */
	uint64_t tx_uplink_bytes;     /* those to the uplink among them */
	uint64_t rx_frames, rx_bytes;
	uint64_t tx_wait[STATS_BUCKETS], rx_wait[STATS_BUCKETS]; /* us, until it was sent on */
	uint64_t mac_moves; /* of addresses to it or away from it */
	uint64_t drops[LDP_DROPS];
};

/* What was told of its MAC addresses. */
struct ldp_moves {
	uint64_t since_ns; /* moves are counted */
	unsigned recent;   /* moves since then */
	bool told;	   /* the control thread has a sentence */
	uint64_t told_ns;  /* there was reason for one */
	struct log_limit log;
};

/* Its credit in one direction. The frame loop writes it at the end of each epoch. */
struct ldp_account {
	int64_t balance_bytes; /* lent to others (positive), or borrowed from them */
	uint64_t log_offset;   /* of its newest committed record in the log, 0: none */
};

/* What it had, and should have had, in one direction. */
struct ldp_promise {
	/* As of the end of the last window. */
	struct ledger_sums sums;
	uint64_t backlog_ns;
	uint64_t local_bytes; /* that it exchanged with other LDPs */

	/* Of that window. */
	struct {
		uint64_t had_bytes, local_bytes, waited_ns;
		bool hungry; /* it wanted all that it could get */
	} window;
	unsigned lately;  /* windows for which it counts that frames waited all the time before */
	unsigned stalled; /* windows for which the guest has stood still since it wanted so */
	unsigned deaf;	  /* windows for which frames have waited for a guest that stands still */
	uint64_t due_bps; /* in the last window; 0: it did not want all that it could get */

	/* In windows during which frames waited nearly all the time. */
	uint64_t entitled_bytes, had_bytes;
};

/* How well that was kept. */
struct ldp_audit {
	bool still;		  /* the guest stood still in the last window */
	uint64_t still_ns;	  /* for how long its agent has taken nothing that lay there */
	uint32_t inflight, taken; /* of its receive ring, at the end of that */
	uint32_t opened;	  /* a record was looked for in this file */
	uint32_t record;	  /* 1 + its number; 0: none */
	bool wants[LDP_DIRS];	  /* frames waited in the last window */
	uint64_t windows[LDP_DIRS], kept[LDP_DIRS];
};

/* What it was limited by in the second under way. */
struct ldp_limit {
	uint32_t by;	  /* enum record_limit; in the last window in which frames waited */
	unsigned windows; /* in which they did */
	uint64_t from;	  /* what it had been charged when the second began */
};

/* For how long frames waited. */
struct ldp_backlog {
	uint64_t since_ns; /* 0: none waits now */
	uint64_t ns;	   /* up to then */
};

static inline void ldp_backlog_set(struct ldp_backlog *b, bool waits, uint64_t now_ns)
{
	if (waits == (b->since_ns != 0))
		return;
	if (!waits)
		b->ns += now_ns - b->since_ns;
	b->since_ns = waits ? now_ns : 0;
}

static inline uint64_t ldp_backlog_ns(const struct ldp_backlog *b, uint64_t now_ns)
{
	return b->since_ns ? b->ns + now_ns - b->since_ns : b->ns;
}

/* What waits at the head of the TX ring, and so which lottery the LDP is in. */
enum ldp_head {
	LDP_HEAD_NONE,
	LDP_HEAD_UPLINK, /* leaves the host, is flooded, or will be refused */
	LDP_HEAD_LOCAL,	 /* to another LDP */
};

/* An LDP's tap. */
struct ldp_vif {
	struct flowq *queue; /* what was read and waits to be sent */
	bool full;	     /* nothing is read until there is room */
	unsigned out;	     /* the port through which the guest spoke last: it is answered there */
	uint64_t missed;     /* measure.c: frames that its taps had no room for, as of late */
	struct loop_io *in[VIF_PORTS], *room[VIF_PORTS];
};

/* Of an LDP whose guest may flag frames: the messages behind the head, and a head that waits. */
struct ldp_ahead;

/* Each part of the data path writes the fields under its name, and no others. */
struct ldp {
	/* members.c */
	uint32_t slot; /* index in the data path, and id in its schedulers */
	char name[LDP_NAME_MAX];
	char guest[MSG_GUEST_MAX + 1]; /* the name of its guest; "": not known */
	struct credit_id id;
	struct ldp_conf conf;
	struct vchan *vchan; /* NULL: it has a tap */
	struct vif_tap *tap; /* NULL: it has a vchan */
	struct loop_io *io;  /* of the vchan: dpath.c and ldp.c switch it off and on */
	struct loop_timer *advertise;
	struct dpath *dp;
	bool frozen; /* its domain is suspended */

	/* ldp.c */
	struct ldp_ahead *ahead;  /* NULL: frames leave as they lie in the ring */
	uint32_t tx_avail;	  /* bytes in the ring that are not done, as of the last poll */
	uint64_t polled_ns;	  /* when that was */
	struct arrivals arrivals; /* of the bytes in the ring */
	bool tx_dirty, rx_dirty;  /* moved an index since the last commit */

	/*
	 * ldp.c and ldp_vif.c: the head frame, its headers copied out of the ring once. The first
	 * three lie as in the ring, so that one copy takes them.
	 */
	struct wire_hdr wire;
	struct virtio_net_hdr_v1 said; /* what the guest wrote */
	uint8_t hdr[FRAME_HDR_MAX];
	uint32_t hdr_len;
	uint32_t frame_len;
	struct frame_info fi;
	struct virtio_net_hdr_v1 vnet;
	uint32_t head_off; /* of its message, behind the bytes that are done */
	uint64_t head_ns;  /* since when the head frame has been there */

	/* tx_head.c: what follows from the head frame, judged on the copy. ldp.c begins a new one,
	 * tx.c says how far it is cut. */
	enum ldp_head head;
	enum frame_verdict verdict;
	uint32_t cost_bytes;	/* on the wire: what has not yet left of it */
	struct gso_iter cut;	/* cut.done > 0: parts of it have left */
	uint32_t local_slot;	/* LDP_HEAD_LOCAL: to whom */
	struct flood_plan plan; /* of a frame to a group, from its first part on; the last of what
				   ldp_give_way() puts aside */
	struct bucket answers;	/* toobig.c: that it may still get */
	unsigned advertised;	/* times that the uplink was told of its MAC */

	/* ldp_vif.c */
	struct ldp_vif vif; /* of a tap */

	/* stranger.c: frames whose source is not its MAC */
	struct {
		unsigned frames; /* in a row */
		bool told;
		uint64_t told_ns, good_ns; /* the last message; the last frame that may pass */
	} stranger;

	/* rx.c; members.c makes the queues */
	struct flowq *rxq;
	struct flowq *floodq; /* frames that were flooded to it */
	struct flowq *localq; /* frames from other LDPs */
	bool rx_blocked;      /* the ring had no room for the head of a queue */

	/* flood.c */
	struct flood_limit flood;  /* of what it sends */
	struct bucket flood_share; /* of what it receives; rx.c takes the tokens */
	uint32_t flood_stamp;	   /* the last frame of which it got a copy as a member */
	bool on_crowded, on_flood_wait;

	/* rx_limit.c; rx.c counts what it was delivered of what the uplink brought, on the wire */
	uint64_t rx_delivered_bytes;
	uint64_t rx_looked_bytes; /* rx_delivered_bytes at the last look */
	uint64_t rx_served_bps;	  /* the mean of late */
	uint32_t rx_idle;	  /* looks since it was delivered something */
	struct {
		uint64_t frames; /* count.rx_frames at the last look */
		uint32_t looks;	 /* since it received one, from other LDPs too */
	} rx_rest;

	/* capture.c */
	uint8_t captures; /* a bit for each ring that gets its frames */

	/* core.c */
	bool on_dirty;
	bool failed;

	/* dpath.c; members.c fills the bucket first */
	bool on_parked;
	struct bucket events; /* vchan events it may cause */

	/* epoch.c */
	struct ldp_account account[LDP_DIRS];

	/* tx_head.c: a frame for the uplink is at the head; rx.c: frames from it are queued. */
	struct ldp_backlog backlog[LDP_DIRS];

	/* promise.c */
	struct ldp_promise promise[LDP_DIRS];

	/* audit.c */
	struct ldp_audit audit;

	/* limits.c */
	struct ldp_limit limit[LDP_DIRS];

	/* credit.c */
	struct window window;
	uint64_t window_bytes; /* count.tx_bytes when the window was measured last */

	/* outlook.c */
	struct ldp_outlook outlook[LDP_DIRS];
	uint64_t outlook_looks; /* how many there were when it was looked at; 0: it was not */

	/* publish.c */
	struct ldp_status_shown shown; /* in xenstore */
	bool showing; /* the control thread has a status that it has not answered */

	/* moves.c */
	struct ldp_moves moves;

	/* measure.c */
	struct rates rate[LDP_DIRS];

	/* tx.c, rx.c and moves.c count what they send, deliver and drop. */
	struct ldp_counters count;
};

/* The number of its guest. */
static inline uint32_t ldp_guest(const struct ldp *l)
{
	return record_domid(l->id.ldp);
}

/* It takes part: its rings may be touched. */
static inline bool ldp_is_active(const struct ldp *l)
{
	return !l->failed && !l->frozen;
}

/* The longest frame that it can receive. */
static inline uint32_t ldp_rx_frame_max(const struct ldp *l)
{
	return l->tap ? WIRE_FRAME_MAX : wire_frame_limit(vchan_ring_bytes(l->vchan));
}

/*
 * Does the frame, or each of its segments of gso_size (0: it has none), fit the LDP's MTU and what
 * it can receive?
 */
bool ldp_takes(const struct ldp *l, const struct frame_info *fi, uint16_t gso_size);

/* Makes the vchan's conf.sparse hold: the guest may flag frames. False: out of memory. */
bool ldp_ahead_init(struct ldp *l);
void ldp_ahead_fini(struct ldp *l);

#define LDP_SCAN_REST 2 /* of ldp_scan() */

/*
 * Looks at the head of the TX ring: the first flagged frame, or else the first one. 1: a frame;
 * hdr, fi and vnet are of it, its verdict is that of its form, and the caller judges the rest.
 * LDP_SCAN_REST: the rest of the frame that gave way, as it was judged. 0: no whole frame is there.
 * -EPROTO with *why.
 */
int ldp_scan(struct ldp *l, uint64_t now_ns, const char **why);

/*
 * A part of the head has left. 1: a flagged frame may go before the rest, which was put aside;
 * ldp_scan() comes next. 0: the head stays. -EPROTO with *why.
 */
int ldp_give_way(struct ldp *l, uint64_t now_ns, const char **why);

/* len > 0 bytes at off of the head frame as the uplink or another ring is to get it: headers from
 * the copy. Returns how many pieces. */
unsigned ldp_head_iov(struct ldp *l, uint32_t off, uint32_t len, struct iovec iov[3]);

/* The head frame is done with, and its room free when all before it is; ldp_scan() comes next. */
void ldp_consume(struct ldp *l);

/*
 * Writes a frame into the RX ring. -EAGAIN: no room, and an event is armed for when there is;
 * -EPROTO: the peer's index is out of range.
 */
int ldp_deliver(struct ldp *l, const struct flowq_frame *f);

/* Tells the guest its credit, or sets the length of its tap's queue; false: no room now. */
bool ldp_send_credit(struct ldp *l, const struct wire_credit *credit);

/* Listens to the vchan or tap, or no longer. */
void ldp_listen(struct ldp *l, bool on);

/* Publishes what moved since the last time. */
void ldp_commit(struct ldp *l);

/* Logs its counters: frames, bytes, drops by reason, and in how many `groups` it is. */
void ldp_report(const struct ldp *l, unsigned groups);

void ldp_count_drop(struct ldp *l, unsigned reason);

/* Counts in a histogram of waits that something waited from since_ns to now_ns. */
void ldp_count_wait(uint64_t bucket[STATS_BUCKETS], uint64_t since_ns, uint64_t now_ns);

#endif
