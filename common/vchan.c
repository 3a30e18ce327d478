/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/vchan.h"

#include <errno.h>
#include <fcntl.h>
#include <libxenvchan.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/wire.h"

/*
 * Theory of operation
 *
 * A ring's prod and cons count all bytes ever, modulo 2^32; the offset in the buffer is the index
 * modulo the ring's size. The reader owns cons, the writer owns prod. The index of this side is in
 * `rx_cons` or `tx_prod`, which the peer cannot reach; its shared copy is written and never read.
 *
 * Between two polls the view of the ring does not change: rx_prod and tx_cons are the peer's index
 * at the last poll. The bytes may change, because the peer can write to its pages at any time: copy
 * bytes out before checking them.
 */
struct vchan {
	struct libxenvchan *x;
	uint32_t rx_cons, rx_prod;
	uint32_t rx_peak; /* the most bytes to read since the writer was notified */
	uint32_t tx_prod, tx_cons;
	uint32_t tx_published; /* the index that the peer was given last */
	uint32_t rx_size, tx_size;
};

/*
 * libxenvchan opens xenstore, the event channel and the grant device: three descriptors, or five
 * over xensim. One is to spare for files that are opened for a moment.
 */
#define FD_RESERVE 6
#define XEN_PAGE   4096u

static int check_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

const char *vchan_missing_device(void)
{
	static const char *const paths[] = {"/dev/xen/gntdev", "/dev/xen/evtchn"};

	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (check_device(paths[i]) < 0)
			return paths[i];
	}
	return NULL;
}

static int check_fds(void)
{
	int fds[FD_RESERVE];
	int n, ret = 0;

	for (n = 0; n < FD_RESERVE; n++) {
		fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fds[n] < 0) {
			ret = -errno;
			break;
		}
	}
	while (n > 0)
		close(fds[--n]);
	return ret;
}

static int check_grants(unsigned peer_domid, uint32_t pages)
{
	xengntshr_handle *shr = xengntshr_open(NULL, 0);
	uint32_t *refs = calloc(pages, sizeof(*refs));
	void *mem = NULL;
	int ret = 0;

	if (shr && refs)
		mem = xengntshr_share_pages(shr, peer_domid, (int)pages, refs, 0);
	if (mem)
		xengntshr_unshare(shr, mem, pages);
	else
		ret = errno ? -errno : -ENOSPC;
	free(refs);
	if (shr)
		xengntshr_close(shr);
	return ret;
}

static struct vchan *vchan_wrap(struct libxenvchan *x)
{
	struct vchan *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	x->blocking = 0; /* libxenvchan does not initialise it */
	v->x = x;
	v->rx_size = 1u << x->read.order;
	v->tx_size = 1u << x->write.order;
	/* A new ring starts at 0 on both sides; another index of the peer is out of range. */
	return v;
}

int vchan_serve(unsigned peer_domid, const char *path, unsigned order, struct vchan **out)
{
	uint32_t ring_pages = 1u << (order - 12);
	struct libxenvchan *x;
	int ret;

	/* libxenvchan appends "/event-channel" in a 64-byte buffer and truncates silently. */
	if (strlen(path) > 49)
		return -ENAMETOOLONG;
	/* libxenvchan frees uninitialised memory after an error, so check for each one first. */
	ret = check_device("/dev/xen/evtchn");
	if (ret == 0)
		ret = check_device("/dev/xen/gntalloc");
	if (ret == 0)
		ret = check_fds();
	if (ret == 0)
		ret = check_grants(peer_domid, 1 + 2 * ring_pages);
	if (ret < 0)
		return ret;

	x = libxenvchan_server_init(NULL, (int)peer_domid, path, (size_t)1 << order,
				    (size_t)1 << order);
	if (!x)
		return -EIO;
	*out = vchan_wrap(x);
	if (!*out) {
		libxenvchan_close(x);
		return -ENOMEM;
	}
	return 0;
}

static bool order_ok(int order)
{
	return order >= (int)WIRE_RING_ORDER_MIN && order <= (int)WIRE_RING_ORDER_MAX;
}

int vchan_connect(unsigned peer_domid, const char *path, struct vchan **out)
{
	struct libxenvchan *x;
	int ret = check_fds();

	if (ret < 0)
		return ret;
	x = libxenvchan_client_init(NULL, (int)peer_domid, path);
	if (!x)
		return -EIO;
	if (!order_ok(x->read.order) || !order_ok(x->write.order)) {
		libxenvchan_close(x);
		return -EPROTO;
	}
	*out = vchan_wrap(x);
	if (!*out) {
		libxenvchan_close(x);
		return -ENOMEM;
	}
	return 0;
}

void vchan_close(struct vchan *v)
{
	if (!v)
		return;
	libxenvchan_close(v->x);
	free(v);
}

static void unmap_rings(struct vchan *v)
{
	munmap(v->x->read.buffer, v->rx_size);
	munmap(v->x->write.buffer, v->tx_size);
}

void vchan_keep_page(struct vchan *v)
{
	unmap_rings(v);
}

void vchan_say_gone(struct vchan *v)
{
	__atomic_store_n(&v->x->ring->srv_live, 0, __ATOMIC_SEQ_CST); /* before the event */
	xenevtchn_notify(v->x->event, (evtchn_port_t)v->x->event_port);
}

