/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timing.c: what a decision costs. The only part of the simulator that reads the clock. */
#include <stdlib.h>
#include <time.h>

#include "tests/sim/cases.h"

#define TIMING_BATCH 200000u
#define TIMING_BEST  7

static double timing_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* A draw and its charge; FIFO needs its arrival besides. */
static void timing_decisions(const struct subject *s, void *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = s->draw(p, i);

		s->served(p, id, WORLD_MTU_BYTES, true, i);
		if (s == &subject_fifo)
			s->arrive(p, id, false, i);
	}
}

/* The best of some batches: the machine is shared, and noise only ever adds. */
static double timing_subject(const struct subject *s, uint32_t n)
{
	uint32_t *weight = malloc(n * sizeof(*weight)), *head = malloc(n * sizeof(*head));
	double best = 1e9;
	void *p;

	if (!weight || !head)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		weight[i] = 1u << i % 3;
		head[i] = WORLD_MTU_BYTES;
	}
	p = s->make(&(struct subject_setup){.n = n,
					    .quantum_bytes = WORLD_MTU_BYTES,
					    .seed = 1,
					    .weight = weight,
					    .head_bytes = head});
	for (uint32_t i = 0; i < n; i++)
		s->arrive(p, i, true, 0);
	timing_decisions(s, p, 4 * n + TIMING_BATCH);
	for (int i = 0; i < TIMING_BEST; i++) {
		double start_ns = timing_now_ns(), ns;

		timing_decisions(s, p, TIMING_BATCH);
		ns = (timing_now_ns() - start_ns) / TIMING_BATCH;
		if (ns < best)
			best = ns;
	}
	s->destroy(p);
	free(weight);
	free(head);
	return best;
}

void cases_time(struct cases *c)
{
	static const uint32_t sizes[] = {3, 64, 1024, 65536};
	char name[32];

	for (int i = 0; i < CASES_SUBJECTS; i++) {
		for (unsigned int k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
			snprintf(name, sizeof(name), "n=%u w=1:2:4", sizes[k]);
			cases_add(c, name, cases_subject[i], "ns_per_decision",
				  timing_subject(cases_subject[i], sizes[k]), "ns");
		}
	}
}
