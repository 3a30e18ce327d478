/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_account.h: what a device's account held on the host that its guest came from. */
#ifndef DMVL_DEVICE_ACCOUNT_H
#define DMVL_DEVICE_ACCOUNT_H

struct control;
struct device;

/*
 * If the device brought an account along and is connected, the frame loop gets what has not faded
 * by now, once.
 */
void device_account_take(struct control *c, struct device *d);

#endif
