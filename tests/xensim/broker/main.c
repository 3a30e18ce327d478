/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The broker: the hypervisor and the guests' Xen drivers in one process
 *
 * Theory of operation
 *
 * One single-threaded loop.  Each guest has its own listening socket, so a connection's domain is
 * known when it is accepted.  A connection is one open device file; what it made (ports, shares,
 * mappings) goes when it closes, whether by close(), exit or kill -9.
 *
 * A guest and its domain are two things: restoring moves the guest to a new domain.  Objects belong
 * to the domain in which they were made and are stale once it is gone; handles belong to the guest.
 *
 * The order of things when a process dies does not matter, as in Linux: an unmap notification holds
 * a reference on its port, so it is sent even if the event channel handle closes first.  When a
 * whole domain goes there is no kernel to notify anyone, so everything is dropped in silence; only
 * the other ends of its event channels become unbound.
 */
#include "broker.h"
#include "main.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/event_channel.h>

struct broker b;

void sim_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("(XEN) ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void source_add(struct source *s, int fd, void (*fn)(struct source *, uint32_t), uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = s};

	s->fd = fd;
	s->fn = fn;
	if (epoll_ctl(b.epoll, EPOLL_CTL_ADD, fd, &e))
		abort();
}

void source_remove(struct source *s)
{
	if (s->fd < 0)
		return;
	/* By hand: copies of the file may be open elsewhere, and epoll watches the file. */
	epoll_ctl(b.epoll, EPOLL_CTL_DEL, s->fd, NULL);
	close(s->fd);
	s->fd = -1;
}

void conn_free(struct conn *c)
{
	bool silent = !c->guest->dom;

	while (!LIST_EMPTY(&c->maps))
		map_free(c, LIST_FIRST(&c->maps), silent);
	while (!LIST_EMPTY(&c->shares))
		share_free(LIST_FIRST(&c->shares), silent);
	if (c->evt) {
		c->evt->conn = NULL;
		evt_sync(c);
	}
	TAILQ_REMOVE(&c->guest->conns, c, link);
	source_remove(&c->src);
	free(c);
}

/* xenstored's way to Dom0's own ring: the number of its event channel, and the page. */
static int open_xenstored_file(struct work *w)
{
	char text[16];
	int fd;

	if (w->conn->guest->nr)
		return ENOENT;
	if (w->conn->kind == SIM_XSD_KVA) {
		w->fds[w->nfds++] = b.xs_page_fd;
		return 0;
	}
	fd = memfd_create("xsd_port", MFD_CLOEXEC);
	if (fd < 0)
		return errno;
	snprintf(text, sizeof(text), "%u", b.xs_port);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		return errno;
	w->fds[w->nfds++] = fd;
	w->close_fds = 1;
	return 0;
}

static int do_open(struct work *w)
{
	uint32_t kind = w->req.arg[0];
	struct guest *g = w->conn->guest;
	struct fault *f;

	if (w->conn->kind || !kind || kind >= SIM_NR_KINDS)
		return EINVAL;
	f = &g->fault[kind];
	if (f->times) {
		f->times--;
		return f->err;
	}
	w->conn->kind = kind;
	switch (w->conn->kind) {
	case SIM_EVTCHN:
		return evt_open(w);
	case SIM_KERNEL:
		g->kernel = w->conn->pid;
		g->uts = w->req.arg[1] | (ino_t)w->req.arg[2] << 32;
		return 0;
	case SIM_XSD_PORT:
	case SIM_XSD_KVA:
		return open_xenstored_file(w);
	case SIM_TOOL:
		return g->nr ? EPERM : 0;
	default:
		return 0;
	}
}

static int dispatch(struct work *w)
{
	enum sim_kind kind = w->conn->kind;

	if (w->req.op == SIM_OPEN)
		return do_open(w);
	if (!w->conn->guest->dom)
		return EIO;
	if (w->req.op >= SIM_BIND_UNBOUND && w->req.op <= SIM_PEER)
		return kind == SIM_EVTCHN ? event_request(w) : ENOTTY;
	if (w->req.op >= SIM_SHARE && w->req.op <= SIM_UNMAP)
		return grant_request(w);
	if (w->req.op == SIM_GETINFO)
		return kind == SIM_PRIVCMD || kind == SIM_TOOL ? domain_getinfo(w) : ENOTTY;
	return kind == SIM_TOOL ? tool_request(w) : ENOTTY;
}

