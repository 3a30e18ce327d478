/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key of a frame, ECN's mark, and the flow queue. Input: steps, each a byte that says what to
 * do and what it needs. What goes in comes out, whole but for a mark, in the order of its flow, or
 * is dropped.
 */
#include "common/flowq.h"

#include "common/ecn.h"
#include "common/flow_key.h"
#include "tests/fuzz/fuzz.h"

#define FRAMES 4096u /* pushed at most; the vnet header holds the number */
#define HEADER 160u  /* bytes of the input at the begin of a frame */

struct run {
	struct flowq *q;
	uint64_t now_ns;
	uint32_t pushed, waiting;
	uint32_t len[FRAMES];
	uint32_t flow[FRAMES];
	bool gone[FRAMES];
};

static void leaves(struct run *r, const struct flowq_frame *f)
{
	uint32_t n = f->vnet.csum_offset, bytes = 0;

	must(n < r->pushed && !r->gone[n] && f->len == r->len[n] && f->flags == n);
	must(f->flow == r->flow[n] && f->iovcnt >= 1 && f->iovcnt <= 2);
	for (unsigned i = 0; i < f->iovcnt; i++) {
		must(f->iov[i].iov_len > 0);
		bytes += (uint32_t)f->iov[i].iov_len;
	}
	must(bytes == f->len);
	r->gone[n] = true;
	r->waiting--;
}

static void on_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	must(reason < FLOWQ_REASONS);
	leaves(arg, f);
}

/* A frame's key does not depend on what is behind FLOW_HDR_MAX, and a mark does not change it. */
static void check_key(const uint8_t *frame, uint32_t len)
{
	uint32_t n = len < FLOW_HDR_MAX ? len : FLOW_HDR_MAX;
	uint8_t *copy = fuzz_block(frame, n);
	struct flow_key key, again;
	bool marked = false;

	flow_key_read(copy, n, &key);
	must(key.words == 2 || key.words == 5);
	must((key.l3 == FLOW_L3_OTHER) == (key.l3_off == 0) && key.l3_off <= 22);
	if (key.l3 == FLOW_L3_IPV4)
		marked = ecn_mark_ipv4(copy + key.l3_off);
	else if (key.l3 == FLOW_L3_IPV6)
		marked = ecn_mark_ipv6(copy + key.l3_off);
	must(marked || memcmp(copy, frame, n) == 0);
	flow_key_read(copy, n, &again);
	must(memcmp(&key, &again, sizeof(key)) == 0);
	free(copy);
}

static void push(struct run *r, struct fuzz_in *in, uint8_t flags)
{
	uint32_t n = r->pushed, len = 1 + fuzz_u16(in) % FLOWQ_FRAME_MAX;
	struct virtio_net_hdr_v1 vnet = {.csum_offset = (uint16_t)n};
	uint8_t *frame = calloc(1, len);
	uint32_t head = fuzz_u8(in) % HEADER;
	struct flowq_place place;
	struct iovec iov;

	must(frame);
	fuzz_copy(in, frame, head < len ? head : len);
	check_key(frame, len);
	iov = (struct iovec){frame, len};
	r->len[n] = len;
	place = flowq_place_of(r->q, frame, len);
	r->flow[n] = place.flow;
	r->pushed++;
	r->waiting++;
	if (!flowq_push(r->q, flags & 2 ? &place : NULL, &vnet, &iov, 1, len,
			n | (flags & 1 ? FLOWQ_BEYOND : 0), r->now_ns)) {
		r->gone[n] = true;
		r->waiting--;
	}
	free(frame);
}

static void take(struct run *r, bool pop)
{
	struct flowq_frame f, again;

	if (!flowq_peek(r->q, r->now_ns, &f)) {
		must(r->waiting == 0);
		return;
	}
	must(flowq_peek(r->q, r->now_ns + 1000000000, &again) &&
	     again.vnet.csum_offset == f.vnet.csum_offset);
	if (!pop)
		return;
	leaves(r, &f);
	flowq_pop(r->q);
}

static void change(struct run *r, struct fuzz_in *in)
{
	struct flowq_limits limits = flowq_limits_default();

	limits.limit_bytes = (uint32_t)fuzz_u16(in) * 16;
	limits.quantum_bytes = fuzz_u16(in);
	limits.max_wait_ns = fuzz_u8(in) & 1 ? 50000000 : 0;
	limits.ecn = fuzz_u8(in) & 1;
	flowq_set_limits(r->q, &limits);
}

static void check_state(const struct run *r)
{
	struct flowq_state s;

	flowq_state(r->q, &s);
	must(s.frames == r->waiting && s.bytes <= s.used);
	must((s.frames == 0) == flowq_empty(r->q));
	must(s.memory <= (4u << 20) + (1u << 17));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flowq_limits limits = flowq_limits_default();
	struct fuzz_in in = {data, size};
	static struct run r;
	uint8_t what = fuzz_u8(&in);

	memset(&r, 0, sizeof(r));
	r.q = flowq_new(what & 1 ? 1 : 1u << (what >> 4 & 7), &limits, 7, on_drop, &r);
	must(r.q);
	while (in.left > 0 && r.pushed < FRAMES) {
		what = fuzz_u8(&in);
		r.now_ns += (uint64_t)(what >> 3) * 2000000;
		if ((what & 7) < 4)
			push(&r, &in, what >> 3);
		else if ((what & 7) < 6)
			take(&r, true);
		else if ((what & 7) == 6)
			take(&r, false);
		else if (what >> 3 == 0 && r.waiting == 0)
			flowq_trim(r.q);
		else
			change(&r, &in);
		check_state(&r);
	}
	flowq_free(r.q);
	return 0;
}
