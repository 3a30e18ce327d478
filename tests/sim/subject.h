/* SPDX-License-Identifier: GPL-2.0-or-later */
/* subject.h: what the simulator asks of a scheduler: ours and those it is compared with. */
#ifndef DMVL_SIM_SUBJECT_H
#define DMVL_SIM_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/sched.h"

struct subject_setup {
	uint32_t n;
	uint32_t quantum_bytes;
	uint64_t seed;
	const uint32_t *weight;	    /* n of them, for the subject's whole life */
	const uint32_t *head_bytes; /* the head frame of each flow that has one, always current */
	const bool *low_latency;    /* NULL: none; only ours knows what to do with it */
	const struct sched_rule *rule; /* NULL: just weights; only for ours */
	uint64_t capacity_bps;
	const uint32_t *group;	      /* of each flow, 1..groups, 0: none; NULL: no groups */
	const uint32_t *group_weight; /* of group 1, 2 .. */
	uint32_t groups;
};

struct subject {
	const char *name;
	void *(*make)(const struct subject_setup *setup);
	void (*destroy)(void *p);
	void (*arrive)(void *p, uint32_t id, bool first, uint64_t now_ns); /* one frame */
	uint32_t (*draw)(void *p, uint64_t now_ns);			   /* UINT32_MAX: nobody */
	/* When somebody at his ceiling may be drawn, UINT64_MAX: never. NULL: no ceilings. */
	uint64_t (*next)(const void *p);
	void (*served)(void *p, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns);
};

extern const struct subject subject_dmvl;	    /* backend/sched, as the daemon has it */
extern const struct subject subject_dmvl_noexpress; /* the same without the express path */
extern const struct subject subject_lottery;	    /* Waldspurger and Weihl, a ticket per weight */
extern const struct subject subject_drr;	    /* Shreedhar and Varghese */
extern const struct subject subject_stride;	    /* Waldspurger and Weihl */
extern const struct subject subject_wf2q;	    /* Bennett and Zhang, WF2Q+ with two heaps */
extern const struct subject subject_first;	    /* the one low_latency flow before all others */
extern const struct subject subject_fifo;	    /* what a plain bridge does */

extern const struct subject subject_dmvl_flat; /* ours, where nobody told it of groups */
/* tree.c: two levels of a scheduler from above. */
extern const struct subject subject_tree_wf2q, subject_tree_drr, subject_tree_stride,
	subject_tree_lottery;

#endif