static void reply(struct work *w)
{
	union {
		char buf[CMSG_SPACE(SIM_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov[2] = {{&w->rep, sizeof(w->rep)}, {w->out, w->rep.len}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	if (w->nfds && !w->rep.err) {
		struct cmsghdr *c;

		m.msg_control = control.buf;
		m.msg_controllen = CMSG_SPACE(w->nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(w->nfds * sizeof(int));
		memcpy(CMSG_DATA(c), w->fds, w->nfds * sizeof(int));
	}
	/* A client that does not read its answers loses them; it may be stopped, or hostile. */
	(void)sendmsg(w->conn->src.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_conn(struct source *s, uint32_t events)
{
	static _Alignas(8) char in[SIM_MAX_PAYLOAD], out[SIM_MAX_PAYLOAD];
	struct work w = {.conn = (struct conn *)(void *)s, .in = in, .out = out};
	struct iovec iov[2] = {{&w.req, sizeof(w.req)}, {in, sizeof(in)}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN && !(events & (EPOLLHUP | EPOLLERR)))
		return;
	if (n < (ssize_t)sizeof(w.req) || w.req.len != (size_t)n - sizeof(w.req)) {
		conn_free(w.conn);
		return;
	}
	w.rep.err = dispatch(&w);
	if (w.rep.err)
		w.rep.len = 0;
	reply(&w);
	while (w.close_fds)
		close(w.fds[--w.close_fds]);
}

static void on_listen(struct source *s, uint32_t events)
{
	struct guest *g = (struct guest *)(void *)((char *)s - offsetof(struct guest, listen));
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	struct conn *c;

	(void)events;
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len)) {
		free(c);
		close(fd);
		return;
	}
	c->guest = g;
	c->pid = cred.pid;
	LIST_INIT(&c->shares);
	LIST_INIT(&c->maps);
	TAILQ_INSERT_TAIL(&g->conns, c, link);
	source_add(&c->src, fd, on_conn, EPOLLIN);
}

void guest_listen(struct guest *g, int fd)
{
	source_add(&g->listen, fd, on_listen, EPOLLIN);
}

static void init(int listen_fd)
{
	static const uint8_t zero[SIM_UUID_BYTES];
	struct rlimit nofile;
	struct guest *dom0;
	struct port *p;

	if (!getrlimit(RLIMIT_NOFILE, &nofile)) {
		nofile.rlim_cur = nofile.rlim_max;
		setrlimit(RLIMIT_NOFILE, &nofile);
	}
	TAILQ_INIT(&b.domains);
	TAILQ_INIT(&b.guests);
	b.next_slot = 1;
	b.next_link = 1;
	b.epoll = epoll_create1(EPOLL_CLOEXEC);
	b.slots_fd = memfd_create("slots", MFD_CLOEXEC);
	b.xs_page_fd = memfd_create("xenstore-dom0", MFD_CLOEXEC);
	if (b.epoll < 0 || ftruncate(b.slots_fd, SIM_NR_SLOTS * sizeof(struct sim_slot)) ||
	    ftruncate(b.xs_page_fd, SIM_PAGE))
		abort();
	b.slots = mmap(NULL, SIM_NR_SLOTS * sizeof(struct sim_slot), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_NORESERVE, b.slots_fd, 0);
	if (b.slots == MAP_FAILED)
		abort();
	dom0 = guest_new("Domain-0", zero);
	/* The toolstack of a real boot has made Dom0's xenstore channel: open to Dom0 itself. */
	if (!dom0 || port_new(dom0->dom, NULL, &p))
		abort();
	p->remote = 0;
	b.xs_port = p->nr;
	guest_listen(dom0, listen_fd);
}

void broker_run(int listen_fd)
{
	struct epoll_event e;

	init(listen_fd);
	for (;;) {
		/* One at a time: handling an event may free what another one points to. */
		if (epoll_wait(b.epoll, &e, 1, -1) == 1) {
			struct source *s = e.data.ptr;

			s->fn(s, e.events);
		}
	}
}
