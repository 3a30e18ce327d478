/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: who is bound to whom. Sending is the business of the ends, see lib/event.h. */
#include "broker.h"
#include "../lib/event.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/event_channel.h>

#define QUEUE_BYTES (4 << 20) /* 4-byte messages cost the kernel several hundred each */

struct port *port_find(struct domain *d, unsigned int nr)
{
	return nr < d->nr_ports ? d->ports[nr] : NULL;
}

static struct sim_slot *slot_of(const struct port *p)
{
	return &b.slots[p->slot];
}

/* The lowest free number, as Xen does it: numbers collide between domains and come back soon. */
static int number(struct domain *d, unsigned int *nr)
{
	unsigned int i;
	struct port **more;

	for (i = 1; i < d->nr_ports; i++)
		if (!d->ports[i])
			break;
	if (i >= d->nr_ports) {
		more = realloc(d->ports, (i + 64) * sizeof(*more));
		if (!more)
			return ENOMEM;
		memset(more + d->nr_ports, 0, (i + 64 - d->nr_ports) * sizeof(*more));
		d->ports = more;
		d->nr_ports = i + 64;
	}
	*nr = i;
	return 0;
}

int port_new(struct domain *d, struct evt *e, struct port **out)
{
	struct port *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return ENOMEM;
	err = number(d, &p->nr);
	if (err) {
		free(p);
		return err;
	}
	p->dom = d;
	p->refs = 1;
	p->evt = e;
	p->slot = b.next_slot;
	b.next_slot = b.next_slot + 1 < SIM_NR_SLOTS ? b.next_slot + 1 : 1;
	atomic_store(&slot_of(p)->state, 0);
	atomic_store(&slot_of(p)->link, 0);
	d->ports[p->nr] = p;
	if (e)
		LIST_INSERT_HEAD(&e->ports, p, link);
	*out = p;
	return 0;
}

static void connect_ports(struct port *a, struct port *z)
{
	a->peer = z;
	z->peer = a;
	atomic_store(&slot_of(a)->link, b.next_link);
	atomic_store(&slot_of(z)->link, b.next_link);
	b.next_link++;
}

/* The other end is unbound again: it may be bound again, and its notifications go nowhere. */
static void disconnect(struct port *p)
{
	if (!p->peer)
		return;
	atomic_store(&slot_of(p)->link, 0);
	atomic_store(&slot_of(p->peer)->link, 0);
	p->peer->remote = p->dom ? p->dom->id : p->peer->remote;
	p->peer->peer = NULL;
	p->peer = NULL;
}

void port_get(struct port *p)
{
	p->refs++;
}

void port_put(struct port *p)
{
	if (--p->refs)
		return;
	disconnect(p);
	if (p->dom)
		p->dom->ports[p->nr] = NULL;
	free(p);
}

void port_signal(struct port *p)
{
	if (p->peer && p->peer->evt)
		sim_deliver(slot_of(p->peer), p->peer->nr, p->peer->evt->queue.fd);
}

void virq_raise(uint32_t virq)
{
	struct domain *d0 = domain_find(0);
	unsigned int i;

	for (i = 0; i < d0->nr_ports; i++) {
		struct port *p = d0->ports[i];

		if (p && p->is_virq && p->virq == virq && p->evt)
			sim_deliver(slot_of(p), p->nr, p->evt->queue.fd);
	}
}

static void unbind(struct port *p)
{
	LIST_REMOVE(p, link);
	p->evt = NULL;
	port_put(p);
}

/*
 * Linux up to 6.1 at least: evtchn_release() unbinds each port and runs into BUG_ON(irq < 0) when
 * the port is from before a suspend.
 */
static bool is_stale(const struct evt *e)
{
	struct port *p;

	LIST_FOREACH(p, &e->ports, link)
		if (!p->dom)
			return true;
	return false;
}

static void kernel_bug(struct guest *g)
{
	b.bugs++;
	sim_log("d%u: kernel BUG at drivers/xen/evtchn.c! an event channel handle from before the "
		"resume was closed",
		g->dom->id);
}

void evt_free(struct evt *e, bool silent)
{
	if (!silent && !e->kernel && is_stale(e))
		kernel_bug(e->guest);
	while (!LIST_EMPTY(&e->ports))
		unbind(LIST_FIRST(&e->ports));
	if (e->conn)
		e->conn->evt = NULL;
	TAILQ_REMOVE(&e->guest->evts, e, link);
	source_remove(&e->queue);
	free(e);
}

static void on_queue(struct source *s, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR))
		evt_free((struct evt *)(void *)s, false);
}

