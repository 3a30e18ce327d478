/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_uplink.h: the uplink's own keys in xenstore. */
#ifndef DMVL_CONTROL_UPLINK_H
#define DMVL_CONTROL_UPLINK_H

struct control;

/* Writes what the uplink is and that it runs. 0, or -errno of xenstore. */
int control_publish_uplink(struct control *c);

/* Writes where the credit log is, after c->log_error changed. 0, or -errno of xenstore. */
int control_show_log(struct control *c);

/* Reads what an operator may set, and sends it to the frame loop where it changed. */
void control_load_link(struct control *c);

#endif
