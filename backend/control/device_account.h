/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_account.h: whose a device's account is, its end, and what it brings from another host. */
#ifndef DMVL_DEVICE_ACCOUNT_H
#define DMVL_DEVICE_ACCOUNT_H

#include "backend/credit/record.h"

struct control;
struct device;

/* The account of this attachment. */
struct credit_id device_account_id(const struct device *d);

/*
 * The device goes, and its rings have gone: tells the frame loop that nobody inherits its account,
 * where keep-balance is 0. Unless the domain goes on (d->lasting): then the guest may have ended
 * the device by itself.
 */
void device_account_end(struct control *c, const struct device *d);

/*
 * The device may have brought an account along (d->brought). If it is connected, the frame loop
 * gets what has not faded by now, once. If it is not, the account waits until it is, or has faded;
 * then d->again_ns is set.
 */
void device_account_take(struct control *c, struct device *d);

#endif
