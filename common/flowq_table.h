/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq_table.h: the flows of a flow queue, and the order of their turns. Pure. */
#ifndef DMVL_FLOWQ_TABLE_H
#define DMVL_FLOWQ_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/codel.h"
#include "common/flowq.h"

#define FLOWQ_NONE UINT16_MAX /* no flow */

enum flowq_list {
	FLOWQ_RESTING, /* empty, but CoDel remembers something */
	FLOWQ_NEW,     /* were empty; have a turn before the others */
	FLOWQ_OLD,     /* the others that have a turn */
	FLOWQ_LISTS,
	FLOWQ_FREE = FLOWQ_LISTS, /* in none: the record of no flow */
};

struct flowq_flow {
	uint32_t head, tail; /* records in the ring, FLOWQ_NIL: none */
	uint32_t frames;
	uint32_t bytes;	 /* of its records */
	int64_t deficit; /* bytes */
	struct codel codel;
	uint16_t hash;	     /* 0..flows - 1 */
	uint16_t next, prev; /* in its list */
	uint8_t list;	     /* enum flowq_list */
};

struct flowq_ends {
	uint16_t first, last;
};

/*
 * Flows that wait, or that waited a moment ago, have a record; the others cost two bytes each. No
 * memory is allocated before the first flow.
 */
struct flowq_table {
	uint32_t flows;		 /* power of two */
	uint16_t *of_hash;	 /* records by hash; NULL: no memory yet */
	struct flowq_flow *flow; /* records */
	uint32_t capacity;	 /* records allocated */
	uint32_t active;	 /* records in FLOWQ_NEW and FLOWQ_OLD */
	uint16_t free;		 /* the first record of no flow, FLOWQ_NONE: all have one */
	struct flowq_ends list[FLOWQ_LISTS];
};

void flowq_table_init(struct flowq_table *t, uint32_t flows);
void flowq_table_fini(struct flowq_table *t); /* gives the memory back; may be used again */

/* The flow of a hash 0..flows - 1; NULL: it has no record. */
static inline struct flowq_flow *flowq_table_find(const struct flowq_table *t, uint32_t hash)
{
	uint16_t index = t->of_hash ? t->of_hash[hash] : FLOWQ_NONE;

	return index == FLOWQ_NONE ? NULL : t->flow + index;
}

/*
 * The same; without a record it gets one. A flow that had no turn is a new one from now on, with a
 * whole quantum. NULL: out of memory. Pointers to other flows are invalid afterwards.
 */
struct flowq_flow *flowq_table_wake(struct flowq_table *t, uint32_t hash,
				    const struct flowq_limits *limits, uint64_t now_ns);

/* The number of a flow's record. */
static inline uint16_t flowq_table_index(const struct flowq_table *t, const struct flowq_flow *f)
{
	return (uint16_t)(f - t->flow);
}

/* The first flow of a list; NULL: it is empty. */
static inline struct flowq_flow *flowq_table_first(const struct flowq_table *t,
						   enum flowq_list list)
{
	return t->list[list].first == FLOWQ_NONE ? NULL : t->flow + t->list[list].first;
}

/* Moves a flow to the end of a list, where it may be already. Not to FLOWQ_FREE. */
void flowq_table_move(struct flowq_table *t, struct flowq_flow *f, enum flowq_list list);

/* An empty flow has no turn from now on. */
void flowq_table_leave(struct flowq_table *t, struct flowq_flow *f);

size_t flowq_table_memory(const struct flowq_table *t);

#endif