void evt_sync(struct conn *c)
{
	struct pollfd p;

	if (!c->evt)
		return;
	p = (struct pollfd){.fd = c->evt->queue.fd};
	if (poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR))
		evt_free(c->evt, false);
}

int evt_open(struct work *w)
{
	struct evt *e = calloc(1, sizeof(*e));
	int pair[2], size = QUEUE_BYTES;

	if (!e)
		return ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(e);
		return errno;
	}
	if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	LIST_INIT(&e->ports);
	e->guest = w->conn->guest;
	e->conn = w->conn;
	e->kernel = e->guest->kernel && w->conn->pid == e->guest->kernel;
	w->conn->evt = e;
	TAILQ_INSERT_TAIL(&e->guest->evts, e, link);
	source_add(&e->queue, pair[1], on_queue, 0); /* hang-ups are always told */
	w->fds[w->nfds++] = pair[0];
	w->close_fds = 1;
	w->fds[w->nfds++] = pair[1];
	w->fds[w->nfds++] = b.slots_fd;
	return 0;
}

/* The handle's port of that number, in whatever domain it was bound. */
static struct port *own(struct conn *c, unsigned int nr)
{
	struct port *p;

	if (!c->evt)
		return NULL;
	LIST_FOREACH(p, &c->evt->ports, link)
		if (p->nr == nr)
			return p;
	return NULL;
}

static int bind_remote(struct work *w, struct port *p)
{
	struct domain *d = domain_find(w->req.arg[0]);
	struct port *r;

	if (!d)
		return ESRCH;
	r = d->dying ? NULL : port_find(d, w->req.arg[1]);
	if (!r || r == p || r->is_virq || r->peer || r->remote != p->dom->id) {
		sim_log("d%u: bind to d%u port %u: %s", p->dom->id, d->id, w->req.arg[1],
			!r	  ? "no such port"
			: r->peer ? "already bound"
				  : "not meant for this domain");
		return EINVAL;
	}
	connect_ports(p, r);
	/* An event may have been lost on the unbound port: Xen pends the local one to be safe. */
	sim_deliver(slot_of(p), p->nr, p->evt->queue.fd);
	return 0;
}

static int bind_new(struct work *w)
{
	struct port *p;
	int err;

	if (!w->conn->evt)
		return EBADF;
	err = port_new(w->conn->guest->dom, w->conn->evt, &p);
	if (err)
		return err;
	p->remote = UINT32_MAX;
	if (w->req.op == SIM_BIND_UNBOUND) {
		p->remote = w->req.arg[0];
	} else if (w->req.op == SIM_BIND_VIRQ) {
		p->is_virq = true;
		p->virq = w->req.arg[0];
		err = w->conn->guest->nr ? EPERM : 0;
	} else {
		err = bind_remote(w, p);
	}
	if (err) {
		unbind(p);
		return err;
	}
	w->rep.val[0] = p->nr;
	w->rep.val[1] = p->slot;
	return 0;
}

static int do_unbind(struct work *w)
{
	struct port *p;

	if (!w->req.arg[0]) { /* the handle was closed, see xenevtchn_close() */
		evt_sync(w->conn);
		return 0;
	}
	p = own(w->conn, w->req.arg[0]);
	if (!p)
		return ENOTCONN;
	if (!p->dom)
		kernel_bug(w->conn->guest);
	unbind(p);
	return 0;
}

static int do_peer(struct work *w)
{
	struct port *p = own(w->conn, w->req.arg[0]);
	uint64_t link;

	if (!p)
		return ENOTCONN;
	if (!p->peer || !p->peer->evt)
		return 0;
	link = atomic_load(&slot_of(p)->link);
	w->rep.val[0] = (uint32_t)link;
	w->rep.val[1] = (uint32_t)(link >> 32);
	w->rep.val[2] = p->peer->slot;
	w->rep.val[3] = p->peer->nr;
	w->fds[w->nfds++] = p->peer->evt->queue.fd;
	return 0;
}

int event_request(struct work *w)
{
	switch (w->req.op) {
	case SIM_BIND_UNBOUND:
	case SIM_BIND_REMOTE:
	case SIM_BIND_VIRQ:
		return bind_new(w);
	case SIM_UNBIND:
		return do_unbind(w);
	default:
		return do_peer(w);
	}
}

void event_domain_gone(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_ports; i++) {
		struct port *p = d->ports[i];

		if (!p)
			continue;
		disconnect(p);
		d->ports[i] = NULL;
		p->dom = NULL; /* its handle, if any survives, is stale now */
	}
	free(d->ports);
	d->ports = NULL;
	d->nr_ports = 0;
}
