/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvl-probe: what Xen's drivers and xenstored answer, through Xen's own libraries
 *
 * Each subcommand prints what it found, one word or line, and a test compares. It knows nothing of
 * where it runs, so the same test tells what Xen answers and whether xensim answers the same.
 * Those that hold something do so until they are killed; those that go on in steps take one for
 * each line of standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#define PAGE 4096u
/* An event that is to come may take this long; one that is not is not waited for much. */
#define COMES_MS   20000
#define STAYS_MS   100
#define SHARES_MAX 4096

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

static int outcome(const void *p)
{
	say(p ? "ok" : strerrorname_np(errno));
	return 0;
}

/* A line from the test; false at the end of input. */
static int next_step(void)
{
	char line[32];

	return fgets(line, sizeof(line), stdin) != NULL;
}

static void hold(void)
{
	for (;;)
		pause();
}

/* ---- Grants ---- */

/* share PEER PAGES WRITABLE: the first reference; at each step what the page begins with. Holds. */
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
	while (next_step()) {
		printf("%.10s\n", p);
		fflush(stdout);
	}
	hold();
	return 0;
}

/* budget: single pages for Dom0 until it fails: how many, and why; all of it twice. */
static int budget(char **a)
{
	xengntshr_handle *h = xengntshr_open(NULL, 0);
	static void *p[SHARES_MAX];
	uint32_t ref;
	int n, round;

	(void)a;
	for (round = 0; round < 2; round++) {
		for (n = 0; n < SHARES_MAX && (p[n] = xengntshr_share_pages(h, 0, 1, &ref, 1)); n++)
			;
		printf("%d %s\n", n, strerrorname_np(errno));
		while (n--)
			xengntshr_unshare(h, p[n], 1);
	}
	xengntshr_close(h);
	return 0;
}

/*
 * map DOMID REF rw|ro TEXT: what the page begins with, or the error. If rw and TEXT is not "-" it
 * is written there. With input it holds the page: at each step it says again what is there.
 */
static int map(char **a)
{
	xengnttab_handle *h = xengnttab_open(NULL, 0);
	int writable = !strcmp(a[2], "rw");
	char *p = xengnttab_map_grant_ref(h, (uint32_t)atoi(a[0]), (uint32_t)atoi(a[1]),
					  writable ? PROT_READ | PROT_WRITE : PROT_READ);

	if (!p)
		return outcome(p);
	do {
		printf("%.10s\n", p);
		fflush(stdout);
		if (writable && strcmp(a[3], "-"))
			snprintf(p, PAGE, "%s", a[3]);
	} while (next_step());
	xengnttab_unmap(h, p, 1);
	xengnttab_close(h);
	return 0;
}

/* ---- Event channels ---- */

/* port PEER: an unbound port for PEER. Holds. */
static int port(char **a)
{
	xenevtchn_handle *h = xenevtchn_open(NULL, 0);
	int n = h ? xenevtchn_bind_unbound_port(h, (uint32_t)atoi(a[0])) : -1;

	if (n < 0)
		return outcome(NULL);
	printf("%d\n", n);
	fflush(stdout);
	hold();
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

static int readable(xenevtchn_handle *h, int ms)
{
	struct pollfd p = {.fd = xenevtchn_fd(h), .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

/* Tell of an event that Xen delivers, and take it: whether it is this port's. */
static int take(xenevtchn_handle *h, int p)
{
	return readable(h, COMES_MS) && xenevtchn_pending(h) == p;
}

/* mask SELF: both ends in this domain; each line "what: events seen". */
static int mask(char **a)
{
	uint32_t self = (uint32_t)atoi(a[0]);
	xenevtchn_handle *s = xenevtchn_open(NULL, 0), *c = xenevtchn_open(NULL, 0);
	int sp = xenevtchn_bind_unbound_port(s, self);
	int cp = xenevtchn_bind_interdomain(c, self, (evtchn_port_t)sp);
	int i, got;

	printf("bind pends the local port: %d\n", take(c, cp));
	printf("and not the remote one: %d\n", readable(s, STAYS_MS));
	for (i = 0; i < 3; i++)
		xenevtchn_notify(c, (evtchn_port_t)cp);
	got = take(s, sp);
	printf("three notifications, one event: %d %d\n", got, readable(s, STAYS_MS));
	xenevtchn_notify(c, (evtchn_port_t)cp);
	printf("masked: %d\n", readable(s, STAYS_MS));
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	got = take(s, sp);
	printf("unmask delivers: %d\n", got);
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	printf("once: %d\n", readable(s, STAYS_MS));
	xenevtchn_unmask(s, (evtchn_port_t)sp);
	xenevtchn_notify(c, (evtchn_port_t)cp);
	printf("unmasked: %d\n", take(s, sp));
	xenevtchn_close(s);
	printf("notify a closed peer: %d\n", xenevtchn_notify(c, (evtchn_port_t)cp));
	printf("notify a port of another: %s\n",
	       xenevtchn_notify(c, 4000) ? strerrorname_np(errno) : "ok");
	xenevtchn_close(c);
	return 0;
}

/* ---- xenstore, and the devices ---- */

/* transaction: begin; at the next step write and commit. */
static int transaction(char **a)
{
	struct xs_handle *xs = xs_open(0);
	xs_transaction_t t = xs_transaction_start(xs);

	(void)a;
	say(t ? "begun" : strerrorname_np(errno));
	if (!next_step())
		return 1;
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
	} commands[] = {
		{"share", 3, share},
		{"budget", 0, budget},
		{"map", 4, map},
		{"port", 1, port},
		{"bind", 2, bind_port},
		{"mask", 1, mask},
		{"transaction", 0, transaction},
		{"watches", 0, watches},
		{"open", 1, open_path},
	};
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc == 2 + commands[i].args)
			return commands[i].fn(argv + 2);
	fprintf(stderr, "dmvl-probe: wrong use\n");
	return 2;
}
