/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that is a guest's kernel: it owns the guest's namespaces, shares the xenstore ring
 * with Dom0, and relays the guest's processes onto it.  The toolstack steers it by a socket of its
 * own.
 */
#include "kernel.h"
#include "relay.h"
#include "ring.h"
#include "../lib/client.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_POLL 4096

/* A socket that listens at a path, or exit. */
static int listen_at(const char *path, int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128)) {
		perror(path);
		_exit(1);
	}
	return fd;
}

void kernel_mount_sys(void)
{
	bool cgroups;

	/* The new /sys would hide the control groups: take them along. */
	mkdir("/run/cgroup", 0755);
	cgroups = !mount("/sys/fs/cgroup", "/run/cgroup", NULL, MS_BIND | MS_REC, NULL);
	if (!mount("sysfs", "/sys", "sysfs", 0, NULL) && cgroups)
		mount("/run/cgroup", "/sys/fs/cgroup", NULL, MS_MOVE, NULL);
	else if (cgroups)
		umount2("/run/cgroup", MNT_DETACH);
	rmdir("/run/cgroup");
}

void kernel_loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s >= 0) {
		ioctl(s, SIOCSIFFLAGS, &ifr);
		close(s);
	}
}

static void enter_namespaces(unsigned int nr, const char *name)
{
	char dir[64];

	snprintf(dir, sizeof(dir), SIM_GUEST_DIR "/%u", nr);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(dir, "/run", NULL, MS_BIND, NULL)) {
		perror("xensim: guest's namespaces");
		_exit(1);
	}
	kernel_mount_sys();
	kernel_loopback_up();
	if (sethostname(name, strlen(name)))
		perror("sethostname");
	mkdir("/run/xenstored", 0755);
	mkdir("/run/lock", 0755);
}

/* Tell the broker whose kernel this is. The connection, or exit. */
static int report(void)
{
	struct stat st;
	struct sim_call c = {.req = {.op = SIM_OPEN, .arg = {SIM_KERNEL}}};
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = SIM_SOCKET};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (stat("/proc/self/ns/uts", &st)) {
		perror("/proc/self/ns/uts");
		_exit(1);
	}
	c.req.arg[1] = (uint32_t)st.st_ino;
	c.req.arg[2] = (uint32_t)((uint64_t)st.st_ino >> 32);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || sim_call(fd, &c)) {
		perror("xensim: the broker");
		_exit(1);
	}
	return fd;
}

struct control {
	int listen, fd; /* fd: the toolstack, while it is connected */
	int conn;	/* to the broker */
	bool stopped, attached, draining;
};

static void say(struct control *ctl, int value)
{
	(void)send(ctl->fd, &value, sizeof(value), MSG_NOSIGNAL);
}

static void command(struct control *ctl)
{
	char word[16] = "";
	int port;

	if (recv(ctl->fd, word, sizeof(word) - 1, 0) <= 0) {
		close(ctl->fd);
		ctl->fd = -1;
	} else if (!strcmp(word, "attach")) {
		port = ring_attach(ctl->conn);
		ctl->stopped = ctl->attached = true;
		say(ctl, port);
	} else if (!strcmp(word, "drain")) {
		ctl->stopped = ctl->draining = true;
	} else if (!strcmp(word, "run")) {
		if (ctl->attached)
			relay_reattached();
		ctl->stopped = ctl->attached = false;
		say(ctl, 0);
	} else {
		say(ctl, -1);
	}
}

static _Noreturn void loop(struct control *ctl)
{
	static struct pollfd p[MAX_POLL];

	for (;;) {
		unsigned int n = relay_poll(p + 3, MAX_POLL - 3, ctl->stopped);

		p[0] = (struct pollfd){.fd = ctl->fd < 0 ? ctl->listen : -1, .events = POLLIN};
		p[1] = (struct pollfd){.fd = ctl->fd, .events = POLLIN};
		p[2] = (struct pollfd){.fd = ring_fd(), .events = POLLIN};
		if (poll(p, n + 3, -1) < 0)
			continue;
		if (p[2].revents)
			ring_pump(true);
		relay_replies();
		relay_handle(p + 3, n);
		if (p[0].revents)
			ctl->fd = accept4(ctl->listen, NULL, NULL, SOCK_CLOEXEC);
		if (p[1].revents)
			command(ctl);
		ring_pump(false);
		relay_replies();
		if (ctl->draining && relay_idle()) {
			ctl->draining = false;
			say(ctl, 0);
		}
	}
}

static _Noreturn void kernel(unsigned int nr, const char *name, int ready)
{
	struct control ctl = {.fd = -1, .stopped = true};
	struct rlimit nofile;
	int log = open(KERNEL_LOG, O_WRONLY | O_APPEND | O_CREAT, 0644);
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_NAME, "xensim-kernel");
	setsid();
	/* Hold nothing of the caller's open: `domid=$(xensim create)` waits for the pipe to close.
	 */
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	dup2(ready, 3);
	ready = 3;
	closefrom(4);
	signal(SIGINT, SIG_IGN);
	if (!getrlimit(RLIMIT_NOFILE, &nofile)) {
		nofile.rlim_cur = nofile.rlim_max;
		setrlimit(RLIMIT_NOFILE, &nofile);
	}
	enter_namespaces(nr, name);
	ctl.conn = report();
	ctl.listen = listen_at(KERNEL_CONTROL, SOCK_SEQPACKET);
	relay_init(listen_at(KERNEL_XENSTORE, SOCK_STREAM));
	(void)!write(ready, "", 1);
	close(ready);
	loop(&ctl);
}

pid_t kernel_start(unsigned int nr, const char *name)
{
	char path[64], c;
	int pipefd[2];
	FILE *f;
	pid_t pid;

	if (pipe(pipefd))
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(pipefd[0]);
		kernel(nr, name, pipefd[1]);
	}
	close(pipefd[1]);
	if (pid > 0 && read(pipefd[0], &c, 1) != 1)
		pid = -1;
	close(pipefd[0]);
	snprintf(path, sizeof(path), SIM_GUEST_DIR "/%u/xensim/pid", nr);
	f = pid > 0 ? fopen(path, "w") : NULL;
	if (f) {
		fprintf(f, "%d\n", pid);
		fclose(f);
	}
	return pid;
}

int kernel_tell(unsigned int nr, const char *word)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int value = -1;

	snprintf(addr.sun_path, sizeof(addr.sun_path), SIM_GUEST_DIR "/%u/xensim/kernel", nr);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    send(fd, word, strlen(word), MSG_NOSIGNAL) < 0 ||
	    recv(fd, &value, sizeof(value), 0) != sizeof(value))
		value = -1;
	close(fd);
	return value;
}
