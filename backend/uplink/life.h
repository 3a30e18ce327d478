/* SPDX-License-Identifier: GPL-2.0-or-later */
/* life.h: is the uplink's interface still there, up, and where it belongs? */
#ifndef DMVL_LIFE_H
#define DMVL_LIFE_H

#include "backend/uplink/uplink.h"

#define LIFE_WHY_MAX 160

enum life_state {
	LIFE_WELL, /* frames pass */
	LIFE_WAIT, /* they do not, until the operator or the bridge changes something */
	LIFE_LOST, /* the interface is gone and can be made again: uplink_reopen() */
	LIFE_OUT,  /* the TAP is in no bridge, and its bridge is there: uplink_join() */
};

/* Written by life_look(). */
struct life {
	enum life_state state;
	char why[LIFE_WHY_MAX];	   /* what is wrong, one clause; "": LIFE_WELL */
	char parent[IFNAMSIZ];	   /* LIFE_WELL: the bridge, or the device below the macvtap */
	unsigned parent_mtu_bytes; /* LIFE_WELL: its MTU; 0: there is no parent */
};

/*
 * Looks at the interface of the uplink, which was opened as `spec` says. Reads sysfs and asks the
 * kernel about the interface of u->fd; sends nothing.
 */
void life_look(const struct uplink_spec *spec, const struct uplink *u, struct life *out);

#endif
