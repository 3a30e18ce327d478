/* SPDX-License-Identifier: GPL-2.0-or-later */
/* publish.h: credits and rates of the LDPs, as guests are told and xenstore shows them. */
#ifndef DMVL_PUBLISH_H
#define DMVL_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

struct dpath;

/* `due` is called when publish_due() should be. False: out of memory. */
bool publish_init(struct dpath *dp, loop_cb *due);
void publish_fini(struct dpath *dp);

/*
 * Once an epoch, and whenever the capacity in force changed: measures the LDPs' windows, tells
 * guests their credits, and sees to it that xenstore shows the new numbers soon.
 */
void publish_credits(struct dpath *dp);

/* The timer is due: tells and publishes what may be told at dp->now_ns. */
void publish_due(struct dpath *dp);

/* Hands what may be published at dp->now_ns to the control thread. False: more, later. */
bool publish_step(struct dpath *dp);

/* The control thread has written the status of a slot, or could not. */
void publish_answered(struct dpath *dp, uint32_t slot);

#endif
