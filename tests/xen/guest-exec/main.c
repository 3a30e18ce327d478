/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run commands in a guest over xenstore: `guest-exec agent` in the guest, `guest-exec NAME CMD..`
 * in Dom0, where `guest-exec domid NAME` also tells a guest's number, faster than xl. No network,
 * no console and no vchan of its own, so that it disturbs none that is under test, and it lives
 * through xl save and restore.
 *
 * Theory of operation. One directory per command, data/exec/<id> in the guest's home:
 *
 *	cmd     Dom0    'i' or '-' (with standard input or without), then the command for sh -c
 *	in      Dom0    "<seq> " and bytes of standard input, none at its end
 *	inack   guest   the last seq of `in` that was passed on
 *	out     guest   "<seq> " and 'o' or 'e' and bytes of stdout or stderr, or 'x' and the status
 *	outack  Dom0    the last seq of `out` that was passed on
 *	signal  Dom0    a signal for the command and its children
 *
 * Each direction is stop-and-wait: one value is under way, and is written anew as often as need be.
 * A restore empties data/ and changes the domid. The agent sees it because each watch fires then,
 * and writes its values again; Dom0's side sees that its directory is gone, finds the domain by
 * name and does the same. The agent knows the ids that it runs, so nothing is done twice, and
 * data/exec-ready carries the guest's boot id, so that a command is not repeated after a reboot.
 *
 * Both sides block in a watch; only Dom0's looks again every second, for a domain that went away.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define DIR_REL	  "data/exec"
#define READY_REL "data/exec-ready"
/* xenstored's default bound for a value that a guest writes is 2048 bytes. */
#define CHUNK 1900
/* Seconds for which a guest may be away, between save and restore. */
#define ABSENT 30

static struct xs_handle *xs;

static void die(const char *what)
{
	fprintf(stderr, "guest-exec: %s: %s\n", what, strerror(errno));
	exit(125);
}

static double now(void)
{
	struct timespec t;

	/* Stands still while a guest is saved, runs on in Dom0: right for both. */
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool put(const char *dir, const char *key, const void *value, size_t len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, key);
	return xs_write(xs, XBT_NULL, path, value, len);
}

static char *get(const char *dir, const char *key, unsigned *len)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, key);
	return xs_read(xs, XBT_NULL, path, len);
}

static bool put_number(const char *dir, const char *key, unsigned long n)
{
	char text[24];

	return put(dir, key, text, (size_t)snprintf(text, sizeof text, "%lu", n));
}

static unsigned long get_number(const char *dir, const char *key)
{
	char *text = get(dir, key, NULL);
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return n;
}

/* A value under way: "<seq> " and payload. */
struct message {
	char text[CHUNK + 32];
	size_t len;
	unsigned long seq;
	bool pending; /* not acknowledged yet */
};

static void message_set(struct message *m, char kind, const void *data, size_t len)
{
	int head = snprintf(m->text, 32, "%lu ", ++m->seq);

	if (kind)
		m->text[head++] = kind;
	memcpy(m->text + head, data, len);
	m->len = head + len;
	m->pending = true;
}

