/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and guests: made, listed, shut down, moved and destroyed by the toolstack. */
#include "broker.h"
#include "main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/sched.h>
#include <xen/xen.h>

#define GNTALLOC_LIMIT 1024 /* the driver's default */

struct domain *domain_find(unsigned int id)
{
	struct domain *d;

	TAILQ_FOREACH(d, &b.domains, link)
		if (d->id == id)
			return d;
	return NULL;
}

/* As Xen does it: the next one that is free, and after the last one the first again. */
static unsigned int free_domid(void)
{
	unsigned int id = b.next_domid;

	do {
		if (id >= DOMID_FIRST_RESERVED)
			id = 1;
	} while (domain_find(id) && ++id);
	b.next_domid = id + 1;
	return id;
}

/* Domains are listed by id. */
static void domain_insert(struct domain *d)
{
	struct domain *behind;

	TAILQ_FOREACH(behind, &b.domains, link) {
		if (behind->id > d->id) {
			TAILQ_INSERT_BEFORE(behind, d, link);
			return;
		}
	}
	TAILQ_INSERT_TAIL(&b.domains, d, link);
}

static struct domain *domain_new(struct guest *g, const char *name, const uint8_t *uuid)
{
	struct domain *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->id = free_domid();
	d->guest = g;
	snprintf(d->name, sizeof(d->name), "%s", name);
	memcpy(d->uuid, uuid, SIM_UUID_BYTES);
	g->dom = d;
	domain_insert(d);
	return d;
}

struct guest *guest_new(const char *name, const uint8_t *uuid)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g || !domain_new(g, name, uuid)) {
		free(g);
		return NULL;
	}
	g->nr = b.next_guest++;
	g->share_limit = GNTALLOC_LIMIT;
	g->listen.fd = -1;
	TAILQ_INIT(&g->conns);
	TAILQ_INIT(&g->evts);
	TAILQ_INSERT_TAIL(&b.guests, g, link);
	return g;
}

void domain_put_if_dead(struct domain *d)
{
	if (!d->dying || d->holds)
		return;
	TAILQ_REMOVE(&b.domains, d, link);
	free(d);
	virq_raise(VIRQ_DOM_EXC);
}

/* Nobody lives there any more: channels and grants mean nothing, the domain is still listed. */
static void domain_empty(struct domain *d)
{
	d->guest = NULL;
	event_domain_gone(d);
	grant_domain_gone(d);
}

static void domain_die(struct domain *d)
{
	domain_empty(d);
	d->dying = d->paused = true;
	virq_raise(VIRQ_DOM_EXC);
	domain_put_if_dead(d);
}

static void guest_destroy(struct guest *g)
{
	struct domain *d = g->dom;

	guest_kill(g);
	g->dom = NULL; /* makes what follows silent */
	/* Before the connections, which would tell a handle that is stale from one closed in order.
	 */
	while (!TAILQ_EMPTY(&g->evts))
		evt_free(TAILQ_FIRST(&g->evts), true);
	while (!TAILQ_EMPTY(&g->conns))
		conn_free(TAILQ_FIRST(&g->conns));
	domain_die(d);
	TAILQ_REMOVE(&b.guests, g, link);
	source_remove(&g->listen);
	free(g);
}

int domain_getinfo(struct work *w)
{
	struct sim_dominfo *info = w->out;
	unsigned int n = 0, max = w->req.arg[1];
	struct domain *d;

	if (w->conn->guest->nr)
		return EPERM;
	if (max > SIM_MAX_PAYLOAD / sizeof(*info))
		max = SIM_MAX_PAYLOAD / sizeof(*info);
	TAILQ_FOREACH(d, &b.domains, link) {
		if (d->id < w->req.arg[0] || n == max)
			continue;
		memset(&info[n], 0, sizeof(info[n]));
		info[n].domid = d->id;
		info[n].guest = d->guest ? d->guest->nr : 0;
		info[n].dying = d->dying;
		info[n].shutdown = d->shutdown;
		info[n].paused = d->paused;
		info[n].reason = d->reason;
		memcpy(info[n].uuid, d->uuid, SIM_UUID_BYTES);
		memcpy(info[n].name, d->name, SIM_NAME_MAX);
		n++;
	}
	w->rep.len = n * sizeof(*info);
	return 0;
}

/* The guest's own /run, with the socket that makes its processes be that domain. */
static int guest_socket(struct guest *g)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char dir[64];
	int fd;

	snprintf(dir, sizeof(dir), SIM_GUEST_DIR "/%u", g->nr);
	mkdir(dir, 0755);
	snprintf(dir, sizeof(dir), SIM_GUEST_DIR "/%u/xensim", g->nr);
	mkdir(dir, 0755);
	snprintf(addr.sun_path, sizeof(addr.sun_path), SIM_GUEST_DIR "/%u/xensim/broker", g->nr);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128)) {
		close(fd);
		return errno;
	}
	guest_listen(g, fd);
	return 0;
}

