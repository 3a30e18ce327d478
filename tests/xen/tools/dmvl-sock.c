/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix sockets for tests: a relay before a daemon's socket, which takes its connections with it
 * when it is killed; and a service manager's, which prints what a daemon says of itself.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] =
	"usage: dmvl-sock relay PATH TO     connects who comes to PATH to the socket TO\n"
	"       dmvl-sock notify PATH       prints what comes to PATH, for NOTIFY_SOCKET\n"
	"Both tell `ready' on stderr when they listen.\n";

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

/* False: one end closed. */
static bool copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf)), done = 0, ret;

	while (done < n && (ret = write(to, buf + done, (size_t)(n - done))) > 0)
		done += ret;
	return n > 0 && done == n;
}

static void relay_one(int one, int other)
{
	struct pollfd p[2] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};

	do {
		if (poll(p, 2, -1) < 0)
			die("poll");
	} while ((!p[0].revents || copy(one, other)) && (!p[1].revents || copy(other, one)));
	_exit(0);
}

static void relay(const char *path, const char *to)
{
	int fd = listen_at(path, SOCK_STREAM), one;

	signal(SIGCHLD, SIG_IGN);
	while ((one = accept(fd, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(fd);
			relay_one(one, connect_to(to));
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
	if (argc == 4 && strcmp(argv[1], "relay") == 0)
		relay(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "notify") == 0)
		notify(argv[2]);
	usage();
}
