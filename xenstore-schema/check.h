/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h: checks of any key's value by its type, defaults, and rules across keys. Pure. */
#ifndef DMVL_SCHEMA_CHECK_H
#define DMVL_SCHEMA_CHECK_H

#include <stdint.h>
#include <xen/io/xenbus.h>

#include "schema_keys.h"

/*
 * Checks a value of any key as the parser of its type would (schema.h): 0, -EINVAL or -ERANGE with
 * a sentence in err, which has SCHEMA_ERR_MAX bytes or is NULL.
 */
int schema_check(enum schema_key key, const char *text, char *err);

/* The table's default of a number, bool, state or enum (the word's index); 0 if it has none. */
uint64_t schema_default(enum schema_key key);

/* "initialising" .. "closed"; "unknown" for 0 and for what is no XenbusState. */
const char *schema_state_name(enum xenbus_state state);

/* Limits of one device in bits per second, 0: none. */
struct schema_limits {
	uint64_t tx_min_bps, tx_max_bps, rx_min_bps, rx_max_bps;
};

/* 0, or -ERANGE with a sentence in err when a minimum is above its maximum. */
int schema_cross_check(const struct schema_limits *limits, char *err);

#endif