/* message_parse: the payload of a value, NULL if it is not number `want`. */
static const char *message_parse(const char *text, unsigned len, unsigned long want, size_t *left)
{
	char *end;

	if (!text || strtoul(text, &end, 10) != want || *end != ' ')
		return NULL;
	*left = len - (size_t)(end + 1 - text);
	return end + 1;
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

/* ---- the guest's side ---- */

struct job {
	struct job *next;
	char dir[128];
	pid_t pid;
	int status;
	bool reaped, finished; /* finished: the status is under way */
	int fd[3];	       /* our ends of its stdin, stdout, stderr; -1 closed */
	struct message out;
	unsigned long in_seq; /* the last one passed on */
	char in[4096];	      /* being passed on */
	size_t in_len, in_off;
	bool in_busy;
};

static struct job *jobs;

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void job_free(struct job *j)
{
	struct job **p;

	for (p = &jobs; *p != j; p = &(*p)->next)
		;
	*p = j->next;
	for (int i = 0; i < 3; i++)
		close_fd(&j->fd[i]);
	free(j);
}

static void job_child(const char *cmd, int p[3][2])
{
	sigset_t none;
	int fd;

	setsid();
	/* So that the bench can end whatever a test has left running. */
	fd = open("/sys/fs/cgroup/jobs/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		write_all(fd, "0", 1);
	dup2(p[0][0], 0);
	dup2(p[1][1], 1);
	dup2(p[2][1], 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}

static void job_start(const char *dir)
{
	char *cmd = get(dir, "cmd", NULL);
	int p[3][2];
	struct job *j;

	if (!cmd || !*cmd)
		goto out;
	j = calloc(1, sizeof *j);
	if (!j)
		goto out;
	snprintf(j->dir, sizeof j->dir, "%s", dir);
	for (int i = 0; i < 3; i++)
		if (pipe2(p[i], O_CLOEXEC))
			die("pipe");
	j->pid = fork();
	if (j->pid == 0)
		job_child(cmd + 1, p);
	close(p[0][0]);
	close(p[1][1]);
	close(p[2][1]);
	j->fd[0] = p[0][1];
	j->fd[1] = p[1][0];
	j->fd[2] = p[2][0];
	for (int i = 0; i < 3; i++)
		fcntl(j->fd[i], F_SETFL, O_NONBLOCK);
	if (*cmd != 'i')
		close_fd(&j->fd[0]);
	j->next = jobs;
	jobs = j;
out:
	free(cmd);
}

static void job_send(struct job *j, char kind, const void *data, size_t len)
{
	message_set(&j->out, kind, data, len);
	put(j->dir, "out", j->out.text, j->out.len);
}

/* Send what the command has said, else, once it has ended, its status. */
static void job_output(struct job *j)
{
	char text[CHUNK];

	for (int i = 1; i <= 2 && !j->out.pending && !j->finished; i++) {
		ssize_t n = j->fd[i] < 0 ? 0 : read(j->fd[i], text, sizeof text);

		if (n > 0)
			job_send(j, i == 1 ? 'o' : 'e', text, (size_t)n);
		else if (n == 0)
			close_fd(&j->fd[i]);
	}
	/* A child in the background may keep the pipes open: do not wait for their end. */
	if (j->reaped && !j->out.pending && !j->finished) {
		int s = WIFEXITED(j->status) ? WEXITSTATUS(j->status) : 128 + WTERMSIG(j->status);

		j->finished = true;
		job_send(j, 'x', text, (size_t)snprintf(text, sizeof text, "%d", s));
	}
}

/* Take the next piece of standard input, or go on with the one at hand. */
static void job_input(struct job *j)
{
	unsigned len = 0;

	if (!j->in_busy) {
		char *text = get(j->dir, "in", &len);
		size_t left;
		const char *data = message_parse(text, len, j->in_seq + 1, &left);

		if (data && left <= sizeof j->in) {
			memcpy(j->in, data, left);
			j->in_len = left;
			j->in_off = 0;
			j->in_busy = true;
		}
		free(text);
	}
	if (!j->in_busy)
		return;
	if (j->in_len == 0)
		close_fd(&j->fd[0]);
	while (j->fd[0] >= 0 && j->in_off < j->in_len) {
		ssize_t n = write(j->fd[0], j->in + j->in_off, j->in_len - j->in_off);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			close_fd(&j->fd[0]); /* the command reads no more: discard */
		else
			j->in_off += (size_t)n;
	}
	j->in_busy = false;
	put_number(j->dir, "inack", ++j->in_seq);
}

static void job_acked(struct job *j)
{
	if (!j->out.pending || get_number(j->dir, "outack") != j->out.seq)
		return;
	j->out.pending = false;
	if (j->finished) {
		xs_rm(xs, XBT_NULL, j->dir);
		job_free(j);
	} else {
		job_output(j);
	}
}

static void job_signal(struct job *j)
{
	int sig = (int)get_number(j->dir, "signal");

	/* A child that is quite new has no process group of its own yet. */
	if (sig > 0 && kill(-j->pid, sig))
		kill(j->pid, sig);
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct job *j = jobs; j; j = j->next)
			if (j->pid == pid) {
				j->reaped = true;
				j->status = status;
				job_output(j);
			}
}

static void agent_ready(void)
{
	static char id[64];
	size_t len = strlen(id);
	char *old = xs_read(xs, XBT_NULL, READY_REL, NULL);

	if (!len) {
		int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, id, sizeof id - 1) : -1;

		len = n > 0 ? strcspn(id, "\n") : 0;
		id[len] = 0;
		close_fd(&fd);
	}
	/* data/exec is made here, so that it is there to be watched and belongs to the guest. */
	if (!old && xs_mkdir(xs, XBT_NULL, DIR_REL))
		xs_write(xs, XBT_NULL, READY_REL, id, (unsigned)len);
	free(old);
}

static struct job *job_find(const char *dir)
{
	struct job *j;

	for (j = jobs; j && strcmp(j->dir, dir); j = j->next)
		;
	return j;
}

/* At start and after a restore: say again what is not acknowledged, find what was asked. */
static void agent_resync(void)
{
	unsigned n = 0;
	char **ids, dir[128];

	agent_ready();
	for (struct job *j = jobs; j; j = j->next) {
		if (j->out.pending)
			put(j->dir, "out", j->out.text, j->out.len);
		if (j->in_seq)
			put_number(j->dir, "inack", j->in_seq);
	}
	ids = xs_directory(xs, XBT_NULL, DIR_REL, &n);
	for (unsigned i = 0; ids && i < n; i++) {
		snprintf(dir, sizeof dir, DIR_REL "/%s", ids[i]);
		if (!job_find(dir))
			job_start(dir);
	}
	free(ids);
}

/* agent_event: a watch fired for data/exec[/<id>[/<key>]]. */
static void agent_event(const char *path)
{
	char dir[128];
	const char *id = path + strlen(DIR_REL), *key;
	struct job *j;

	if (strncmp(path, DIR_REL, strlen(DIR_REL)) || (*id && *id != '/'))
		return;
	key = *id ? strchr(id + 1, '/') : NULL;
	if (!*id) {
		agent_resync();
		return;
	}
	if (!key)
		return;
	snprintf(dir, sizeof dir, "%.*s", (int)(key - path), path);
	j = job_find(dir);
	if (!strcmp(key, "/cmd")) {
		if (!j)
			job_start(dir);
		j = job_find(dir);
		key = "/in";
	}
	if (!j)
		return;
	if (!strcmp(key, "/in"))
		job_input(j);
	else if (!strcmp(key, "/outack"))
		job_acked(j);
	else if (!strcmp(key, "/signal") && !j->reaped)
		job_signal(j);
}

static void agent_poll(int sigs)
{
	struct pollfd p[2 + 3 * 64];
	struct job *who[2 + 3 * 64] = {NULL}, *j, *next;
	unsigned n = 2;

	p[0] = (struct pollfd){.fd = xs_fileno(xs), .events = POLLIN};
	p[1] = (struct pollfd){.fd = sigs, .events = POLLIN};
	for (j = jobs; j && n + 3 <= sizeof p / sizeof *p; j = j->next) {
		for (int i = 1; i <= 2; i++)
			if (j->fd[i] >= 0 && !j->out.pending && !j->finished) {
				who[n] = j;
				p[n++] = (struct pollfd){.fd = j->fd[i], .events = POLLIN};
			}
		if (j->fd[0] >= 0 && j->in_busy) {
			who[n] = j;
			p[n++] = (struct pollfd){.fd = j->fd[0], .events = POLLOUT};
		}
	}
	if (poll(p, n, -1) < 0)
		return;
	for (unsigned i = 2; i < n; i++)
		if (p[i].revents) {
			job_output(who[i]);
			job_input(who[i]);
		}
	if (p[1].revents) {
		struct signalfd_siginfo s;

		while (read(sigs, &s, sizeof s) > 0)
			;
		reap();
	}
	for (j = jobs; j; j = next) {
		next = j->next;
		if (j->reaped)
			job_output(j);
	}
}

static _Noreturn void agent(void)
{
	sigset_t set;
	char **event;
	int sigs;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* Before xs_watch, whose thread would take the signal otherwise. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigs = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sigs < 0)
		die("signalfd");
	agent_ready();
	if (!xs_watch(xs, DIR_REL, "x"))
		die("watching " DIR_REL);
	for (;;) {
		agent_poll(sigs);
		while ((event = xs_check_watch(xs))) {
			agent_event(event[XS_WATCH_PATH]);
			free(event);
		}
	}
}

