/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core.h: the frame loop's state, and what all its parts call. Theory of operation: dpath.c. */
#ifndef DMVL_CORE_H
#define DMVL_CORE_H

#include "backend/capture/capring.h"
#include "backend/capture/capsock.h"
#include "backend/credit/ledger.h"
#include "backend/credit/logfile.h"
#include "backend/datapath/dpath.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/flood_limit.h"
#include "backend/datapath/ldp.h"
#include "backend/datapath/members.h"
#include "backend/datapath/outlook.h"
#include "common/realtime.h"
#include "backend/datapath/tenants.h"
#include "backend/frame/fdb.h"
#include "backend/frame/groups.h"
#include "backend/frame/linklocal.h"
#include "backend/sched/fluid.h"
#include "backend/stats/rates.h"
#include "backend/stats/statsfile.h"
#include "backend/stats/windows_file.h"
#include "backend/uplink/capacity.h"
#include "backend/uplink/pace.h"
#include "backend/uplink/uplink.h"
#include "common/log.h"

/*
 * What one turn of the loop may do with frames of each kind before the other events get theirs:
 * messages of guests, or frames from the uplink and for guests (these twice, before and after
 * it sends), whatever becomes of them; pieces, which are frames and segments that were written,
 * copied or cut, and groups that a report names; and bytes of all pieces. The last message may go
 * beyond: no frame is left half done.
 */
#define CORE_BATCH	  64u
#define CORE_BATCH_PIECES 512u
#define CORE_BATCH_BYTES  1048576u

#define NS_PER_SEC 1000000000ull
#define NS_PER_MS  1000000ull

/* LDPs that wait for something, each at most once. */
struct ldp_list {
	struct ldp *at[LDP_SLOTS];
	uint32_t count;
};

/* Events and turns. Only dpath.c writes it. */
struct dpath_turn {
	struct mbox *in;
	struct loop_io *in_io, *up_in;
	bool up_ready;		   /* the uplink has a frame, the loop says */
	uint64_t sent_bytes;	   /* what dp->tx had at the last turn that sent */
	struct loop_timer *again;  /* a budget ran out: go on after the other events */
	struct loop_timer *pace;   /* until a bucket or a ceiling lets the next frame go */
	uint64_t pace_ns;	   /* when it fires; SCHED_NEVER: it does not */
	struct loop_timer *unpark; /* LDPs that cause too many events sit out a while */
	struct ldp_list parked;	   /* members.c removes from it what goes */
	struct realtime realtime;
};

/* All that was done since the start. All parts count. */
struct core_work {
	uint64_t pieces, bytes;
};

/* What is left of a batch. */
struct core_budget {
	unsigned messages;
	struct core_work end;
};

/* The LDPs. Only members.c writes it. */
struct dpath_members {
	struct ldp *ldp[LDP_SLOTS];
	uint32_t end; /* all slots in use are below */
	/* Events of an LDP: of its vchan; of its tap, to be read or with room. */
	struct members_events on;
};

/* Groups of LDPs, by number. Only tenants.c writes it. */
struct dpath_tenants {
	bool on[SCHED_GROUPS + 1];
	struct group_conf conf[SCHED_GROUPS + 1];
	struct weights weights[LDP_DIRS]; /* of all LDPs */
	struct weights busy;		  /* rx_limit.c: of those that receive */
};

/* TX rings -> uplink. Only tx.c writes it, and tx_head.c what it says. */
struct dpath_tx {
	struct pace pace;
	struct loop_io *room; /* tells when the uplink's own queue takes frames again */
	loop_cb *on_room;
	bool blocked;		  /* the uplink said EAGAIN */
	uint64_t blocks;	  /* how often it did */
	uint64_t sent_bytes;	  /* on the wire, to the uplink so far */
	struct loop_timer *stuck; /* while blocked: it takes too long */
	bool head_moved;  /* tx_head.c: in this turn a head entered a lottery whose run may be over
			   */
	bool local_first; /* frames between guests go before the uplink's */
	struct log_limit log;
};

/* A port of the bridge that is no exit, and the device's queue for it. */
struct port_queue {
	uint32_t ifindex;
	int fd;
	uint64_t used_ns;
};

#define PORTS_QUEUES 255u /* a TAP has 256, and one is the uplink's own */

struct portmap;

/* Queues for the ports of the bridge. Only ports.c writes it. */
struct dpath_ports {
	int fd;		     /* the uplink's own queue, for sending */
	uint32_t bridge;     /* interface index; 0: there is none, or the device has one queue */
	struct portmap *map; /* the bridge's forwarding table */
	int table_fd;	     /* tells its changes; -1: none */
	struct loop_io *table_io;
	loop_cb *on_table;
	struct port_queue queue[PORTS_QUEUES];
	unsigned count;
};

