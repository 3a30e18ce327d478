/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_list.h: the devices that the control thread knows. */
#ifndef DMVL_DEVICE_LIST_H
#define DMVL_DEVICE_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct control;
struct device;

/* NULL: not known. */
struct device *device_find(struct control *c, unsigned domid, unsigned id);

/*
 * Makes a device known, if its backend directory is there and names this daemon's uplink: it is
 * looked at soon. Devices of other uplinks are other daemons' business. The list owns it. It must
 * not be known yet.
 */
void device_meet(struct control *c, unsigned domid, unsigned id);

/*
 * The device `id` that another domain of this UUID has, or NULL. Then the guest is on its way, on
 * this host, from that domain to domain `domid`, or somebody gave its UUID to another one. No two
 * domains are the same guest by the null UUID.
 */
struct device *device_elsewhere(struct control *c, const uint8_t uuid[16], unsigned domid,
				unsigned id);

/*
 * Is the device known to be the domain's? If its nodes are missing, somebody has just removed them,
 * and the next look at it finds out what that means.
 */
bool device_is_known(struct control *c, unsigned domid, unsigned id);

/* Is its frontend directory there, or is it one that has none? */
bool device_has_front(struct control *c, const struct device *d);

/* Are the toolstack's nodes of the domain there? */
bool device_has_home(struct control *c, unsigned domid);

/* Have they gone? Not so if xenstored does not answer. */
bool device_lost_home(struct control *c, unsigned domid);

/* All devices are read again. */
void device_mark_all(struct control *c);

/*
 * It is another connection to xenstore: all are read and watched again. `another`: to another
 * xenstore, in which nobody has detached what is missing.
 */
void device_again_all(struct control *c, bool another);

/* Interfaces changed: those that stand for a vif are looked at. */
void device_mark_agentless(struct control *c);

/* Frees a device that is not in the frame loop. Nothing is written but for its watch. */
void device_drop(struct control *c, struct device *d);

/* Frees all devices, and writes nothing. */
void device_free_all(struct control *c);

#endif
