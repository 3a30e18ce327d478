/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h: a link, sources and a scheduler under a virtual clock, beside the fluid ideal. */
#ifndef DMVL_SIM_WORLD_H
#define DMVL_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/rng.h"
#include "tests/sim/gps.h"
#include "tests/sim/subject.h"

#define WORLD_MTU_BYTES 1514u

enum world_source {
	WORLD_SILENT,
	WORLD_HOG,	/* always backlogged */
	WORLD_BURSTS,	/* bursts of 1..2*burst_frames-1 frames, exponential gaps of gap_ns */
	WORLD_PERIODIC, /* one frame every gap_ns, within a tenth of it at random */
	WORLD_AIMD,	/* closed loop: window + 1 per round trip of gap_ns, halved by a drop */
	WORLD_NAP,	/* sends until gap_ns are over, sleeps for sleep_ns, and so on */
};

enum world_sizes {
	WORLD_MTU,	 /* 1514 bytes */
	WORLD_LEAST,	 /* 64 bytes */
	WORLD_SMALL,	 /* 100 bytes */
	WORLD_MIXED,	 /* 64..1514, evenly */
	WORLD_GSO,	 /* 64..65536, evenly in their logarithm */
	WORLD_ALTERNATE, /* 64 and 65536 in turn */
	WORLD_PATTERN,	 /* the sizes of `pattern`, over and over */
};

struct world_frame {
	uint32_t bytes;
	uint64_t since_ns;
};

struct world_flow {
	enum world_source source;
	enum world_sizes sizes;
	uint64_t gap_ns, start_ns;
	uint64_t sleep_ns;		  /* WORLD_NAP: how long it sleeps; 0: gap_ns */
	uint32_t burst_frames, queue_max; /* frames */
	const uint32_t *pattern;	  /* WORLD_PATTERN: pattern_n sizes in bytes, borrowed */
	uint32_t pattern_n;
	/* state */
	struct world_frame *queue; /* ring of queue_max */
	uint32_t get, put, made;
	uint64_t arrived_bytes, sent_bytes, queued_bytes, dropped_bytes;
	double cwnd, worst_lag_bytes, worst_wait_ns;
	uint32_t flying;
	bool awake, napping, turn;
	uint64_t served_ns; /* last time, or when it woke */
};

struct world_event {
	uint64_t at_ns;
	uint32_t id;
	bool ack;
};

struct world {
	const struct subject *subject;
	void *sched;
	uint32_t n;
	double rate;	     /* bytes per ns */
	double believed_bps; /* what the scheduler takes it for; 0: what it is */
	struct world_flow *flow;
	uint32_t *weight, *head_bytes;
	uint32_t *group, *group_weight; /* NULL: no groups; see world_groups() */
	uint32_t groups;
	bool *low_latency;
	const struct sched_rule *rule; /* for our scheduler; NULL: just weights */
	/* What the CPU needs for any frame, as bytes of the link's time, and whether it is charged.
	 */
	uint32_t frame_cost_bytes;
	bool frame_cost_charged;
	struct gps *gps; /* NULL: not measured */
	struct rng rng;
	uint64_t now_ns, busy_ns, idle_ns; /* idle_ns: the link stood while somebody might send */
	double worst_lag_bytes;
	uint32_t errors; /* the scheduler drew somebody without a frame */
	/* the frame on the link */
	uint32_t on_link;
	uint64_t done_ns;
	double done_frac;
	/* waits of the watched flow, in ns */
	uint32_t watch;
	double *wait_ns;
	uint32_t waits, waits_room;
	/* called after each frame, may be NULL */
	void (*sent)(struct world *w, uint32_t id, uint32_t bytes);
	void *arg;
	struct world_event *event;
	uint32_t events, events_room;
};

/* n silent flows of weight 1, and the link's rate. Set flow[], weight[], low_latency[], then start.
 */
void world_init(struct world *w, uint32_t n, double rate_bps, uint64_t seed);

/* Lets flows belong to groups 1..n: set group[], 0 for none, and group_weight[], of 1 on. */
void world_groups(struct world *w, uint32_t n);

/* Makes the scheduler, and the fluid ideal if wanted, and starts the sources. */
void world_start(struct world *w, const struct subject *subject, bool gps);

/* Lets time pass. */
void world_run(struct world *w, uint64_t until_ns);

/* Lets a silent flow become what its `source` now says. */
void world_wake_source(struct world *w, uint32_t id);

void world_fini(struct world *w);

/* The p-th (0..1) of n numbers; sorts them. */
double world_quantile(double *x, uint32_t n, double p);

#endif
