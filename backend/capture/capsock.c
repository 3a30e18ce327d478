/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/capture/capsock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 8
#define MODE	0600

int capsock_path(char path[sizeof(((struct sockaddr_un *)0)->sun_path)], const char *run_dir,
		 const char *name)
{
	size_t size = sizeof(((struct sockaddr_un *)0)->sun_path);
	int len = snprintf(path, size, "%s/%s" CAPSOCK_ENDING, run_dir, name);

	return len < (int)size ? 0 : -ENAMETOOLONG;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

/* Closes it, and returns the error of the call that failed. */
static int drop(int fd)
{
	int err = errno;

	close(fd);
	return -err;
}

int capsock_listen(const char *path)
{
	struct sockaddr_un a = address_of(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	unlink(path);
	/* The file gets the mode that the socket has when it is bound: it is never wider. */
	if (fchmod(fd, MODE) < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return drop(fd);
	return fd;
}

int capsock_connect(const char *path)
{
	struct sockaddr_un a = address_of(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return drop(fd);
	return fd;
}

int capsock_accept(int fd)
{
	int ret = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return ret < 0 ? -errno : ret;
}

static int sent(ssize_t n, size_t size)
{
	if (n < 0)
		return -errno;
	return n == (ssize_t)size ? 0 : -EPROTO;
}

static int received(ssize_t n, size_t size)
{
	return n == 0 ? -EPIPE : sent(n, size);
}

int capsock_send_request(int fd, const struct capsock_request *request)
{
	int ret = sent(send(fd, request, sizeof(*request), MSG_NOSIGNAL), sizeof(*request));

	return ret == -EPIPE ? 0 : ret;
}

int capsock_receive_request(int fd, struct capsock_request *request)
{
	int ret = received(recv(fd, request, sizeof(*request), MSG_TRUNC), sizeof(*request));

	return ret == 0 && request->magic != CAPSOCK_MAGIC ? -EPROTO : ret;
}

/* Room for one descriptor. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int capsock_send_answer(int fd, const char *error, int with)
{
	struct capsock_answer answer = {CAPSOCK_MAGIC, CAPSOCK_VERSION, ""};
	struct iovec iov = {&answer, sizeof(answer)};
	union control c = {.bytes = ""};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *h;

	snprintf(answer.error, sizeof(answer.error), "%s", error);
	if (with >= 0) {
		m.msg_control = c.bytes;
		m.msg_controllen = sizeof(c.bytes);
		h = CMSG_FIRSTHDR(&m);
		*h = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(h), &with, sizeof(with));
	}
	return sent(sendmsg(fd, &m, MSG_NOSIGNAL), sizeof(answer));
}

/* -1: there is none. */
static int descriptor_of(struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

int capsock_receive_answer(int fd, struct capsock_answer *answer, int *got)
{
	struct iovec iov = {answer, sizeof(*answer)};
	union control c;
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = c.bytes,
			   .msg_controllen = sizeof(c.bytes)};
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	int ret;

	/* It closed before it read the request. The error comes once, before what it sent. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	ret = received(n, sizeof(*answer));

	*got = n > 0 ? descriptor_of(&m) : -1;
	if (ret == 0 && answer->magic != CAPSOCK_MAGIC)
		ret = -EPROTO;
	answer->error[sizeof(answer->error) - 1] = '\0';
	return ret;
}
