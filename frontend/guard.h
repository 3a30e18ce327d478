/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guard.h: a process that keeps a vchan server's kernel handles from being closed at a bad time. */
#ifndef DMVL_GUARD_H
#define DMVL_GUARD_H

#include "common/vchan.h"

/*
 * After the guest was restored, closing the last reference to an older event channel handle, or
 * unmapping the control page that notifies it, damages the guest's kernel: docs/resume.md. A guard
 * is a forked child that holds a reference to both, from right after the server is made. It is
 * told when the server was closed in order (it ends) or must never be (it sleeps for ever, keeping
 * one page and one port). When the agent dies without a word, the guard asks xenstore which of the
 * two is right.
 */
struct guard;

/* Before the first guard and before threads: the memory where a guard writes its title. */
void guard_init(int argc, char **argv);

/*
 * `ref` is what xenstore's node `ref_path` (relative) holds while the server is the guest's current
 * one. Returns 0 or -errno. End it with one of the two below.
 */
int guard_start(struct vchan *v, const char *ref_path, const char *ref, struct guard **out);

/* Ends the guard: what the caller closes next is the last reference. Frees g. */
void guard_release(struct guard *g);

/*
 * Has the guard keep its references for the life of the guest. Returns 0, and from then on the
 * caller may close its own; or -EPIPE, when the guard is gone and the caller must not. Frees g.
 */
int guard_park(struct guard *g);

#endif
