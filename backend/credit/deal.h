/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deal.h: divides a number of bytes in proportion, without losing one. Pure. */
#ifndef DMVL_CREDIT_DEAL_H
#define DMVL_CREDIT_DEAL_H

#include <stdint.h>

/*
 * Divides `whole` by parts of `of`: each call of deal_next() gives one part's share, and the shares
 * of parts that sum to `of` sum to `whole`. They are differences of running sums that are rounded
 * down; a share is never larger than its part where `whole` is not larger than `of`.
 */
struct deal {
	uint64_t quotient, rest, of, carry;
};

static inline struct deal deal_begin(uint64_t whole, uint64_t of)
{
	return (struct deal){whole / of, whole % of, of, 0};
}

static inline uint64_t deal_next(struct deal *d, uint64_t part)
{
	unsigned __int128 sum = (unsigned __int128)part * d->rest + d->carry;
	uint64_t more;

	if (sum >> 64) {
		more = (uint64_t)(sum / d->of);
		d->carry = (uint64_t)(sum % d->of);
	} else {
		more = (uint64_t)sum / d->of;
		d->carry = (uint64_t)sum % d->of;
	}
	return part * d->quotient + more;
}

#endif