/* ---- Dom0's side ---- */

static volatile sig_atomic_t asked_to_end;

static void on_sigterm(int sig)
{
	asked_to_end = sig;
}

struct call {
	const char *name;
	char id[64], dir[192], boot[64];
	char cmd[4096];
	int domid;
	bool with_input, input_ended;
	struct message in;
	unsigned long out_seq; /* the last one passed on */
	double deadline;
};

static int find_domain(const char *name)
{
	unsigned n = 0;
	char **ids = xs_directory(xs, XBT_NULL, "/local/domain", &n);
	int found = -1;

	for (unsigned i = 0; ids && i < n; i++) {
		char dir[64], *have;

		snprintf(dir, sizeof dir, "/local/domain/%s", ids[i]);
		have = get(dir, "name", NULL);
		if (have && !strcmp(have, name))
			found = atoi(ids[i]);
		free(have);
	}
	free(ids);
	return found;
}

static void wait_event(struct call *c)
{
	bool takes_input = c->with_input && *c->dir && !c->in.pending && !c->input_ended;
	struct pollfd p[2] = {{.fd = xs_fileno(xs), .events = POLLIN},
			      {.fd = takes_input ? 0 : -1, .events = POLLIN}};
	char **event;

	if (now() > c->deadline) {
		fprintf(stderr, "guest-exec: %s: no end in time: %s\n", c->name, c->cmd + 1);
		if (*c->dir)
			put_number(c->dir, "signal", SIGKILL);
		exit(124);
	}
	if (poll(p, 2, 1000) < 0)
		p[1].revents = 0;
	while ((event = xs_check_watch(xs)))
		free(event);
	if (p[1].revents) {
		char data[CHUNK];
		ssize_t n = read(0, data, sizeof data);

		c->input_ended = n <= 0;
		message_set(&c->in, 0, data, n > 0 ? (size_t)n : 0);
		put(c->dir, "in", c->in.text, c->in.len);
	}
}

