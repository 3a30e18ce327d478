/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_away.h: a device whose guest is given away to another host. */
#ifndef DMVL_DEVICE_AWAY_H
#define DMVL_DEVICE_AWAY_H

#include <stdbool.h>

struct control;
struct device;

/* Watches the name of the device's domain. The watch fires at once. */
void device_away_watch(struct control *c, const struct device *d);
void device_away_unwatch(struct control *c, const struct device *d);

/* The name came, changed or went. */
void device_away_named(struct control *c, struct device *d);

/*
 * The domain has ended. Did the guest leave this host for good? Not if another domain has its UUID:
 * it migrated within the host.
 */
bool device_away_left(struct control *c, const struct device *d);

#endif
