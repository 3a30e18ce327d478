/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_vif.h: the life of a device that stands for a guest's vif (via=vif). */
#ifndef DMVL_DEVICE_VIF_H
#define DMVL_DEVICE_VIF_H

#include "backend/control/handshake.h"

struct control;
struct device;
struct vif_tap;

/*
 * What to do next, in place of handshake_next(): there is no guest's side. HS_OFFER: wait for the
 * vif, with state 2. HS_CONNECT: take it. Says in d->fault why it waits, if that needs saying.
 */
enum hs_action device_vif_next(struct control *c, struct device *d, const struct hs_input *in);

/* Takes the vif. On error -errno, with one sentence in d->fault. */
int device_vif_take(struct control *c, struct device *d, struct vif_tap **out);

/* The frame loop let go of the tap: closes it and puts the vif back. */
void device_vif_release(struct control *c, struct device *d, struct vif_tap *tap);

/* Vifs that an earlier daemon took, for devices that are no more, go back. */
void device_vif_sweep(struct control *c);

#endif
