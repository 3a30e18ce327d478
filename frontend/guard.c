/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/loop.h"
#include "common/xs.h"

/* systemd spares processes whose name begins with '@' when it kills the last ones at shutdown. */
#define TITLE "@dmvl-park"

#define UNMAP_WAIT_NS 5000000000ull
#define UNMAP_LOOK_NS 10000000l

enum guard_word {
	SAY_CLOSE = 'C', /* end, because the server is about to be closed in order */
	SAY_PARK = 'P',	 /* never end; the guard answers with the same word */
};

struct guard {
	pid_t pid;
	int sock;
};

static char *title_mem;
static size_t title_size;

void guard_init(int argc, char **argv)
{
	title_mem = argv[0];
	/* The strings lie one after the other. */
	title_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
}

static void set_title(void)
{
	memset(title_mem, 0, title_size);
	memcpy(title_mem, TITLE, title_size > sizeof(TITLE) ? sizeof(TITLE) : title_size - 1);
	prctl(PR_SET_NAME, &TITLE[1]);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0) {
		/* Refused: then this guard is killed as easily as any process. */
	}
	close(fd);
}

/* Only an administrator's own kill ends this process, and so closes what must stay open. */
static void be_spared(void)
{
	write_file("/proc/self/oom_score_adj", "-1000");
	/* Leaves the service's control group, which is killed as a whole when the service ends. */
	write_file("/sys/fs/cgroup/cgroup.procs", "0");
	write_file("/sys/fs/cgroup/unified/cgroup.procs", "0"); /* with cgroup v1 beside it */
	write_file("/sys/fs/cgroup/systemd/cgroup.procs", "0");
}

static void close_other_fds(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);

	if (low > 0)
		close_range(0, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

_Noreturn static void sleep_for_ever(void)
{
	for (;;)
		pause(); /* all signals are blocked */
}

static bool says(struct xs_conn *xs, const char *path, const char *text)
{
	char now[GUARD_TEXT_MAX];

	return xs_conn_read(xs, XS_NO_TXN, path, now, sizeof(now)) >= 0 && strcmp(now, text) == 0;
}

/*
 * Is this still the domain where the server was made? Then the node names the server, or that of
 * a newer agent. After a restore it is missing until the agent has connected, which takes longer
 * than UNMAP_LOOK_NS; and only on another host could the number be the same.
 */
static bool is_same_domain(struct xs_conn *xs, const struct guard_place *at)
{
	return says(xs, at->ref_path, at->ref) ||
	       (xs_conn_exists(xs, XS_NO_TXN, at->ref_path) && says(xs, "domid", at->domid));
}

/*
 * The agent is dead, and this process has the last references to the rings. The kernel would get
 * them back at once, but pages that Dom0 still has mapped it frees only slowly: so Dom0 lets go
 * of them first.
 */
static bool may_end(struct vchan *v, const struct guard_place *at)
{
	const struct timespec pause_time = {.tv_nsec = UNMAP_LOOK_NS};
	uint64_t until = loop_now_ns() + UNMAP_WAIT_NS;
	struct xs_conn *xs;

	if (xs_conn_open(&xs) < 0 || !is_same_domain(xs, at))
		return false;
	vchan_say_gone(v);
	while (vchan_is_open(v) && loop_now_ns() < until && is_same_domain(xs, at))
		nanosleep(&pause_time, NULL);
	return is_same_domain(xs, at);
}

_Noreturn static void guard_main(int sock, struct vchan *v, const struct guard_place *at)
{
	sigset_t all;
	char word = 0;
	ssize_t n;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	if (chdir("/") < 0) {
		/* Then a file system stays busy. */
	}
	close_other_fds(sock, vchan_fd(v));
	set_title();
	be_spared();

	n = recv(sock, &word, 1, 0);
	if (n == 1 && word == SAY_CLOSE)
		_exit(0);
	if (n != 1 && may_end(v, at))
		_exit(0); /* the kernel tells a backend that does not know yet */
	vchan_keep_page(v);
	if (n == 1)
		send(sock, &word, 1, MSG_NOSIGNAL);
	close(sock);
	sleep_for_ever();
}

int guard_start(struct vchan *v, const struct guard_place *at, struct guard **out)
{
	struct guard *g = calloc(1, sizeof(*g));
	int socks[2], ret;

	if (!g)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0) {
		ret = -errno;
		goto free_guard;
	}
	g->pid = fork();
	if (g->pid < 0) {
		ret = -errno;
		goto close_socks;
	}
	if (g->pid == 0)
		guard_main(socks[1], v, at);
	close(socks[1]);
	g->sock = socks[0];
	*out = g;
	return 0;

close_socks:
	close(socks[0]);
	close(socks[1]);
free_guard:
	free(g);
	return ret;
}

static void say(struct guard *g, char word)
{
	/* If the guard is gone, it does not answer: that is seen later. */
	send(g->sock, &word, 1, MSG_NOSIGNAL);
}

void guard_release(struct guard *g)
{
	say(g, SAY_CLOSE);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(g->sock);
	free(g);
}

int guard_park(struct guard *g)
{
	char word = 0;
	ssize_t n;

	say(g, SAY_PARK);
	do {
		n = recv(g->sock, &word, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		waitpid(g->pid, NULL, WNOHANG);
	close(g->sock);
	free(g);
	return n == 1 ? 0 : -EPIPE;
}
