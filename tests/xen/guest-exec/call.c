/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exec.h"

/* Seconds for which a guest may be away, between save and restore. */
#define ABSENT 30

static volatile sig_atomic_t asked_to_end;

static void on_sigterm(int sig)
{
	asked_to_end = sig;
}

static double now(void)
{
	struct timespec t;

	/* Stands still while a guest is saved, runs on in Dom0: right for both. */
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

struct call {
	const char *name;
	char id[64], dir[192], boot[64];
	char cmd[4096];
	int domid;
	bool with_input, input_ended;
	struct message in;
	unsigned long out_seq; /* the last one passed on */
	double look, deadline;
};

int find_domain(const char *name)
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
		fprintf(stderr, "guest-exec: %s: the guest has rebooted\n", c->name);
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

static void call_join(struct call *c, char **words)
{
	size_t len = 0;

	c->cmd[len++] = c->with_input ? 'i' : '-';
	for (char **w = words; *w; w++) {
		len += (size_t)snprintf(c->cmd + len, sizeof c->cmd - len, "%s%s",
					w == words ? "" : " ", *w);
		if (len > 3800) {
			fprintf(stderr, "guest-exec: the command is too long, put a file\n");
			exit(125);
		}
	}
}

/* Its status tells how it took it; a second signal ends this side too. */
static void call_signal(const struct call *c)
{
	signal(asked_to_end, SIG_DFL);
	put_number(c->dir, "signal", (unsigned long)asked_to_end);
	asked_to_end = 0;
}

/* Once a second: a restore has taken it away with the domain. */
static void call_look(struct call *c)
{
	char *cmd;

	if (now() < c->look)
		return;
	cmd = get(c->dir, "cmd", NULL);
	if (!cmd)
		call_publish(c);
	free(cmd);
	c->look = now() + 1;
}

int call(const char *name, bool with_input, int seconds, char **words)
{
	static struct call c;
	int status;

	signal(SIGTERM, on_sigterm);
	c = (struct call){.name = name, .with_input = with_input};
	c.look = now() + 1;
	c.deadline = now() + seconds;
	snprintf(c.id, sizeof c.id, "%d-%llx", getpid(), (unsigned long long)(now() * 1e6));
	call_join(&c, words);
	call_publish(&c);
	for (;;) {
		wait_event(&c);
		if (asked_to_end)
			call_signal(&c);
		status = call_output(&c);
		if (status >= 0)
			return status;
		if (c.in.pending && get_number(c.dir, "inack") == c.in.seq)
			c.in.pending = false;
		call_look(&c);
	}
}
