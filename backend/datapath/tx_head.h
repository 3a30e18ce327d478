/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_head.h: the heads of the TX rings: where each goes, and so which lottery its LDP is in. */
#ifndef DMVL_TX_HEAD_H
#define DMVL_TX_HEAD_H

#include <stdbool.h>
#include <stdint.h>

struct dpath;
struct ldp;

/* Looks at the head of the TX ring, if it has none yet, and enters the lottery it belongs to. */
void tx_scan(struct dpath *dp, struct ldp *l);

/*
 * The LDP, which was in no lottery, goes on: with the rest of its head if a part of that has left,
 * else tx_scan() comes next.
 */
void tx_thaw(struct dpath *dp, struct ldp *l);

/* Addresses or settings changed: looks at all heads again. */
void tx_rejudge(struct dpath *dp);

/*
 * True, once: since the last call a head moved from one lottery to another, which may have had its
 * run in this turn.
 */
bool tx_take_moved(struct dpath *dp);

/* What a frame of that many bytes on the wire is charged. */
uint32_t tx_charge(const struct dpath *dp, uint32_t wire_bytes);

/*
 * The head frame is done. Charges what was not yet charged of it, and `more` bytes for copies; then
 * looks at the next frame.
 */
void tx_next_head(struct dpath *dp, struct ldp *l, uint32_t more);

/*
 * A part of the head, wire_bytes long, has left: charges it, and `more` bytes for copies. A flagged
 * frame may be the head now.
 */
void tx_next_part(struct dpath *dp, struct ldp *l, uint32_t wire_bytes, uint32_t more);

#endif
