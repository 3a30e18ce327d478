/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whatif_world.h: a recording, replayed as it was and with other keys, side by side. Pure. */
#ifndef DMVL_CTL_WHATIF_WORLD_H
#define DMVL_CTL_WHATIF_WORLD_H

#include "backend/ctl/record/rec.h"
#include "backend/policy/setting.h"
#include "backend/rerun/rerun.h"
#include "xenstore-schema/refusal.h"

/* Of one uplink; only what its guests send. docs/whatif.md says what is taken for what. */
enum { WHATIF_AS_IT_WAS, WHATIF_CHANGED, WHATIF_RUNS };

/* A device, also if it came several times. */
struct whatif_row {
	uint8_t uuid[16];
	uint32_t domid, id;
	rec_text name;
	const struct settings *change; /* NULL: none */
	uint32_t group;		       /* its group then, once it was looked up; 0: not yet */
	struct rerun_had recorded, had[WHATIF_RUNS];
	uint64_t busy_us, greedy_us; /* it sent something; as much as it could */
};

struct whatif_device {
	bool used, gone, ready; /* ready: both replays know it */
	uint32_t row, group;
	struct rec_limits limits;
	uint64_t waiting_bytes;
	bool has_flow; /* of the interval */
	struct rec_flow flow;
};

struct whatif_group {
	rec_text name;
	struct rec_limits limits;
};

/* Only whatif_world.c writes it, but for the first four and `change` of rows. */
struct whatif_world {
	unsigned uplink;
	uint64_t since_ms, until_ms; /* what is replayed */
	struct rerun *run[WHATIF_RUNS];
	struct whatif_row *row; /* REC_DEVICES_MAX */
	unsigned rows;
	struct whatif_device *device; /* REC_DEVICES_MAX */
	unsigned end;		      /* numbers below were used */
	struct whatif_group *group;   /* 1..groups */
	unsigned groups;
	bool open; /* an interval is being read */
	uint64_t us, end_ms, capacity_bps, carried_bytes;
	uint64_t intervals, run_us, first_ms, last_ms;
	uint64_t unknown, too_long; /* intervals left out: no capacity; above RERUN_US_MAX */
	uint64_t gaps;		    /* that begin in that time */
	bool changed;		    /* keys, since they were put in force */
	bool unjudged;		    /* keys or capacity, since minima were judged */
	char err[REFUSAL_MAX];	    /* why the change would be refused; "": it would not */
};

/* False: out of memory. End with whatif_world_fini() in both cases. */
bool whatif_world_init(struct whatif_world *w, unsigned uplink);
void whatif_world_fini(struct whatif_world *w);

/* The device's row, which is made if there is room; NULL: there is none. */
struct whatif_row *whatif_row(struct whatif_world *w, const struct rec *device);

/* Takes the next record; whatif_end() behind the last one. */
void whatif_take(struct whatif_world *w, const struct rec *r);
void whatif_end(struct whatif_world *w);

#endif
