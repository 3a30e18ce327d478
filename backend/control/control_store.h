/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_store.h: the connections to xenstored and the hypervisor, and xenstored's absence. */
#ifndef DMVL_CONTROL_STORE_H
#define DMVL_CONTROL_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct control;

/*
 * Connects to both. 0, -EAGAIN (xenstored does not run yet), or another -errno; with one sentence
 * in err.
 */
int control_store_open(struct control *c, char *err, size_t errlen);

/* Does xenstored answer? */
bool control_store_lives(struct control *c);

/*
 * During the start: is xenstored still there? If not, connects to it again. As
 * control_store_open().
 */
int control_store_ensure(struct control *c, char *err, size_t errlen);

/* Writes that the daemon waits, and for what; "": no longer. */
void control_store_waits(struct control *c, const char *what);

/* The connection to xenstored broke: c->lost until control_store_again(). */
void control_store_lost(struct control *c);

/*
 * Connects again, and writes all that xenstore should say to it, which may be another xenstore by
 * now. False: not yet.
 */
bool control_store_again(struct control *c);

#endif