static void watch(const char *dir, const char *key, bool on)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, key);
	if (on)
		xs_watch(xs, path, key);
	else
		xs_unwatch(xs, path, key);
}

/*
 * wait_agent: the boot id that the guest's agent tells, to be freed, and the guest's home; NULL if
 * there is no such guest now. While a guest boots this looks at two nodes a second, no more.
 */
static char *wait_agent(struct call *c, char *home, size_t size)
{
	char *boot, *name;

	c->domid = find_domain(c->name);
	snprintf(home, size, "/local/domain/%d", c->domid);
	if (c->domid < 0) {
		wait_event(c);
		return NULL;
	}
	boot = get(home, READY_REL, NULL);
	if (boot)
		return boot;
	watch(home, READY_REL, true);
	while (!(boot = get(home, READY_REL, NULL))) {
		name = get(home, "name", NULL);
		free(name);
		if (!name)
			break;
		wait_event(c);
	}
	watch(home, READY_REL, false);
	return boot;
}

/* Wait for the domain with its agent, and lay the call before it. */
static void call_publish(struct call *c)
{
	double gone = now() + ABSENT;
	char home[64], *boot;

	if (*c->dir) {
		watch(c->dir, "out", false);
		watch(c->dir, "inack", false);
		*c->dir = 0;
	}
	while (!(boot = wait_agent(c, home, sizeof home)))
		if (c->domid < 0 && now() > gone) {
			fprintf(stderr, "guest-exec: %s: no such guest\n", c->name);
			exit(125);
		}
	if (*c->boot && strcmp(c->boot, boot)) {
		fprintf(stderr, "guest-exec: %s: the guest has booted anew\n", c->name);
		exit(125);
	}
	snprintf(c->boot, sizeof c->boot, "%s", boot);
	free(boot);
	snprintf(c->dir, sizeof c->dir, "%s/" DIR_REL "/%s", home, c->id);
	watch(c->dir, "out", true);
	if (c->with_input)
		watch(c->dir, "inack", true);
	if (c->out_seq)
		put_number(c->dir, "outack", c->out_seq);
	if (c->in.seq)
		put(c->dir, "in", c->in.text, c->in.len);
	/* Last: it is what the agent starts on. If the domain has just gone, call() sees it
	 * missing. */
	put(c->dir, "cmd", c->cmd, strlen(c->cmd));
}

