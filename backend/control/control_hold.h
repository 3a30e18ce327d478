/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_hold.h: frames that the uplink would lose wait in their rings. */
#ifndef DMVL_CONTROL_HOLD_H
#define DMVL_CONTROL_HOLD_H

#include <stdbool.h>

struct control;

/* 0, or -ENOMEM. */
int control_hold_open(struct control *c);
void control_hold_close(struct control *c);

/*
 * An interface may have changed: tells the frame loop which frames must wait now. `carrier`: the
 * uplink's own interface is where it belongs.
 */
void control_hold_look(struct control *c, bool carrier);

#endif
