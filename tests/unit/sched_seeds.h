/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_seeds.h: runs a fuzz of the scheduler with many seeds, or with the one that failed. */
#ifndef DMVL_TESTS_SCHED_SEEDS_H
#define DMVL_TESTS_SCHED_SEEDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct sched_seeds {
	uint64_t first, last;
};

/*
 * The seeds 1..last. SEED=n in the environment means that seed alone, as a failure prints it;
 * SEEDS=n means 1..n.
 */
static inline struct sched_seeds sched_seeds(uint64_t last)
{
	struct sched_seeds seeds = {1, last};

	if (getenv("SEEDS"))
		seeds.last = strtoull(getenv("SEEDS"), NULL, 0);
	if (getenv("SEED"))
		seeds.first = seeds.last = strtoull(getenv("SEED"), NULL, 0);
	return seeds;
}

/* How many of them fail. */
static inline uint32_t sched_seeds_failed(uint64_t last, bool (*holds)(uint64_t seed))
{
	struct sched_seeds seeds = sched_seeds(last);
	uint32_t failed = 0;

	for (uint64_t seed = seeds.first; seed <= seeds.last; seed++)
		failed += !holds(seed);
	return failed;
}

#endif
