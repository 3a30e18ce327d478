/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_watch.h: what xenstore's watches say. */
#ifndef DMVL_CONTROL_WATCH_H
#define DMVL_CONTROL_WATCH_H

struct control;
struct xs_event;

/* 0, or -errno of xenstore. */
int control_watch_all(struct control *c);

/* Marks what changed; the event is borrowed. */
void control_event(struct control *c, const struct xs_event *ev);

#endif
