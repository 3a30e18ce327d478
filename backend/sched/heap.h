/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heap.h: which LDP's time comes first. An indexed binary heap, of fixed size once made. Pure. */
#ifndef DMVL_SCHED_HEAP_H
#define DMVL_SCHED_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_item {
	uint64_t when_ns;
	uint32_t id;
};

struct heap {
	struct heap_item *item;
	uint32_t *pos; /* per id: its place in item + 1, 0 = not in */
	uint32_t n;
};

/* Room for the ids 0..max_ids-1. 0, or -ENOMEM. End with heap_fini(), also after a failure. */
int heap_init(struct heap *h, uint32_t max_ids);
void heap_fini(struct heap *h);

/* Puts the id in, or moves it, to when_ns. */
void heap_set(struct heap *h, uint32_t id, uint64_t when_ns);

/* Takes the id out; not being in is fine. */
void heap_drop(struct heap *h, uint32_t id);

/* The earliest time, UINT64_MAX when empty. */
static inline uint64_t heap_first_ns(const struct heap *h)
{
	return h->n ? h->item[0].when_ns : UINT64_MAX;
}

/* Whose it is; only when not empty. */
static inline uint32_t heap_first_id(const struct heap *h)
{
	return h->item[0].id;
}

#endif
