/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flow queue: what a full one drops, its memory; all of it beside a model. */
#include "tests/unit/flowq_udp.h"

static unsigned lost[65536];

static void count_flow(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	(void)arg;
	lost[f->flags]++;
	if (reason != FLOWQ_FULL)
		lost[0]++;
}

static void test_full(void)
{
	struct flowq *q = queue(1 << 18, count_flow, NULL);
	unsigned more = 0;

	memset(lost, 0, sizeof(lost));
	for (uint16_t flow = 10; flow < 20; flow++) {
		for (int i = 0; i < 5; i++)
			push(q, 1000, flow, 0);
	}
	for (int i = 0; i < 1000; i++)
		more += !push(q, 1514, 1, 0);
	for (uint16_t flow = 10; flow < 20; flow++)
		more += lost[flow];
	is_int(more, 0, "light flows lose nothing in a full queue");
	ok(lost[1] > 800, "the fattest flow loses %u of 1000 frames", lost[1]);
	ok(state(q).used <= 1 << 18, "the queue keeps its limit: %u bytes", state(q).used);
	ok(state(q).used > (1 << 18) * 7 / 8, "and does not drop more than it must");
	is_int(lost[0], 0, "they are dropped because the queue is full");
	is_int(state(q).counts.drops[FLOWQ_FULL], lost[1], "drops are counted");
	flowq_free(q);
}

static void test_full_of_new_flows(void)
{
	static unsigned kept[901];
	struct flowq *q = queue(1 << 16, count_flow, NULL);
	uint64_t seed = 5;
	unsigned least = UINT32_MAX;

	memset(lost, 0, sizeof(lost));
	for (unsigned i = 0; i < 54000; i++) {
		uint16_t flow = (uint16_t)(1 + mk_rand(&seed) % 900);

		kept[flow] += push(q, 60, flow, 0);
		if (i & 1)
			next(q, 0);
	}
	for (unsigned i = 1; i <= 900; i++)
		least = kept[i] - lost[i] < least ? kept[i] - lost[i] : least;
	ok(state(q).used <= 1 << 16, "many small flows keep the limit: %u bytes", state(q).used);
	ok(least >= 5, "of 900 alike, of whose frames half are too many, each keeps %u of 60",
	   least);
	ok(state(q).flows <= FLOWS, "there are %u flows", state(q).flows);
	flowq_free(q);
}

/* The head that was peeked stays, though its flow is the fattest. */
static void test_full_keeps_peeked(void)
{
	struct flowq *q = queue(1 << 16, count_flow, NULL);
	struct flowq_frame f, again;

	for (int i = 0; i < 20; i++)
		push(q, 1000 + (uint32_t)i, 1, 0);
	flowq_peek(q, 0, &f);
	for (int i = 0; i < 200; i++)
		push(q, 1500, 1, 0);
	ok(flowq_peek(q, 900 * MS, &again) && again.len == f.len && again.len == 1000,
	   "a frame that was peeked is not dropped");
	flowq_pop(q);
	ok(flowq_peek(q, 0, &f) && f.len == 1500, "those behind it were");
	flowq_free(q);
}

static void test_large(void)
{
	struct flowq *q = queue(1 << 16, count_flow, NULL);
	struct flowq_frame f;

	memset(lost, 0, sizeof(lost));
	ok(push(q, 65000, 1, 0), "an empty queue takes the largest frame");
	ok(push(q, 60, 2, 0), "beside it a small one of another flow");
	is_int(lost[1] + lost[2], 0, "neither is dropped for the other");
	ok(flowq_peek(q, 0, &f) && f.len == 65000 && f.iovcnt >= 1 && f.iovcnt <= 2,
	   "the large one comes out first");
	for (int i = 0; i < 1000; i++)
		push(q, 1514, 3, 0);
	ok(state(q).used <= 65536 + 65536 + 4096, "large and peeked frames keep the bound: %u",
	   state(q).used);
	flowq_free(q);
}

static void test_one_flow(void)
{
	struct flowq_limits limits = flowq_limits_default();
	struct flowq *q = flowq_new(1, &limits, 0, count_flow, NULL);
	struct iovec iov = content(1500, 7, 0);
	unsigned n = 0;

	memset(lost, 0, sizeof(lost));
	while (push(q, 1500, (uint16_t)(n + 1), 0))
		n++;
	ok(n >= 40 && n <= 44, "64 KiB hold %u full frames", n);
	ok(!flowq_takes(q, 1500, 0) && flowq_takes(q, 1500, FLOWQ_BEYOND), "a full one says so");
	ok(flowq_push(q, NULL, &plain, &iov, 1, 1, FLOWQ_BEYOND | 9, 0),
	   "beyond its limit it takes more");
	for (unsigned i = 1; i <= n; i++)
		n += next(q, 0) == i ? 0 : 1000;
	ok(n < 1000, "one flow is a FIFO");
	is_int(next(q, 0), 9, "the caller's flags come without FLOWQ_BEYOND");
	flowq_free(q);
}

/* --- memory and content ----------------------------------------------------------------------- */

