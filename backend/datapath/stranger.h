/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stranger.h: tells the operator that a guest sends from a MAC that is not its own. */
#ifndef DMVL_STRANGER_H
#define DMVL_STRANGER_H

struct dpath;
struct ldp;

/*
 * Call this for each head that was judged. When a second has passed without a frame that the LDP
 * may send, and several had a wrong source, the control thread is told; and again when a good frame
 * comes. At most once in ten seconds, whatever the guest does.
 */
void stranger_look(struct dpath *dp, struct ldp *l);

#endif
