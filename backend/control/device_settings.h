/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_settings.h: a device's settings, from xenstore to the frame loop. */
#ifndef DMVL_DEVICE_SETTINGS_H
#define DMVL_DEVICE_SETTINGS_H

struct control;
struct device;

/*
 * Reads the settings, puts in force those that are valid and tells the frame loop. d->unfit says
 * why the first bad one was rejected. 0, or -errno of xenstore; -ENOENT: the backend directory is
 * gone; -ESTALE: it is another attachment's by now, whose settings are not this device's.
 */
int device_load_settings(struct control *c, struct device *d);

#endif
