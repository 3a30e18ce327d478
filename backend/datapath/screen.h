/* SPDX-License-Identifier: GPL-2.0-or-later */
/* screen.h: what guests may not send, and not receive, so that none harms another. */
#ifndef DMVL_SCREEN_H
#define DMVL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/frame/frame_check.h"

struct dpath;
struct ldp;

/*
 * May the head frame of the LDP, which was parsed, leave it? Control frames, services and wrong
 * senders may not, as its settings say. An LDP that is not checked for senders is learnt from.
 */
enum frame_verdict screen_check(struct dpath *dp, struct ldp *l);

/* Is it a control frame (frame_control.h)? The arguments are those of frame_parse(). */
bool screen_is_control(const struct frame_info *fi, const uint8_t *hdr, uint32_t hdr_len);

#endif