/* Frames to groups. Only flood.c writes it; rx_uplink.c counts what the uplink brought too much of.
 */
struct dpath_flood {
	struct groups *groups;
	struct flood_limit uplink; /* of what the uplink brings */
	uint8_t *frame;		   /* a message about groups, in one piece */
	uint32_t stamp;		   /* of the frame that is copied now */
	struct ldp_list crowded;   /* joined more groups than are remembered */
	struct ldp_list waiting;   /* have flooded frames, and no share left for them now */
	struct loop_timer *due;	   /* the first of them has */
	uint64_t due_ns;
	uint64_t dropped; /* frames from the uplink */
};

/* The group table of the uplink's bridge. Only bridge_groups.c writes it. */
struct dpath_bridge_groups {
	uint32_t bridge, own_port; /* interface indexes; bridge 0: there is none */
	int fd;			   /* tells its changes; -1: none */
	struct loop_io *io;
	loop_cb *on_table;
	uint32_t port[FLOOD_PORTS]; /* has the number FLOOD_PORT_MEMBER and its place here */
	unsigned ports;
};

/* Uplink -> RX rings. Only rx.c and rx_uplink.c write it. */
struct dpath_rx {
	struct pace pace;
	uint64_t rate_bps;	   /* what all LDPs may receive together; 0: no limit */
	uint64_t received_bytes;   /* on the wire, from the uplink so far */
	uint32_t frame_cost_bytes; /* the least that a frame is charged */
	uint8_t *frame;		   /* one frame from the uplink */
	uint8_t *flat;		   /* a frame in one piece, to be segmented */
	uint8_t *segment;
	bool local_first;   /* as in struct dpath_tx */
	uint64_t flow_seed; /* of flows in the queues; secret */
	uint64_t malformed; /* frames from the uplink that could not be parsed */
	struct log_limit log;
	uint64_t looked_ns;    /* rx_limit.c: when it last measured */
	uint64_t looked_bytes; /* received_bytes at that time */
	uint64_t came_bps;     /* rx_limit.c: from the uplink; falls slowly */
	uint64_t served_bps;   /* rx_limit.c: what all LDPs were delivered of it, of late */
};

/* What the uplink carries. Only link_rate.c writes it. */
struct dpath_link_rate {
	struct capacity measured;
	uint64_t speed_bps;		      /* of the hardware when that began; 0: not known */
	uint64_t configured_bps;	      /* the last one; 0: none yet */
	uint64_t settled_ns;		      /* what is measured before is not taken */
	uint64_t in_force_bps, in_force_ns;   /* the capacity in force, and since when */
	uint32_t frame_cost_bytes;	      /* the least that a transmitted frame is charged */
	uint64_t estimated_bps, estimated_ns; /* what the control thread knows, and since when */
	struct loop_timer *estimate;	      /* a change that it does not know yet */
	bool idled;			      /* no frame waited at some time in this epoch */
};

/* MAC addresses that move. Only moves.c writes it. */
struct dpath_moves {
	struct loop_timer *quiet; /* while there is something to take back */
	struct log_limit log;
};

/* Accounts, in steps of an epoch. Only epoch.c writes it. */
struct dpath_epoch {
	uint64_t length_ns;
	struct loop_timer *timer;
	bool running;		   /* there will be something to account for at its end */
	uint64_t begin_ns;	   /* of the epoch under way, or of the last one while none is */
	uint64_t late_ns;	   /* how late epochs ended, together */
	uint64_t passed[LDP_DIRS]; /* epochs that passed since the last one with anything in it */
	struct ledger *ledger[LDP_DIRS];
	struct mapfile file[LDP_DIRS];
	struct ldplog_id id[LDP_DIRS];
	char path[LDP_DIRS][LOGFILE_PATH_MAX + 1];
	uint64_t looked_ns;	    /* when the logs were last looked at */
	char error[256];	    /* why no log is kept; empty: one is */
	uint64_t told_end, told_ns; /* the log's end, as the control thread knows it */
};

/* What xenstore shows of the LDPs. Only publish.c writes it. */
struct dpath_publish {
	struct loop_timer *timer; /* the next step */
	bool timer_set;
	unsigned unanswered; /* how many are with the control thread */
	uint32_t next;	     /* slot at which the next step begins */
};

