/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/share.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Theory of operation
 *
 *	[TBF of the operator]
 *	    HTB 1d6d:
 *	        class 1d6d:1     all frames: the capacity
 *	            class 1d6d:10    frames that came in through the TAP: the LDPs'
 *	            class 1d6d:20    all others: Dom0's own, vifs', other daemons'
 *
 * Each of the two classes has its rate for certain and borrows what the other leaves. The rates
 * add up to the capacity, so the excess of both is never contested. The host counts as one more LDP
 * with a weight, a minimum and a maximum of its own. But where its weight would give it more than
 * its minimum, the LDPs' minima go first, with a margin, so that a measured capacity that wavers
 * does not count as too small for them.
 *
 * A filter knows the LDPs' frames by the interface through which they came in (`indev`), which a
 * bridge leaves in the frame. Addresses would have to be kept in step with the LDPs, and with
 * all that is behind an LDP whose sender is not checked.
 *
 * The queue of the LDPs' class must hold more than the TAP's send buffer, so that the buffer is
 * full first (probe.c). So the buffer bounds the delay, not the queue. In a TBF both queues hold
 * what the operator allowed the TBF to hold. Without one they take at least some long frames
 * (GSO). HTB does not cut those, and dmvl-back cuts the LDPs' only. So the host's class of a slow
 * exit has a TBF of its own, at a rate that never limits: a TBF cuts what is longer than its burst.
 */
#define HOST_MIN_PERCENT  5u	/* of the capacity, where host-min is not set */
#define LDPS_PERCENT	  5u	/* of the capacity, which the host never gets */
#define MINIMA_PERCENT	  90u	/* of the LDPs' rate that their minima take at most */
#define HOST_RATE_MIN	  8000u /* HTB takes no rate of 0 */
#define BURST_MS	  2u
#define BURST_MIN	  16384u
#define QUANTUM_MIN	  1600u /* a full frame */
#define QUANTUM_MAX	  60000u
#define LDPS_QUEUE_MS	  20u
#define LDPS_QUEUE_MIN	  (512u << 10)
#define HOST_QUEUE_MS	  5u
#define HOST_QUEUE_MIN	  (256u << 10)
#define HOST_QUEUE_FRAMES 1000u /* of fq_codel, which drops long before */
#define CUT_MS		  1u
#define CUT_MIN		  10000u /* a jumbo frame */
#define CUT_RATE	  "10gbit"
#define LONG_FRAME	  65536u
/*
 * The checksum of a frame, which the kernel does not count and the pace of the LDPs' frames does.
 * Counting the gap between frames too would make the HTB slower than that pace: frames would wait
 * here, where no lottery decides.
 */
#define FCS_BYTES 4u

static uint64_t at_most(uint64_t v, uint64_t max)
{
	return v < max ? v : max;
}

static uint64_t at_least(uint64_t v, uint64_t min)
{
	return v > min ? v : min;
}

/* --- rates ------------------------------------------------------------------------------------ */

uint64_t share_host_limit_bps(const struct share_wish *w)
{
	uint64_t most = w->capacity_bps - w->capacity_bps / 100 * LDPS_PERCENT;

	return w->max_bps ? at_most(w->max_bps, most) : most;
}

uint64_t share_host_min_bps(const struct share_wish *w)
{
	uint64_t min = w->min_bps == SHARE_MIN_AUTO ? w->capacity_bps / 100 * HOST_MIN_PERCENT
						    : w->min_bps;

	return at_most(min, share_host_limit_bps(w));
}

static uint64_t by_weight_bps(const struct share_wish *w)
{
	uint64_t weights = w->weight + w->ldp_weights;

	return weights ? (uint64_t)((unsigned __int128)w->capacity_bps * w->weight / weights) : 0;
}

struct share_rates share_rates(const struct share_wish *w)
{
	uint64_t minima = w->ldp_minima_bps * 100 / MINIMA_PERCENT;
	uint64_t left = w->capacity_bps - at_most(minima, w->capacity_bps);
	uint64_t host = at_least(at_most(by_weight_bps(w), left), share_host_min_bps(w));

	return (struct share_rates){
		.capacity_bps = w->capacity_bps,
		.host_bps = at_most(at_least(at_most(host, share_host_limit_bps(w)), HOST_RATE_MIN),
				    w->capacity_bps - w->capacity_bps / 100 * LDPS_PERCENT),
		.host_max_bps =
			w->max_bps ? at_least(at_most(w->max_bps, w->capacity_bps), HOST_RATE_MIN)
				   : w->capacity_bps,
	};
}

/* --- what may be shared ----------------------------------------------------------------------- */

