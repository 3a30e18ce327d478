/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_host.h: the uplink's keys about the frames of the host. */
#ifndef DMVL_CONTROL_HOST_H
#define DMVL_CONTROL_HOST_H

#include <stdbool.h>

#include "xenstore-schema/refusal.h"

struct control;

/* Reads them. A malformed one changes nothing and is named in err (refusal_add()). */
void control_host_load(struct control *c, char err[REFUSAL_MAX]);

/*
 * Can they all be kept, beside each other and the devices' minima? True, and c->due.link is set:
 * there is another answer than before.
 */
bool control_host_judge(struct control *c);

#endif
