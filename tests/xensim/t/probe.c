/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: what the shell tests do through the real libxenvchan and Xen's libraries
 *
 * Each subcommand prints what it found, one word or line, and the shell compares.  It knows nothing
 * of the simulation, so it says on real Xen what Xen answers.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>
#include <libxenvchan.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#define RING 65536

static int outcome(const void *p)
{
	puts(p ? "ok" : strerrorname_np(errno));
	fflush(stdout);
	return 0;
}

/* Wait until is_open differs from `from`, or give up after ms. */
static int wait_open(struct libxenvchan *v, int from, int ms)
{
	while (libxenvchan_is_open(v) == from) {
		struct pollfd p = {.fd = libxenvchan_fd_for_select(v), .events = POLLIN};

		if (poll(&p, 1, ms) <= 0)
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
		return outcome(NULL);
	v->blocking = 0;
	puts("ready");
	fflush(stdout);
	if (wait_open(v, 2, 10000)) {
		puts("nobody came");
		return 1;
	}
	for (;;) {
		struct pollfd p = {.fd = libxenvchan_fd_for_select(v), .events = POLLIN};

		while ((n = libxenvchan_read(v, buf, sizeof(buf))) > 0)
			libxenvchan_send(v, buf, (size_t)n);
		if (libxenvchan_is_open(v) != 1)
			break;
		if (poll(&p, 1, 10000) <= 0) {
			puts("not woken");
			return 1;
		}
		libxenvchan_wait(v);
	}
	puts("closed");
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

/* client DOMID PATH COUNT: that many echoes; then, if COUNT is 0, hold on and say when it is woken.
 */
static int client(char **a)
{
	struct libxenvchan *v = libxenvchan_client_init(NULL, atoi(a[0]), a[1]);
	unsigned int i, n = (unsigned int)atoi(a[2]);
	struct pollfd p;

	if (!v)
		return outcome(NULL);
	v->blocking = 1;
	for (i = 0; i < n; i++)
		if (ping(v, i)) {
			puts("broken");
			return 1;
		}
	puts("ok");
	fflush(stdout);
	if (!n) {
		libxenvchan_wait(v); /* binding pends the port once */
		p = (struct pollfd){.fd = libxenvchan_fd_for_select(v), .events = POLLIN};
		printf("%s\n", poll(&p, 1, 1000) > 0 ? "woken" : "not woken");
		printf("open=%d\n", libxenvchan_is_open(v));
		fflush(stdout);
		if (getenv("PROBE_HOLD"))
			pause();
	}
	libxenvchan_close(v);
	return 0;
}

/* share PEER PAGES WRITABLE: prints the first reference, holds on. */
static int share(char **a)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	int pages = atoi(a[1]);
	uint32_t *refs = calloc((size_t)pages, sizeof(*refs));
	char *p =
		h ? xengntshr_share_pages(h, (uint32_t)atoi(a[0]), pages, refs, atoi(a[2])) : NULL;

	if (!p)
		return outcome(p);
	strcpy(p, "hello");
	printf("%u\n", refs[0]);
	fflush(stdout);
	pause();
	return 0;
}

/* budget: share single pages for Dom0 until it fails; how many, and why; then again after
 * unsharing. */
static int budget(char **a)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	void *p[4096];
	uint32_t ref;
	int n, round;

	(void)a;
	for (round = 0; round < 2; round++) {
		for (n = 0; n < 4096 && (p[n] = xengntshr_share_pages(h, 0, 1, &ref, 1)); n++)
			;
		printf("%d %s\n", n, strerrorname_np(errno));
		while (n--)
			munmap(p[n], 4096);
	}
	xengntshr_close(h);
	return 0;
}

/* map DOMID REF rw|ro: prints what the page begins with, or the error. */
static int map(char **a)
{
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	int prot = strcmp(a[2], "rw") ? PROT_READ : PROT_READ | PROT_WRITE;
	char *p = xengnttab_map_grant_ref(h, (uint32_t)atoi(a[0]), (uint32_t)atoi(a[1]), prot);

	if (!p)
		return outcome(p);
	printf("%.10s\n", p);
	fflush(stdout);
	if (getenv("PROBE_HOLD"))
		pause();
	xengnttab_unmap(h, p, 1);
	xengnttab_close(h);
	return 0;
}

/* port PEER: an unbound port for PEER; prints it, holds on. */
static int port(char **a)
{
	xenevtchn_handle *h = xenevtchn_open(NULL, 0);
	int n = h ? xenevtchn_bind_unbound_port(h, (uint32_t)atoi(a[0])) : -1;

	if (n < 0)
		return outcome(NULL);
	printf("%d\n", n);
	fflush(stdout);
	pause();
	return 0;
}

/* bind DOMID PORT: ok or the error. */
static int bind_port(char **a)
{
	xenevtchn_handle *h = xenevtchn_open(NULL, 0);
	int n = xenevtchn_bind_interdomain(h, (uint32_t)atoi(a[0]), (evtchn_port_t)atoi(a[1]));

	outcome(n < 0 ? NULL : h);
	xenevtchn_close(h);
	return 0;
}