static int do_create(struct work *w)
{
	char name[SIM_NAME_MAX];
	struct guest *g;
	int err;

	if (w->req.len != SIM_NAME_MAX + SIM_UUID_BYTES)
		return EINVAL;
	memcpy(name, w->in, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	g = guest_new(name, (const uint8_t *)w->in + SIM_NAME_MAX);
	if (!g)
		return ENOMEM;
	w->rep.val[0] = g->dom->id;
	w->rep.val[1] = g->nr;
	err = guest_socket(g);
	if (err)
		guest_destroy(g);
	return err;
}

static void shut_down(struct domain *d, uint32_t reason)
{
	d->shutdown = true;
	d->reason = reason;
	virq_raise(VIRQ_DOM_EXC);
}

/* Shares become private memory in the guest: a restored one has pages of its own. */
static void unshare_memory(struct guest *g)
{
	struct conn *c;

	TAILQ_FOREACH(c, &g->conns, link)
		if (c->kind == SIM_GNTALLOC && !LIST_EMPTY(&c->shares) && process_of(g, c->pid))
			kill(c->pid, SIM_RESUMED);
}

static int new_domain(struct work *w, struct guest *g)
{
	struct domain *old = g->dom, *d;
	char name[SIM_NAME_MAX] = "";

	memcpy(name, w->in, w->req.len < sizeof(name) ? w->req.len : sizeof(name) - 1);
	d = domain_new(g, *name ? name : old->name, old->uuid);
	if (!d)
		return ENOMEM;
	domain_empty(old);
	unshare_memory(g);
	w->rep.val[0] = d->id;
	return 0;
}

static int do_stat(struct work *w, struct guest *g)
{
	struct conn *c;
	struct map *m;
	struct evt *e;
	struct port *p;

	TAILQ_FOREACH(c, &g->conns, link) {
		if (c->kind == SIM_TOOL || (g->kernel && c->pid == g->kernel))
			continue;
		w->rep.val[0]++;
		LIST_FOREACH(m, &c->maps, link)
			w->rep.val[3] += m->pages;
	}
	TAILQ_FOREACH(e, &g->evts, link)
		LIST_FOREACH(p, &e->ports, link)
			w->rep.val[1] += !e->kernel;
	w->rep.val[2] = g->shared;
	return 0;
}

static int do_fail(struct work *w, struct guest *g)
{
	uint32_t kind = w->req.arg[1];

	if (!kind || kind >= SIM_NR_KINDS)
		return EINVAL;
	g->fault[kind] = (struct fault){(int)w->req.arg[2], w->req.arg[3]};
	return 0;
}

/* Also a domain that its guest has left. */
static int do_rename(const struct work *w, struct domain *d)
{
	memset(d->name, 0, sizeof(d->name));
	memcpy(d->name, w->in, w->req.len < sizeof(d->name) ? w->req.len : sizeof(d->name) - 1);
	return 0;
}

/* What is done to a domain that is not dying. */
static int guest_request(struct work *w, struct domain *d)
{
	struct guest *g = d->guest;

	switch (w->req.op) {
	case SIM_FREEZE:
		guest_signal(g, SIGSTOP);
		return 0;
	case SIM_THAW:
		guest_signal(g, SIGCONT);
		return 0;
	case SIM_SHUTDOWN:
		shut_down(d, w->req.arg[1]);
		return 0;
	case SIM_RESUME:
		d->shutdown = false;
		d->reason = 0;
		return 0;
	case SIM_FAIL:
		return do_fail(w, g);
	case SIM_LIMIT:
		g->share_limit = w->req.arg[1];
		return 0;
	case SIM_STAT:
		return do_stat(w, g);
	case SIM_NEW_DOMAIN:
		return g->nr ? new_domain(w, g) : EINVAL;
	case SIM_DESTROY:
		if (!g->nr)
			return EINVAL;
		guest_destroy(g);
		return 0;
	default:
		return ENOTTY;
	}
}

int tool_request(struct work *w)
{
	struct domain *d;

	if (w->req.op == SIM_CREATE)
		return do_create(w);
	if (w->req.op == SIM_NEXT_DOMID) {
		b.next_domid = w->req.arg[0];
		return 0;
	}
	if (w->req.op == SIM_BUGS) {
		w->rep.val[0] = b.bugs;
		return 0;
	}
	d = domain_find(w->req.arg[0]);
	if (!d || d->dying)
		return ESRCH;
	if (w->req.op == SIM_RENAME)
		return do_rename(w, d);
	if (d->guest)
		return guest_request(w, d);
	if (w->req.op != SIM_DESTROY)
		return ESRCH;
	domain_die(d); /* moved away from */
	return 0;
}
