/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/tx.h"

#include <string.h>

#include "common/offload.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define TX_QUEUE_MS    10u
#define TX_QUEUE_MIN   64u
#define TX_QUEUE_MAX   512u
#define TX_FRAME_BYTES 1514u
#define TX_HEADERS_MAX (14u + 2 * 4u + 60u + 60u) /* Ethernet, two tags, IPv4, TCP */

#define NS_PER_SEC	      1000000000ull
#define QUEUE_MS	      200u
#define QUEUE_BYTES_MIN	      (256u << 10) /* some datagrams of 64 KiB at once */
#define QUEUE_BYTES_MAX	      (4u << 20)
#define QUEUE_INTERVAL_MIN_NS (NS_PER_SEC / 5)
#define QUEUE_INTERVAL_MAX_NS (2 * NS_PER_SEC)

uint32_t tx_room(uint32_t ring_bytes, uint32_t inflight, uint64_t credit_bytes)
{
	uint32_t space = ring_bytes - inflight;

	if (inflight == 0)
		return space;
	if (credit_bytes <= inflight)
		return 0;
	return credit_bytes - inflight < space ? (uint32_t)(credit_bytes - inflight) : space;
}

uint64_t tx_limit_bytes(const struct tx_limit *l)
{
	uint64_t sum = l->credit_bytes + l->slack_bytes;

	return sum < l->credit_bytes ? UINT64_MAX : sum;
}

void tx_limit_starved(struct tx_limit *l, uint32_t ring_bytes)
{
	uint64_t room = ring_bytes - l->slack_bytes, more = tx_limit_bytes(l);

	l->starved = true;
	l->slack_bytes += more < room ? more : room;
}

void tx_limit_relax(struct tx_limit *l)
{
	if (!l->starved)
		l->slack_bytes -= (l->slack_bytes + 7) / 8;
	l->starved = false;
}

uint32_t tx_queue_frames(uint64_t rate_bps)
{
	uint64_t want = rate_bps / 8 * TX_QUEUE_MS / 1000 / TX_FRAME_BYTES;
	uint32_t frames = TX_QUEUE_MIN;

	while (frames < TX_QUEUE_MAX && (frames * 2 <= want || rate_bps == 0))
		frames *= 2;
	return frames;
}

/* CoDel does not keep a flood short: what its sender has left would take seconds at a low rate. */
static uint32_t queue_bytes(uint64_t rate_bps)
{
	uint64_t want = rate_bps / 8 * QUEUE_MS / 1000;

	if (rate_bps == 0 || rate_bps > UINT64_MAX / QUEUE_MS || want > QUEUE_BYTES_MAX)
		return QUEUE_BYTES_MAX;
	return want > QUEUE_BYTES_MIN ? (uint32_t)want : QUEUE_BYTES_MIN;
}

/* How long that takes; where the rate is not known, no time. */
static uint64_t time_of(uint64_t bytes, uint64_t rate_bps)
{
	if (rate_bps == 0)
		return 0;
	return bytes < UINT64_MAX / 8 / NS_PER_SEC ? bytes * 8 * NS_PER_SEC / rate_bps
						   : QUEUE_INTERVAL_MAX_NS;
}

struct flowq_limits tx_queue_limits(uint64_t rate_bps, uint64_t window_bytes)
{
	struct flowq_limits limits = flowq_limits_default();
	uint64_t two_ns = time_of(2 * FLOWQ_FRAME_MAX, rate_bps);
	uint64_t ring_ns = time_of(window_bytes, rate_bps);

	limits.limit_bytes = queue_bytes(rate_bps);
	if (two_ns > limits.target_ns)
		limits.target_ns =
			two_ns < QUEUE_INTERVAL_MAX_NS / 2 ? two_ns : QUEUE_INTERVAL_MAX_NS / 2;
	limits.interval_ns = 2 * (ring_ns > limits.target_ns ? ring_ns : limits.target_ns);
	if (limits.interval_ns < QUEUE_INTERVAL_MIN_NS)
		limits.interval_ns = QUEUE_INTERVAL_MIN_NS;
	if (limits.interval_ns > QUEUE_INTERVAL_MAX_NS)
		limits.interval_ns = QUEUE_INTERVAL_MAX_NS;
	return limits;
}

bool tx_offload_ok(const struct virtio_net_hdr_v1 *vnet, uint32_t offloads)
{
	if ((vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && !(offloads & TAP_CSUM))
		return false;
	switch (vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return offloads & TAP_TSO4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return offloads & TAP_TSO6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return offloads & TAP_USO;
	}
	return false;
}

/* The kernel says how much of the frame it has in one piece: that may be more than the headers. */
uint32_t tx_cost(const struct virtio_net_hdr_v1 *vnet, uint32_t len)
{
	uint32_t headers = vnet->hdr_len < TX_HEADERS_MAX ? vnet->hdr_len : TX_HEADERS_MAX;

	if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE || vnet->gso_size == 0 || len <= headers)
		return len;
	return len + (len - headers - 1) / vnet->gso_size * headers;
}

void tx_gather(void *to, const struct iovec *iov, unsigned n, uint32_t len)
{
	char *at = to;

	for (unsigned i = 0; i < n && len > 0; i++) {
		uint32_t part = iov[i].iov_len < len ? (uint32_t)iov[i].iov_len : len;

		memcpy(at, iov[i].iov_base, part);
		at += part;
		len -= part;
	}
}

unsigned tx_skip(const struct iovec *iov, unsigned n, uint32_t skip, uint32_t len,
		 struct iovec *out)
{
	unsigned pieces = 0;

	for (unsigned i = 0; i < n && len > 0; i++) {
		uint32_t have = (uint32_t)iov[i].iov_len, off = skip < have ? skip : have;
		uint32_t part = have - off < len ? have - off : len;

		skip -= off;
		len -= part;
		if (part > 0)
			out[pieces++] = (struct iovec){(char *)iov[i].iov_base + off, part};
	}
	return pieces;
}