static void test_memory(void)
{
	struct flowq *q = queue(1 << 20, NULL, NULL);

	is_int((long)state(q).memory, 0, "a new queue has no memory");
	push(q, 1000, 1, 0);
	ok(state(q).memory <= 65536 + 2 * FLOWS + 2048, "one frame has %zu bytes", state(q).memory);
	for (int i = 0; i < 3000; i++)
		push(q, 1514, 1, 0);
	ok(state(q).memory <= (2 << 20) + 4096, "a full one has %zu bytes", state(q).memory);
	while (next(q, 0) > 0)
		;
	ok(flowq_empty(q) && state(q).used == 0 && state(q).bytes == 0,
	   "an empty one has none used");
	flowq_trim(q);
	is_int((long)state(q).memory, 0, "one that was trimmed has no memory");
	ok(push(q, 1000, 1, 0) && next(q, 0) == 1, "and takes frames again");
	flowq_free(q);
}

/* Ports behind two tags and IPv6 lie in a frame's second line, which may be at the other end. */
static void test_headers_wrap(void)
{
	struct flowq *q = queue(1 << 16, NULL, NULL);
	struct flowq_frame f;
	unsigned bad = 0;

	for (uint16_t i = 0; i < 4000; i++) {
		struct iovec iov = {m.b, 0};

		mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
		mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
		mk_udp(&m, i, 53);
		mk_payload(&m, 140); /* five lines with the record, so the wrap comes everywhere */
		mk_finish(&m, 0);
		mk_tag(&m, 0x8100, 1);
		mk_tag(&m, 0x88a8, 2);
		iov.iov_len = m.len;
		flowq_push(q, NULL, &plain, &iov, 1, m.len, flowq_place_of(q, m.b, m.len).flow, 0);
		if (i > 2 && flowq_peek(q, 0, &f)) {
			bad += f.flow != f.flags;
			flowq_pop(q);
		}
	}
	is_int(bad, 0, "headers in two pieces have the flow of those in one");
	flowq_free(q);
}

/* A model: for each flow the numbers of its frames in order. Frames say their number in vnet. */
#define MODEL_FLOWS 24u
#define MODEL_DEEP  8192u

struct model {
	uint16_t seq[MODEL_FLOWS][MODEL_DEEP];
	unsigned head[MODEL_FLOWS], tail[MODEL_FLOWS];
	unsigned frames, bad;
	uint16_t peeked; /* 0: none */
};

static bool whole(const struct flowq_frame *f, uint32_t seed)
{
	uint32_t at = 0;

	for (unsigned k = 0; k < f->iovcnt; k++) {
		const uint8_t *p = f->iov[k].iov_base;

		for (size_t i = 0; i < f->iov[k].iov_len; i++, at++) {
			if (at >= 42 && p[i] != (uint8_t)(at * 5 + seed))
				return false;
		}
	}
	return at == f->len;
}

/* It leaves: it must be its flow's first, or the one behind what was peeked. */
static void model_leaves(struct model *d, const struct flowq_frame *f)
{
	unsigned flow = f->flags & 0xff, at = d->head[flow];
	uint16_t seq = f->vnet.csum_offset;

	if (d->peeked && d->seq[flow][at % MODEL_DEEP] == d->peeked && seq != d->peeked) {
		d->seq[flow][at % MODEL_DEEP] = d->seq[flow][(at + 1) % MODEL_DEEP];
		d->bad += d->seq[flow][at % MODEL_DEEP] != seq;
		d->seq[flow][(at + 1) % MODEL_DEEP] = d->peeked;
	}
	d->bad += at == d->tail[flow] || seq != d->seq[flow][at % MODEL_DEEP] || !whole(f, seq);
	d->head[flow]++;
	d->frames--;
}

static void model_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	struct model *d = arg;

	d->bad += f->vnet.csum_offset == d->peeked || reason == FLOWQ_STALE;
	model_leaves(d, f);
}

static void model_push(struct model *d, struct flowq *q, uint16_t seq, uint64_t r, uint64_t now_ns)
{
	static const uint32_t max[] = {80, 1514, 9000, 65500};
	struct virtio_net_hdr_v1 vnet = {.csum_offset = seq};
	unsigned flow = (unsigned)(r >> 8) % MODEL_FLOWS;
	uint32_t len = 60 + (uint32_t)(r >> 16) % (max[(r >> 6) & 3] - 59);
	struct iovec iov[2] = {content(60, (uint16_t)flow, (r >> 5) & 2)};
	struct flowq_place place = flowq_place_of(q, m.b, m.len);

	for (uint32_t at = 42; at < len; at++)
		m.b[at] = (uint8_t)(at * 5 + seq);
	iov[0].iov_len = 30;
	iov[1] = (struct iovec){m.b + 30, len - 30};
	d->seq[flow][d->tail[flow]++ % MODEL_DEEP] = seq;
	d->frames++;
	if (flowq_push(q, r >> 63 ? &place : NULL, &vnet, iov, 2, len, flow, now_ns))
		return;
	d->tail[flow]--;
	d->frames--;
}

