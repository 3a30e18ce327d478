/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_device.h: looks at a device beside its domain, its uplink and other devices. Rows of
 * looks.c.
 */
#ifndef DMVL_CTL_LOOK_DEVICE_H
#define DMVL_CTL_LOOK_DEVICE_H

#include "backend/ctl/check/look.h"

bool look_phantom(struct look *look);
bool look_no_uplink(struct look *look);
bool look_same_mac(struct look *look);
bool look_device_mtu(struct look *look);

#endif
