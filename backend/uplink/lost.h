/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lost.h: was the interface by which frames left the host taken out of the bridge? */
#ifndef DMVL_LOST_H
#define DMVL_LOST_H

#include "backend/uplink/exits.h"

#define LOST_WHY_MAX 160

/* The way out that there was. All zeroes: none is known yet. Only lost_look() writes it. */
struct lost {
	unsigned ifindex; /* 0: there was none */
	bool hardware;	  /* a card is behind it: no other port takes its place */
	char name[IFNAMSIZ];
	char why[LOST_WHY_MAX]; /* one clause; "": it is there, or another one took its place */
};

/*
 * Compares the exits, as they are now, with those of earlier calls. What the operator chose does
 * not count: exits.h tells of that. A vif, or another port without hardware that was deleted, is a
 * guest that ended, and nothing is lost. Reads sysfs.
 */
void lost_look(struct lost *l, const struct exits *now);

#endif