/* call_output: pass on the next piece; the exit status once there is one, else -1. */
static int call_output(struct call *c)
{
	unsigned len = 0;
	char *text = get(c->dir, "out", &len);
	size_t left;
	const char *data = message_parse(text, len, c->out_seq + 1, &left);
	int status = -1;

	if (data && left) {
		if (*data == 'x')
			status = atoi(data + 1);
		else
			write_all(*data == 'e' ? 2 : 1, data + 1, left - 1);
		put_number(c->dir, "outack", ++c->out_seq);
	}
	free(text);
	return status;
}

static int call(const char *name, bool with_input, int seconds, char **words)
{
	static struct call c;
	double look = now() + 1;
	size_t len = 0;
	int status;

	c = (struct call){.name = name, .with_input = with_input};
	c.deadline = now() + seconds;
	snprintf(c.id, sizeof c.id, "%d-%llx", getpid(), (unsigned long long)(now() * 1e6));
	c.cmd[len++] = with_input ? 'i' : '-';
	for (char **w = words; *w; w++) {
		len += (size_t)snprintf(c.cmd + len, sizeof c.cmd - len, "%s%s",
					w == words ? "" : " ", *w);
		if (len > 3800) {
			fprintf(stderr, "guest-exec: the command is too long, put a file\n");
			return 125;
		}
	}
	call_publish(&c);
	for (;;) {
		wait_event(&c);
		if (asked_to_end) {
			/* Its status tells how it took it; a second signal ends this side too. */
			signal(asked_to_end, SIG_DFL);
			put_number(c.dir, "signal", (unsigned long)asked_to_end);
			asked_to_end = 0;
		}
		status = call_output(&c);
		if (status >= 0)
			return status;
		if (c.in.pending && get_number(c.dir, "inack") == c.in.seq)
			c.in.pending = false;
		if (now() >= look) {
			char *cmd = get(c.dir, "cmd", NULL);

			if (!cmd)
				call_publish(&c);
			free(cmd);
			look = now() + 1;
		}
	}
}

int main(int argc, char **argv)
{
	bool with_input = false;
	int seconds = 120, opt;

	while ((opt = getopt(argc, argv, "+it:")) != -1) {
		if (opt == 'i')
			with_input = true;
		else if (opt == 't')
			seconds = atoi(optarg);
		else
			return 125;
	}
	signal(SIGTERM, on_sigterm);
	xs = xs_open(0);
	if (!xs)
		die("xenstore");
	if (optind + 1 == argc && !strcmp(argv[optind], "agent"))
		agent();
	if (optind + 2 > argc) {
		fprintf(stderr, "usage: guest-exec [-i] [-t SECONDS] NAME COMMAND..\n"
				"       guest-exec domid NAME\n"
				"       guest-exec agent\n");
		return 125;
	}
	if (!strcmp(argv[optind], "domid")) {
		int domid = find_domain(argv[optind + 1]);

		return domid < 0 || printf("%d\n", domid) < 0;
	}
	return call(argv[optind], with_input, seconds, argv + optind + 1);
}
