/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_state.h: one device of one guest, as the control thread knows it, and who writes what. */
#ifndef DMVL_DEVICE_STATE_H
#define DMVL_DEVICE_STATE_H

#include <net/if.h>

#include "backend/control/control_state.h"
#include "backend/control/handshake.h"
#include "backend/control/settings.h"
#include "backend/credit/status.h"
#include "backend/sched/bucket.h"
#include "backend/vif/vif_tap.h"

/* One device of one guest: known since its backend directory was seen. */
struct device {
	/* device_list.c, once */
	TAILQ_ENTRY(device) next;
	unsigned domid, id;
	uint8_t uuid[16]; /* of the guest; null: not known */
	/* Of the attachment that the device stands for; empty: xenstore does not say. Where
	 * xenstore has another one, its keys are not those of this device. */
	char generation[SCHEMA_GUEST_VALUE_MAX + 1];
	bool is_first; /* no daemon before this one has served it */
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX], front_state[SCHEMA_PATH_MAX];
	char name[LDP_NAME_MAX];
	char token[LDP_NAME_MAX + 2]; /* of the watch on front_state */

	/* device_settings.c */
	struct ldp_settings settings; /* in force */
	char unfit[REFUSAL_MAX];      /* which settings are refused, and why the first one; empty:
					    none */
	bool served;		      /* its settings were read: they count */
	bool online;		      /* as read: the device is wanted */
	char asked[VERDICT_MAX];      /* control_verdict.c clears it */
	bool brought;	     /* an account was brought and waits; device_account.c clears it */
	uint64_t brought_ns; /* then: when this daemon saw it first */

	/* device_kept.c */
	bool unforgotten; /* it is detached and still remembered, and the log says so */
	bool forgotten; /* it is detached and not remembered: what is written later is another's */

	/* control_group.c */
	struct ldp_group *group; /* NULL: none */

	unsigned leave_failures; /* device_leave.c: in a row */
	uint64_t leave_not_before_ns;

	/* device_mac.c */
	uint8_t told_mac[6]; /* the address that the frame loop knows as its own */
	bool has_told_mac;

	bool away; /* device_away.c: xl has given its guest to another host */

	/* device_connect.c; device.c clears slot */
	uint32_t offered;	    /* VNET_F_*: offloads that the guest may use */
	uint32_t slot;		    /* LDP_SLOT_NONE: not in the frame loop */
	struct ldp_conf conf;	    /* what the frame loop has; device_settings.c too */
	char fault[SCHEMA_ERR_MAX]; /* why the last connection failed; empty: it did not. device.c
				     * too */

	/* device_vif.c, where the device stands for a vif */
	char vif_dir[SCHEMA_PATH_MAX];	  /* of the vif's backend, watched; "": not yet */
	char vif_token[LDP_NAME_MAX + 2]; /* of that watch */
	struct vif_port taken[VIF_PORTS]; /* the macvtaps that the frame loop has; not their fds */
	unsigned taken_count;

	/* device.c */
	char trouble[SCHEMA_ERR_MAX];  /* what the frame loop says is wrong; empty: nothing is */
	char stranger[SCHEMA_ERR_MAX]; /* it sends from a MAC that is not its own; empty: it does
					  not */

	/* device_xs.c */
	struct ldp_status shown; /* as written to xenstore */
	uint32_t shown_mtu;	 /* of the uplink, as written to xenstore; 0: it was not */
	uint32_t shown_group;	 /* the number of its group, likewise, if has_shown_group */
	bool has_shown_group;
	bool has_shown;		 /* since it was connected: device_connect.c clears it */
	char error[REFUSAL_MAX]; /* as written to xenstore */

	/* device_mark(); device.c clears them */
	bool dirty;  /* something changed: look */
	bool unread; /* one of its own keys changed: read them all */

	/* device.c */
	bool left;		/* its nodes could not be removed */
	enum hs_action after;	/* what to do when MSG_DELETED arrives; HS_WAIT: the frame loop
				 * was not asked to delete it. HS_CLOSED at the daemon's end:
				 * state 6 must still be written */
	bool fresh;		/* not looked at yet */
	bool gone;		/* its domain, or its backend directory */
	bool lasting;		/* then: the same domain goes on; control_domains.c too */
	bool frozen;		/* its domain is suspended */
	bool adrift;		/* its nodes went with xenstored, and the guest lives: frames go on;
				 * device_list.c sets it */
	uint64_t not_before_ns; /* of the next look of any kind */
	uint64_t again_ns;	/* of a look that no event asks for; 0: none */
	uint64_t offer_not_before_ns; /* after failures */
	unsigned failures;	      /* in a row */
	uint64_t closing_since_ns, connected_ns;
	struct bucket looks;	/* a guest that changes its state without end is looked at less */
	struct bucket connects; /* and one that comes and goes without end is offered less */
};

enum device_mark {
	DEVICE_LOOK, /* its state may have changed */
	DEVICE_READ, /* its keys may have changed too */
};

/* The device will be looked at in this turn, or as soon as its bucket of looks allows. */
static inline void device_mark(struct device *d, enum device_mark what)
{
	d->dirty = true;
	d->unread |= what == DEVICE_READ;
}

#endif