/* How the promises were kept, in the run directory. Only audit.c writes it. */
struct dpath_audit {
	char path[MAPFILE_PATH_MAX + 1]; /* "": there is no run directory */
	char boot[40];
	struct mapfile file;
	gid_t group;	    /* that may read the file */
	int error;	    /* why there is no file: -errno, which was said */
	uint32_t opened;    /* how many files were */
	uint64_t run;	    /* the number of this daemon */
	uint64_t left_ms;   /* when the daemon before wrote last */
	uint64_t looked_ns; /* when the file was last looked at */

	/* The window that ended last, and counters as they were then. */
	struct windows_facts facts[LDP_DIRS];
	uint64_t now_ms; /* CLOCK_REALTIME */
	uint64_t sent_bytes, blocks, epoch_late_ns;
	bool was_down;
	bool any_still; /* some agent has taken nothing in the last window */

	/* Of all LDPs, since the start: windows, and those that were not kept. */
	uint64_t windows[LDP_DIRS], broken[LDP_DIRS][WINDOWS_REASONS];
};

/* What each LDP would get. Only outlook.c writes it. */
struct dpath_outlook {
	struct outlook_work *work;
	uint64_t looks, looked_ns;
	uint64_t ns[OUTLOOK_LOOKS]; /* of the last looks */
	bool changed;		    /* since the last look */
	uint64_t sum;		    /* bytes of all LDPs, at the last look */
	unsigned still;		    /* looks since it changed */
};

/* What LDPs counted together. */
struct ldp_sums {
	uint64_t drops[LDP_DROPS];
	uint64_t wait[LDP_DIRS][STATS_BUCKETS];
};

/* Of those that went, and of all as far as this round of the statistics. Only sums.c writes it. */
struct dpath_sums {
	struct ldp_sums gone, round;
};

/* The statistics in the run directory. Only measure.c writes it. */
struct dpath_measure {
	struct loop_timer *timer;
	bool timer_set;
	char path[MAPFILE_PATH_MAX + 1]; /* "": there is no run directory */
	struct mapfile file;
	struct stats_header layout; /* of the file */
	gid_t group;		    /* that may read the file */
	int error;		    /* why there is no file: -errno, which was said */
	uint64_t looked_ns;	    /* when the file was last looked at */
	uint32_t end;		    /* slots below may have a record in use */
	uint64_t begun_ns;	    /* the round under way */
	uint32_t next;		    /* its next slot */
	unsigned ldps;		    /* of those before */
	bool under_way;
	bool busy;   /* frames passed or waited in the last window */
	bool rested; /* before this round the timer did not run */
	uint64_t rounds;
	struct rates rate[LDP_DIRS];
	uint64_t sum;	/* of counters, at the last sample */
	unsigned still; /* samples since it changed */
};

/* Rings that get copies of frames. Only capture.c writes it. */
struct dpath_capture {
	struct capring ring[CAPRING_MAX]; /* shared NULL: not in use */
	struct capsock_request wanted[CAPRING_MAX];
};

/* Room for the parts of a window. */
struct promise_work {
	struct fluid_part part[LDP_SLOTS + SCHED_GROUPS];
	struct water_kink kink[WATER_KINKS(LDP_SLOTS + SCHED_GROUPS)];
	struct ldp *who[LDP_SLOTS]; /* the first parts are of these */
	/* By group, LDP_GROUP_NONE too: where its members are, and how many; where its own part is.
	 */
	uint32_t first[SCHED_GROUPS + 1], count[SCHED_GROUPS + 1], group_at[SCHED_GROUPS + 1];
	uint64_t local_bytes[SCHED_GROUPS + 1];
};

/* What LDPs should have had. Only promise.c writes it. */
struct dpath_promise {
	uint64_t ns;			/* since limits were written to the log */
	uint64_t ended_ns;		/* the last window */
	bool changed;			/* rules did, since then */
	uint64_t carried_bps[LDP_DIRS]; /* when frames waited last, while the uplink was up */
	struct promise_work *work;
};

struct dpath {
	/* dpath_new() sets these, and nobody changes them. */
	struct loop *loop;
	struct uplink *up;
	struct mbox *out;
	dpath_clock *clock, *wall;
	uint64_t burst_ns;		   /* of a paced link, that leaves at once after a delay */
	struct sched *tx_sched, *rx_sched; /* onto the uplink, into the rings */
	/* LDP to LDP, at any rate: out of the TX rings, into the RX rings. */
	struct sched *local_sched, *rx_local_sched;
	struct fdb *fdb;
	struct linklocal *locals;

	struct core_work work;
	uint64_t now_ns;       /* of this turn: dpath.c, at the begin of each callback */
	struct link_conf link; /* members.c */
	enum link_hold hold;   /* hold.c */
	uint64_t credits_ns;   /* credit.c: when it last measured; epoch.c: began to */
	struct ldp_list dirty; /* core.c: LDPs with ring indexes to publish; members.c removes */
	bool lost;	       /* core.c: the uplink is no more; dpath.c: another is there */

