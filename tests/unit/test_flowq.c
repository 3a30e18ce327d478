/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flow queue: turns, CoDel's times, ECN. */
#include "tests/unit/flowq_udp.h"

/* Two flows that always wait, in frames of these sizes: the bytes of the first among 4 MiB. */
static double share(uint32_t len1, uint32_t len2)
{
	struct flowq *q = queue(4 << 20, NULL, NULL);
	uint64_t bytes[3] = {0};

	for (uint32_t n = 0; n < 1 << 20; n += len1)
		push(q, len1, 1, 0);
	for (uint32_t n = 0; n < 1 << 20; n += len2)
		push(q, len2, 2, 0);
	while (bytes[1] + bytes[2] < 1 << 20) {
		unsigned flow = next(q, 0);

		bytes[flow] += flow == 1 ? len1 : len2;
	}
	flowq_free(q);
	return (double)bytes[1] / (double)(bytes[1] + bytes[2]);
}

static void test_turns(void)
{
	static const uint32_t len[][2] = {{1514, 1514}, {100, 1514}, {60, 9000}, {1514, 65000}};

	for (unsigned i = 0; i < 4; i++) {
		double part = share(len[i][0], len[i][1]);

		ok(part > .44 && part < .56, "frames of %u beside %u bytes have %.3f of the bytes",
		   len[i][0], len[i][1], part);
	}
}

static void test_new_flow(void)
{
	struct flowq *q = queue(1 << 20, NULL, NULL);
	struct flowq_frame f;

	for (int i = 0; i < 100; i++)
		push(q, 1514, 1, 0);
	is_int(next(q, 0), 1, "a flow that is alone is served");
	is_int(next(q, 0), 1, "a flow that is alone is served again");
	push(q, 100, 2, 0);
	ok(flowq_peek(q, 0, &f) && f.flags == 2 && f.sparse, "a new flow goes first, as sparse");
	flowq_pop(q);
	ok(flowq_peek(q, 0, &f) && f.flags == 1 && !f.sparse, "the old flow is not sparse");
	push(q, 100, 3, 0);
	ok(flowq_peek(q, 0, &f) && f.flags == 1, "what was peeked stays before a new flow");
	flowq_pop(q);
	is_int(next(q, 0), 3, "the new flow comes behind what was peeked");
	/* It was served as new, is empty, and comes back: it may not starve the old flow. */
	for (int i = 0; i < 30; i++)
		push(q, 1514, 4, 0);
	is_int(next(q, 0), 4, "a second new flow goes first");
	ok(next(q, 0) + next(q, 0) == 1 + 4,
	   "after a quantum its turns alternate with the old one's");
	flowq_free(q);
}

/* A flow whose frames come one by one, each when the last one has gone: RFC 8290, 4.2. */
static void test_no_starving(void)
{
	struct flowq *q = queue(1 << 20, NULL, NULL);
	unsigned served[3] = {0};

	for (int i = 0; i < 200; i++)
		push(q, 1514, 1, 0);
	for (int i = 0; i < 100; i++) {
		push(q, 1514, 2, 0);
		served[next(q, 0)]++;
		served[next(q, 0)]++;
	}
	ok(served[1] >= 90, "a flow that comes again and again leaves %u of 200 turns", served[1]);
	flowq_free(q);
}

/* --- CoDel ------------------------------------------------------------------------------------ */

struct seen {
	unsigned ms[16], n;
	unsigned now_ms;
	enum flowq_reason reason;
};

static void on_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	struct seen *s = arg;

	(void)f;
	s->reason = reason;
	if (s->n < 16)
		s->ms[s->n] = s->now_ms;
	s->n++;
}

static void fill(struct flowq *q, unsigned n, uint8_t ecn, uint64_t now_ns)
{
	for (unsigned i = 0; i < n; i++)
		push_ecn(q, 1000, 1, ecn, now_ns);
}