static int readable(xenevtchn_handle *h)
{
	struct pollfd p = {.fd = xenevtchn_fd(h), .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* mask: both ends in this domain; each line "what: events seen". */
static int mask(char **a)
{
	uint32_t self = (uint32_t)atoi(a[0]);
	xenevtchn_handle *s = xenevtchn_open(NULL, 0), *c = xenevtchn_open(NULL, 0);
	int sp = xenevtchn_bind_unbound_port(s, self);
	int cp = xenevtchn_bind_interdomain(c, self, (evtchn_port_t)sp);
	int i, got;

	printf("bind pends the local port: %d\n", readable(c));
	printf("and not the remote one: %d\n", readable(s));
	for (i = 0; i < 3; i++)
		xenevtchn_notify(c, (evtchn_port_t)cp);
	got = xenevtchn_pending(s) == sp;
	printf("three notifications, one event: %d %d\n", got, readable(s));
	xenevtchn_notify(c, (evtchn_port_t)cp);
	printf("masked: %d\n", readable(s));
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	printf("unmask delivers: %d\n", readable(s));
	got = xenevtchn_pending(s) == sp;
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	printf("once: %d %d\n", got, readable(s));
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	xenevtchn_notify(c, (evtchn_port_t)cp);
	printf("unmasked: %d\n", readable(s));
	xenevtchn_close(s);
	printf("notify a closed peer: %d\n", xenevtchn_notify(c, (evtchn_port_t)cp));
	printf("notify a port of another: %s\n",
	       xenevtchn_notify(c, 77) ? strerrorname_np(errno) : "ok");
	xenevtchn_close(c);
	return 0;
}

/* A line from the test. */
static void await_word(void)
{
	char line[32];

	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

/*
 * resume PEER PATH HOW: a server whose guest is restored; words on stdin step it on.  HOW is
 * "close", as one must not, or "park": unmap and close the grants, leave the event channel's fd to
 * a child that outlives us, and serve anew beside it.
 */
static int resume(char **a)
{
	struct libxenvchan *v = libxenvchan_server_init(NULL, atoi(a[0]), a[1], RING, RING), *fresh;
	struct pollfd p;

	if (!v)
		return outcome(NULL);
	say("ready");
	if (wait_open(v, 2, 10000))
		return 1;
	strcpy(v->write.buffer, "before");
	strcpy(v->read.buffer, "mine");
	say("open");
	await_word();
	p = (struct pollfd){.fd = libxenvchan_fd_for_select(v), .events = POLLIN};
	printf("poll=%d open=%d live=%d\n", poll(&p, 1, 100), libxenvchan_is_open(v),
	       v->ring->srv_live);
	printf("notify=%d unmask=%d\n", xenevtchn_notify(v->event, (evtchn_port_t)v->event_port),
	       xenevtchn_unmask(v->event, (evtchn_port_t)v->event_port));
	printf("reads=%s\n", (char *)v->read.buffer);
	if (!strcmp(a[2], "close")) {
		libxenvchan_close(v);
		say("closed");
		return 0;
	}
	munmap(v->read.buffer, RING);
	munmap(v->write.buffer, RING);
	xengntshr_unshare(v->gntshr, v->ring, 1);
	xengntshr_close(v->gntshr);
	if (!fork()) {
		fcntl(p.fd, F_SETFD, 0);
		execl("/bin/sleep", "sleep", "1000", (char *)NULL);
	}
	fresh = libxenvchan_server_init(NULL, atoi(a[0]), a[1], RING, RING);
	printf("port=%s\n", fresh && fresh->event_port == v->event_port ? "same" : "other");
	say("serving");
	if (!fresh || wait_open(fresh, 2, 10000))
		return 1;
	say("again");
	libxenvchan_close(fresh);
	return 0;
}

/* peek DOMID PATH: a client that writes into what it mapped when told, and says what it reads. */
static int peek(char **a)
{
	struct libxenvchan *v = libxenvchan_client_init(NULL, atoi(a[0]), a[1]);

	if (!v)
		return outcome(NULL);
	say("ok");
	await_word();
	strcpy(v->write.buffer, "void");
	printf("open=%d reads=%s notify=%d\n", libxenvchan_is_open(v), (char *)v->read.buffer,
	       xenevtchn_notify(v->event, (evtchn_port_t)v->event_port));
	fflush(stdout);
	await_word();
	printf("open=%d\n", libxenvchan_is_open(v));
	libxenvchan_close(v);
	say("closed");
	return 0;
}

/* transaction: begin, wait for a word, write and commit. */
static int transaction(char **a)
{
	struct xs_handle *xs = xs_open(0);
	xs_transaction_t t = xs_transaction_start(xs);

	(void)a;
	say(t ? "begun" : strerrorname_np(errno));
	await_word();
	if (!xs_write(xs, t, "data/t", "1", 1))
		printf("write: %s\n", strerrorname_np(errno));
	say(xs_transaction_end(xs, t, false) ? "committed" : strerrorname_np(errno));
	return 0;
}

/* watches: how many this domain may have, and why no more. */
static int watches(char **a)
{
	struct xs_handle *xs = xs_open(0);
	char token[16];
	int n = 0;

	(void)a;
	do
		snprintf(token, sizeof(token), "%d", n);
	while (n++ < 1000 && xs_watch(xs, "data", token));
	printf("%d %s\n", n - 1, strerrorname_np(errno));
	return 0;
}

/* open PATH: ok or the error. */
static int open_path(char **a)
{
	int fd = open(a[0], O_RDWR | O_CLOEXEC);

	outcome(fd < 0 ? NULL : a);
	if (fd >= 0)
		close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*fn)(char **a);
	} commands[] = {{"server", 2, server},	{"client", 3, client},
			{"share", 3, share},	{"budget", 0, budget},
			{"map", 3, map},	{"port", 1, port},
			{"bind", 2, bind_port}, {"mask", 1, mask},
			{"open", 1, open_path}, {"resume", 3, resume},
			{"peek", 2, peek},	{"transaction", 0, transaction},
			{"watches", 0, watches}};
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc == 2 + commands[i].args)
			return commands[i].fn(argv + 2);
	fprintf(stderr, "probe: wrong use\n");
	return 2;
}
