/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A turn of the frame loop, with its events: what came is delivered before more is sent, and an
 * answer is read in the turn of its question.
 */
#include "backend/datapath/tx_head.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define TYPE	 0x88b5
#define FULL	 1518u /* on the wire */
#define LIMIT_NS (20 * NS_PER_SEC)

static struct bench *b;
static unsigned left; /* frames that had left at a certain moment */

static void make(const char *dst, const char *src, struct mk *m)
{
	mk_eth(m, dst, src, TYPE);
	mk_payload(m, FULL - FRAME_ETH_LEN - FRAME_FCS_LEN);
}

/* The data path knows of the frame even before the event. */
static void give(uint32_t slot)
{
	static const struct virtio_net_hdr_v1 plain;
	static struct mk m;

	make(MK_OTHER, (const char *)bench_mac(slot), &m);
	bench_give(b, slot, &plain, m.b, m.len);
	tx_scan(b->dp, b->guest[slot].ldp);
}

static void come(uint32_t slot)
{
	static const struct virtio_net_hdr_v1 plain;
	static struct mk m;

	make((const char *)bench_mac(slot), MK_OTHER, &m);
	bench_come(b, &plain, m.b, m.len);
}

/* The data path sends some of its own. */
static bool is_ours(const uint8_t *frame)
{
	return mk_get16(frame + 12) == TYPE;
}

/* How many left. */
static unsigned drain(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	unsigned n = 0;

	while (bench_left(b, &vnet, frame) > 0)
		n += is_ours(frame);
	return n;
}

/* How many the guest got. */
static unsigned take(uint32_t slot)
{
	struct wire_hdr hdr;
	const uint8_t *body;
	unsigned n = 0;

	while (bench_take(b, slot, &hdr, &body))
		n += hdr.type == WIRE_DATA && is_ours(body + WIRE_VNET_LEN);
	return n;
}

static void on_limit(void *arg)
{
	loop_stop(arg);
}

/* If `moment` stops the loop, the turn that is under way is the last one. */
static void run(uint64_t limit_ns, void (*moment)(struct chan *c, enum chan_moment what))
{
	struct loop_timer *end = loop_timer_new(b->loop, on_limit, b->loop);

	b->guest[0].chan.moment = moment;
	loop_timer_set(end, limit_ns);
	loop_run(b->loop);
	loop_timer_free(end);
	b->guest[0].chan.moment = NULL;
}

static void when_told(struct chan *c, enum chan_moment what)
{
	(void)what;
	if (c->told_written == 0)
		return;
	left = drain();
	c->moment = NULL;
	loop_stop(b->loop);
}

static void test_delivers_first(void)
{
	b = bench_new(2);
	give(1);
	come(0);
	b->guest[0].chan.waits_data = true;
	left = 1;
	run(LIMIT_NS, when_told);
	is_int(left, 0, "a guest is told of what came before the turn sends another one's frame");
	is_int(drain(), 1, ".. which leaves in the same turn");
	bench_free(b);
}

/* The loop has been told of the guest's frame only. */
static void answer(struct chan *c, enum chan_moment what)
{
	(void)what;
	come(0);
	c->moment = NULL;
	loop_stop(b->loop);
}

static void test_reads_answers(void)
{
	b = bench_new(1);
	run(NS_PER_MS, NULL); /* all that its coming causes */
	give(0);
	run(LIMIT_NS, answer);
	is_int(drain(), 1, "a frame leaves");
	is_int(take(0), 1, ".. and its answer is delivered in the same turn");
	bench_free(b);
}

int main(void)
{
	test_delivers_first();
	test_reads_answers();
	return done_testing();
}
