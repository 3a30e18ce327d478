/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_leave.h: the end of a device, and what becomes of what was set for it. */
#ifndef DMVL_DEVICE_LEAVE_H
#define DMVL_DEVICE_LEAVE_H

struct control;
struct device;

/*
 * The device is gone (d->gone) and its rings are unmapped: remembers or forgets what was set,
 * removes its nodes, and frees it. If xenstore refuses, nothing of that is done, and d->again_ns
 * says when to try again.
 */
void device_leave(struct control *c, struct device *d);

#endif
