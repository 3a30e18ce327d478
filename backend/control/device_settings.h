/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_settings.h: a device's settings, from xenstore to the frame loop. */
#ifndef DMVL_DEVICE_SETTINGS_H
#define DMVL_DEVICE_SETTINGS_H

#include <stdint.h>

struct control;
struct device;

/*
 * Reads the settings, puts in force those that are valid and tells the frame loop. d->unfit says
 * why the first bad one was rejected. 0, or -errno as device_check(): the settings of another
 * attachment, which may be another guest's, are neither put in force nor remembered for this one.
 */
int device_load_settings(struct control *c, struct device *d);

/*
 * The last look at a device that is gone, in the transaction `t`: what was set is remembered, or
 * forgotten if it was detached. -errno as above, or as device_kept_remember(): not now.
 */
int device_load_last(struct control *c, struct device *d, uint32_t t);

#endif