static bool is_default(const struct qdiscs *q)
{
	return q->root_handle == 0;
}

static bool in_tbf(const struct qdiscs *q)
{
	return strcmp(q->root, "tbf") == 0;
}

__attribute__((format(printf, 2, 3))) static bool refuse(char why[SHARE_WHY_MAX], const char *fmt,
							 ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, SHARE_WHY_MAX, fmt, ap);
	va_end(ap);
	return false;
}

bool share_stands(const struct share_port *p)
{
	return p->found.shared && strcmp(p->found.share_tap, p->tap) == 0;
}

bool share_is_foreign(const struct share_port *p)
{
	return p->found.shared && p->found.share_tap[0] && !share_stands(p);
}

bool share_may(enum share_mode mode, const struct share_port *p, char why[SHARE_WHY_MAX])
{
	const struct qdiscs *q = &p->found;

	why[0] = '\0';
	if (mode == SHARE_NO)
		return refuse(why, "--share-uplink=no");
	if (share_is_foreign(p))
		return refuse(why, "another dmvl-back shares %s", p->exit);
	if (q->shared)
		return true;
	if (strcmp(q->root, "mq") == 0 && is_default(q))
		return mode == SHARE_YES ||
		       refuse(why,
			      "%s has several transmit queues, of which HTB would leave one "
			      "(--share-uplink=yes does it all the same)",
			      p->exit);
	if (q->root[0] == '\0')
		return refuse(why, "%s has no qdisc", p->exit);
	if (is_default(q))
		return true;
	if (!in_tbf(q))
		return refuse(why, "%s has a qdisc of its own, %s", p->exit, q->root);
	if (!q->tbf.plain)
		return refuse(why, "the tbf of %s has options that dmvl-back would lose", p->exit);
	return q->inner_handle == 0 ||
	       refuse(why, "the tbf of %s has a qdisc of its own, %s", p->exit, q->inner);
}

uint64_t share_capacity_bps(const struct share_port *p, uint64_t configured_bps)
{
	uint64_t tbf_bps = in_tbf(&p->found) ? p->found.tbf.rate_bps : 0;

	if (configured_bps && tbf_bps)
		return at_most(configured_bps, tbf_bps);
	return configured_bps ? configured_bps : tbf_bps;
}

/* --- commands --------------------------------------------------------------------------------- */

struct text {
	char *out;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->out + t->len, SHARE_TEXT_MAX - t->len, fmt, ap);
	va_end(ap);
	assert(t->len < SHARE_TEXT_MAX);
}

/* Where the HTB is: "root" or "parent 8001:1". */
static const char *place(const struct share_port *p, char out[32])
{
	if (in_tbf(&p->found))
		snprintf(out, 32, "parent %x:1", p->found.root_handle >> 16);
	else
		snprintf(out, 32, "root");
	return out;
}

static uint64_t bytes_in(uint64_t bps, unsigned ms, uint64_t min)
{
	return at_least(bps / 8000 * ms, min);
}

/* A TBF counts no overhead. An HTB that has its rate must not count more than it. */
static unsigned overhead(const struct share_port *p, const struct share_rates *r)
{
	return in_tbf(&p->found) && r->capacity_bps >= p->found.tbf.rate_bps ? 0 : FCS_BYTES;
}

/* Shares what a link that is slower than all rates together carries. */
static uint64_t quantum(uint64_t bps, uint64_t other_bps)
{
	uint64_t least = at_least(at_most(bps, other_bps), 1);

	return at_most((uint64_t)((unsigned __int128)QUANTUM_MIN * bps / least), QUANTUM_MAX);
}

struct htb_class {
	const char *parent, *id;
	uint64_t rate_bps, ceil_bps, quantum;
};

static void add_class(struct text *t, const struct share_port *p, const struct share_rates *r,
		      const struct htb_class *c)
{
	add(t,
	    "class replace dev %s parent %s classid %s htb rate %" PRIu64 "bit burst %" PRIu64
	    "b ceil %" PRIu64 "bit cburst %" PRIu64 "b overhead %u quantum %" PRIu64 "\n",
	    p->exit, c->parent, c->id, c->rate_bps, bytes_in(c->rate_bps, BURST_MS, BURST_MIN),
	    c->ceil_bps, bytes_in(c->ceil_bps, BURST_MS, BURST_MIN), overhead(p, r), c->quantum);
}

