/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/minima_words.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t minima_words_room(uint64_t capacity_bps)
{
	return capacity_bps / 100 * MINIMA_PERCENT;
}

void minima_words_uplink(char err[SCHEMA_ERR_MAX], const char *asked, uint64_t sum_bps,
			 uint64_t capacity_bps, const char *host)
{
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s: the minima would sum to %" PRIu64 ", %" PRIu64
		 " more than %d %% of the capacity of %" PRIu64 "%s",
		 asked, sum_bps, sum_bps - minima_words_room(capacity_bps), MINIMA_PERCENT,
		 capacity_bps, host);
}

void minima_words_group(char err[SCHEMA_ERR_MAX], const char *asked, const char *group,
			uint64_t sum_bps, uint64_t own_bps, const char *key)
{
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s: the minima in group %s would sum to %" PRIu64 ", %" PRIu64
		 " more than its own %s",
		 asked, group, sum_bps, sum_bps - own_bps, key);
}
