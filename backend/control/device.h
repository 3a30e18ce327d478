/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device.h: one device of one guest, as the control thread knows it. Theory: device.c. */
#ifndef DMVL_DEVICE_H
#define DMVL_DEVICE_H

#include "backend/control/control_priv.h"
#include "backend/control/handshake.h"
#include "backend/control/settings.h"
#include "backend/sched/bucket.h"

/* One device of one guest: known since its backend directory was seen. */
struct device {
	TAILQ_ENTRY(device) next;
	unsigned domid, id;
	uint8_t uuid[16];
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX], front_state[SCHEMA_PATH_MAX];
	char name[LDP_NAME_MAX];
	char generation[SCHEMA_GUEST_VALUE_MAX + 1]; /* of the attachment that was looked at last */
	char token[LDP_NAME_MAX + 2];		     /* of the watch on front_state */

	struct ldp_settings settings; /* in force */
	struct ldp_conf conf;	      /* what the frame loop has */
	struct ldp_status announced;  /* as written */
	bool has_announced;	      /* since it was connected */
	char unfit[SCHEMA_ERR_MAX];   /* the first setting that could not be; empty: none */
	char error[SCHEMA_ERR_MAX];   /* as written */
	char fault[SCHEMA_ERR_MAX];   /* of the last connection; empty: none */

	uint32_t slot;		      /* LDP_SLOT_NONE: not in the frame loop */
	enum hs_action after;	      /* what MSG_DELETED is waited for to do; HS_WAIT: nothing;
				       * HS_CLOSED, at the daemon's end: state 6 is to be written */
	bool fresh;		      /* not looked at yet */
	bool dirty;		      /* something changed: look */
	bool unread;		      /* a key of its own changed: read them all */
	bool online;		      /* as read: it is to be served */
	bool served;		      /* its uplink is ours */
	bool gone;		      /* its domain, or its backend directory */
	bool keep;		      /* its domain comes back: reboot, save, migration */
	bool frozen;		      /* its domain is suspended */
	uint64_t not_before_ns;	      /* of the next look, whatever it is for */
	uint64_t again_ns;	      /* of a look that no event asks for; 0: none */
	uint64_t offer_not_before_ns; /* after failures */
	unsigned failures;	      /* in a row */
	uint64_t closing_since_ns, connected_ns;
	struct bucket looks;	/* a guest that changes its state without end is looked at less */
	struct bucket connects; /* and one that comes and goes without end is offered less */
};

/*
 * Only the control thread calls what follows. Any of it may block in xenstore.
 */

/* device.c: what is next for it. */

/* Known from now on and to be looked at soon; the control owns it. NULL: out of memory or range. */
struct device *device_new(struct control *c, unsigned domid, unsigned id);

/* NULL: not known. */
struct device *device_find(struct control *c, unsigned domid, unsigned id);

/* Looks at a device and does what is next. It may free it. */
void device_step(struct control *c, struct device *d);

/* When it wants to be looked at next, in nanoseconds; UINT64_MAX: when something changes. */
uint64_t device_due_ns(const struct device *d);

/* Its domain died, or its nodes went: unmap at once, then forget. It may free it. */
void device_gone(struct control *c, struct device *d);

/* Its domain was suspended, or runs again. */
void device_freeze(struct control *c, struct device *d, bool on);

/* The frame loop let go of it: takes v and closes it. It may free the device. */
void device_deleted(struct control *c, struct device *d, struct vchan *v);

/* The frame loop gave up on it. `why` is borrowed; NULL: the guest closed its side. */
void device_failed(struct control *c, struct device *d, const char *why);

/* device_settings.c */

/*
 * Reads the settings, puts in force what may be and tells the frame loop. d->unfit names the first
 * that may not. 0, or -errno of xenstore; -ENOENT: its backend directory is gone.
 */
int device_load_settings(struct control *c, struct device *d);

/* device_connect.c: the handshake's two steps that carry something. */

/* Writes the offers, then state 2. */
void device_offer(struct control *c, struct device *d);

/*
 * Reads the guest's choices, maps its rings and gives them to the frame loop. On error -errno, with
 * one sentence in d->fault unless its settings have an error of their own.
 */
int device_connect(struct control *c, struct device *d);

/* device_xs.c: what is written in its backend directory. */

/* Writes its part in transaction t. 0, or -errno. */
typedef int device_writer(struct control *c, struct device *d, uint32_t t, const void *arg);

/*
 * Lets `write` write in a transaction, but not below a directory that somebody has just removed:
 * that would make a part of it anew. 0, -ENOENT (it was removed), or -errno; then nothing is
 * written.
 */
int device_write(struct control *c, struct device *d, device_writer *write, const void *arg);

/* What cannot be written is logged. */
void device_set_state(struct control *c, struct device *d, enum xenbus_state state);

/* State 6 for all that have been unmapped at the daemon's end. 0, or -errno of xenstore. */
int device_write_closed(struct control *c, uint32_t t);

/* Writes what changed since the last time. */
void device_announce(struct control *c, struct device *d, const struct ldp_status *now);

/* Writes and logs one sentence, or "" for none; again only when it changed. */
void device_show_error(struct control *c, struct device *d, const char *text);

#endif
