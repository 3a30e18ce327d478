/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits.h: the interfaces through which the uplink's frames leave the host. */
#ifndef DMVL_EXITS_H
#define DMVL_EXITS_H

#include <net/if.h>
#include <stdbool.h>

#include "backend/uplink/uplink.h"

#define EXITS_MAX     8u
#define EXITS_WHY_MAX 160

/* How the exits were found. */
enum exits_how {
	EXITS_NONE,	/* there is none: `why` says so */
	EXITS_LOWER,	/* macvtap: its lower device */
	EXITS_HARDWARE, /* the bridge's ports with hardware behind them: a NIC, or a bond or VLAN of
			   one */
	EXITS_CHOSEN,	/* the operator named it: key uplink-port */
	EXITS_OLDEST, /* no port has hardware: the one that is in the bridge for the longest time */
};

/* Written by exits_find(). */
struct exits {
	enum exits_how how;
	unsigned count; /* at most EXITS_MAX */
	char name[EXITS_MAX][IFNAMSIZ];
	unsigned ifindex[EXITS_MAX];
	unsigned bridge;	 /* interface index of the kernel's bridge; 0: none */
	bool outside;		 /* one was chosen, and there is no bridge of the kernel */
	unsigned oldest;	 /* of its port that joined first, but our own; 0: none */
	char why[EXITS_WHY_MAX]; /* EXITS_NONE: a clause; also if `chosen` is no port: it was
				    ignored */
	bool missing;		 /* EXITS_NONE, but an interface may join that is not there yet */
};

/*
 * Finds the exits of an uplink. `chosen` is the operator's port, "" for none. A TAP that is in no
 * bridge of the kernel may be in one of Open vSwitch: any interface can be chosen for it. All other
 * ports of the bridge are neighbours: vifs, veths, other TAPs. May block in sysfs for a moment.
 */
void exits_find(const struct uplink *u, const char *chosen, struct exits *out);

/* The same before the uplink is opened. */
void exits_expect(const struct uplink_spec *spec, const char *chosen, struct exits *out);

/* A clause that says that none of the exits, of which there is one at least, has a link. */
void exits_no_link(const struct exits *e, char *out, size_t size);

/* Is it one of the exits? */
bool exits_has(const struct exits *e, unsigned ifindex);

#endif
