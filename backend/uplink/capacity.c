/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/capacity.h"

#include "backend/frame/frame.h"

/*
 * Theory of operation
 *
 * A span is the time between two refusals. At both of them the send buffer is full, so the bytes
 * written in between are exactly what the link has taken out. If they are less than a full buffer,
 * the buffer was never empty in that time: the link was always busy, and bytes / time is its rate.
 * Such spans are added up to samples of at least 10 ms and of enough frames that one frame more or
 * less makes no difference. A sample enters the estimate, a moving average, with weight 1/8. When
 * three consecutive samples are far off on the same side, the link has changed: the last of them
 * replaces the estimate.
 *
 * A span with more bytes gives no exact rate, because the link may have waited for this process.
 * But in any window the link has carried at least the bytes written minus the size of the buffer.
 * If that gives a higher rate than the estimate, it is a sample too. It is never the first one: a
 * link that was never full may have any capacity.
 *
 * A buffer that is too large is never full. If the link became slower, or the estimate was too
 * high, the guests' frames wait in the queue behind it, and no write is refused. So while much is
 * sent and no write is refused, the buffer is halved, down to half a millisecond; the next sample
 * restores its size. It does not become smaller, because a device frees room only at intervals.
 *
 * If the link runs out of frames in a span although frames wait, this process came too late for a
 * buffer of that size. The buffer is doubled until that ends, and halved again after a while. The
 * device reports room when the buffer is half empty, so half of the buffer covers the absence of
 * this process. The buffer must stay below what the queue behind it holds, or that queue drops
 * frames that this process believes are waiting.
 *
 * The buffer of a paced uplink follows its pace. This process can be too late only if the link is
 * slower than the pace, so that frames wait for the link and not for their time; the buffer then
 * grows in the same way.
 */
#define SAMPLE_NS      10000000u
#define SAMPLE_BYTES   (16 * FRAME_WIRE_FULL)
#define SAMPLE_FRAMES  8u /* of the longest kind */
#define WINDOW_NS      20000000u
#define WINDOW_BUFFERS 16u /* sent in a window: the content of one is then negligible */
#define WINDOW_MAX_NS  1000000000u
#define EWMA_SHIFT     3
#define FAR_SHIFT      2 /* a quarter */
#define FAR_COUNT      3u

#define PAGE	     4096u
#define SKB_ROOM     384u	/* in front of and behind a frame's bytes */
#define SNDBUF_MIN   (4 * 2304) /* full frames, as charged */
#define SNDBUF_START (128u << 10)
#define SNDBUF_MAX   (64u << 20)
#define SNDBUF_MS    2u
#define SLACK_MIN    (-2)
#define SLACK_MAX    3
#define SLACK_START  9 /* the most while there is no estimate */
#define QUIET_NS     50000000u
#define LATE_SPANS   16u /* spans that are judged together */
#define LATE_PART    4u	 /* one late span in four is too many */
#define LATE_FOR_NS  10000000000ull

void capacity_init(struct capacity *c, uint32_t sndbuf_max_bytes, uint64_t now_ns)
{
	*c = (struct capacity){.sndbuf_max_bytes = sndbuf_max_bytes,
			       .span_begin_ns = now_ns,
			       .window_begin_ns = now_ns,
			       .quiet_begin_ns = now_ns,
			       .late_ns = now_ns};
}

void capacity_set_max(struct capacity *c, uint32_t sndbuf_max_bytes)
{
	c->sndbuf_max_bytes = sndbuf_max_bytes;
}

/*
 * About what the kernel charges the send buffer for a frame: memory for it comes in powers of two,
 * for a long frame in pages.
 */
static uint32_t charge_of(uint32_t bytes)
{
	uint32_t size = 512;

	if (bytes >= PAGE - SKB_ROOM)
		return (bytes + PAGE - 1) / PAGE * PAGE + 1024;
	while (size < bytes + SKB_ROOM)
		size *= 2;
	return size + 256;
}

static uint64_t rate_bps(uint64_t bytes, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)bytes * 8000000000u / ns);
}

/* `side`: is it far above (1) or far below (-1) the average, or neither (0)? */
static void watch_far(struct capacity *c, uint64_t bps, int side)
{
	c->far_count = side == c->far_side ? c->far_count + 1 : 1;
	c->far_side = side;
	if (side == 0 || c->far_count < FAR_COUNT)
		return;
	/* The first of them may have begun before the change, the last one has not. */
	c->estimate_bps = bps;
	c->far_side = 0;
}

static void take_sample(struct capacity *c, uint64_t bps)
{
	uint64_t old = c->estimate_bps, far = old >> FAR_SHIFT;

	if (old == 0) {
		c->estimate_bps = bps;
		c->slack = 0; /* it made up for the missing estimate */
		return;
	}
	c->estimate_bps =
		bps > old ? old + ((bps - old) >> EWMA_SHIFT) : old - ((old - bps) >> EWMA_SHIFT);
	watch_far(c, bps, bps > old + far ? 1 : bps < old - far ? -1 : 0);
}

void capacity_sent(struct capacity *c, uint32_t wire_bytes, bool charged)
{
	c->span_bytes += wire_bytes;
	if (charged)
		c->span_charge += charge_of(wire_bytes);
	if (wire_bytes > c->busy_frame_max)
		c->busy_frame_max = wire_bytes;
	c->window_bytes += wire_bytes;
	c->quiet_bytes += wire_bytes;
}

