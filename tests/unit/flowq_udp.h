/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq_udp.h: a flow queue that UDP frames come into and leave, for tests. */
#ifndef DMVL_TESTS_FLOWQ_UDP_H
#define DMVL_TESTS_FLOWQ_UDP_H

#include "common/flowq.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define MS    1000000ull
#define FLOWS 1024u

static struct mk m; /* the last frame that was made */
static const struct virtio_net_hdr_v1 plain;

/* The content of a frame of a UDP flow; `ecn` are its two bits. */
MK struct iovec content(uint32_t len, uint16_t flow, uint8_t ecn)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	m.b[m.l3 + 1] = ecn;
	mk_udp(&m, flow, 53);
	mk_payload(&m, len - m.len);
	mk_finish(&m, 1);
	return (struct iovec){m.b, m.len};
}

MK bool push_ecn(struct flowq *q, uint32_t len, uint16_t flow, uint8_t ecn, uint64_t now_ns)
{
	struct iovec iov = content(len, flow, ecn);

	return flowq_push(q, NULL, &plain, &iov, 1, len, flow, now_ns);
}

MK bool push(struct flowq *q, uint32_t len, uint16_t flow, uint64_t now_ns)
{
	return push_ecn(q, len, flow, 0, now_ns);
}

MK struct flowq *queue(uint32_t limit, flowq_drop_cb *cb, void *arg)
{
	struct flowq_limits limits = flowq_limits_default();

	limits.limit_bytes = limit;
	return flowq_new(FLOWS, &limits, 42, cb, arg);
}

MK struct flowq_state state(const struct flowq *q)
{
	struct flowq_state s;

	flowq_state(q, &s);
	return s;
}

/* The flow of the next frame, which is taken; 0: none. */
MK unsigned next(struct flowq *q, uint64_t now_ns)
{
	struct flowq_frame f;

	if (!flowq_peek(q, now_ns, &f))
		return 0;
	flowq_pop(q);
	return f.flags;
}

#endif
