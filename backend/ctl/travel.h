/* SPDX-License-Identifier: GPL-2.0-or-later */
/* travel.h: what was set for a guest, as the text that goes with it from host to host. */
#ifndef DMVL_CTL_TRAVEL_H
#define DMVL_CTL_TRAVEL_H

#include <json-c/json_object.h>

#include "backend/ctl/ctl.h"
#include "backend/kept/kept.h"
#include "backend/policy/policy_parse.h"

/*
 * The text is a policy with a section for each device:
 *
 *	# guest: web1
 *	[6fa459ea-ee8a-3ca4-894e-db77e160355e]
 *	uplink = default
 *	weight = 300
 *	# account: tx=-1234 rx=0 at=1764329400.123
 *	# end
 *
 * In memory it is a struct kept whose devices have the key uplink too.
 */

/* The whole text, allocated, or NULL. */
char *travel_format(const struct kept *k);

/* The same as JSON. */
struct json_object *travel_json(const struct kept *k);

/*
 * Reads a text (`len` bytes, not terminated); `file` is its name, for messages. Percentages are
 * parts of this host's capacities. Returns the number of mistakes, each of which `say` is told;
 * with any, *out holds nothing.
 */
unsigned travel_parse(struct ctl *ctl, const char *file, const char *text, size_t len,
		      struct kept *out, policy_say *say, void *arg);

/* Was the device attached to the guest with this UUID? `whose` (its size) gets whose it is. */
bool travel_is_of(struct ctl *ctl, unsigned domid, unsigned id, const char *uuid,
		  char whose[UUID_TEXT_LEN + 1]);

#endif
