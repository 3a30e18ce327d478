/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heap.h: which id comes first in time: an indexed binary heap. Pure. */
#ifndef DMVL_SCHED_HEAP_H
#define DMVL_SCHED_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_item {
	uint64_t when_ns;
	uint32_t id;
};

/* Only heap.c writes the fields. */
struct heap {
	struct heap_item *item;
	uint32_t *pos; /* per id: its index in `item` plus 1, 0: not in the heap */
	uint32_t n, room;
	bool beside; /* `pos` is another heap's */
};

/* Room for ids 0..max_ids-1. 0 or -ENOMEM. Call heap_fini() in both cases. */
int heap_init(struct heap *h, uint32_t max_ids);
void heap_fini(struct heap *h);

/*
 * A heap for the same ids as `of`, which outlives it. It has no room yet. An id may be in only one
 * of them at a time. Call heap_fini() in the end.
 */
void heap_init_beside(struct heap *h, const struct heap *of);

/* Makes room for n ids in all. 0 or -ENOMEM. */
int heap_reserve(struct heap *h, uint32_t n);

/* Adds the id with this time, or moves it there. */
void heap_set(struct heap *h, uint32_t id, uint64_t when_ns);

/* Removes the id; no effect if it is not in the heap. */
void heap_drop(struct heap *h, uint32_t id);

/* The earliest time; UINT64_MAX: the heap is empty. */
static inline uint64_t heap_first_ns(const struct heap *h)
{
	return h->n ? h->item[0].when_ns : UINT64_MAX;
}

/* The id with the earliest time. The heap must not be empty. */
static inline uint32_t heap_first_id(const struct heap *h)
{
	return h->item[0].id;
}

#endif
