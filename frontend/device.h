/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.h: the xenstore nodes of one device, as its agent sees them. Blocks on xenstored. */
#ifndef DMVL_DEVICE_H
#define DMVL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/xs.h"
#include "xenstore-schema/schema.h"

#define DEVICE_REF_MAX 16

/* Functions return 0 or -errno. All own paths are relative: they stay right over a restore. */
struct device {
	struct xs_conn *xs;
	char front[SCHEMA_PATH_MAX];
	char vchan[SCHEMA_PATH_MAX];	/* for vchan_serve() */
	char ring_ref[SCHEMA_PATH_MAX]; /* path of the node that names the server */
	char back[SCHEMA_PATH_MAX];	/* "": not known; watched */
	unsigned back_domid;
	bool others; /* something came of another watch than the own state's */
};

/* One look at everything that decides what to do next. */
struct device_view {
	enum xenbus_state own;	       /* XenbusStateUnknown: no such node */
	enum xenbus_state peer;	       /* XenbusStateUnknown: missing, or no sensible value */
	char generation[17];	       /* "" when missing */
	char ring_ref[DEVICE_REF_MAX]; /* "" when missing */
	bool offline;		       /* the backend's `online` is 0 */
};

/* What the backend offers, checked; defaults stand in for what is missing. */
struct device_offer {
	bool version_ok;   /* our protocol version is among its own */
	uint32_t offloads; /* enum tap_offload */
	unsigned max_ring_order;
	bool has_mac;
	uint8_t mac[6];
	uint32_t mtu;
};

/* Connects to xenstore. -ENOENT: none there; -EACCES: not root. */
int device_open(struct device *d, unsigned id);
void device_close(struct device *d); /* also fine when not open */

/* Watches the own state; the backend's nodes are watched from the first look on. */
int device_watch(struct device *d);
int device_fd(const struct device *d);
/* Takes all events that wait. False: the connection is of no more use. */
bool device_drain(struct device *d);
/* Whether what was drained since the last call was no more than the own state, as it was written
 * here: a guest that asks for all the rest each time would make xenstored answer twice as much. */
bool device_is_echo(struct device *d, enum xenbus_state wrote);

int device_look(struct device *d, struct device_view *view);
int device_read_offer(struct device *d, struct device_offer *offer);

/* Writes what was chosen; the state comes after it. */
int device_answer(struct device *d, uint32_t offloads, unsigned ring_order);
int device_set_state(struct device *d, enum xenbus_state state);
int device_announce(struct device *d, enum schema_key key, uint64_t value);

/* Reads what names the vchan server that was just made. */
int device_read_ref(struct device *d, char ref[DEVICE_REF_MAX]);

#endif
