/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peers.c: the simple schedulers to compare with: lottery, deficit round robin, stride, FIFO. And
 * one that puts low latency before all else: nobody could be faster without cutting the frame on
 * the link.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/sched/heap.h"
#include "backend/sched/rng.h"
#include "tests/sim/subject.h"

struct peer {
	struct subject_setup su;
	struct rng rng;
	uint32_t lightest;
	uint64_t *tree;	  /* lottery: Fenwick tree of the active weights */
	uint64_t total;	  /* lottery, stride: the sum of them */
	struct heap heap; /* stride: by pass */
	uint64_t *pass;	  /* stride: 2^-16 bytes per weight */
	uint64_t global;  /* stride: the pass of the fluid */
	int64_t *deficit; /* drr: bytes */
	uint32_t *ring;	  /* drr: active flows; fifo: frames' flows, in order */
	uint32_t get, put, mask;
	bool granted;	 /* drr: the flow in front has had its quantum */
	uint32_t urgent; /* first: the low_latency flow that waits; SCHED_NONE: none */
};

static void *peer_zeroes(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

static void *peer_make(const struct subject_setup *su)
{
	struct peer *p = peer_zeroes(1, sizeof(*p));

	p->su = *su;
	p->lightest = UINT32_MAX;
	p->urgent = SCHED_NONE;
	for (uint32_t i = 0; i < su->n; i++)
		if (su->weight[i] < p->lightest)
			p->lightest = su->weight[i];
	rng_seed(&p->rng, su->seed);
	p->tree = peer_zeroes(su->n + 1, sizeof(*p->tree));
	p->pass = peer_zeroes(su->n, sizeof(*p->pass));
	p->deficit = peer_zeroes(su->n, sizeof(*p->deficit));
	p->mask = 1023;
	p->ring = peer_zeroes(p->mask + 1, sizeof(*p->ring));
	if (heap_init(&p->heap, su->n))
		abort();
	return p;
}

static void peer_destroy(void *arg)
{
	struct peer *p = arg;

	heap_fini(&p->heap);
	free(p->tree);
	free(p->pass);
	free(p->deficit);
	free(p->ring);
	free(p);
}

static void peer_push(struct peer *p, uint32_t id)
{
	if (p->put - p->get > p->mask) {
		uint32_t mask = 2 * p->mask + 1;
		uint32_t *ring = peer_zeroes((size_t)mask + 1, sizeof(*ring));

		for (uint32_t i = p->get; i != p->put; i++)
			ring[i & mask] = p->ring[i & p->mask];
		free(p->ring);
		p->ring = ring;
		p->mask = mask;
	}
	p->ring[p->put++ & p->mask] = id;
}

/* Lottery */

static void lottery_add(struct peer *p, uint32_t id, int64_t weight)
{
	p->total += (uint64_t)weight;
	for (uint32_t i = id + 1; i <= p->su.n; i += i & -i)
		p->tree[i] += (uint64_t)weight;
}

static void lottery_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	if (first)
		lottery_add(p, id, p->su.weight[id]);
}

static uint32_t lottery_draw(void *arg, uint64_t now_ns)
{
	struct peer *p = arg;
	uint32_t at = 0, bit = 1;
	uint64_t r;

	(void)now_ns;
	if (!p->total)
		return UINT32_MAX;
	r = (uint64_t)((unsigned __int128)rng_next(&p->rng) * p->total >> 64);
	while (bit * 2 <= p->su.n)
		bit *= 2;
	for (; bit; bit /= 2) {
		if (at + bit <= p->su.n && p->tree[at + bit] <= r) {
			at += bit;
			r -= p->tree[at];
		}
	}
	return at;
}

static void lottery_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)bytes;
	(void)now_ns;
	if (!more)
		lottery_add(p, id, -(int64_t)p->su.weight[id]);
}

/* Deficit round robin: the lightest flow's quantum is one full frame */

static void drr_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	(void)now_ns;
	if (first)
		peer_push(arg, id);
}

static uint32_t drr_draw(void *arg, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	while (p->get != p->put) {
		uint32_t id = p->ring[p->get & p->mask];

		if (!p->granted) {
			p->deficit[id] +=
				(int64_t)p->su.quantum_bytes * p->su.weight[id] / p->lightest;
			p->granted = true;
		}
		if (p->deficit[id] >= p->su.head_bytes[id])
			return id;
		p->get++;
		peer_push(p, id);
		p->granted = false;
	}
	return UINT32_MAX;
}

static void drr_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	p->deficit[id] -= bytes;
	if (!more) {
		p->deficit[id] = 0;
		p->get++;
		p->granted = false;
	}
}

/* Stride */

static void stride_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	if (!first)
		return;
	p->total += p->su.weight[id];
	if (p->pass[id] < p->global)
		p->pass[id] = p->global;
	heap_set(&p->heap, id, p->pass[id]);
}

static uint32_t stride_draw(void *arg, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	return p->heap.n ? heap_first_id(&p->heap) : UINT32_MAX;
}

static void stride_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	p->global += ((uint64_t)bytes << 16) / p->total;
	p->pass[id] += ((uint64_t)bytes << 16) / p->su.weight[id];
	if (more) {
		heap_set(&p->heap, id, p->pass[id]);
	} else {
		heap_drop(&p->heap, id);
		p->total -= p->su.weight[id];
	}
}

/* FIFO */

static void fifo_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	(void)first;
	(void)now_ns;
	peer_push(arg, id);
}

static uint32_t fifo_draw(void *arg, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)now_ns;
	return p->get != p->put ? p->ring[p->get & p->mask] : UINT32_MAX;
}

static void fifo_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct peer *p = arg;

	(void)id;
	(void)bytes;
	(void)more;
	(void)now_ns;
	p->get++;
}

/* The only low_latency flow goes first; the others by deficit round robin */

static void first_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	struct peer *p = arg;

	if (p->su.low_latency[id])
		p->urgent = id;
	else
		drr_arrive(p, id, first, now_ns);
}

static uint32_t first_draw(void *arg, uint64_t now_ns)
{
	struct peer *p = arg;

	return p->urgent != SCHED_NONE ? p->urgent : drr_draw(p, now_ns);
}

static void first_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct peer *p = arg;

	if (id != p->urgent)
		drr_served(p, id, bytes, more, now_ns);
	else if (!more)
		p->urgent = SCHED_NONE;
}

const struct subject subject_lottery = {"lottery",    peer_make, peer_destroy,	lottery_arrive,
					lottery_draw, NULL,	 lottery_served};
const struct subject subject_drr = {"drr",    peer_make, peer_destroy, drr_arrive,
				    drr_draw, NULL,	 drr_served};
const struct subject subject_stride = {"stride",    peer_make, peer_destroy, stride_arrive,
				       stride_draw, NULL,      stride_served};
const struct subject subject_fifo = {"fifo",	peer_make, peer_destroy, fifo_arrive,
				     fifo_draw, NULL,	   fifo_served};
const struct subject subject_first = {"low latency first", peer_make, peer_destroy, first_arrive,
				      first_draw,	   NULL,      first_served};
