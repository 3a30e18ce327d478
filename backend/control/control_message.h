/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_message.h: what the frame loop says. */
#ifndef DMVL_CONTROL_MESSAGE_H
#define DMVL_CONTROL_MESSAGE_H

struct control;
struct msg;

/* Does what the message asks for, or marks it as due. The message is borrowed. */
void control_message(struct control *c, struct msg *m);

#endif
