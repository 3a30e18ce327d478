/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvl-vchan: the two ends of a vchan, through the real libxenvchan, and who learns of whose end
 *
 * Each subcommand prints what it found, one line at a time, and goes on to the next step when it
 * gets a line on standard input; a test compares.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxenvchan.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING 65536
/* Emulated machines are slow; nothing here waits that long when all is well. */
#define COMES_MS 100000
#define STAYS_MS 100

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

static int failed(void)
{
	say(strerrorname_np(errno));
	return 1;
}

static void next_step(void)
{
	char line[32];

	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

/* Wait until is_open differs from `from`; -1 if it does not. */
static int wait_open(struct libxenvchan *v, int from)
{
	while (libxenvchan_is_open(v) == from) {
		struct pollfd p = {.fd = libxenvchan_fd_for_select(v), .events = POLLIN};

		if (poll(&p, 1, COMES_MS) <= 0)
			return -1;
		libxenvchan_wait(v);
	}
	return 0;
}

/* server PEER PATH: echo until the client goes; then say "closed". */
static int server(char **a)
{
	struct libxenvchan *v = libxenvchan_server_init(NULL, atoi(a[0]), a[1], RING, RING);
	static char buf[RING];
	int n;

	if (!v)
		return failed();
	v->blocking = 0;
	say("ready");
	if (wait_open(v, 2)) {
		say("nobody came");
		return 1;
	}
	for (;;) {
		struct pollfd p = {.fd = libxenvchan_fd_for_select(v), .events = POLLIN};

		while ((n = libxenvchan_read(v, buf, sizeof(buf))) > 0)
			libxenvchan_send(v, buf, (size_t)n);
		if (libxenvchan_is_open(v) != 1)
			break;
		if (poll(&p, 1, COMES_MS) <= 0) {
			say("not woken");
			return 1;
		}
		libxenvchan_wait(v);
	}
	say("closed");
	libxenvchan_close(v);
	return 0;
}

static int ping(struct libxenvchan *v, unsigned int i)
{
	char out[1000], in[sizeof(out)];
	size_t got = 0;

	memset(out, (int)i, sizeof(out));
	if (libxenvchan_send(v, out, sizeof(out)) != sizeof(out))
		return -1;
	while (got < sizeof(in)) {
		int n = libxenvchan_read(v, in + got, sizeof(in) - got);

		if (n < 0)
			return -1;
		got += (size_t)n;
	}
	return memcmp(in, out, sizeof(out)) ? -1 : 0;
}

/* client DOMID PATH COUNT: that many echoes. */
static int client(char **a)
{
	struct libxenvchan *v = libxenvchan_client_init(NULL, atoi(a[0]), a[1]);
	unsigned int i, n = (unsigned int)atoi(a[2]);

	if (!v)
		return failed();
	v->blocking = 1;
	for (i = 0; i < n; i++)
		if (ping(v, i)) {
			say("broken");
			return 1;
		}
	say("ok");
	libxenvchan_close(v);
	return 0;
}

/*
 * hang DOMID PATH: a client that waits for its server's end: "woken" by an event, or "told" by a
 * line of input, and whether it finds the server gone. Closes at the next line.
 */
static int hang(char **a)
{
	struct libxenvchan *v = libxenvchan_client_init(NULL, atoi(a[0]), a[1]);
	struct pollfd p[2];

	if (!v)
		return failed();
	v->blocking = 0;
	libxenvchan_wait(v); /* binding pends the port once */
	say("ok");
	p[0] = (struct pollfd){.fd = libxenvchan_fd_for_select(v), .events = POLLIN};
	p[1] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	poll(p, 2, -1);
	printf("%s open=%d\n", p[0].revents ? "woken" : "told", libxenvchan_is_open(v));
	fflush(stdout);
	if (p[1].revents)
		next_step();
	next_step();
	libxenvchan_close(v);
	return 0;
}

/* What the server of a restored guest finds: a dead channel that gives no sign of it. */
static void look_around(struct libxenvchan *v)
{
	struct pollfd p = {.fd = libxenvchan_fd_for_select(v), .events = POLLIN};

	printf("poll=%d open=%d live=%d\n", poll(&p, 1, STAYS_MS), libxenvchan_is_open(v),
	       v->ring->srv_live);
	printf("notify=%d unmask=%d\n", xenevtchn_notify(v->event, (evtchn_port_t)v->event_port),
	       xenevtchn_unmask(v->event, (evtchn_port_t)v->event_port));
	printf("reads=%s\n", (char *)v->read.buffer);
	fflush(stdout);
}

/* Give up all of a vchan but its event channel, which a process that outlives us goes on holding.
 */
static void park(struct libxenvchan *v)
{
	munmap(v->read.buffer, RING);
	munmap(v->write.buffer, RING);
	xengntshr_unshare(v->gntshr, v->ring, 1);
	xengntshr_close(v->gntshr);
	if (!fork()) {
		fcntl(libxenvchan_fd_for_select(v), F_SETFD, 0);
		execlp("sleep", "sleep", "100000", (char *)NULL);
		_exit(1);
	}
}

/*
 * resume PEER PATH close|park: a server whose guest is restored, between two steps. Then it closes,
 * as one must not, or parks its event channel and serves again beside it.
 */
static int resume(char **a)
{
	struct libxenvchan *v = libxenvchan_server_init(NULL, atoi(a[0]), a[1], RING, RING), *fresh;

	if (!v)
		return failed();
	say("ready");
	if (wait_open(v, 2))
		return 1;
	strcpy(v->write.buffer, "before");
	strcpy(v->read.buffer, "mine");
	say("open");
	next_step();
	look_around(v);
	if (!strcmp(a[2], "close")) {
		libxenvchan_close(v);
		say("closed");
		return 0;
	}
	park(v);
	fresh = libxenvchan_server_init(NULL, atoi(a[0]), a[1], RING, RING);
	printf("port=%s\n", fresh && fresh->event_port == v->event_port ? "same" : "other");
	say("serving");
	if (!fresh || wait_open(fresh, 2))
		return 1;
	say("again");
	libxenvchan_close(fresh);
	return 0;
}

/* peek DOMID PATH: resume's client: writes into what it mapped when told, and says what it reads.
 */
static int peek(char **a)
{
	struct libxenvchan *v = libxenvchan_client_init(NULL, atoi(a[0]), a[1]);

	if (!v)
		return failed();
	say("ok");
	next_step();
	strcpy(v->write.buffer, "void");
	printf("open=%d reads=%s notify=%d\n", libxenvchan_is_open(v), (char *)v->read.buffer,
	       xenevtchn_notify(v->event, (evtchn_port_t)v->event_port));
	fflush(stdout);
	next_step();
	printf("open=%d\n", libxenvchan_is_open(v));
	libxenvchan_close(v);
	say("closed");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*fn)(char **a);
	} commands[] = {
		{"server", 2, server}, {"client", 3, client}, {"hang", 2, hang},
		{"resume", 3, resume}, {"peek", 2, peek},
	};
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc == 2 + commands[i].args)
			return commands[i].fn(argv + 2);
	fprintf(stderr, "dmvl-vchan: wrong use\n");
	return 2;
}
