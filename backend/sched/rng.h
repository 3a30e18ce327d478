/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng.h: xoshiro256**, a repeatable random number generator; not for secrets. Pure. */
#ifndef DMVL_SCHED_RNG_H
#define DMVL_SCHED_RNG_H

#include <stdint.h>

/* Blackman & Vigna, "Scrambled linear pseudorandom number generators" (2021). Never all zero. */
struct rng {
	uint64_t s[4];
};

/* Fills the state from any seed with splitmix64, as the authors recommend. */
void rng_seed(struct rng *r, uint64_t seed);

static inline uint64_t rng_rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* 64 random bits. Inline, because the scheduler needs one or two for each frame. */
static inline uint64_t rng_next(struct rng *r)
{
	const uint64_t result = rng_rotl(r->s[1] * 5, 7) * 9;
	const uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rng_rotl(r->s[3], 45);
	return result;
}

/* A number in 0..n-1 (n > 0). Multiplication has a bias of n/2^32, too small to see in a draw. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

#endif
