/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/ctl.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/daemon.h"
#include "common/log.h"

/* Seconds; xenstored normally answers in much less than one. */
#define ANSWER_S 10
#define PLUGIN_S 30 /* for all that a plugin asks: soon another one is started */

static bool is_plugin;
static const struct ctl *running; /* NULL: no command */
static bool cut_off;		  /* it is told that xenstored went away */

void ctl_as_plugin(void)
{
	is_plugin = true;
}

/* '|' would begin the figures. */
static int say_unknown(const char *why)
{
	fputs("DMVL UNKNOWN - ", stdout);
	for (; *why; why++)
		putchar(*why == '|' ? '/' : *why);
	putchar('\n');
	fflush(stdout);
	return CTL_UNKNOWN;
}

void ctl_begin(const struct ctl *ctl)
{
	running = ctl;
}

/* Whatever cannot be read then is not missing for that. */
static bool is_cut_off(void)
{
	return running && running->xs && !xs_conn_lives(running->xs);
}

static int say(int status, const char *text)
{
	if (is_plugin)
		return say_unknown(text);
	log_error("%s", text);
	return status;
}

/* Once, whatever else fails after that. */
static int say_cut_off(void)
{
	if (cut_off)
		return is_plugin ? CTL_UNKNOWN : EXIT_FAILED;
	cut_off = true;
	return say(EXIT_FAILED, "xenstored went away before the command had come to its end");
}

int ctl_end(int status)
{
	if (is_cut_off())
		status = say_cut_off();
	running = NULL;
	return status;
}

int ctl_fail(int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return is_cut_off() ? say_cut_off() : say(status, text);
}

int ctl_fail_xs(int ret, const char *doing, const char *path)
{
	if (ret == -EACCES || ret == -EPERM)
		return ctl_fail(EXIT_WRONG_USE, "no permission to %s %s: run it in Dom0%s", doing,
				path, geteuid() ? ", as root" : "");
	return ctl_fail(EXIT_FAILED, "cannot %s %s: %s", doing, path, strerror(-ret));
}

const char *ctl_as_root(void)
{
	return geteuid() ? ": run as root" : "";
}

int ctl_fail_no_uplink(const char *name)
{
	return ctl_fail(EXIT_FAILED, "there is no uplink %s: dmvlctl uplinks shows all", name);
}

int ctl_fail_hypervisor(int ret)
{
	return ctl_fail(EXIT_WRONG_USE, "cannot ask the hypervisor (%s): run it in Dom0%s",
			strerror(-ret), geteuid() ? ", as root" : "");
}

static void no_answer(int sig)
{
	static const char text[] = "xenstored does not answer: is it running, "
				   "and no program that uses it stopped (SIGSTOP)?\n";
	const char *who = is_plugin ? "DMVL UNKNOWN - " : "dmvlctl: error: ";
	int fd = is_plugin ? STDOUT_FILENO : STDERR_FILENO;

	(void)sig;
	if (write(fd, who, strlen(who)) < 0 || write(fd, text, sizeof(text) - 1) < 0) {
		/* There is nowhere to report it. */
	}
	_exit(is_plugin ? CTL_UNKNOWN : EXIT_WRONG_USE);
}

int ctl_reach(struct ctl *ctl)
{
	struct sigaction act = {.sa_handler = no_answer};
	char value[16];
	int ret;

	if (ctl->xs)
		return 0;
	/*
	 * Without xenstored, but with the kernel's /dev/xen/xenbus, the first request would wait
	 * for ever.
	 */
	sigaction(SIGALRM, &act, NULL);
	alarm(ANSWER_S);
	ret = xs_conn_open(&ctl->xs);
	if (ret < 0)
		return ret;
	/* The path is relative to this domain; the toolstack writes the key at boot. */
	ret = xs_conn_read(ctl->xs, XS_NO_TXN, "domid", value, sizeof(value));
	ctl->own_domid = ret > 0 ? (unsigned)strtoul(value, NULL, 10) : 0;
	if (!ctl->backend_given)
		ctl->backend_domid = ctl->own_domid;
	alarm(is_plugin ? PLUGIN_S : 0);
	return 0;
}

int ctl_connect(struct ctl *ctl)
{
	int ret = ctl_reach(ctl);

	/* libxenstore tries several paths: errno may be that of the last one. */
	if (ret < 0 && geteuid() != 0)
		return ctl_fail(EXIT_WRONG_USE, "no permission to use xenstore: run as root");
	if (ret < 0)
		return ctl_fail(EXIT_WRONG_USE,
				"cannot reach xenstored (%s): is this a Xen Dom0 or driver domain?",
				strerror(-ret));
	return 0;
}

struct part {
	struct ctl *ctl;
	int (*fn)(struct ctl *ctl, uint32_t t, void *arg);
	void *arg;
};

static int run_part(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct part *p = arg;

	(void)xs;
	return p->fn(p->ctl, t, p->arg);
}

int ctl_transaction(struct ctl *ctl, int (*fn)(struct ctl *ctl, uint32_t t, void *arg), void *arg)
{
	return xs_txn(ctl->xs, run_part, &(struct part){.ctl = ctl, .fn = fn, .arg = arg});
}

static int compare_ids(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

int ctl_list_ids(struct ctl *ctl, uint32_t t, const char *dir, unsigned max, unsigned **out)
{
	unsigned count, found = 0;
	char **names;
	int ret = xs_conn_list(ctl->xs, t, dir, &names, &count);

	if (ret < 0)
		return ret;
	*out = calloc(count + 1, sizeof(**out));
	for (unsigned i = 0; *out && i < count; i++) {
		char *end;
		unsigned long id = strtoul(names[i], &end, 10);

		if (names[i][0] >= '0' && names[i][0] <= '9' && !*end && id <= max)
			(*out)[found++] = (unsigned)id;
	}
	free(names);
	if (!*out)
		return -ENOMEM;
	qsort(*out, found, sizeof(**out), compare_ids);
	return (int)found;
}

int ctl_list_uplinks(struct ctl *ctl, char ***out, unsigned *count)
{
	char root[SCHEMA_PATH_MAX];
	int ret = schema_uplink_root(root, sizeof(root), ctl->backend_domid);

	*out = NULL;
	*count = 0;
	if (ret > 0)
		ret = xs_conn_list(ctl->xs, XS_NO_TXN, root, out, count);
	return ret == -ENOENT ? 0 : ret;
}

bool ctl_uplink_is_served(struct ctl *ctl, const char *uplink)
{
	return daemon_look(ctl, uplink) == DAEMON_RUNNING;
}
