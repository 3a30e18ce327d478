/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An instance: namespaces with a broker, a xenstored and guests, for as long as one command runs
 *
 * The process that was started stays outside and only waits.  Its child is process 1 of a new
 * process namespace and dies with it (PR_SET_PDEATHSIG); whatever lives inside dies with process 1;
 * mounts, network devices and the tmpfs on /run go with the last process.  So there is no clean-up
 * code, and kill -9 leaves as little behind as a regular end.
 */
#include "tool.h"
#include "../broker/main.h"
#include "../guest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_BROKEN 99 /* the instance failed, or a guest's kernel would have */
#define MAX_GUESTS    1000
#define STATE_DIR     "/var/lib/dmvl" /* of dmvl-back: what it remembers of guests */
#define OCAML_CONF    "/run/xenstored/oxenstored.conf"

static char base[3072]; /* the directory with xensim, lib/, xenstored */

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("xensim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(STATUS_BROKEN);
}

static void find_base(void)
{
	ssize_t n = readlink("/proc/self/exe", base, sizeof(base) - 1);

	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
	base[n] = '\0';
	*strrchr(base, '/') = '\0';
}

/* Every process finds our libraries before the system's; the hooks must even come before libc. */
static void set_environment(void)
{
	static const char *const unset[] = {"XENSTORED_PATH", "XENSTORED_RUNDIR",
					    "XENSTORED_ROOTDIR", "XENSTORED_TRACE",
					    "NOTIFY_SOCKET"};
	char text[4096];
	const char *old;
	unsigned int i;

	for (i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
		unsetenv(unset[i]);
	snprintf(text, sizeof(text), "%s/lib", base);
	setenv("LD_LIBRARY_PATH", text, 1);
	snprintf(text, sizeof(text), "%s/lib/libxensim.so", base);
	setenv("LD_PRELOAD", text, 1);
	old = getenv("PATH");
	snprintf(text, sizeof(text), "%s/bin:%s", base,
		 old ? old : "/usr/sbin:/usr/bin:/sbin:/bin");
	setenv("PATH", text, 1);
}

static void make_world(void)
{
	struct rlimit nofile;

	mkdir(STATE_DIR, 0700); /* on the host it stays empty */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("tmpfs", "/run", "tmpfs", MS_NOSUID, "mode=755") ||
	    mount("tmpfs", STATE_DIR, "tmpfs", MS_NOSUID, "mode=700"))
		die("mounting: %s", strerror(errno));
	kernel_mount_sys();
	kernel_loopback_up();
	mkdir("/run/xensim", 0755);
	mkdir("/run/xenstored", 0755);
	mkdir("/run/lock", 0755);
	mkdir("/run/netns", 0755);
	mkdir(SIM_GUEST_DIR, 0755);
	if (!getrlimit(RLIMIT_NOFILE, &nofile) && nofile.rlim_cur < 4096) {
		nofile.rlim_cur = nofile.rlim_max < 4096 ? nofile.rlim_max : 4096;
		setrlimit(RLIMIT_NOFILE, &nofile);
	}
}

static pid_t start_broker(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = SIM_SOCKET};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int log = open(KERNEL_LOG, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	pid_t pid;

	if (fd < 0 || log < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 128))
		die("%s: %s", SIM_SOCKET, strerror(errno));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "xensim-broker");
		setsid();
		dup2(log, 1);
		dup2(log, 2);
		broker_run(fd);
	}
	close(fd);
	close(log);
	return pid;
}

/* Xen's second implementation, in OCaml; Debian's init script prefers it. */
static bool is_ocaml(void)
{
	const char *which = getenv("XENSTORED");

	if (!which || !*which || !strcmp(which, "xenstored"))
		return false;
	if (strcmp(which, "oxenstored"))
		die("XENSTORED=%s: there are xenstored and oxenstored", which);
	return true;
}

static _Noreturn void exec_xenstored(bool ocaml, int out)
{
	int log = open(KERNEL_LOG, O_WRONLY | O_APPEND);
	char program[4096];

	setsid();
	dup2(out, 1);
	dup2(log, 2);
	if (ocaml) {
		snprintf(program, sizeof(program), "%s/oxenstored", base);
		execl(program, "oxenstored", "--no-fork", "--config-file", OCAML_CONF,
		      (char *)NULL);
	} else {
		snprintf(program, sizeof(program), "%s/xenstored", base);
		setenv("XENSTORED_ROOTDIR", "/run/xenstored", 1);
		execl(program, "xenstored", "-N", "-P", (char *)NULL);
	}
	_exit(127);
}

/* It logs to files, and does not say when it is ready. */
static void configure_ocaml(void)
{
	FILE *f = fopen(OCAML_CONF, "w");

	if (!f)
		die("%s: %s", OCAML_CONF, strerror(errno));
	fputs("xenstored-log-file = /run/xenstored/xenstored.log\n"
	      "access-log-file = /run/xenstored/access.log\n"
	      "xenstored-kva = /proc/xen/xsd_kva\n"
	      "xenstored-port = /proc/xen/xsd_port\n"
	      "quota-maxwatch = 128\n",
	      f);
	fclose(f);
}

