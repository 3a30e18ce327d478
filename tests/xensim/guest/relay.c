/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation
 *
 * Each process that connects to the guest's xenstore socket is a client.  Its requests go into the
 * one ring under numbers of ours; a `request` remembers whose they were.  Watches get tokens of
 * ours too, so that an event finds its client.  A client that closes loses its watches and
 * transactions.
 *
 * As in Linux (drivers/xen/xenbus): removing an unknown watch is no error; a transaction id that is
 * not the client's is ENOENT; ending one from before a resume is EAGAIN; the kernel itself has a
 * few watches, which count for the domain's quota; after a resume every watch is registered again,
 * and so fires once.
 */
#include "relay.h"
#include "bytes.h"
#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct transaction {
	LIST_ENTRY(transaction) link;
	uint32_t id;
	unsigned int generation;
};

struct client {
	TAILQ_ENTRY(client) link;
	int fd;
	struct message in;
	size_t in_len;
	struct bytes out;
	LIST_HEAD(transaction_list, transaction) transactions;
};

struct watch {
	TAILQ_ENTRY(watch) link;
	struct client *client; /* NULL: the kernel's own */
	unsigned int id;
	char *path, *token;
};

struct request {
	TAILQ_ENTRY(request) link;
	struct client *client; /* NULL: nobody wants the answer */
	uint32_t id, their_id, type, tx;
	unsigned int watch; /* XS_WATCH: which, 0 for none */
};

static TAILQ_HEAD(client_list, client) clients = TAILQ_HEAD_INITIALIZER(clients);
static TAILQ_HEAD(watch_list, watch) watches = TAILQ_HEAD_INITIALIZER(watches);
static TAILQ_HEAD(request_list, request) requests = TAILQ_HEAD_INITIALIZER(requests);
static int listener;
static uint32_t next_request, next_watch;
static unsigned int generation;

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void flush(struct client *c)
{
	ssize_t n = 0;

	if (c->out.len)
		n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		bytes_drop(&c->out, (size_t)n);
}

static void put(struct client *c, const void *data, size_t len)
{
	bytes_put(&c->out, data, len);
}

/* Answer a client ourselves. */
static void answer(struct client *c, uint32_t type, const struct xsd_sockmsg *to, const char *text)
{
	struct xsd_sockmsg hdr = *to;

	hdr.type = type;
	hdr.len = (uint32_t)strlen(text) + 1;
	put(c, &hdr, sizeof(hdr));
	put(c, text, hdr.len);
	flush(c);
}

static struct request *ask(struct client *c, const struct xsd_sockmsg *from, const void *body,
			   uint32_t len)
{
	struct request *q = must(calloc(1, sizeof(*q)));
	struct xsd_sockmsg hdr = *from;

	q->client = c;
	q->id = ++next_request;
	q->their_id = from->req_id;
	q->type = from->type;
	q->tx = from->tx_id;
	TAILQ_INSERT_TAIL(&requests, q, link);
	hdr.req_id = q->id;
	hdr.len = len;
	ring_send(&hdr, body);
	return q;
}

/* Register or remove a watch at xenstored under our own token. */
static struct request *ask_watch(struct client *c, const struct xsd_sockmsg *from,
				 const struct watch *w)
{
	char body[XENSTORE_PAYLOAD_MAX];
	int n = snprintf(body, sizeof(body), "%s%c%X", w->path, '\0', w->id);

	return ask(c, from, body, (uint32_t)n + 1);
}

static void watch_free(struct watch *w)
{
	TAILQ_REMOVE(&watches, w, link);
	free(w->path);
	free(w->token);
	free(w);
}

static struct watch *watch_new(struct client *c, const char *path, const char *token)
{
	struct watch *w = must(calloc(1, sizeof(*w)));

	w->client = c;
	w->id = ++next_watch;
	w->path = must(strdup(path));
	w->token = must(strdup(token));
	TAILQ_INSERT_TAIL(&watches, w, link);
	return w;
}

