/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_find.h: which devices xenstore has. */
#ifndef DMVL_CONTROL_FIND_H
#define DMVL_CONTROL_FIND_H

struct control;

/* There may be a device: make it known, or look at all of it again. */
void control_found(struct control *c, unsigned domid, unsigned id);

/* All that xenstore has. */
void control_find_devices(struct control *c);

/* All of one domain. */
void control_find_of(struct control *c, unsigned domid);

/* Forgets devices that an earlier daemon left and whose guest, or the guest's half, is gone. */
void control_sweep_orphans(struct control *c);

#endif