void vchan_abandon(struct vchan *v)
{
	struct libxenvchan *x = v->x;

	unmap_rings(v);
	xengntshr_unshare(x->gntshr, x->ring, 1);
	xengntshr_close(x->gntshr);
	xenevtchn_close(x->event);
	free(x->xs_path);
	free(x);
	free(v);
}

int vchan_fd(const struct vchan *v)
{
	return libxenvchan_fd_for_select(v->x);
}

void vchan_ack(struct vchan *v)
{
	libxenvchan_wait(v->x);
}

bool vchan_is_open(const struct vchan *v)
{
	return libxenvchan_is_open(v->x) == 1;
}

bool vchan_peer_waiting(const struct vchan *v)
{
	return libxenvchan_is_open(v->x) == 2;
}

uint32_t vchan_ring_bytes(const struct vchan *v)
{
	return v->rx_size < v->tx_size ? v->rx_size : v->tx_size;
}

static unsigned ring_iov(char *buffer, uint32_t size, uint32_t index, uint32_t len,
			 struct iovec iov[2])
{
	uint32_t pos = index & (size - 1);
	uint32_t first = len < size - pos ? len : size - pos;

	iov[0] = (struct iovec){buffer + pos, first};
	iov[1] = (struct iovec){buffer, len - first};
	return len == first ? 1 : 2;
}

int64_t vchan_rx_poll(struct vchan *v)
{
	/* Acquire: reads the peer's prod before the bytes that it covers. */
	uint32_t prod = __atomic_load_n(&v->x->read.shr->prod, __ATOMIC_ACQUIRE);

	if (prod - v->rx_cons > v->rx_size)
		return -EPROTO;
	v->rx_prod = prod;
	if (prod - v->rx_cons > v->rx_peak)
		v->rx_peak = prod - v->rx_cons;
	return prod - v->rx_cons;
}

void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len)
{
	struct iovec iov[2];
	unsigned n = ring_iov(v->x->read.buffer, v->rx_size, v->rx_cons + off, len, iov);

	memcpy(buf, iov[0].iov_base, iov[0].iov_len);
	if (n > 1)
		memcpy((char *)buf + iov[0].iov_len, iov[1].iov_base, iov[1].iov_len);
}

unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	return ring_iov(v->x->read.buffer, v->rx_size, v->rx_cons + off, len, iov);
}

void vchan_rx_advance(struct vchan *v, uint32_t len)
{
	v->rx_cons += len;
}

void vchan_rx_commit(struct vchan *v)
{
	uint32_t left = v->rx_prod - v->rx_cons;

	/* Release: all bytes are read before the peer may overwrite them. */
	__atomic_store_n(&v->x->read.shr->cons, v->rx_cons, __ATOMIC_RELEASE);
	/*
	 * Frames are taken out one by one at a paced rate; a writer that waits for room should not
	 * wake up for each. It sleeps until a quarter is gone, and has three quarters left to wake
	 * up in time.
	 */
	if (left > v->rx_peak - v->rx_peak / 4)
		return;
	v->rx_peak = left;
	libxenvchan_recv(v->x, NULL, 0); /* notifies if the peer asked for it */
}

int64_t vchan_rx_arm(struct vchan *v)
{
	libxenvchan_data_ready(v->x); /* a full barrier: asks before it reads prod again */
	return vchan_rx_poll(v);
}

int64_t vchan_tx_poll(struct vchan *v)
{
	/* Acquire: the peer has read the bytes before this side overwrites them. */
	uint32_t cons = __atomic_load_n(&v->x->write.shr->cons, __ATOMIC_ACQUIRE);
	uint32_t used = v->tx_prod - cons;

	if (used > v->tx_size)
		return -EPROTO;
	v->tx_cons = cons;
	return v->tx_size - used;
}

void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len)
{
	struct iovec iov[2];

	vchan_tx_iov(v, off, len, iov);
	memcpy(iov[0].iov_base, buf, iov[0].iov_len);
	memcpy(iov[1].iov_base, (const char *)buf + iov[0].iov_len, iov[1].iov_len);
}

unsigned vchan_tx_iov(struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	return ring_iov(v->x->write.buffer, v->tx_size, v->tx_prod + off, len, iov);
}

void vchan_tx_advance(struct vchan *v, uint32_t len)
{
	v->tx_prod += len;
}

void vchan_tx_commit(struct vchan *v)
{
	if (v->tx_published == v->tx_prod)
		return;
	v->tx_published = v->tx_prod;
	/* Release: the bytes are written before the index that covers them. */
	__atomic_store_n(&v->x->write.shr->prod, v->tx_prod, __ATOMIC_RELEASE);
	libxenvchan_send(v->x, NULL, 0); /* notifies if the peer asked for it */
}

int64_t vchan_tx_arm(struct vchan *v)
{
	libxenvchan_buffer_space(v->x);
	return vchan_tx_poll(v);
}

uint32_t vchan_tx_taken(const struct vchan *v)
{
	return v->tx_cons;
}

uint32_t vchan_tx_inflight(const struct vchan *v)
{
	return v->tx_prod - v->tx_cons;
}
