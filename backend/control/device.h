/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.h: what happens to a device, from first sight to its end. Theory: device.c. */
#ifndef DMVL_DEVICE_H
#define DMVL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct control;
struct device;
struct vchan;
struct vif_tap;

/*
 * Looks at all devices that are due, and does what is next for each. It may free devices. Returns
 * when the next one is due, in nanoseconds; UINT64_MAX: when something changes.
 */
uint64_t device_step_all(struct control *c);

/* Its domain died, or its nodes went: unmap at once, then forget. It may free the device. */
void device_gone(struct control *c, struct device *d);

/* Its domain was suspended, or runs again. */
/*
 * What the frame loop says is wrong with the device's frames; empty: nothing is any more.
 * `unlisted`: it is so because allowed-mac lacks the address.
 */
void device_trouble(struct control *c, struct device *d, const char *text, bool unlisted);

void device_freeze(struct control *c, struct device *d, bool on);

/*
 * The frame loop let go of the device: takes its vchan or tap, and closes it. It may free the
 * device.
 */
void device_deleted(struct control *c, struct device *d, struct vchan *v, struct vif_tap *tap);

/* The frame loop gave up on the device. `why` is borrowed; NULL: the guest closed its side. */
void device_failed(struct control *c, struct device *d, const char *why);

/* The guest sends from `mac`, which is not its own, and nothing else; !on: it does so no more. */
void device_stranger(struct control *c, struct device *d, bool on, const uint8_t mac[6]);

/* The frame loop did not take the device, and says why: as device_deleted() otherwise. */
void device_refused(struct control *c, struct device *d, struct vchan *v, struct vif_tap *tap,
		    const char *why);

/* The daemon ends: the frame loop deletes all devices, and their states wait for the end. */
void device_end_all(struct control *c);

#endif
