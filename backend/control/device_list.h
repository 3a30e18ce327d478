/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_list.h: the devices that the control thread knows. */
#ifndef DMVL_DEVICE_LIST_H
#define DMVL_DEVICE_LIST_H

struct control;
struct device;

/* NULL: not known. */
struct device *device_find(struct control *c, unsigned domid, unsigned id);

/*
 * Makes a device known, if its backend directory is there: it is looked at soon. The list owns it.
 * It must not be known yet.
 */
void device_meet(struct control *c, unsigned domid, unsigned id);

/* Which attachment it is now, as xenstore says; empty: xenstore does not say. */
void device_read_generation(struct control *c, struct device *d);

/* All devices are read again. */
void device_mark_all(struct control *c);

/* Interfaces changed: those that stand for a vif are looked at. */
void device_mark_agentless(struct control *c);

/* Frees a device that is not in the frame loop. Nothing is written but for its watch. */
void device_drop(struct control *c, struct device *d);

/* Frees all devices, and writes nothing. */
void device_free_all(struct control *c);

#endif
