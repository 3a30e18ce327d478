/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_take_over.h: what an earlier version kept in xenstore while guests were away. */
#ifndef DMVL_CONTROL_TAKE_OVER_H
#define DMVL_CONTROL_TAKE_OVER_H

struct control;

/*
 * At the start: moves it to files, guest by guest, but not over a file that is there. What cannot
 * be moved, or cannot be removed from xenstore, is named in the log, and is tried at the next
 * start.
 */
void control_take_over(struct control *c);

#endif
