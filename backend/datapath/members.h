/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.h: the LDPs of the data path: the control thread's orders, carried out. */
#ifndef DMVL_MEMBERS_H
#define DMVL_MEMBERS_H

#include "common/loop.h"

struct dpath;
struct ldp;
struct msg;

/* Called with the struct ldp. */
struct members_events {
	loop_cb *vchan; /* its vchan has an event */
	loop_cb *tap;	/* its tap can be read */
	loop_cb *room;	/* its tap takes frames again */
};

void members_init(struct dpath *dp, const struct members_events *on);

/* Frees all LDPs, but not their vchans and taps. */
void members_fini(struct dpath *dp);

/* Carries out one order at dp->now_ns. The message is borrowed. */
void members_obey(struct dpath *dp, struct msg *m);

/* Looks at both rings of an LDP, which may have moved on. It must be active. */
void members_look(struct dpath *dp, struct ldp *l);

#endif