/* In each millisecond a frame comes and one is taken. */
static void stand(struct flowq *q, struct seen *s, uint8_t ecn, unsigned from_ms, unsigned to_ms)
{
	struct flowq_frame f;

	for (unsigned t = from_ms; t < to_ms; t++) {
		uint64_t marks = state(q).counts.marks;

		s->now_ms = t;
		push_ecn(q, 1000, 1, ecn, t * MS);
		flowq_peek(q, t * MS, &f);
		flowq_pop(q);
		if (state(q).counts.marks > marks)
			on_drop(s, NULL, FLOWQ_REASONS);
	}
}

static void is_list(const struct seen *s, const unsigned *want, unsigned n, const char *name)
{
	unsigned bad = s->n != n;

	for (unsigned i = 0; i < n && i < s->n; i++) {
		bad += s->ms[i] != want[i];
		if (s->ms[i] != want[i])
			diag("number %u at %u ms, want %u", i + 1, s->ms[i], want[i]);
	}
	if (s->n != n)
		diag("%u, want %u", s->n, n);
	is_int(bad, 0, "%s", name);
}

/*
 * RFC 8289 by the clock. Above the target from 5 ms on; an interval later, at 105 ms, the first
 * drop; the next ones 100, 70.7, 57.7, 50, 44.7, 40.8 .. ms later, each in the first whole
 * millisecond that is not before.
 */
static const unsigned law[] = {105, 205, 276, 334, 384, 429, 470, 507};

static void test_drops(void)
{
	/* Standing again: drops go on where they ended, 100 / sqrt(8 - 1) ms apart, and so on. */
	static const unsigned again[] = {715, 753, 789, 822};
	static const unsigned later[] = {3105, 3205,
					 3276}; /* after 16 intervals that is forgotten */
	struct seen s = {0};
	struct flowq *q = queue(1 << 20, on_drop, &s);

	fill(q, 200, 0, 0);
	stand(q, &s, 0, 0, 510);
	is_list(&s, law, 8, "a standing queue drops frames at RFC 8289's times");
	is_int(s.reason, FLOWQ_CODEL, "they are dropped by CoDel");
	while (next(q, 510 * MS) > 0)
		;
	s.n = 0;
	fill(q, 200, 0, 610 * MS);
	stand(q, &s, 0, 610, 830);
	is_list(&s, again, 4, "a queue that stands soon again drops at the rate of before");
	while (next(q, 830 * MS) > 0)
		;
	s.n = 0;
	fill(q, 200, 0, 3000 * MS);
	stand(q, &s, 0, 3000, 3300);
	is_list(&s, later, 3, "a queue that stands much later begins slowly");
	flowq_free(q);
}

/* Whoever takes the frames stands still for ten seconds: a process without a processor, a paused
 * guest. */
static void test_pause(void)
{
	struct seen s = {0};
	struct flowq *q = queue(1 << 20, on_drop, &s);
	struct flowq_frame f;
	unsigned before;

	fill(q, 200, 0, 0);
	stand(q, &s, 0, 0, 510);
	before = state(q).frames;
	s.n = 0;
	ok(flowq_peek(q, 10510 * MS, &f), "after a pause there is a frame");
	ok(s.n > 0 && s.n < 6, "%u of %u frames that waited are dropped after a pause", s.n,
	   before);
	flowq_pop(q);
	stand(q, &s, 0, 10511, 10600);
	ok(s.n < 12, "%u are dropped in the 90 ms after it", s.n);
	flowq_free(q);
}

static void test_marks(void)
{
	struct seen s = {0};
	struct flowq *q = queue(1 << 20, on_drop, &s);

	fill(q, 200, 2, 0);
	stand(q, &s, 2, 0, 510);
	is_list(&s, law, 8, "a standing queue marks what takes part in ECN, at the same times");
	is_int(state(q).counts.drops[FLOWQ_CODEL], 0, "a flow that is marked loses nothing");
	is_int(state(q).counts.marks, 8, "marks are counted");
	flowq_free(q);
}