static void add_classes(struct text *t, const struct share_port *p, const struct share_rates *r)
{
	uint64_t host = r->host_bps, ldps = r->capacity_bps - host;

	add_class(t, p, r,
		  &(struct htb_class){"1d6d:", "1d6d:1", r->capacity_bps, r->capacity_bps,
				      QUANTUM_MIN});
	add_class(t, p, r,
		  &(struct htb_class){"1d6d:1", "1d6d:10", ldps, r->capacity_bps,
				      quantum(ldps, host)});
	add_class(t, p, r,
		  &(struct htb_class){"1d6d:1", "1d6d:20", host, r->host_max_bps,
				      quantum(host, ldps)});
}

static uint64_t queue_bytes(const struct share_port *p, const struct share_rates *r, unsigned ms,
			    uint64_t min)
{
	return in_tbf(&p->found) ? p->found.tbf.limit_bytes : bytes_in(r->capacity_bps, ms, min);
}

static void add_settings(struct text *t, const struct share_port *p, const struct share_rates *r)
{
	add_classes(t, p, r);
	add(t, "qdisc replace dev %s parent 1d6d:10 handle 1d6e: bfifo limit %" PRIu64 "b\n",
	    p->exit, queue_bytes(p, r, LDPS_QUEUE_MS, LDPS_QUEUE_MIN));
}

void share_set(const struct share_port *p, const struct share_rates *r, char out[SHARE_TEXT_MAX])
{
	add_settings(&(struct text){.out = out}, p, r);
}

void share_add(const struct share_port *p, char out[SHARE_TEXT_MAX])
{
	struct text t = {.out = out};
	char where[32];

	add(&t, "qdisc add dev %s %s handle 1d6d: htb default 20\n", p->exit, place(p, where));
}

void share_build(const struct share_port *p, const struct share_rates *r, char out[SHARE_TEXT_MAX])
{
	struct text t = {.out = out};

	add_settings(&t, p, r);
	add(&t, "qdisc add dev %s parent 1d6d:20 handle 1d6f: bfifo limit %" PRIu64 "b\n", p->exit,
	    queue_bytes(p, r, HOST_QUEUE_MS, HOST_QUEUE_MIN));
}

/* Changing a u32 filter that is there makes Linux 6.1 warn of its own code, so it is replaced. */
void share_filter(const struct share_port *p, char out[SHARE_TEXT_MAX])
{
	struct text t = {.out = out};

	if (p->found.shared)
		add(&t, "filter del dev %s parent 1d6d: protocol all prio 1\n", p->exit);
	add(&t,
	    "filter add dev %s parent 1d6d: protocol all prio 1 handle 800::1 u32 "
	    "match u32 0 0 indev %s flowid 1d6d:10\n",
	    p->exit, p->tap);
}

/* Would a long frame keep the exit for more than CUT_MS? A TBF around the HTB cuts it anyway. */
static bool cuts(const struct share_port *p, const struct share_rates *r)
{
	return !in_tbf(&p->found) && bytes_in(r->capacity_bps, CUT_MS, 0) < LONG_FRAME;
}

void share_refine(const struct share_port *p, const struct share_rates *r, char out[SHARE_TEXT_MAX])
{
	struct text t = {.out = out};
	const char *parent = "1d6d:20", *handle = "1d70:";

	if (cuts(p, r)) {
		add(&t,
		    "qdisc replace dev %s parent 1d6d:20 handle 1d71: tbf rate %s burst %" PRIu64
		    "b limit %" PRIu64 "b\n",
		    p->exit, CUT_RATE, bytes_in(r->capacity_bps, CUT_MS, CUT_MIN),
		    queue_bytes(p, r, HOST_QUEUE_MS, HOST_QUEUE_MIN));
		parent = "1d71:1";
		handle = "1d72:";
	}
	add(&t, "qdisc replace dev %s parent %s handle %s fq_codel limit %u\n", p->exit, parent,
	    handle, HOST_QUEUE_FRAMES);
}

void share_undo(const struct share_port *p, char out[SHARE_TEXT_MAX])
{
	const struct qdisc_tbf *tbf = &p->found.tbf;
	struct text t = {.out = out};
	char where[32];

	add(&t, "qdisc del dev %s %s handle 1d6d:\n", p->exit, place(p, where));
	if (!in_tbf(&p->found))
		return;
	/* A TBF makes its default qdisc when it is changed and has none. */
	if (tbf->plain)
		add(&t,
		    "qdisc change dev %s root handle %x: tbf rate %" PRIu64
		    "bit burst %ub limit %ub\n",
		    p->exit, p->found.root_handle >> 16, tbf->rate_bps, tbf->burst_bytes,
		    tbf->limit_bytes);
	else
		add(&t, "qdisc add dev %s %s bfifo limit %ub\n", p->exit, where, tbf->limit_bytes);
}
