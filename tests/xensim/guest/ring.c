/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The xenstore ring: two byte streams of 1 KiB in a shared page. */
#include "ring.h"
#include "bytes.h"
#include "../lib/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>

static struct {
	struct xenstore_domain_interface *page;
	uint32_t share;
	xenevtchn_handle *evt;
	int port;
	struct bytes out;  /* not yet in the ring */
	struct message in; /* being assembled */
	size_t in_len;
} r;

static int share_page(int conn)
{
	uint32_t ref;
	int fd = -1;
	struct sim_call c = {
		.req = {.op = SIM_SHARE, .arg = {0, 1, 1, SIM_NO_NOTIFY, SIM_NO_NOTIFY}},
		.out = &ref,
		.out_size = sizeof(ref),
		.fds = &fd,
		.nfds = 1,
	};
	void *p;

	if (r.page) {
		munmap(r.page, SIM_PAGE);
		r.page = NULL;
		sim_simple(conn, SIM_UNSHARE, r.share, 0, 0, NULL);
	}
	if (sim_call(conn, &c) || fd < 0)
		return -1;
	p = mmap(NULL, SIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -1;
	r.page = p;
	r.share = c.rep.val[0];
	return 0;
}

int ring_attach(int conn)
{
	r.in_len = r.out.len = 0;
	if (r.evt)
		xenevtchn_close(r.evt);
	r.evt = xenevtchn_open(NULL, 0);
	if (!r.evt || share_page(conn))
		return -1;
	r.port = xenevtchn_bind_unbound_port(r.evt, 0);
	return r.port;
}

int ring_fd(void)
{
	return r.evt ? xenevtchn_fd(r.evt) : -1;
}

bool ring_idle(void)
{
	return !r.out.len && (!r.page || r.page->req_prod == r.page->req_cons);
}

void ring_send(const struct xsd_sockmsg *hdr, const void *body)
{
	bytes_put(&r.out, hdr, sizeof(*hdr));
	bytes_put(&r.out, body, hdr->len);
}

/* Move queued bytes into the ring. True if any. */
static bool fill_requests(void)
{
	uint32_t prod = r.page->req_prod, room;
	size_t n = 0;

	atomic_thread_fence(memory_order_seq_cst); /* the index before the bytes it frees */
	room = XENSTORE_RING_SIZE - (prod - r.page->req_cons);
	for (; n < r.out.len && n < room; n++)
		r.page->req[prod++ & (XENSTORE_RING_SIZE - 1)] = r.out.data[n];
	if (!n)
		return false;
	bytes_drop(&r.out, n);
	atomic_thread_fence(memory_order_seq_cst); /* the bytes before the index */
	r.page->req_prod = prod;
	return true;
}

static size_t wanted(void)
{
	if (r.in_len < sizeof(r.in.hdr))
		return sizeof(r.in.hdr) - r.in_len;
	return sizeof(r.in.hdr) + r.in.hdr.len - r.in_len;
}

/* Bytes from the ring into the message. True if it is complete. */
static bool take_reply(bool *took)
{
	uint32_t cons = r.page->rsp_cons;
	size_t n, i;

	while (wanted()) {
		n = r.page->rsp_prod - cons;
		atomic_thread_fence(memory_order_seq_cst);
		if (!n)
			break;
		if (n > wanted())
			n = wanted();
		for (i = 0; i < n; i++)
			((char *)&r.in)[r.in_len++] =
				r.page->rsp[cons++ & (XENSTORE_RING_SIZE - 1)];
		if (r.in_len >= sizeof(r.in.hdr) && r.in.hdr.len > XENSTORE_PAYLOAD_MAX)
			abort(); /* xenstored never does */
		*took = true;
	}
	atomic_thread_fence(memory_order_seq_cst);
	r.page->rsp_cons = cons;
	return !wanted();
}

void ring_pump(bool event)
{
	int port;

	if (!r.page)
		return;
	if (event) {
		port = xenevtchn_pending(r.evt);
		if (port >= 0)
			xenevtchn_unmask(r.evt, (evtchn_port_t)port);
	}
	if (fill_requests())
		xenevtchn_notify(r.evt, (evtchn_port_t)r.port);
}

bool ring_receive(struct message *m)
{
	bool took = false, whole;

	if (!r.page)
		return false;
	whole = take_reply(&took);
	if (took)
		xenevtchn_notify(r.evt, (evtchn_port_t)r.port);
	if (!whole)
		return false;
	m->hdr = r.in.hdr;
	memcpy(m->body, r.in.body, r.in.hdr.len);
	m->body[r.in.hdr.len] = '\0';
	r.in_len = 0;
	return true;
}
