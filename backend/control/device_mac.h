/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_mac.h: tells the frame loop which MAC addresses devices have, connected or not. */
#ifndef DMVL_DEVICE_MAC_H
#define DMVL_DEVICE_MAC_H

#include "backend/control/control_state.h"

struct device;

/* After its settings were read. Nobody but its guest may use its address from now on. */
void device_tell_mac(struct control *c, struct device *d);

/* It goes. */
void device_withdraw_mac(struct control *c, struct device *d);

#endif
