/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_exits.h: tells where frames leave the host, in xenstore and in the log. */
#ifndef DMVL_CONTROL_EXITS_H
#define DMVL_CONTROL_EXITS_H

struct control;

/* Tells of the exits and their speed where they changed. */
void control_exits_show(struct control *c);

#endif