static void model_peek(struct model *d, struct flowq *q, uint64_t now_ns, bool pop)
{
	struct flowq_frame f;

	if (!flowq_peek(q, now_ns, &f)) {
		d->bad += d->frames != 0;
		return;
	}
	d->bad += d->peeked && f.vnet.csum_offset != d->peeked;
	d->peeked = f.vnet.csum_offset;
	if (!pop)
		return;
	d->peeked = 0;
	model_leaves(d, &f);
	flowq_pop(q);
}

static void model_step(struct model *d, struct flowq *q, uint64_t r, uint16_t seq, uint64_t now_ns)
{
	struct flowq_limits limits = flowq_limits_default();

	if (r % 64 == 0) {
		limits.limit_bytes = (uint32_t)(r >> 8) % (2u << 20);
		limits.quantum_bytes = (uint32_t)(r >> 40) % 9000;
		flowq_set_limits(q, &limits);
	} else if (r % 64 == 1 && flowq_empty(q)) {
		flowq_trim(q);
	} else if (r % 64 < 33) {
		model_push(d, q, seq, r, now_ns);
	} else {
		model_peek(d, q, now_ns, r % 64 < 60);
	}
	d->bad += state(q).frames != d->frames;
	d->bad += state(q).memory > (4u << 20) + 65536;
}

static void test_model(void)
{
	static struct model d;
	struct flowq *q = queue(1 << 18, model_drop, &d);
	uint64_t seed = 11, now_ns = 0;
	struct flowq_state s;

	for (unsigned i = 0; i < 60000 && d.bad == 0; i++) {
		uint64_t r = (uint64_t)mk_rand(&seed) << 32 | mk_rand(&seed);

		now_ns += r % (2 * MS);
		if (i % 20000 < 400) /* now and then it runs empty */
			r |= 63;
		model_step(&d, q, r, (uint16_t)(1 + i % 65535), now_ns);
	}
	s = state(q);
	is_int(d.bad, 0, "each frame comes out or is dropped, whole and in its flow's order");
	ok(s.counts.drops[FLOWQ_CODEL] > 100 && s.counts.drops[FLOWQ_FULL] > 100 &&
		   s.counts.marks > 100,
	   "%llu by CoDel, %llu of a full queue, %llu marked",
	   (unsigned long long)s.counts.drops[FLOWQ_CODEL],
	   (unsigned long long)s.counts.drops[FLOWQ_FULL], (unsigned long long)s.counts.marks);
	flowq_free(q);
}

static void test_crowded(void)
{
	struct flowq *q = queue(1 << 16, NULL, NULL);
	struct flowq_frame f;
	uint32_t heavy, light;

	content(100, 2, 0);
	light = flowq_place_of(q, m.b, m.len).flow;
	content(100, 1, 0);
	heavy = flowq_place_of(q, m.b, m.len).flow;
	ok(!flowq_is_crowded_by(q, heavy), "an empty queue is not crowded");
	for (int i = 0; i < 100; i++)
		push(q, 1514, 1, 0);
	push(q, 100, 2, 0);
	ok(flowq_is_crowded_by(q, heavy) && !flowq_is_crowded_by(q, light),
	   "a full queue is crowded by the flow that has most of it");
	ok(flowq_peek(q, 0, &f) && (f.flow == heavy || f.flow == light) && heavy != light,
	   "a frame has the flow that was calculated");
	flowq_free(q);
}

/* Records of 512 bytes: 16 of them are an eighth of the limit. */
static void test_still_crowded(void)
{
	static const struct {
		unsigned heavy, light;
		bool is, still;
		const char *what;
	} cases[] = {
		{65, 48, true, true, "a full queue of which it has more than half"},
		{64, 64, false, true, "a full queue of which it has half"},
		{65, 32, false, true, "a queue that is not full any more"},
		{49, 50, false, true, "a queue of which it has more than a third, with some room"},
		{48, 64, false, false, "a full queue of which it has less than half"},
		{80, 0, false, false, "a queue that has room"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flowq *q = queue(1 << 16, NULL, NULL);
		struct iovec iov = content(448, 1, 0);
		uint32_t heavy = flowq_place_of(q, iov.iov_base, iov.iov_len).flow;

		for (unsigned n = 0; n < cases[i].heavy; n++)
			push(q, 448, 1, 0);
		for (unsigned n = 0; n < cases[i].light; n++)
			push(q, 448, 2, 0);
		is_int(flowq_is_crowded_by(q, heavy), cases[i].is, "is a flow too much for %s?",
		       cases[i].what);
		is_int(flowq_is_still_crowded_by(q, heavy), cases[i].still,
		       "was a flow too much, and still is for %s?", cases[i].what);
		flowq_free(q);
	}
}

int main(void)
{
	test_full();
	test_full_of_new_flows();
	test_full_keeps_peeked();
	test_large();
	test_one_flow();
	test_crowded();
	test_still_crowded();
	test_memory();
	test_headers_wrap();
	test_model();
	return done_testing();
}
