/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moves.h: learns where MAC addresses are, and tells of those that move or may not be used. */
#ifndef DMVL_MOVES_H
#define DMVL_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/frame/frame_check.h"
#include "common/loop.h"

struct dpath;
struct ldp;

/* `on_quiet` is called when moves_quiet() should be. False: out of memory. */
bool moves_init(struct dpath *dp, loop_cb *on_quiet);
void moves_fini(struct dpath *dp);

/*
 * May the LDP send from the source address of its head frame? FRAME_OK (the address is behind it
 * now), FRAME_MAC_HELD or FRAME_MALFORMED (it is no unicast address). For an LDP that is checked
 * for its own address, after that check.
 */
enum frame_verdict moves_use(struct dpath *dp, struct ldp *l);

/* The uplink shows a frame from this address. */
void moves_seen(struct dpath *dp, const uint8_t mac[6]);

/* The LDP's settings changed: what was told of it may be over. */
void moves_forgive(struct dpath *dp, struct ldp *l);

/* Takes back what was told of LDPs that have been quiet for a minute. */
void moves_quiet(struct dpath *dp);

#endif
