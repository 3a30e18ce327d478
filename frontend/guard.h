/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard.h: a process that keeps the kernel handles of a vchan server open while closing them would
 * do harm. */
#ifndef DMVL_GUARD_H
#define DMVL_GUARD_H

#include "common/vchan.h"

/*
 * After the guest was restored, the last close of an older event channel handle, or the last unmap
 * of the control page that notifies it, damages the guest's kernel: see docs/resume.md. A guard is
 * a forked child that holds a reference to both from the server's beginning on. The agent tells it
 * either that the server is closed in order: then the guard ends; or that the server must never be
 * closed: then the guard sleeps for ever and keeps one page and one port. When the agent dies
 * without telling, the guard asks xenstore which of the two is right. Before it ends then, it tells
 * the backend, and waits until that has unmapped the rings, for 5 s at most.
 */
struct guard;

/* Call it before the first guard and before threads: finds the memory where a guard writes its
 * title. */
void guard_init(int argc, char **argv);

#define GUARD_TEXT_MAX 16 /* a number of 32 bits */

/* How a guard knows whether the domain is still the one where its server was made. */
struct guard_place {
	const char *ref_path;	    /* relative, of the node that names the server */
	char ref[GUARD_TEXT_MAX];   /* what it holds while this server is the current one */
	char domid[GUARD_TEXT_MAX]; /* the domain's own number */
};

/* Copies *at. Returns 0 or -errno. End it with one of the two functions below. */
int guard_start(struct vchan *v, const struct guard_place *at, struct guard **out);

/* Ends the guard: the caller then has the last references. Frees g. */
void guard_release(struct guard *g);

/*
 * The guard keeps its references for the life of the guest. Returns 0: now the caller may close its
 * own; or -EPIPE: the guard is gone and the caller must not close its own. Frees g.
 */
int guard_park(struct guard *g);

#endif
