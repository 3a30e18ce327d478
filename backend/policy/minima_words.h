/* SPDX-License-Identifier: GPL-2.0-or-later */
/* minima_words.h: how much of a link minima may take, and the sentences that refuse one. Pure. */
#ifndef DMVL_POLICY_MINIMA_WORDS_H
#define DMVL_POLICY_MINIMA_WORDS_H

#include <stdint.h>

#include "xenstore-schema/schema.h"

#define MINIMA_PERCENT 95 /* of the capacity that minima may take, as in the scheduler */

/* What minima may sum to, in bits per second. */
uint64_t minima_words_room(uint64_t capacity_bps);

/* `asked`, as in "tx-min 6000000", with all others is more than that; `host`: of what is left. */
void minima_words_uplink(char err[SCHEMA_ERR_MAX], const char *asked, uint64_t sum_bps,
			 uint64_t capacity_bps, const char *host);

/* The devices of a group would have more than the group's own minimum, `key`. */
void minima_words_group(char err[SCHEMA_ERR_MAX], const char *asked, const char *group,
			uint64_t sum_bps, uint64_t own_bps, const char *key);

#endif