static void do_watch(struct client *c)
{
	const char *path = c->in.body, *token = path + strlen(path) + 1;
	struct request *q;
	struct watch *w;

	if (token >= path + c->in.hdr.len) {
		answer(c, XS_ERROR, &c->in.hdr, "EINVAL");
		return;
	}
	if (c->in.hdr.type == XS_WATCH) {
		w = watch_new(c, path, token);
		q = ask_watch(c, &c->in.hdr, w);
		q->watch = w->id;
		return;
	}
	TAILQ_FOREACH(w, &watches, link)
		if (w->client == c && !strcmp(w->path, path) && !strcmp(w->token, token)) {
			ask_watch(c, &c->in.hdr, w);
			watch_free(w);
			return;
		}
	answer(c, XS_UNWATCH, &c->in.hdr, "OK");
}

static struct transaction *transaction(struct client *c, uint32_t id)
{
	struct transaction *t;

	LIST_FOREACH(t, &c->transactions, link)
		if (t->id == id)
			return t;
	return NULL;
}

/* A whole message from a client. */
static void request(struct client *c)
{
	struct xsd_sockmsg *h = &c->in.hdr;
	struct transaction *t = h->tx_id ? transaction(c, h->tx_id) : NULL;

	if (h->type == XS_WATCH || h->type == XS_UNWATCH) {
		do_watch(c);
	} else if (h->tx_id && !t) {
		answer(c, XS_ERROR, h, "ENOENT");
	} else if (h->type == XS_TRANSACTION_END && t && t->generation != generation) {
		LIST_REMOVE(t, link);
		free(t);
		if (c->in.body[0] == 'T')
			answer(c, XS_ERROR, h, "EAGAIN");
		else
			answer(c, XS_TRANSACTION_END, h, "OK");
	} else {
		ask(c, h, c->in.body, h->len);
	}
}

static void client_free(struct client *c)
{
	struct xsd_sockmsg end = {.type = XS_TRANSACTION_END};
	struct xsd_sockmsg unwatch = {.type = XS_UNWATCH};
	struct watch *w, *next;
	struct transaction *t;
	struct request *q;

	TAILQ_FOREACH(q, &requests, link)
		if (q->client == c)
			q->client = NULL;
	for (w = TAILQ_FIRST(&watches); w; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->client == c) {
			ask_watch(NULL, &unwatch, w);
			watch_free(w);
		}
	}
	while ((t = LIST_FIRST(&c->transactions))) {
		end.tx_id = t->id;
		if (t->generation == generation)
			ask(NULL, &end, "F", 2);
		LIST_REMOVE(t, link);
		free(t);
	}
	TAILQ_REMOVE(&clients, c, link);
	close(c->fd);
	free(c->out.data);
	free(c);
}

/* Read what is there. False: the client is gone, or talks nonsense. */
static bool client_read(struct client *c)
{
	size_t want = c->in_len < sizeof(c->in.hdr) ? sizeof(c->in.hdr)
						    : sizeof(c->in.hdr) + c->in.hdr.len;
	ssize_t n = recv(c->fd, (char *)&c->in + c->in_len, want - c->in_len, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->in_len += (size_t)n;
	if (c->in_len < sizeof(c->in.hdr))
		return true;
	if (c->in.hdr.len > XENSTORE_PAYLOAD_MAX - sizeof(c->in.hdr))
		return false; /* Linux's buffer: header and body in XENSTORE_PAYLOAD_MAX */
	if (c->in_len < sizeof(c->in.hdr) + c->in.hdr.len)
		return true;
	c->in.body[c->in.hdr.len] = '\0';
	c->in_len = 0;
	request(c);
	return true;
}

void relay_init(int listen_fd)
{
	static const char *const own[] = {"device", "control/shutdown", "memory/target", "cpu"};
	unsigned int i;

	listener = listen_fd;
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		watch_new(NULL, own[i], "kernel");
}

unsigned int relay_poll(struct pollfd *p, unsigned int max, bool stopped)
{
	struct client *c;
	unsigned int n = 0;

	p[n++] = (struct pollfd){.fd = stopped ? -1 : listener, .events = POLLIN};
	TAILQ_FOREACH(c, &clients, link)
		if (n < max)
			p[n++] = (struct pollfd){.fd = stopped ? -1 : c->fd,
						 .events = (short)(POLLIN |
								   (c->out.len ? POLLOUT : 0))};
	return n;
}

void relay_handle(const struct pollfd *p, unsigned int n)
{
	struct client *c = TAILQ_FIRST(&clients), *next;
	unsigned int i;

	for (i = 1; i < n && c; i++, c = next) {
		next = TAILQ_NEXT(c, link);
		if (p[i].revents & POLLOUT)
			flush(c);
		if (p[i].revents & (POLLIN | POLLHUP | POLLERR) && !client_read(c))
			client_free(c);
	}
	if (p[0].revents & POLLIN) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			c = must(calloc(1, sizeof(*c)));
			c->fd = fd;
			LIST_INIT(&c->transactions);
			TAILQ_INSERT_TAIL(&clients, c, link);
		}
	}
}