	struct dpath_turn turn;
	struct dpath_members members;
	struct dpath_tenants tenants;
	struct dpath_ports ports;
	struct dpath_tx tx;
	struct dpath_flood flood;
	struct dpath_bridge_groups bridge_groups;
	struct dpath_rx rx;
	struct dpath_link_rate link_rate;
	struct dpath_moves moves;
	struct dpath_epoch epoch;
	struct dpath_publish publish;
	struct dpath_promise promise;
	struct dpath_audit audit;
	struct dpath_outlook outlook;
	struct dpath_measure measure;
	struct dpath_sums sums;
	struct dpath_capture capture;
};

/*
 * Only the frame loop's thread calls what follows, and what the headers of the other parts declare.
 * None of it returns errors: an LDP that misbehaves is failed, and the control thread is told.
 */

/*
 * Visits all LDPs:
 *
 *	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
 */
static inline struct ldp *core_next_ldp(const struct dpath *dp, uint32_t *slot)
{
	struct ldp *l = NULL;

	while (!l && *slot < dp->members.end)
		l = dp->members.ldp[(*slot)++];
	return l;
}

/* The LDP of a slot, or NULL. */
static inline struct ldp *core_ldp(const struct dpath *dp, uint32_t slot)
{
	return slot < LDP_SLOTS ? dp->members.ldp[slot] : NULL;
}

/* A piece of `bytes` was worked on. */
static inline void core_work(struct dpath *dp, uint32_t bytes)
{
	dp->work.pieces++;
	dp->work.bytes += bytes;
}

/*
 * One batch:
 *
 *	struct core_budget budget = core_budget(dp);
 *	while (core_budget_take(dp, &budget))
 *		one message
 */
static inline struct core_budget core_budget(const struct dpath *dp)
{
	return (struct core_budget){
		CORE_BATCH,
		{dp->work.pieces + CORE_BATCH_PIECES, dp->work.bytes + CORE_BATCH_BYTES},
	};
}

static inline bool core_budget_take(const struct dpath *dp, struct core_budget *b)
{
	if (b->messages == 0 || dp->work.pieces >= b->end.pieces || dp->work.bytes >= b->end.bytes)
		return false;
	b->messages--;
	return true;
}

/* The time of tx_sched and rx_sched: turns may be late, and make up for it. */
static inline uint64_t core_tx_clock_ns(const struct dpath *dp)
{
	return pace_clock_ns(&dp->tx.pace, dp->now_ns);
}

static inline uint64_t core_rx_clock_ns(const struct dpath *dp)
{
	return pace_clock_ns(&dp->rx.pace, dp->now_ns);
}

/*
 * Whose turn it is on a link with that pace; SCHED_NONE: nobody's now. While the link is busy, it
 * is that of an LDP that overtakes: nobody would be sent before it, so its frame may as well wait
 * in the link's own queue, if pace_takes() it. Sets p->idle when the link is free.
 */
static inline uint32_t core_draw(const struct dpath *dp, struct sched *s, struct pace *p)
{
	uint64_t clock_ns = pace_clock_ns(p, dp->now_ns);
	uint32_t slot;

	if (pace_wait(p))
		return sched_draw_express(s, clock_ns);
	slot = sched_draw(s, clock_ns);
	if (slot == SCHED_NONE && clock_ns < dp->now_ns)
		slot = sched_draw(s, dp->now_ns);
	p->idle = slot == SCHED_NONE;
	return slot;
}

/* The caller knows that the LDP is not in the list. */
void ldp_list_add(struct ldp_list *list, struct ldp *l);
void ldp_list_remove(struct ldp_list *list, const struct ldp *l);

/* The LDP moved a ring index: core_commit() publishes it at the end of the turn. */
void core_mark_dirty(struct dpath *dp, struct ldp *l);
void core_commit(struct dpath *dp);

/* The LDP cannot be drawn until somebody looks at its heads again. */
void core_leave_lotteries(struct dpath *dp, struct ldp *l);

/*
 * Ends the LDP's part, once: it stays out until the control thread, which is told, deletes it.
 * `why` is static text, or NULL: the guest closed its side.
 */
void core_fail(struct dpath *dp, struct ldp *l, const char *why);

/*
 * errno `err` says that somebody deleted the uplink's interface. Frames for it wait until the
 * control thread has opened it again (MSG_UPLINK).
 */
void core_uplink_lost(struct dpath *dp, int err);

#endif
