/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays the part of a service manager that keeps a descriptor: runs COMMAND, takes the descriptor
 * that it gives by sd_notify(3), and when COMMAND has ended, runs it again and passes the
 * descriptor. SIGHUP ends COMMAND, and so starts it again; SIGTERM ends both.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] = "usage: dmvl-keeper SOCKET COMMAND [ARGUMENT..]\n";

static int kept = -1;
static char kept_name[64];
static pid_t child;
static volatile sig_atomic_t ending;

static void on_signal(int signo)
{
	if (signo == SIGTERM)
		ending = 1;
	kill(child, SIGTERM);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die(path);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void run(char **argv)
{
	char pid[16];

	child = fork();
	if (child < 0)
		die("fork");
	if (child > 0)
		return;
	if (kept >= 0) {
		if (dup2(kept, 3) < 0)
			die("dup2");
		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
		setenv("LISTEN_FDNAMES", kept_name, 1);
	}
	execvp(argv[0], argv);
	die(argv[0]);
}

/* Keeps or drops what the message says. `fd` is -1 where it has none. */
static void obey(const char *text, int fd)
{
	const char *name = strstr(text, "FDNAME=");

	if (strncmp(text, "FDSTOREREMOVE=1", 15) != 0 && strncmp(text, "FDSTORE=1", 9) != 0)
		return;
	if (kept >= 0)
		close(kept);
	kept = fd;
	snprintf(kept_name, sizeof(kept_name), "%s", name ? name + 7 : "stored");
	kept_name[strcspn(kept_name, "\n")] = '\0';
}

static void take(int sock)
{
	union {
		struct cmsghdr first;
		char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char text[512];
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (n < 0)
		return;
	text[n] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	obey(text, fd);
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct pollfd p = {.events = POLLIN};
	int status;

	if (argc < 3)
		usage();
	p.fd = listen_at(argv[1]);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	run(argv + 2);
	for (;;) {
		if (poll(&p, 1, 50) > 0)
			take(p.fd);
		if (waitpid(child, &status, WNOHANG) != child)
			continue;
		if (ending)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		run(argv + 2);
	}
}
