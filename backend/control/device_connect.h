/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_connect.h: the two steps of the handshake that carry something. */
#ifndef DMVL_DEVICE_CONNECT_H
#define DMVL_DEVICE_CONNECT_H

struct control;
struct device;

/* Writes the offers, then state 2. */
void device_offer(struct control *c, struct device *d);

/*
 * Reads the guest's choices and maps its rings, or takes its vif, and gives them to the frame loop.
 * On error -errno, with one sentence in d->fault unless its settings have an error of their own;
 * -ESTALE, without a sentence: the domid or the directory is another guest's or attachment's by
 * now.
 */
int device_connect(struct control *c, struct device *d);

#endif
