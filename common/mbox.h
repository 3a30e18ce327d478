/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbox.h: a queue of messages from any thread to the one that reads them. */
#ifndef DMVL_MBOX_H
#define DMVL_MBOX_H

#include <sys/queue.h>

/* The first member of every message. */
struct mbox_msg {
	STAILQ_ENTRY(mbox_msg) next;
};

struct mbox;

struct mbox *mbox_new(void);	/* NULL with errno set */
void mbox_free(struct mbox *m); /* get all messages first: they belong to the caller */

/* Appends a message and gives it to the reader. Never fails, never blocks for long. */
void mbox_put(struct mbox *m, struct mbox_msg *msg);

/* Removes and returns the oldest message, which the caller then owns; NULL: there is none. */
struct mbox_msg *mbox_get(struct mbox *m);

/*
 * The fd is readable after mbox_put(). When it is, call mbox_ack() once and then mbox_get() until
 * it returns NULL.
 */
int mbox_fd(const struct mbox *m);
void mbox_ack(struct mbox *m);

#endif
