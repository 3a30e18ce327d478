/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_device.h: the xenstore nodes of one device, as its agent sees them. Blocks on xenstored. */
#ifndef DMVL_AGENT_DEVICE_H
#define DMVL_AGENT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/xs.h"
#include "xenstore-schema/schema.h"

#define AGENT_DEVICE_REF_MAX 16 /* as GUARD_TEXT_MAX */

/* Everybody reads, only agent_device.c writes. The own paths are relative, so that they stay right
 * after a restore. */
struct agent_device {
	struct xs_conn *xs;
	char front[SCHEMA_PATH_MAX];
	char vchan[SCHEMA_PATH_MAX];	/* for vchan_serve() */
	char ring_ref[SCHEMA_PATH_MAX]; /* path of the node that names the server */
	char back[SCHEMA_PATH_MAX];	/* watched; "": not known */
	unsigned back_domid;
	bool others; /* an event came from another watch than that of the own state */
};

/* One look at everything that decides what to do next. */
struct agent_view {
	enum xenbus_state own;		     /* XenbusStateUnknown: no such node */
	enum xenbus_state peer;		     /* XenbusStateUnknown: missing, or no sensible value */
	char generation[17];		     /* "" when missing */
	char ring_ref[AGENT_DEVICE_REF_MAX]; /* "" when missing */
	bool offline;			     /* the backend's `online` is 0 */
	uint32_t uplink_mtu;		     /* 0: the backend does not say */
	bool no_carrier;		     /* the backend's `carrier` is 0 */
};

/* What the backend offers, checked; defaults stand in for what is missing. */
struct agent_offer {
	bool version_ok;   /* it speaks our protocol version */
	uint32_t offloads; /* enum tap_offload */
	bool sparse;	   /* it sends flagged frames first */
	unsigned max_ring_order;
	bool has_mac;
	uint8_t mac[6];
	uint32_t mtu;
};

/* What the agent chose of it. */
struct agent_answer {
	uint32_t offloads;
	unsigned ring_order;
	bool sparse;
};

/* Where a function returns int, that is 0 or -errno. */

/* Connects to xenstore. -ENOENT: there is none; -EACCES: not root. */
int agent_device_open(struct agent_device *d, unsigned id);
void agent_device_close(struct agent_device *d); /* also fine when not open */

/* Watches the own state; the backend's nodes are watched from the first look on. */
int agent_device_watch(struct agent_device *d);
int agent_device_fd(const struct agent_device *d);
/* Takes all events that wait. False: the connection to xenstore broke. */
bool agent_device_drain(struct agent_device *d);
/* Whether the events since the last call only told that the own state is what this agent wrote.
 * Then there is no need to look at everything, which doubles what xenstored has to answer. */
bool agent_device_is_echo(struct agent_device *d, enum xenbus_state wrote);

int agent_device_look(struct agent_device *d, struct agent_view *view);
int agent_device_read_offer(struct agent_device *d, struct agent_offer *offer);

/* Writes what was chosen, before the state. */
int agent_device_answer(struct agent_device *d, const struct agent_answer *answer);
int agent_device_set_state(struct agent_device *d, enum xenbus_state state);
int agent_device_publish(struct agent_device *d, enum schema_key key, uint64_t value);
/* Tells the operator what this agent cannot do; cut off where the schema ends it. "": nothing. */
int agent_device_show_error(struct agent_device *d, const char *text);

/* Reads the node that names the vchan server. */
int agent_device_read_ref(struct agent_device *d, char ref[AGENT_DEVICE_REF_MAX]);

/* Reads the domain's own number. */
int agent_device_read_domid(struct agent_device *d, char domid[AGENT_DEVICE_REF_MAX]);

#endif
