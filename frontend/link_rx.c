/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link_rx.h"

#include <errno.h>
#include <sys/uio.h>

/* A header is copied out of the ring once and checked; a frame is written from the ring to the TAP.
 */
#define RX_BATCH       16 /* frames that are sent wait meanwhile, and a processor may be slow */
#define RX_BATCH_BYTES (1 << 20)

#define HDR_LEN ((uint32_t)sizeof(struct wire_hdr))

void link_rx_init(struct link_rx *r, int tap_fd)
{
	*r = (struct link_rx){.tap_fd = tap_fd};
}

void link_rx_up(struct link_rx *r, struct vchan *v)
{
	*r = (struct link_rx){.tap_fd = r->tap_fd, .v = v};
}

void link_rx_down(struct link_rx *r)
{
	r->v = NULL;
}

static void rx_data(struct link_rx *r, uint32_t len)
{
	struct iovec iov[2];
	unsigned n = vchan_rx_iov(r->v, HDR_LEN, len, iov);

	if (writev(r->tap_fd, iov, (int)n) < 0) {
		/* The interface is down, or the kernel does not accept the vnet header. */
		r->n.dropped++;
		return;
	}
	r->n.frames++;
	r->n.bytes += len - WIRE_VNET_LEN;
}

static void rx_credit(struct link_rx *r)
{
	vchan_rx_copy(r->v, HDR_LEN, &r->credit, sizeof(r->credit));
	r->told = true;
}

/* One message. Its size, 0 when there is none, or -EPROTO with *why. */
static int64_t rx_one(struct link_rx *r, int64_t avail, const char **why)
{
	struct wire_hdr hdr;
	int ret;

	if (avail < (int64_t)HDR_LEN)
		return 0;
	vchan_rx_copy(r->v, 0, &hdr, HDR_LEN);
	ret = wire_check(&hdr, vchan_ring_bytes(r->v), why);
	if (ret < 0)
		return ret;
	if (avail < (int64_t)wire_size(hdr.len))
		return 0;
	if (hdr.type == WIRE_DATA)
		rx_data(r, hdr.len);
	else if (hdr.type == WIRE_CREDIT)
		rx_credit(r);
	vchan_rx_advance(r->v, wire_size(hdr.len));
	return wire_size(hdr.len);
}

/* What is left of a turn. */
struct budget {
	int messages;
	int64_t bytes;
};

static bool spent(const struct budget *b)
{
	return b->messages <= 0 || b->bytes <= 0;
}

/* As many messages as there are, and the budget has: how many, or -EPROTO with *why. */
static int rx_batch(struct link_rx *r, int64_t avail, struct budget *b, const char **why)
{
	int64_t size = avail < 0 ? avail : 0;
	int n = 0;

	*why = "the backend's RX ring index is out of range";
	while (!spent(b) && size >= 0) {
		size = rx_one(r, avail, why);
		if (size <= 0)
			break;
		avail -= size;
		b->bytes -= size;
		b->messages--;
		n++;
	}
	if (n > 0)
		vchan_rx_commit(r->v);
	return size < 0 ? -EPROTO : n;
}

const char *link_rx_run(struct link_rx *r, bool *more)
{
	struct budget budget = {RX_BATCH, RX_BATCH_BYTES};
	const char *why;
	int n;

	r->told = false;
	n = rx_batch(r, vchan_rx_poll(r->v), &budget, &why);
	/* A message that came before the request for an event causes none: look again after asking.
	 */
	while (n >= 0 && !spent(&budget)) {
		n = rx_batch(r, vchan_rx_arm(r->v), &budget, &why);
		if (n == 0)
			break;
	}
	*more = spent(&budget);
	return n < 0 ? why : NULL;
}
