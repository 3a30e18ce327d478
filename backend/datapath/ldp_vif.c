/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/ldp_vif.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "backend/datapath/ldp.h"
#include "backend/datapath/queues.h"

/*
 * Theory of operation
 *
 * The kernel queues a few frames at the tap. They are moved from there into a queue that CoDel
 * keeps short. Its head is the LDP's head. Its limit follows the LDP's rate, as the credit of an
 * LDP with rings does.
 *
 * An HVM guest has two ports: its vif, and the interface of the emulated network card, which it
 * uses until it has a driver for the vif. Both have one MAC address and one queue here. What the
 * guest receives goes to the port through which it spoke last, as a bridge would do.
 */
#define READ_FRAMES 64u /* in one turn of the loop */
#define READ_BYTES  (256u << 10)

bool ldp_vif_init(struct ldp *l, struct loop *loop, loop_cb *on_readable, loop_cb *on_room)
{
	struct ldp_vif *v = &l->vif;
	bool good;

	good = queues_init_vif(l);
	for (unsigned i = 0; i < l->tap->count; i++) {
		int fd = l->tap->port[i].fd;

		v->in[i] = loop_io_new(loop, fd, LOOP_READ, on_readable, l);
		v->room[i] = loop_io_new(loop, fd, LOOP_WRITE, on_room, l);
		loop_io_enable(v->room[i], false);
		good &= v->in[i] && v->room[i];
	}
	return good;
}

void ldp_vif_fini(struct ldp *l)
{
	for (unsigned i = 0; i < VIF_PORTS; i++) {
		loop_io_free(l->vif.room[i]);
		loop_io_free(l->vif.in[i]);
	}
}

static void listen_to_ports(struct ldp *l, bool on)
{
	for (unsigned i = 0; i < l->tap->count; i++)
		loop_io_enable(l->vif.in[i], on);
}

void ldp_vif_listen(struct ldp *l, bool on)
{
	listen_to_ports(l, on);
	if (!on)
		ldp_vif_has_room(l);
}

int ldp_vif_head(struct ldp *l, uint64_t now_ns, struct virtio_net_hdr_v1 *vnet)
{
	struct flowq_frame f;
	uint32_t first;

	if (!flowq_peek(l->vif.queue, now_ns, &f))
		return 0;
	l->head_ns = f.queued_ns;
	l->frame_len = f.len;
	l->hdr_len = f.len < FRAME_HDR_MAX ? f.len : FRAME_HDR_MAX;
	first = l->hdr_len < f.iov[0].iov_len ? l->hdr_len : (uint32_t)f.iov[0].iov_len;
	memcpy(l->hdr, f.iov[0].iov_base, first);
	if (first < l->hdr_len)
		memcpy(l->hdr + first, f.iov[1].iov_base, l->hdr_len - first);
	*vnet = f.vnet;
	return 1;
}

unsigned ldp_vif_iov(struct ldp *l, uint32_t off, uint32_t len, struct iovec iov[2])
{
	struct flowq_frame f;
	unsigned n = 0;

	flowq_peek(l->vif.queue, 0, &f); /* it was peeked, so it stays the same */
	for (unsigned i = 0; i < f.iovcnt && len > 0; i++) {
		uint32_t size = (uint32_t)f.iov[i].iov_len;
		uint32_t part = off < size ? size - off : 0;

		if (part > len)
			part = len;
		if (part > 0)
			iov[n++] = (struct iovec){(char *)f.iov[i].iov_base + off, part};
		off = off < size ? 0 : off - size;
		len -= part;
	}
	return n;
}

void ldp_vif_consume(struct ldp *l)
{
	flowq_pop(l->vif.queue);
	if (!l->vif.full || !queues_vif_has_room(l))
		return;
	l->vif.full = false;
	listen_to_ports(l, true);
}

int ldp_vif_deliver(struct ldp *l, const struct flowq_frame *f)
{
	struct iovec iov[3] = {{(void *)(uintptr_t)&f->vnet, WIRE_VNET_LEN}};

	memcpy(iov + 1, f->iov, f->iovcnt * sizeof(f->iov[0]));
	if (writev(l->tap->port[l->vif.out].fd, iov, (int)f->iovcnt + 1) >= 0)
		return 0;
	if (errno != EAGAIN && errno != EINTR)
		return -ENOBUFS;
	loop_io_enable(l->vif.room[l->vif.out], true);
	return -EAGAIN;
}

void ldp_vif_has_room(struct ldp *l)
{
	for (unsigned i = 0; i < l->tap->count; i++)
		loop_io_enable(l->vif.room[i], false);
}

/* Reads one frame. Its bytes; 0: none waits. */
static uint32_t read_frame(struct ldp *l, int fd, uint8_t *frame, uint64_t now_ns)
{
	struct virtio_net_hdr_v1 vnet;
	struct iovec iov[2] = {{&vnet, WIRE_VNET_LEN}, {frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(fd, iov, 2);

	if (n <= (ssize_t)WIRE_VNET_LEN)
		return 0;
	iov[1].iov_len = (size_t)n - WIRE_VNET_LEN;
	if (!flowq_push(l->vif.queue, NULL, &vnet, iov + 1, 1, (uint32_t)iov[1].iov_len,
			FLOWQ_BEYOND, now_ns))
		l->count.drops[LDP_DROP_VIF_FULL]++;
	return (uint32_t)iov[1].iov_len;
}

/* Reads a port until it has no more, the budget is spent or the queue is full. Any frame? */
static bool read_port(struct ldp *l, int fd, uint8_t *frame, uint64_t now_ns)
{
	uint32_t len, bytes = 0;

	for (unsigned n = 0; n < READ_FRAMES && bytes < READ_BYTES; n++) {
		l->vif.full = queues_vif_full(l);
		if (l->vif.full)
			break;
		len = read_frame(l, fd, frame, now_ns);
		if (len == 0)
			break;
		bytes += len;
	}
	return bytes > 0;
}

bool ldp_vif_read(struct ldp *l, uint8_t *frame, uint64_t now_ns)
{
	unsigned was = l->vif.out;

	for (unsigned i = 0; i < l->tap->count; i++) {
		if (read_port(l, l->tap->port[i].fd, frame, now_ns))
			l->vif.out = i;
	}
	if (l->vif.full)
		listen_to_ports(l, false);
	return l->vif.out != was;
}
