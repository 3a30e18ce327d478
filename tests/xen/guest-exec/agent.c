/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec.h"

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

_Noreturn void agent(void)
{
	sigset_t set;
	char **event;
	int sigs;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* Before xs_watch, whose thread would take the signal otherwise. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
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
