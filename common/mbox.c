/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mbox.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mbox {
	pthread_mutex_t lock;
	STAILQ_HEAD(, mbox_msg) msgs;
	int fd;
};

struct mbox *mbox_new(void)
{
	struct mbox *m = calloc(1, sizeof(*m));
	pthread_mutexattr_t attr;

	if (!m)
		return NULL;
	m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->fd < 0) {
		free(m);
		return NULL;
	}
	/* Priority inheritance: the holder runs at the priority of the waiter. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&m->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	STAILQ_INIT(&m->msgs);
	return m;
}

void mbox_free(struct mbox *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	close(m->fd);
	free(m);
}

void mbox_put(struct mbox *m, struct mbox_msg *msg)
{
	uint64_t one = 1;

	pthread_mutex_lock(&m->lock);
	STAILQ_INSERT_TAIL(&m->msgs, msg, next);
	pthread_mutex_unlock(&m->lock);
	if (write(m->fd, &one, sizeof(one)) < 0) {
		/* The counter is full, so the fd is readable: nothing is lost. */
	}
}

struct mbox_msg *mbox_get(struct mbox *m)
{
	struct mbox_msg *msg;

	pthread_mutex_lock(&m->lock);
	msg = STAILQ_FIRST(&m->msgs);
	if (msg)
		STAILQ_REMOVE_HEAD(&m->msgs, next);
	pthread_mutex_unlock(&m->lock);
	return msg;
}

int mbox_fd(const struct mbox *m)
{
	return m->fd;
}

void mbox_ack(struct mbox *m)
{
	uint64_t count;

	if (read(m->fd, &count, sizeof(count)) < 0) {
		/* EAGAIN: it was read for an earlier event. */
	}
}
