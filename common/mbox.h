/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbox.h: messages from any thread to the one that reads. */
#ifndef DMVL_MBOX_H
#define DMVL_MBOX_H

#include <sys/queue.h>

/* Embed this as the first member of a message. */
struct mbox_msg {
	STAILQ_ENTRY(mbox_msg) next;
};

struct mbox;

struct mbox *mbox_new(void);	/* NULL with errno set */
void mbox_free(struct mbox *m); /* what is still in it is the caller's: drain it first */

/* Never blocks for long and never fails. The reader owns the message from now on. */
void mbox_put(struct mbox *m, struct mbox_msg *msg);

/* The oldest message, or NULL. */
struct mbox_msg *mbox_get(struct mbox *m);

/* Readable while messages wait. Call mbox_ack() once per readable event, before mbox_get(). */
int mbox_fd(const struct mbox *m);
void mbox_ack(struct mbox *m);

#endif
