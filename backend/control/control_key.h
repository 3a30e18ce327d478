/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_key.h: reads a key of the uplink's directory; what xenstore does not tell is not missing.
 */
#ifndef DMVL_CONTROL_KEY_H
#define DMVL_CONTROL_KEY_H

#include <stdint.h>

#include "xenstore-schema/refusal.h"
#include "xenstore-schema/schema.h"

struct control;

/*
 * 0: `text` is the value. -ENOENT: the key is missing. Any other error: what is in force stays.
 * Then either the value is no text, and err says so (refusal_add()),
 * or xenstore did not tell, and all keys of the uplink are read again soon.
 */
int control_key_read(struct control *c, enum schema_key key, char text[SCHEMA_VALUE_MAX + 1],
		     char err[REFUSAL_MAX]);

/* If it is time to read the keys again, marks them as due. */
void control_key_step(struct control *c);

/* When to step again, in nanoseconds; UINT64_MAX: all keys could be read. */
uint64_t control_key_again_ns(const struct control *c);

#endif
