/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_make.h: makes a device of what was set for it before and of what the policy says. */
#ifndef DMVL_DEVICE_MAKE_H
#define DMVL_DEVICE_MAKE_H

#include <stdint.h>

#include "backend/policy/policy.h"

struct control;
struct kept_device;

/* Bytes of what device_make() says. */
#define DEVICE_MADE_MAX 512

struct device_plan {
	unsigned domid, id;
	const uint8_t *uuid;		  /* of the guest: 16 bytes */
	const struct kept_device *set;	  /* what was set before; NULL: nothing */
	const struct policy_match *match; /* what the policy says */
};

/*
 * Makes the device, all of it or nothing. What was set before counts more than the policy, unless
 * the policy has said something else of that key since then. `said` tells which of what was set
 * before was taken, and which was not. As nodes_create(); -EEXIST: the guest has the device.
 */
int device_make(struct control *c, const struct device_plan *plan, char said[DEVICE_MADE_MAX]);

/* What the policy says of a key, worked out; NULL: nothing, or no value. `buf` may hold it. */
const char *device_policy_value(const struct control *c, const struct policy_match *m,
				enum schema_key key, char buf[SCHEMA_VALUE_MAX + 1]);

#endif
