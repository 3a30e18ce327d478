/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to the broker, and one request at a time over them. */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Keep the first `room` descriptors of a reply, close the others. Returns the number kept. */
static unsigned int take_fds(struct msghdr *m, int *fds, unsigned int room)
{
	struct cmsghdr *c;
	unsigned int got = 0;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		unsigned int n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (got < room)
				fds[got++] = fd;
			else
				close(fd);
		}
	}
	return got;
}

int sim_call(int conn, struct sim_call *c)
{
	union {
		char buf[CMSG_SPACE(SIM_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec out[2] = {{&c->req, sizeof(c->req)}, {(void *)c->payload, c->req.len}};
	struct iovec in[2] = {{&c->rep, sizeof(c->rep)}, {c->out, c->out_size}};
	struct msghdr m = {.msg_iov = out, .msg_iovlen = 2};
	ssize_t n;

	do {
		n = sendmsg(conn, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		errno = EIO;
		return -1;
	}
	m = (struct msghdr){.msg_iov = in,
			    .msg_iovlen = 2,
			    .msg_control = control.buf,
			    .msg_controllen = sizeof(control.buf)};
	do {
		n = recvmsg(conn, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(c->rep)) {
		errno = EIO;
		return -1;
	}
	c->nfds = take_fds(&m, c->fds, c->fds ? c->nfds : 0);
	if (m.msg_flags & MSG_CTRUNC) { /* out of descriptors */
		while (c->nfds)
			close(c->fds[--c->nfds]);
		errno = EMFILE;
		return -1;
	}
	if (c->rep.err) {
		errno = c->rep.err;
		return -1;
	}
	return 0;
}

int sim_simple(int conn, enum sim_op op, uint32_t a, uint32_t b, uint32_t c, uint32_t *val)
{
	struct sim_call call = {.req = {.op = op, .arg = {a, b, c}}};

	if (sim_call(conn, &call))
		return -1;
	if (val)
		*val = call.rep.val[0];
	return 0;
}

int sim_open(enum sim_kind kind, int *fds, unsigned int *nfds)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = SIM_SOCKET};
	struct sim_call call = {.req = {.op = SIM_OPEN, .arg = {kind}},
				.fds = fds,
				.nfds = nfds ? *nfds : 0};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || sim_call(fd, &call)) {
		err = errno == ECONNREFUSED ? ENOENT : errno;
		close(fd);
		errno = err;
		return -1;
	}
	if (nfds)
		*nfds = call.nfds;
	return fd;
}

struct sim_slot *sim_slots(int fd)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct sim_slot *slots;
	void *p;

	pthread_mutex_lock(&lock);
	if (!slots) {
		p = mmap(NULL, SIM_NR_SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE, fd, 0);
		if (p != MAP_FAILED)
			slots = p;
	}
	pthread_mutex_unlock(&lock);
	close(fd);
	return slots;
}
