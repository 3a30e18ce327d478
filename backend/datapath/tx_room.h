/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_room.h: whether the uplink takes frames: it is full, down, held up, or has room again. */
#ifndef DMVL_TX_ROOM_H
#define DMVL_TX_ROOM_H

#include <stdbool.h>

#include "common/loop.h"

struct dpath;

/*
 * `on_room` is called when the uplink takes frames again, `on_stuck` when it has taken none for so
 * long that tx_tell_stuck() should be. False: out of memory.
 */
bool tx_init(struct dpath *dp, loop_cb *on_room, loop_cb *on_stuck);
void tx_fini(struct dpath *dp);

/* dp->link has changed. */
void tx_set_link(struct dpath *dp);

/* A frame was refused, because the uplink is full: it has room when the link has sent something. */
void tx_block(struct dpath *dp);

/* Likewise, because of `err` (-errno): the uplink is down or gone. */
void tx_block_down(struct dpath *dp, int err);

/* The uplink has room: tx_run() may write again. */
void tx_unblock(struct dpath *dp);

/* Asks the control thread whether the exits are idle, and so should not block the uplink. */
void tx_tell_stuck(struct dpath *dp);

/* The uplink's own queue is another one: watches that for room. False: out of memory. */
bool tx_renew_room(struct dpath *dp);

/* The exits are idle: if the uplink is still blocked, it goes on with a fresh queue. */
void tx_retire_queue(struct dpath *dp);

#endif
