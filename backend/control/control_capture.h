/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_capture.h: who wants a device's frames: dmvlctl capture asks by a socket. */
#ifndef DMVL_CONTROL_CAPTURE_H
#define DMVL_CONTROL_CAPTURE_H

struct control;

/* Listens in the run directory. Where it cannot, it says so: all else works without. */
void control_capture_open(struct control *c);

/* Ends all captures. The frame loop has ended before, or has never begun. */
void control_capture_close(struct control *c);

/* The frame loop writes no more into the ring of that number. */
void control_capture_ended(struct control *c, unsigned number);

#endif