static struct watch *watch_by_id(unsigned int id)
{
	struct watch *w;

	TAILQ_FOREACH(w, &watches, link)
		if (w->id == id)
			return w;
	return NULL;
}

static void event(struct message *m)
{
	const char *path = m->body, *token = path + strlen(path) + 1;
	struct xsd_sockmsg hdr = m->hdr;
	struct watch *w;

	if (token >= m->body + m->hdr.len)
		return;
	w = watch_by_id((unsigned int)strtoul(token, NULL, 16));
	if (!w || !w->client)
		return;
	hdr.len = (uint32_t)(strlen(path) + strlen(w->token) + 2);
	put(w->client, &hdr, sizeof(hdr));
	put(w->client, path, strlen(path) + 1);
	put(w->client, w->token, strlen(w->token) + 1);
	flush(w->client);
}

/* Keep our book of a client's transactions and watches by what xenstored answered. */
static void note(const struct request *q, const struct message *m)
{
	bool failed = m->hdr.type == XS_ERROR;
	struct transaction *t;
	struct watch *w;

	if (q->type == XS_TRANSACTION_START && !failed) {
		t = must(calloc(1, sizeof(*t)));
		t->id = (uint32_t)strtoul(m->body, NULL, 10);
		t->generation = generation;
		LIST_INSERT_HEAD(&q->client->transactions, t, link);
	} else if (q->type == XS_TRANSACTION_END) {
		t = transaction(q->client, q->tx);
		if (t) {
			LIST_REMOVE(t, link);
			free(t);
		}
	} else if (q->watch && failed) {
		w = watch_by_id(q->watch);
		if (w)
			watch_free(w);
	}
}

/* A transaction that its client did not live to see begin. */
static void end_orphan(const struct request *q, const struct message *m)
{
	struct xsd_sockmsg end = {.type = XS_TRANSACTION_END};

	if (q->type != XS_TRANSACTION_START || m->hdr.type == XS_ERROR)
		return;
	end.tx_id = (uint32_t)strtoul(m->body, NULL, 10);
	ask(NULL, &end, "F", 2);
}

static void reply(struct message *m)
{
	struct request *q;

	TAILQ_FOREACH(q, &requests, link)
		if (q->id == m->hdr.req_id)
			break;
	if (!q)
		return;
	if (q->client) {
		note(q, m);
		m->hdr.req_id = q->their_id;
		put(q->client, &m->hdr, sizeof(m->hdr));
		put(q->client, m->body, m->hdr.len);
		flush(q->client);
	} else {
		end_orphan(q, m);
	}
	TAILQ_REMOVE(&requests, q, link);
	free(q);
}

void relay_replies(void)
{
	struct message m;

	while (ring_receive(&m)) {
		if (m.hdr.type == XS_WATCH_EVENT)
			event(&m);
		else
			reply(&m);
	}
}

bool relay_idle(void)
{
	return TAILQ_EMPTY(&requests) && ring_idle();
}

void relay_reattached(void)
{
	struct xsd_sockmsg hdr = {.type = XS_WATCH};
	struct watch *w;

	generation++;
	TAILQ_FOREACH(w, &watches, link)
		ask_watch(NULL, &hdr, w);
}
