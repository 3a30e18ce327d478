/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_xs.h: what the daemon writes in a device's backend directory, and whose that is. */
#ifndef DMVL_DEVICE_XS_H
#define DMVL_DEVICE_XS_H

#include <stdint.h>
#include <xen/io/xenbus.h>

#include "common/xs.h"
#include "xenstore-schema/schema.h"

struct control;
struct device;
struct ldp_status;

/*
 * Is the backend directory still that of the attachment that the device stands for? 0; -ENOENT: it
 * is gone; -ESTALE: it is another attachment's, which may be another guest's, since domids are used
 * again; or another -errno.
 */
int device_check(struct xs_conn *xs, uint32_t t, const struct device *d);

/* Writes its part in transaction t. 0, or -errno. */
typedef int device_writer(struct control *c, struct device *d, uint32_t t, const void *arg);

/*
 * Lets `write` write in a transaction, but not below a directory that somebody has just removed,
 * which would make a part of it again, nor into another attachment's. 0, -ENOENT (it is gone), or
 * -errno; then nothing is written.
 */
int device_write(struct control *c, struct device *d, device_writer *write, const void *arg);

/* One key. 0, or as device_write(). */
int device_write_value(struct control *c, struct device *d, enum schema_key key, const char *value);

/*
 * The state and, unless it is Connected, the end of the rates that were announced, as a part of a
 * transaction. 0 or -errno.
 */
int device_write_state(struct control *c, const struct device *d, uint32_t t,
		       enum xenbus_state state);

/* The same for itself. What cannot be written is logged. */
void device_set_state(struct control *c, struct device *d, enum xenbus_state state);

/* In transaction t: from now on the device waits for the guest's agent. 0, or -errno. */
int device_write_waiting(struct control *c, struct device *d, uint32_t t);

/* State 6 of a device that was connected. What cannot be written is logged. */
void device_show_closed(struct control *c, struct device *d);

/* State 4, and that the guest is in no group yet: whoever sees the state sees all keys. */
void device_show_connected(struct control *c, struct device *d);

/* State 6 for all that were unmapped at the daemon's end. 0, or -errno of xenstore. */
int device_write_closed(struct control *c, uint32_t t);

/* Writes of a device's status what changed since the last time. */
void device_publish(struct control *c, struct device *d, const struct ldp_status *now);

/* Writes the largest packet that leaves the host, where that changed. */
void device_show_mtu(struct control *c, struct device *d);

/* Writes the number of its group, where that changed. */
void device_show_group(struct control *c, struct device *d);

/* Writes and logs one sentence, or "" for none; again only when it changed. */
void device_show_error(struct control *c, struct device *d, const char *text);

/* It is another xenstore: writes all of it again, some now and some when the device is looked at.
 */
void device_show_again(struct control *c, struct device *d);

#endif
