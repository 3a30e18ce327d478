/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_forget.h: forgets what was set for guests that do not come back. */
#ifndef DMVL_CONTROL_FORGET_H
#define DMVL_CONTROL_FORGET_H

#include <stdint.h>

struct control;

/*
 * Once a day: forgets guests that were not seen for conf.forget_after_days. Returns when next, in
 * nanoseconds; UINT64_MAX: never.
 */
uint64_t control_forget_step(struct control *c);

#endif
