/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/ldp_vif.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "backend/datapath/ldp.h"

/*
 * The kernel queues a few frames at the tap. They are moved from there into a queue that CoDel
 * keeps short. Its head is the LDP's head. Its limit follows the LDP's rate, as the credit of an
 * LDP with rings does.
 */
#define READ_FRAMES 64u /* in one turn of the loop */
#define READ_BYTES  (256u << 10)

int ldp_vif_head(struct ldp *l, uint64_t now_ns, struct virtio_net_hdr_v1 *vnet)
{
	struct rxq_frame f;
	uint32_t first;

	if (!rxq_peek(l->txq, now_ns, &f, &l->count.drops[LDP_DROP_VIF_CODEL]))
		return 0;
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
	struct rxq_frame f;
	uint64_t dropped = 0;
	unsigned n = 0;

	rxq_peek(l->txq, 0, &f, &dropped); /* it was peeked, so it stays the same */
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
	rxq_pop(l->txq);
	if (!l->txq_full || !rxq_has_room(l->txq))
		return;
	l->txq_full = false;
	loop_io_enable(l->io, true);
}

int ldp_vif_deliver(struct ldp *l, const struct rxq_frame *f)
{
	struct iovec iov[3] = {{(void *)(uintptr_t)&f->vnet, WIRE_VNET_LEN}};

	memcpy(iov + 1, f->iov, f->iovcnt * sizeof(f->iov[0]));
	if (writev(l->tap->fd, iov, (int)f->iovcnt + 1) >= 0)
		return 0;
	if (errno != EAGAIN && errno != EINTR)
		return -ENOBUFS;
	loop_io_enable(l->room, true);
	return -EAGAIN;
}

/* Reads one frame. Its bytes; 0: none waits. */
static uint32_t read_frame(struct ldp *l, uint8_t *frame, uint64_t now_ns)
{
	struct virtio_net_hdr_v1 vnet;
	struct iovec iov[2] = {{&vnet, WIRE_VNET_LEN}, {frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(l->tap->fd, iov, 2);

	if (n <= (ssize_t)WIRE_VNET_LEN)
		return 0;
	iov[1].iov_len = (size_t)n - WIRE_VNET_LEN;
	if (!rxq_push(l->txq, &vnet, iov + 1, 1, (uint32_t)iov[1].iov_len, true, now_ns))
		l->count.drops[LDP_DROP_VIF_FULL]++;
	return (uint32_t)iov[1].iov_len;
}

void ldp_vif_read(struct ldp *l, uint8_t *frame, uint64_t now_ns)
{
	uint32_t len, bytes = 0;

	for (unsigned n = 0; n < READ_FRAMES && bytes < READ_BYTES; n++) {
		if (rxq_full(l->txq)) {
			l->txq_full = true;
			loop_io_enable(l->io, false);
			return;
		}
		len = read_frame(l, frame, now_ns);
		if (len == 0)
			return;
		bytes += len;
	}
}
