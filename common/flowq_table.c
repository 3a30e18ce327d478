/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flowq_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/flowq_ring.h"

#define CAPACITY_MIN 16u

static void clear(struct flowq_table *t)
{
	t->of_hash = NULL;
	t->flow = NULL;
	t->capacity = t->active = 0;
	t->free = FLOWQ_NONE;
	for (unsigned i = 0; i < FLOWQ_LISTS; i++)
		t->list[i] = (struct flowq_ends){FLOWQ_NONE, FLOWQ_NONE};
}

void flowq_table_init(struct flowq_table *t, uint32_t flows)
{
	t->flows = flows;
	clear(t);
}

void flowq_table_fini(struct flowq_table *t)
{
	free(t->of_hash);
	free(t->flow);
	clear(t);
}

static bool has_turn(enum flowq_list list)
{
	return list == FLOWQ_NEW || list == FLOWQ_OLD;
}

static void take_out(struct flowq_table *t, struct flowq_flow *f)
{
	struct flowq_ends *ends = &t->list[f->list];

	if (f->prev == FLOWQ_NONE)
		ends->first = f->next;
	else
		t->flow[f->prev].next = f->next;
	if (f->next == FLOWQ_NONE)
		ends->last = f->prev;
	else
		t->flow[f->next].prev = f->prev;
	t->active -= has_turn(f->list);
}

static void append(struct flowq_table *t, struct flowq_flow *f, enum flowq_list list)
{
	struct flowq_ends *ends = &t->list[list];
	uint16_t index = flowq_table_index(t, f);

	f->list = (uint8_t)list;
	f->prev = ends->last;
	f->next = FLOWQ_NONE;
	if (ends->last == FLOWQ_NONE)
		ends->first = index;
	else
		t->flow[ends->last].next = index;
	ends->last = index;
	t->active += has_turn(list);
}

void flowq_table_move(struct flowq_table *t, struct flowq_flow *f, enum flowq_list list)
{
	if (f->list == list && f->next == FLOWQ_NONE)
		return;
	if (f->list != FLOWQ_FREE)
		take_out(t, f);
	append(t, f, list);
}

static void make_free(struct flowq_table *t, struct flowq_flow *f)
{
	f->list = FLOWQ_FREE;
	f->next = t->free;
	t->free = flowq_table_index(t, f);
}

static void release(struct flowq_table *t, struct flowq_flow *f)
{
	t->of_hash[f->hash] = FLOWQ_NONE;
	take_out(t, f);
	make_free(t, f);
}

/* What CoDel remembers is only of use for some intervals. */
void flowq_table_leave(struct flowq_table *t, struct flowq_flow *f)
{
	if (f->codel.count - f->codel.last_count > 1)
		flowq_table_move(t, f, FLOWQ_RESTING);
	else
		release(t, f);
}

static bool grow(struct flowq_table *t)
{
	uint32_t capacity = t->capacity ? t->capacity * 2 : CAPACITY_MIN;
	struct flowq_flow *flow;

	if (capacity > t->flows)
		capacity = t->flows;
	flow = realloc(t->flow, capacity * sizeof(*flow));
	if (!flow)
		return false;
	t->flow = flow;
	memset(flow + t->capacity, 0, (capacity - t->capacity) * sizeof(*flow));
	for (uint32_t i = t->capacity; i < capacity; i++)
		make_free(t, flow + i);
	t->capacity = capacity;
	return true;
}

static bool allocate(struct flowq_table *t)
{
	t->of_hash = malloc(t->flows * sizeof(*t->of_hash));
	if (!t->of_hash)
		return false;
	memset(t->of_hash, 0xff, t->flows * sizeof(*t->of_hash));
	return true;
}

/* There is a free record. There are as many as there are hashes, if need be. */
static bool has_free(struct flowq_table *t, uint64_t interval_ns, uint64_t now_ns)
{
	struct flowq_flow *oldest = flowq_table_first(t, FLOWQ_RESTING);

	if (t->free != FLOWQ_NONE)
		return true;
	if (!oldest || codel_remembers(&oldest->codel, interval_ns, now_ns))
		return grow(t);
	release(t, oldest);
	return true;
}

/* A flow that has no turn yet. */
static struct flowq_flow *make_flow(struct flowq_table *t, uint32_t hash, uint64_t interval_ns,
				    uint64_t now_ns)
{
	struct flowq_flow *f;

	if ((!t->of_hash && !allocate(t)) || !has_free(t, interval_ns, now_ns))
		return NULL;
	f = t->flow + t->free;
	t->of_hash[hash] = t->free;
	t->free = f->next;
	*f = (struct flowq_flow){.head = FLOWQ_NIL,
				 .tail = FLOWQ_NIL,
				 .hash = (uint16_t)hash,
				 .list = FLOWQ_FREE};
	return f;
}

struct flowq_flow *flowq_table_wake(struct flowq_table *t, uint32_t hash,
				    const struct flowq_limits *limits, uint64_t now_ns)
{
	struct flowq_flow *f = flowq_table_find(t, hash);

	if (!f)
		f = make_flow(t, hash, limits->interval_ns, now_ns);
	if (!f || has_turn(f->list))
		return f;
	flowq_table_move(t, f, FLOWQ_NEW);
	f->deficit = limits->quantum_bytes;
	return f;
}

size_t flowq_table_memory(const struct flowq_table *t)
{
	return (t->of_hash ? t->flows * sizeof(*t->of_hash) : 0) + t->capacity * sizeof(*t->flow);
}
