/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_admit.h: answers whether a device that might come would be admitted. */
#ifndef DMVL_CONTROL_ADMIT_H
#define DMVL_CONTROL_ADMIT_H

struct control;

/* All that was due was done: answers a question that waits in xenstore. */
void control_admit_step(struct control *c);

#endif
