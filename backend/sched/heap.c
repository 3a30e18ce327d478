/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/heap.h"

#include <errno.h>
#include <stdlib.h>

int heap_init(struct heap *h, uint32_t max_ids)
{
	*h = (struct heap){.room = max_ids};
	h->item = calloc(max_ids, sizeof(*h->item));
	h->pos = calloc(max_ids, sizeof(*h->pos));
	return h->item && h->pos ? 0 : -ENOMEM;
}

void heap_fini(struct heap *h)
{
	free(h->item);
	if (!h->beside)
		free(h->pos);
	*h = (struct heap){0};
}

void heap_init_beside(struct heap *h, const struct heap *of)
{
	*h = (struct heap){.pos = of->pos, .beside = true};
}

int heap_reserve(struct heap *h, uint32_t n)
{
	struct heap_item *item;

	if (n <= h->room)
		return 0;
	if (n < 2 * h->room)
		n = 2 * h->room;
	item = realloc(h->item, n * sizeof(*item));
	if (!item)
		return -ENOMEM;
	h->item = item;
	h->room = n;
	return 0;
}

static void heap_put(struct heap *h, uint32_t at, struct heap_item it)
{
	h->item[at] = it;
	h->pos[it.id] = at + 1;
}

/* Moves the hole `at` up or down until `it` fits there. */
static void heap_settle(struct heap *h, uint32_t at, struct heap_item it)
{
	while (at && it.when_ns < h->item[(at - 1) / 2].when_ns) {
		heap_put(h, at, h->item[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (uint32_t kid; (kid = 2 * at + 1) < h->n; at = kid) {
		if (kid + 1 < h->n && h->item[kid + 1].when_ns < h->item[kid].when_ns)
			kid++;
		if (it.when_ns <= h->item[kid].when_ns)
			break;
		heap_put(h, at, h->item[kid]);
	}
	heap_put(h, at, it);
}

void heap_set(struct heap *h, uint32_t id, uint64_t when_ns)
{
	uint32_t at = h->pos[id] ? h->pos[id] - 1 : h->n++;

	heap_settle(h, at, (struct heap_item){.when_ns = when_ns, .id = id});
}

void heap_drop(struct heap *h, uint32_t id)
{
	uint32_t at = h->pos[id];
	struct heap_item last;

	if (!at)
		return;
	h->pos[id] = 0;
	last = h->item[--h->n];
	if (last.id != id)
		heap_settle(h, at - 1, last);
}