static void test_mark_content(struct flowq *q, const char *name)
{
	struct flowq_frame f;
	bool good = true;
	uint8_t *copy;

	for (unsigned t = 0; t <= 105; t++) {
		flowq_peek(q, t * MS, &f);
		flowq_pop(q);
		copy = mk_copy(f.iov[0].iov_base, f.len);
		good = good && mk_csum_good(&m, copy, f.len) &&
		       (copy[15] & 3) == (t == 105 ? 3 : 1);
		free(copy);
	}
	ok(good, "the frame that is marked is the one that is given, with right checksums%s", name);
	flowq_free(q);
}

static void test_mark_read(void)
{
	struct flowq *q = queue(1 << 20, NULL, NULL);

	fill(q, 200, 1, 0);
	test_mark_content(q, "");
}

static void test_mark_known(void)
{
	struct flowq *q = queue(1 << 20, NULL, NULL);
	struct flowq_place place;
	struct iovec iov;

	for (unsigned i = 0; i < 200; i++) {
		iov = content(1000, 1, 1);
		place = flowq_place_of(q, m.b, m.len);
		flowq_push(q, &place, &plain, &iov, 1, 1000, 1, 0);
	}
	test_mark_content(q, ", also where its place was known");
}

static void test_below_target(void)
{
	struct seen s = {0};
	struct flowq *q = queue(1 << 20, on_drop, &s);

	for (unsigned t = 0; t < 2000; t++) {
		push(q, 1000, 1, t * MS);
		if (t >= 4)
			next(q, t * MS);
	}
	is_int(s.n, 0, "frames that wait less than the target are not dropped");
	while (next(q, 2000 * MS) > 0)
		;
	/* One full frame waits, and one behind it: RFC 8289's maxpacket. */
	for (unsigned t = 2000; t < 4000; t += 10) {
		push(q, 1000, 1, t * MS);
		if (t > 2000)
			next(q, t * MS);
	}
	is_int(s.n, 0, "less than a full frame behind the head is no standing queue");
	flowq_free(q);
}

static void test_codel_of_each(void)
{
	struct seen s = {0};
	struct flowq *q = queue(1 << 20, on_drop, &s);
	unsigned light = 0;

	fill(q, 300, 0, 0);
	for (unsigned t = 0; t < 1000; t++) {
		push(q, 1000, 1, t * MS);
		if (t % 10 == 0)
			push(q, 100, 2, t * MS);
		light += next(q, t * MS) == 2;
	}
	ok(s.n > 10, "the flow that stands loses %u frames", s.n);
	is_int(light, 100, "the light one beside it gets all of its frames through");
	is_int(state(q).counts.drops[FLOWQ_CODEL], s.n, "drops are counted");
	flowq_free(q);
}

static void test_max_wait(void)
{
	struct flowq_limits limits = flowq_limits_default();
	struct seen s = {0};
	struct flowq *q;

	limits.max_wait_ns = 20 * MS;
	q = flowq_new(1, &limits, 0, on_drop, &s);
	fill(q, 10, 0, 0);
	fill(q, 1, 0, 10 * MS);
	is_int(next(q, 20 * MS), 1, "a frame that waited as long as it may is given");
	is_int(next(q, 21 * MS), 1, "then the first that did not wait longer");
	is_int(s.n, 9, "those that waited longer are dropped");
	is_int(s.reason, FLOWQ_STALE, "as stale ones");
	is_int(next(q, 21 * MS), 0, "the queue is empty");
	flowq_free(q);
}

int main(void)
{
	test_turns();
	test_new_flow();
	test_no_starving();
	test_drops();
	test_pause();
	test_marks();
	test_mark_read();
	test_mark_known();
	test_below_target();
	test_codel_of_each();
	test_max_wait();
	return done_testing();
}
