/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_priv.h: what control.c and device.c share. Theory of operation: control.c. */
#ifndef DMVL_CONTROL_PRIV_H
#define DMVL_CONTROL_PRIV_H

#include <pthread.h>
#include <sys/queue.h>

#include "backend/control.h"
#include "backend/dom.h"
#include "backend/dpath.h"
#include "backend/handshake.h"
#include "backend/msg.h"
#include "backend/settings.h"
#include "common/xs.h"
#include "xenstore-schema/schema.h"

#define SLOT_NONE UINT32_MAX

/* One device of one guest: known since its backend directory was seen. */
struct device {
	TAILQ_ENTRY(device) next;
	unsigned domid, id;
	uint8_t uuid[16];
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	char name[LDP_NAME_MAX];
	char generation[SCHEMA_GUEST_VALUE_MAX + 1]; /* of the attachment that was looked at last */
	char token[LDP_NAME_MAX + 2];		     /* of the watch on `front` */

	struct ldp_settings settings; /* in force */
	struct ldp_conf conf;	      /* what the frame loop has */
	char error[SCHEMA_ERR_MAX];   /* as written */
	char fault[SCHEMA_ERR_MAX];   /* of the last connection; empty: none */

	uint32_t slot;		      /* SLOT_NONE: not in the frame loop */
	enum hs_action after;	      /* what MSG_DELETED is waited for to do; HS_WAIT: nothing */
	bool fresh;		      /* not looked at yet */
	bool dirty;		      /* something changed: look */
	bool served;		      /* its uplink is ours */
	bool gone;		      /* its domain, or its backend directory */
	bool keep;		      /* its domain comes back: reboot, save, migration */
	bool frozen;		      /* its domain is suspended */
	uint64_t not_before_ns;	      /* of the next look */
	uint64_t offer_not_before_ns; /* after failures */
	unsigned failures;	      /* in a row */
	uint64_t closing_since_ns, connected_ns;
	struct bucket looks; /* a guest that changes its state without end is looked at less */
};

struct control {
	struct control_conf conf;
	struct mbox *in, *out;
	pthread_t thread;
	struct loop *loop;
	struct loop_io *xs_io, *in_io;
	struct loop_timer *timer;
	struct xs_conn *xs;
	struct dom_conn *dom;
	unsigned domid; /* our own */
	char uplink_dir[SCHEMA_PATH_MAX];
	struct link_conf link;
	TAILQ_HEAD(, device) devices;
	struct device *by_slot[DPATH_SLOTS];
	uint32_t slots_busy;
	bool link_dirty, domains_dirty, domains_new;
	bool quitting;
	uint64_t quit_since_ns;
	uint64_t now_ns;
};

/* control.c */
struct msg *control_msg(enum msg_type type, uint32_t slot);
void control_post(struct control *c, struct msg *m);
/* There may be a device: make it known, or look at it again. */
void control_found(struct control *c, unsigned domid, unsigned id);

/* device.c */
struct device *device_new(struct control *c, unsigned domid, unsigned id);
struct device *device_find(struct control *c, unsigned domid, unsigned id);
/* Looks at a device and does what is next. It may free it. */
void device_step(struct control *c, struct device *d);
void device_deleted(struct control *c, struct device *d, struct vchan *v);
void device_failed(struct control *c, struct device *d, const char *why);
/* Its domain died, or its nodes went: unmap at once, then forget. */
void device_gone(struct control *c, struct device *d);
void device_freeze(struct control *c, struct device *d, bool on);
/* When it wants to be looked at next, UINT64_MAX: when something changes. */
uint64_t device_due_ns(const struct device *d);
void device_free(struct control *c, struct device *d);

#endif
