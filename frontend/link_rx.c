/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/uio.h>

#include "common/wire.h"
#include "frontend/link_impl.h"

/* Headers are copied out of the ring once and checked; bodies are written straight to the TAP. */
#define RX_BATCH 64

static void rx_data(struct link *k, uint32_t len)
{
	struct iovec iov[2];
	unsigned n = vchan_rx_iov(k->v, LINK_HDR_LEN, len, iov);

	if (writev(k->tap_fd, iov, (int)n) < 0) {
		/* The interface is down, or the kernel does not like the header. */
		k->n.rx_dropped++;
		return;
	}
	k->n.rx_frames++;
	k->n.rx_bytes += len - WIRE_VNET_LEN;
}

static void rx_credit(struct link *k)
{
	struct wire_credit credit;

	vchan_rx_copy(k->v, LINK_HDR_LEN, &credit, sizeof(credit));
	k->limit.credit_bytes = credit.credit_bytes;
	if (credit.rate_bps != k->rate_bps) {
		k->rate_bps = credit.rate_bps;
		k->events.rate(k->events.arg, k->rate_bps);
	}
	atomic_store_explicit(&k->shared->log_offset, credit.log_offset, memory_order_relaxed);
}

/* One message. Its size, 0 when there is none, or -EPROTO with *why. */
static int64_t rx_one(struct link *k, int64_t avail, const char **why)
{
	struct wire_hdr hdr;
	int ret;

	if (avail < (int64_t)LINK_HDR_LEN)
		return 0;
	vchan_rx_copy(k->v, 0, &hdr, LINK_HDR_LEN);
	ret = wire_check(&hdr, vchan_ring_bytes(k->v), why);
	if (ret < 0)
		return ret;
	if (avail < (int64_t)wire_size(hdr.len))
		return 0;
	if (hdr.type == WIRE_DATA)
		rx_data(k, hdr.len);
	else if (hdr.type == WIRE_CREDIT)
		rx_credit(k);
	vchan_rx_advance(k->v, wire_size(hdr.len));
	return wire_size(hdr.len);
}

/* Up to the budget. Whether it was used up; *moved says whether there was anything. */
static bool rx_batch(struct link *k, int64_t avail, bool *moved)
{
	const char *why = "the backend's RX ring index is out of range";
	int64_t size = avail < 0 ? avail : 0;
	int i;

	*moved = false;
	for (i = 0; i < RX_BATCH && size >= 0; i++) {
		size = rx_one(k, avail, &why);
		if (size <= 0)
			break;
		avail -= size;
		*moved = true;
	}
	if (*moved)
		vchan_rx_commit(k->v);
	if (size < 0)
		link_fail(k, why);
	return i == RX_BATCH;
}

void link_rx_run(struct link *k)
{
	bool moved;

	if (rx_batch(k, vchan_rx_poll(k->v), &moved)) {
		loop_timer_set(k->more, 0);
		return;
	}
	while (!k->failed) {
		/* What came before the request for an event makes none. */
		bool more = rx_batch(k, vchan_rx_arm(k->v), &moved);

		if (more)
			loop_timer_set(k->more, 0);
		if (more || !moved)
			return;
	}
}
