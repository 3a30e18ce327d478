/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timing.c: what a decision costs. The only part of the simulator that reads the clock. */
/*
 * Frames of one size are a gift to the heaps of WF2Q+ and stride: all keys of a weight tie and
 * nothing moves. So frames of 64 to 1514 bytes are timed besides, as guests have them.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/sim/cases.h"

#define TIMING_BATCH 20000u
#define TIMING_RUNS  81
#define TIMING_SIZES 4096u

static double timing_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

struct timing {
	const struct subject *subject;
	void *sched;
	uint32_t *weight, *head_bytes;
	uint32_t size[TIMING_SIZES]; /* of the frames to come, in a ring */
	uint32_t at;
};

/* Draws and their charges; FIFO needs its arrivals besides. */
static void timing_decisions(struct timing *t, uint32_t n)
{
	const struct subject *s = t->subject;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = s->draw(t->sched, i), bytes = t->head_bytes[id];

		t->head_bytes[id] = t->size[t->at++ % TIMING_SIZES];
		s->served(t->sched, id, bytes, true, i);
		if (s == &subject_fifo)
			s->arrive(t->sched, id, false, i);
	}
}

static void timing_init(struct timing *t, const struct subject *s, uint32_t n, bool mixed)
{
	struct rng rng;

	*t = (struct timing){.subject = s};
	t->weight = malloc(n * sizeof(*t->weight));
	t->head_bytes = malloc(n * sizeof(*t->head_bytes));
	if (!t->weight || !t->head_bytes)
		abort();
	rng_seed(&rng, 1);
	for (uint32_t i = 0; i < TIMING_SIZES; i++)
		t->size[i] = mixed ? 64 + rng_below(&rng, WORLD_MTU_BYTES - 63) : WORLD_MTU_BYTES;
	for (uint32_t i = 0; i < n; i++) {
		t->weight[i] = 1u << i % 3;
		t->head_bytes[i] = t->size[i % TIMING_SIZES];
	}
	t->sched = s->make(&(struct subject_setup){.n = n,
						   .quantum_bytes = WORLD_MTU_BYTES,
						   .seed = 1,
						   .weight = t->weight,
						   .head_bytes = t->head_bytes});
	for (uint32_t i = 0; i < n; i++)
		s->arrive(t->sched, i, true, 0);
}

/*
 * The median of some batches. The machine is shared, so not the mean; and not the best either,
 * since with 65,536 LDPs a batch is less than a round and some rounds of a heap are cheap in part.
 */
static double timing_subject(const struct subject *s, uint32_t n, bool mixed)
{
	double ns[TIMING_RUNS];
	struct timing t;

	timing_init(&t, s, n, mixed);
	timing_decisions(&t, 4 * n + TIMING_BATCH);
	for (int i = 0; i < TIMING_RUNS; i++) {
		double start_ns = timing_now_ns();

		timing_decisions(&t, TIMING_BATCH);
		ns[i] = (timing_now_ns() - start_ns) / TIMING_BATCH;
	}
	s->destroy(t.sched);
	free(t.weight);
	free(t.head_bytes);
	return world_quantile(ns, TIMING_RUNS, .5);
}

void cases_time(struct cases *c)
{
	static const uint32_t sizes[] = {3, 64, 1024, 65536};
	char name[48];

	for (int i = 0; i < CASES_SUBJECTS; i++) {
		const struct subject *s = cases_subject[i];

		for (unsigned int k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			snprintf(name, sizeof(name), "n=%u w=1:2:4", sizes[k]);
			cases_add(c, name, s, "ns_per_decision", timing_subject(s, sizes[k], false),
				  "ns");
			snprintf(name, sizeof(name), "n=%u w=1:2:4 64B..1514B", sizes[k]);
			cases_add(c, name, s, "ns_per_decision", timing_subject(s, sizes[k], true),
				  "ns");
		}
	}
}
