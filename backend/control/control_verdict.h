/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_verdict.h: tells those who ask, by the key `judge`, that keys were taken or refused. */
#ifndef DMVL_CONTROL_VERDICT_H
#define DMVL_CONTROL_VERDICT_H

#include "backend/control/control_state.h"

/*
 * Notes who asks about the keys of `dir`, which are read next: `key` is the judge of its area, and
 * `asked` becomes "" if nobody does.
 */
void control_verdict_note(struct control *c, const char *dir, enum schema_key key,
			  char asked[VERDICT_MAX]);

/* All that is due was done: answers those whose keys were judged. */
void control_verdict_step(struct control *c);

#endif