void capacity_idle(struct capacity *c)
{
	c->idle = true;
}

/* A span ended in which the link was always busy. */
static void add_busy(struct capacity *c, uint64_t ns)
{
	c->busy_bytes += c->span_bytes;
	c->busy_ns += ns;
	if (c->busy_ns < SAMPLE_NS || c->busy_bytes < SAMPLE_BYTES ||
	    c->busy_bytes < (uint64_t)c->busy_frame_max * SAMPLE_FRAMES)
		return;
	take_sample(c, rate_bps(c->busy_bytes, c->busy_ns));
	if (c->slack < 0)
		c->slack = 0;
	c->busy_bytes = 0;
	c->busy_ns = 0;
	c->busy_frame_max = 0;
}

/* A span ended in which there was always a frame. `dry`: the link may have run out of them. */
static void count_late(struct capacity *c, bool dry, uint64_t now_ns)
{
	c->late += dry;
	if (++c->spans < LATE_SPANS)
		return;
	if (c->late * LATE_PART >= c->spans) {
		c->late_ns = now_ns;
		if (c->slack < (c->estimate_bps ? SLACK_MAX : SLACK_START))
			c->slack++;
	} else if (c->slack > 0 && now_ns - c->late_ns > LATE_FOR_NS) {
		c->late_ns = now_ns;
		c->slack--;
	}
	c->late = 0;
	c->spans = 0;
}

void capacity_blocked(struct capacity *c, uint64_t now_ns)
{
	/* An eighth less than full, because charge_of() is only about right. */
	bool dry = c->span_charge >= c->sndbuf_bytes - c->sndbuf_bytes / 8;

	if (c->anchored && !dry && now_ns > c->span_begin_ns)
		add_busy(c, now_ns - c->span_begin_ns);
	if (c->anchored && !c->idle)
		count_late(c, dry, now_ns);
	c->anchored = c->sndbuf_bytes > 0;
	c->idle = false;
	c->span_bytes = 0;
	c->span_charge = 0;
	c->span_begin_ns = now_ns;
	c->quiet_bytes = 0;
	c->quiet_begin_ns = now_ns;
}

void capacity_skip(struct capacity *c)
{
	c->anchored = false;
}

/* If much was sent and nothing refused, the buffer is too large to ever be full. */
static void watch_quiet(struct capacity *c, uint64_t now_ns)
{
	if (c->quiet_bytes < c->sndbuf_bytes / 4 || now_ns - c->quiet_begin_ns < QUIET_NS)
		return;
	c->quiet_bytes = 0;
	c->quiet_begin_ns = now_ns;
	if (c->estimate_bps && c->slack > SLACK_MIN)
		c->slack--;
}

void capacity_turn(struct capacity *c, uint64_t now_ns)
{
	uint64_t ns = now_ns - c->window_begin_ns, bps;

	watch_quiet(c, now_ns);
	if (ns < WINDOW_NS)
		return;
	if (c->window_bytes < (uint64_t)c->sndbuf_bytes * WINDOW_BUFFERS) {
		if (ns < WINDOW_MAX_NS)
			return;
	} else if (c->estimate_bps) {
		bps = rate_bps(c->window_bytes - c->sndbuf_bytes, ns);
		if (bps > c->estimate_bps)
			take_sample(c, bps);
	}
	c->window_bytes = 0;
	c->window_begin_ns = now_ns;
}

static uint64_t at_most(uint64_t v, uint64_t max)
{
	return v < max ? v : max;
}

uint32_t capacity_sndbuf(const struct capacity *c)
{
	uint64_t want = SNDBUF_START, old = c->sndbuf_bytes;
	uint64_t max = c->sndbuf_max_bytes ? c->sndbuf_max_bytes : SNDBUF_MAX;

	/* Twice, because a frame is charged with more than its bytes. */
	if (c->estimate_bps)
		want = c->estimate_bps / 8000 * SNDBUF_MS * 2;
	want = c->slack > 0 ? want << c->slack : want >> -c->slack;
	if (want < SNDBUF_MIN)
		want = SNDBUF_MIN;
	want = at_most(want, max);
	if (old <= max && want < old + old / 4 && want > old - old / 4)
		want = old;
	return (uint32_t)want;
}

uint32_t capacity_paced_sndbuf(const struct capacity *c, uint32_t paced_bytes)
{
	uint64_t max = c->sndbuf_max_bytes ? c->sndbuf_max_bytes : SNDBUF_MAX;
	uint64_t want = paced_bytes;

	if (c->slack > 0 && c->slack <= SLACK_MAX)
		want = at_most(want << c->slack, max > want ? max : want);
	return (uint32_t)want;
}

void capacity_resized(struct capacity *c, uint32_t sndbuf_bytes)
{
	if (c->sndbuf_bytes == sndbuf_bytes)
		return;
	c->sndbuf_bytes = sndbuf_bytes;
	c->anchored = false; /* the last refusal was at another size */
	c->late = 0;
	c->spans = 0;
}

uint64_t capacity_in_force_bps(uint64_t configured_bps, uint64_t estimate_bps, bool signal)
{
	if (configured_bps && !signal)
		return configured_bps;
	if (configured_bps == 0 || (estimate_bps && estimate_bps < configured_bps / 10 * 9))
		return estimate_bps;
	return configured_bps;
}
