/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx.h: TX rings -> uplink, and LDP to LDP. */
#ifndef DMVL_TX_H
#define DMVL_TX_H

#include <stdbool.h>

#include "common/loop.h"

struct dpath;
struct ldp;

/*
 * `on_room` is called when the uplink takes frames again, `on_stuck` when it has taken none for so
 * long that tx_tell_stuck() should be. False: out of memory.
 */
bool tx_init(struct dpath *dp, loop_cb *on_room, loop_cb *on_stuck);
void tx_fini(struct dpath *dp);

/* dp->link has changed. */
void tx_set_link(struct dpath *dp);

/* What a turn sends onto the uplink, and from LDP to LDP. True: the budget ran out. */
bool tx_run(struct dpath *dp);
bool tx_run_local(struct dpath *dp);
/* Both, by turns one of them first, so that each has a part of a ceiling that they share. */
bool tx_run_both(struct dpath *dp);

/* The uplink has room: tx_run() may write again. */
void tx_unblock(struct dpath *dp);

/* Asks the control thread whether the exits are idle, and so should not block the uplink. */
void tx_tell_stuck(struct dpath *dp);

/* The uplink's own queue is another one: watches that for room. False: out of memory. */
bool tx_renew_room(struct dpath *dp);

/* They are: if the uplink is still blocked, it goes on with a fresh queue. */
void tx_retire_queue(struct dpath *dp);

/*
 * Says on the uplink where the LDP's MAC is now, so that switches learn it (RARP): five times, with
 * growing gaps. False: the uplink is full, and this time does not count.
 */
bool tx_advertise(struct dpath *dp, struct ldp *l);

#endif
