/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxenevtchn.so.1 without Xen
 *
 * A handle is a connection to the broker, which makes and breaks channels, and a queue of ports,
 * the fd that the caller polls.  Events do not pass through the broker: the sender holds the
 * writing end of its peer's queue (asked for when it first notifies, and again when the slot's link
 * changed) and works on the peer's slot itself.  Closing the *queue* is what closes the handle: a
 * process may park that fd elsewhere and die, as with the real device.
 */
#include "client.h"
#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenevtchn.h>

struct port {
	bool bound;
	uint32_t slot;
	uint64_t link; /* the connection that peer_* belong to */
	uint32_t peer_slot;
	uint32_t peer_port;
	int peer_fd;
};

struct xenevtchn_handle {
	pid_t owner; /* in a child of it the descriptors may be others' by now */
	int conn;
	int queue;	/* ports that have events: read by the caller */
	int queue_self; /* its writing end, for what unmask finds pending */
	struct sim_slot *slots;
	pthread_mutex_t lock; /* of conn and ports */
	struct port *ports;
	uint32_t nr_ports;
};

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	xenevtchn_handle *h = calloc(1, sizeof(*h));
	int fds[3];
	unsigned int nfds = 3;

	(void)logger;
	if (!h)
		return NULL;
	h->owner = getpid();
	h->conn = sim_open(SIM_EVTCHN, fds, &nfds);
	if (h->conn < 0)
		goto out_free;
	if (nfds != 3) {
		errno = EIO;
		goto out_close;
	}
	h->queue = fds[0];
	h->queue_self = fds[1];
	h->slots = sim_slots(fds[2]);
	if (!h->slots)
		goto out_queue;
	if (flags & XENEVTCHN_NO_CLOEXEC)
		fcntl(h->queue, F_SETFD, 0);
	pthread_mutex_init(&h->lock, NULL);
	return h;

out_queue:
	close(h->queue);
	close(h->queue_self);
out_close:
	close(h->conn);
out_free:
	free(h);
	return NULL;
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned int flags)
{
	(void)logger;
	(void)fd;
	(void)flags;
	errno = ENOSYS; /* xenstored's live update only */
	return NULL;
}

static void drop_peer(struct port *p)
{
	if (p->peer_fd >= 0)
		close(p->peer_fd);
	p->peer_fd = -1;
	p->link = 0;
}

int xenevtchn_close(xenevtchn_handle *h)
{
	uint32_t i;

	if (!h)
		return 0;
	for (i = 0; i < h->nr_ports; i++)
		if (h->ports[i].bound)
			drop_peer(&h->ports[i]);
	close(h->queue_self);
	close(h->queue);
	/* The broker has seen the queue close when it answers: unbinding is over on return. */
	sim_simple(h->conn, SIM_UNBIND, 0, 0, 0, NULL);
	close(h->conn);
	pthread_mutex_destroy(&h->lock);
	free(h->ports);
	free(h);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	return h->queue;
}

/* Under the lock. The port if this handle owns it, else NULL and ENOTCONN, as the driver says. */
static struct port *own(xenevtchn_handle *h, uint32_t port)
{
	if (port < h->nr_ports && h->ports[port].bound)
		return &h->ports[port];
	errno = ENOTCONN;
	return NULL;
}

/* Under the lock. Remember a port that the broker has just bound. */
static int add_port(xenevtchn_handle *h, uint32_t port, uint32_t slot)
{
	if (port >= h->nr_ports) {
		uint32_t n = port + 16;
		struct port *p = realloc(h->ports, n * sizeof(*p));

		if (!p)
			return -1;
		memset(p + h->nr_ports, 0, (n - h->nr_ports) * sizeof(*p));
		h->ports = p;
		h->nr_ports = n;
	}
	h->ports[port] = (struct port){.bound = true, .slot = slot, .peer_fd = -1};
	return (int)port;
}

static int bind_port(xenevtchn_handle *h, enum sim_op op, uint32_t a, uint32_t b)
{
	struct sim_call c = {.req = {.op = op, .arg = {a, b}}};
	int port = -1;

	pthread_mutex_lock(&h->lock);
	if (!sim_call(h->conn, &c))
		port = add_port(h, c.rep.val[0], c.rep.val[1]);
	pthread_mutex_unlock(&h->lock);
	return port;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h, uint32_t domid)
{
	return bind_port(h, SIM_BIND_UNBOUND, domid, 0);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
						     evtchn_port_t remote)
{
	return bind_port(h, SIM_BIND_REMOTE, domid, remote);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h, unsigned int virq)
{
	return bind_port(h, SIM_BIND_VIRQ, virq, 0);
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	struct port *p;
	int err = -1;

	pthread_mutex_lock(&h->lock);
	p = own(h, port);
	if (p) {
		err = sim_simple(h->conn, SIM_UNBIND, port, 0, 0, NULL);
		drop_peer(p);
		p->bound = false;
	}
	pthread_mutex_unlock(&h->lock);
	return err;
}

/* Under the lock. Ask who is at the other end now; none is no error. */
static void find_peer(xenevtchn_handle *h, struct port *p, uint32_t port)
{
	int fd = -1;
	struct sim_call c = {.req = {.op = SIM_PEER, .arg = {port}}, .fds = &fd, .nfds = 1};

	drop_peer(p);
	if (sim_call(h->conn, &c) || !c.nfds)
		return;
	p->link = c.rep.val[0] | (uint64_t)c.rep.val[1] << 32;
	p->peer_slot = c.rep.val[2];
	p->peer_port = c.rep.val[3];
	p->peer_fd = fd;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	struct port *p;
	uint64_t link;

	pthread_mutex_lock(&h->lock);
	p = own(h, port);
	if (p) {
		link = atomic_load(&h->slots[p->slot].link);
		if (link && h->owner != getpid())
			link = 0;
		if (link && link != p->link)
			find_peer(h, p, port);
		if (link && p->peer_fd >= 0)
			sim_deliver(&h->slots[p->peer_slot], p->peer_port, p->peer_fd);
	}
	pthread_mutex_unlock(&h->lock);
	return p ? 0 : -1;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	evtchn_port_t port;

	if (read(h->queue, &port, sizeof(port)) != sizeof(port))
		return -1;
	return (xenevtchn_port_or_error_t)port;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	struct port *p;

	pthread_mutex_lock(&h->lock);
	p = own(h, port);
	if (p)
		sim_unmask(&h->slots[p->slot], port, h->queue_self);
	pthread_mutex_unlock(&h->lock);
	return 0; /* the driver skips ports it does not know */
}

int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
	(void)h;
	(void)domid;
	errno = EOPNOTSUPP;
	return -1;
}
