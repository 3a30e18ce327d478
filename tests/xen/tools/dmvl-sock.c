/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix sockets for tests: a relay before a daemon's socket, which takes its connections with it
 * when it is killed, or ends by itself as xenstored might; and a service manager's, which prints
 * what a daemon says of itself.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-sock relay PATH TO [N] connects who comes to PATH to the socket TO, "
	"xenstored's;\n"
	"                                   it ends instead of passing request number N, from 0 "
	"on\n"
	"       dmvl-sock notify PATH       prints what comes to PATH, for NOTIFY_SOCKET\n"
	"Both tell `ready' on stderr when they listen, and the relay `ended' when it ends.\n";

static struct sockaddr_un path_address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		usage();
	strcpy(a.sun_path, path);
	return a;
}

static int listen_at(const char *path, int type)
{
	struct sockaddr_un a = path_address(path);
	int fd = socket(AF_UNIX, type, 0);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 8) < 0))
		die(path);
	fprintf(stderr, "ready\n");
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = path_address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	return fd;
}

/* Requests to xenstored, as their bytes come. */
struct requests {
	unsigned long left; /* that are passed */
	struct xsd_sockmsg head;
	size_t got, body; /* of the head; of what is behind it and has not come yet */
};

/* A request has begun. */
static void begin_request(struct requests *r)
{
	if (r->left == 0) {
		fprintf(stderr, "ended\n"); /* before the other end can notice */
		kill(getppid(), SIGKILL);
		_exit(0);
	}
	r->left--;
	r->body = r->head.len;
	r->got = 0;
}

static void count_requests(struct requests *r, const char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (r->body > 0) {
			r->body--;
			continue;
		}
		((char *)&r->head)[r->got++] = buf[i];
		if (r->got == sizeof(r->head))
			begin_request(r);
	}
}

/* False: one end closed. `r`: NULL for the way back. */
static bool copy(int from, int to, struct requests *r)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf)), done = 0, ret;

	if (r && n > 0)
		count_requests(r, buf, (size_t)n);

	while (done < n && (ret = write(to, buf + done, (size_t)(n - done))) > 0)
		done += ret;
	return n > 0 && done == n;
}

static void relay_one(int one, int other, unsigned long requests)
{
	struct requests r = {.left = requests};
	struct pollfd p[2] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};

	do {
		if (poll(p, 2, -1) < 0)
			die("poll");
	} while ((!p[0].revents || copy(one, other, &r)) &&
		 (!p[1].revents || copy(other, one, NULL)));
	_exit(0);
}

static void relay(const char *path, const char *to, unsigned long requests)
{
	int fd = listen_at(path, SOCK_STREAM), one;

	signal(SIGCHLD, SIG_IGN);
	while ((one = accept(fd, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(fd);
			relay_one(one, connect_to(to), requests);
		}
		close(one);
	}
	die("accept");
}

static void notify(const char *path)
{
	int fd = listen_at(path, SOCK_DGRAM);
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf) - 1, 0)) >= 0) {
		buf[n] = '\0';
		printf("%s\n", buf);
		fflush(stdout);
	}
	die("recv");
}

int main(int argc, char **argv)
{
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "relay") == 0)
		relay(argv[2], argv[3], argc == 5 ? strtoul(argv[4], NULL, 10) : ULONG_MAX);
	if (argc == 3 && strcmp(argv[1], "notify") == 0)
		notify(argv[2]);
	usage();
}
