/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's frame loop against a backend that sends a last frame and a credit and then closes, at
 * every moment at which the agent calls libxenvchan: both arrive.
 */
#include "frontend/link.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/wire.h"
#include "tests/fake/chan.h"
#include "tests/unit/tap.h"

#define RING_ORDER  12
#define FRAME	    60u
#define MOMENTS	    32
#define LOG_OFFSET  640u
#define PATIENCE_NS 1000000000ull

struct run {
	struct loop *loop;
	struct loop_timer *quiet, *late;
	struct link *link;
	struct link_shared shared;
	struct chan chan;
	struct vchan *v;
	int calls, moment; /* the backend acts in this call */
	int tap[2];	   /* [1] is the kernel's end */
	const char *failed;
	bool rate_told;
};

/* The backend: a frame and a credit, then the end. */
static void act(struct run *r)
{
	const struct wire_credit credit = {.credit_bytes = 1 << RING_ORDER,
					   .log_offset = LOG_OFFSET};
	uint8_t body[WIRE_VNET_LEN + FRAME];

	if (!r->chan.live)
		return;
	memset(body, 0x5a, sizeof(body));
	chan_message(&r->chan, WIRE_DATA, body, sizeof(body));
	chan_message(&r->chan, WIRE_CREDIT, &credit, sizeof(credit));
	r->chan.live = 0;
	chan_kick(&r->chan);
}

static void on_moment(struct chan *c, enum chan_moment moment)
{
	struct run *r = (struct run *)((char *)c - offsetof(struct run, chan));

	(void)moment;
	if (r->calls++ == r->moment)
		act(r);
}

static void on_failed(void *arg, const char *why)
{
	struct run *r = arg;

	r->failed = why;
	loop_stop(r->loop);
}

static void on_tap_gone(void *arg)
{
	(void)arg;
	abort();
}

static void on_rate(void *arg, uint64_t rate_bps)
{
	(void)rate_bps;
	((struct run *)arg)->rate_told = true;
}

/* The moment is later than all calls so far: the peer acts between two of them. */
static void on_quiet(void *arg)
{
	struct run *r = arg;

	act(r);
}

static void on_late(void *arg)
{
	struct run *r = arg;

	loop_stop(r->loop);
}

static void begin(struct run *r, int at)
{
	const struct link_events events = {on_failed, on_tap_gone, on_rate, r};

	memset(r, 0, sizeof(*r));
	r->moment = at;
	r->v = chan_open(&r->chan, RING_ORDER);
	r->chan.moment = on_moment;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, r->tap) < 0)
		abort();
	r->loop = loop_new();
	r->quiet = loop_timer_new(r->loop, on_quiet, r);
	r->late = loop_timer_new(r->loop, on_late, r);
	r->link = link_new(r->loop, r->tap[0], &events, &r->shared, at % 2 ? 1024 : 0, false);
}

static void end(struct run *r)
{
	link_free(r->link);
	vchan_close(r->v);
	chan_free(&r->chan);
	loop_timer_free(r->quiet);
	loop_timer_free(r->late);
	loop_free(r->loop);
	close(r->tap[0]);
	close(r->tap[1]);
}

/* Whether the frame is the peer's. */
static bool arrived(struct run *r)
{
	uint8_t got[1 << RING_ORDER];
	ssize_t len = recv(r->tap[1], got, sizeof(got), 0);

	return len == WIRE_VNET_LEN + FRAME && got[len - 1] == 0x5a;
}

/* The peer acts in call number `at`. */
static void test_moment(int at)
{
	struct run r;

	begin(&r, at);
	loop_timer_set(r.quiet, 1000000);
	loop_timer_set(r.late, PATIENCE_NS);
	link_up(r.link, r.v, 0, at % 2);
	if (!r.failed)
		loop_run(r.loop);
	link_down(r.link, false);
	ok(arrived(&r), "a last frame, sent at moment %d, arrives", at);
	is_int((long long)atomic_load(&r.shared.log_offset), LOG_OFFSET,
	       "the log offset of a last credit, sent at moment %d, is announced", at);
	is_str(r.failed, "the backend closed the connection",
	       "the end of a connection, closed at moment %d, is reported", at);
	ok(!r.rate_told, "a rate that did not change at moment %d is not reported", at);
	end(&r);
}

int main(void)
{
	log_init("test", LOG_ERROR);
	for (int at = 0; at < MOMENTS; at++)
		test_moment(at);
	return done_testing();
}