/* The file goes with the instance. */
static void show_log(void)
{
	FILE *f = fopen(KERNEL_LOG, "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
}

static void await_socket(pid_t pid)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/run/xenstored/socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		if (waitpid(pid, NULL, WNOHANG)) {
			show_log();
			die("oxenstored did not start");
		}
		usleep(5000);
	}
	close(fd);
}

/* Start xenstored and wait until it serves. */
static pid_t start_xenstored(void)
{
	bool ocaml = is_ocaml();
	char line[32];
	int out[2];
	ssize_t n;
	pid_t pid;
	FILE *f;

	if (ocaml)
		configure_ocaml();
	if (pipe2(out, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid)
		exec_xenstored(ocaml, out[1]);
	close(out[1]);
	if (ocaml) {
		await_socket(pid);
	} else {
		n = read(out[0], line, sizeof(line) - 1); /* -P: the pid, when it is ready */
		if (n <= 0)
			die("xenstored did not start; see make's target build/xensim/xenstored");
	}
	close(out[0]);
	f = fopen("/run/xenstored/xenstored.pid", "w");
	if (f) {
		fprintf(f, "%d\n", pid);
		fclose(f);
	}
	return pid;
}

static void start_guests(unsigned int n)
{
	static struct {
		unsigned int domid, nr;
		uint8_t uuid[SIM_UUID_BYTES];
		char name[24];
	} g[MAX_GUESTS];
	char list[MAX_GUESTS * 6] = "";
	unsigned int i;

	for (i = 0; i < n; i++) {
		uuid_make(g[i].uuid);
		snprintf(g[i].name, sizeof(g[i].name), "guest%u", i + 1);
		if (toolstack_begin(g[i].name, g[i].uuid, &g[i].domid, &g[i].nr))
			die("%s: %s", g[i].name, strerror(errno));
	}
	for (i = 0; i < n; i++) {
		if (toolstack_finish(g[i].domid, g[i].nr, g[i].name, g[i].uuid))
			die("%s: %s", g[i].name, strerror(errno));
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%u", i ? " " : "",
			 g[i].domid);
	}
	setenv("DMVL_SIM_GUESTS", list, 1);
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The command's status, unless the instance or a guest's kernel broke. */
static int wait_for(pid_t cmd, pid_t broker, pid_t xenstored)
{
	uint32_t val[6] = {0};
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) != cmd) {
		if (pid == broker || pid == xenstored) {
			fprintf(stderr, "xensim: %s has died (status %d)\n",
				pid == broker ? "the broker" : "xenstored", status_of(status));
			return STATUS_BROKEN;
		}
		if (pid < 0 && errno != EINTR)
			return STATUS_BROKEN;
	}
	if (!toolstack_request(SIM_BUGS, 0, 0, 0, 0, val) && val[0]) {
		fprintf(stderr, "xensim: kernel BUG in a guest, %u times; see `xensim dmesg`\n",
			val[0]);
		return STATUS_BROKEN;
	}
	return status_of(status);
}

/* Process 1. */
static _Noreturn void inside(unsigned int guests, char **argv)
{
	pid_t broker, xenstored, cmd;

	prctl(PR_SET_NAME, "xensim-init");
	make_world();
	set_environment();
	broker = start_broker();
	xenstored = start_xenstored();
	if (toolstack_open() || toolstack_dom0())
		die("Dom0's nodes: %s", strerror(errno));
	start_guests(guests);
	cmd = fork();
	if (!cmd) {
		execvp(argv[0], argv);
		fprintf(stderr, "xensim: %s: %s\n", argv[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	_exit(wait_for(cmd, broker, xenstored));
}

void instance_run(int argc, char **argv)
{
	static const struct option options[] = {{"guests", required_argument, NULL, 'g'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	unsigned int guests = 0;
	int o, status, life[2];
	pid_t pid;

	while ((o = getopt_long(argc, argv, "+g:h", options, NULL)) != -1) {
		if (o != 'g' || (guests = (unsigned int)atoi(optarg)) > MAX_GUESTS)
			optind = argc;
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: run [--guests N] COMMAND [ARG]...\n");
		exit(2);
	}
	find_base();
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS))
		die("unshare: %s (are you root?)", strerror(errno));
	if (pipe2(life, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		struct pollfd p = {.fd = life[0]};

		/* If the parent died before the first line, nobody tells us: look. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(life[1]);
		if (poll(&p, 1, 0))
			_exit(STATUS_BROKEN);
		close(life[0]);
		inside(guests, argv + optind);
	}
	if (pid < 0)
		die("fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
	exit(status_of(status));
}
