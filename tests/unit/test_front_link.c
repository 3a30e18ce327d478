/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's frame loop against a backend that sends a last frame and a credit and then closes, at
 * every moment at which the agent looks at the vchan: both arrive. The vchan is this file's own.
 */
#include "frontend/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/wire.h"
#include "tests/unit/tap.h"

#define RING	    4096u
#define FRAME	    60u
#define MOMENTS	    32
#define LOG_OFFSET  640u
#define PATIENCE_NS 1000000000ull

struct vchan {
	uint8_t rx[RING], tx[RING];
	uint32_t prod, seen, cons; /* of the RX ring: the peer's, as of the last poll, ours */
	bool open;
	int event;
	int calls, moment; /* the peer acts in this call */
};

static void lay(struct vchan *v, enum wire_type type, const void *body, uint32_t len)
{
	struct wire_hdr hdr = wire_make(type, len);

	memcpy(v->rx + v->prod, &hdr, sizeof(hdr));
	memcpy(v->rx + v->prod + sizeof(hdr), body, len);
	v->prod += wire_size(len);
}

/* The peer: a frame and a credit, then the end. */
static void act(struct vchan *v)
{
	const struct wire_credit credit = {.credit_bytes = RING, .log_offset = LOG_OFFSET};
	uint8_t body[WIRE_VNET_LEN + FRAME];
	uint64_t one = 1;

	if (!v->open)
		return;
	memset(body, 0x5a, sizeof(body));
	lay(v, WIRE_DATA, body, sizeof(body));
	lay(v, WIRE_CREDIT, &credit, sizeof(credit));
	v->open = false;
	if (write(v->event, &one, sizeof(one)) < 0)
		abort();
}

static void moment(struct vchan *v)
{
	if (v->calls++ == v->moment)
		act(v);
}

static unsigned whole(uint8_t *ring, uint32_t at, uint32_t len, struct iovec iov[2])
{
	iov[0] = (struct iovec){ring + at, len};
	iov[1] = (struct iovec){ring, 0};
	return 1;
}

/* --- what the link calls --- */

int vchan_fd(const struct vchan *v)
{
	return v->event;
}

void vchan_ack(struct vchan *v)
{
	uint64_t count;

	if (read(v->event, &count, sizeof(count)) < 0)
		abort();
}

bool vchan_is_open(const struct vchan *v)
{
	bool open = v->open;

	moment((struct vchan *)(uintptr_t)v); /* right after the agent looked */
	return open;
}

uint32_t vchan_ring_bytes(const struct vchan *v)
{
	(void)v;
	return RING;
}

int64_t vchan_rx_poll(struct vchan *v)
{
	v->seen = v->prod;
	moment(v);
	return v->seen - v->cons;
}

int64_t vchan_rx_arm(struct vchan *v)
{
	return vchan_rx_poll(v);
}

void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len)
{
	memcpy(buf, v->rx + v->cons + off, len);
}

unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	return whole(((struct vchan *)(uintptr_t)v)->rx, v->cons + off, len, iov);
}

void vchan_rx_advance(struct vchan *v, uint32_t len)
{
	v->cons += len;
}

void vchan_rx_commit(struct vchan *v)
{
	moment(v);
}

int64_t vchan_tx_poll(struct vchan *v)
{
	moment(v);
	return RING;
}

int64_t vchan_tx_arm(struct vchan *v)
{
	return vchan_tx_poll(v);
}

void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len)
{
	memcpy(v->tx + off, buf, len);
}

unsigned vchan_tx_iov(struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	return whole(v->tx, off, len, iov);
}

void vchan_tx_advance(struct vchan *v, uint32_t len)
{
	(void)v;
	(void)len;
}

void vchan_tx_commit(struct vchan *v)
{
	(void)v;
}

uint32_t vchan_tx_inflight(const struct vchan *v)
{
	(void)v;
	return 0;
}

/* --- the test --- */

struct run {
	struct loop *loop;
	struct loop_timer *quiet, *late;
	struct link *link;
	struct link_shared shared;
	struct vchan v;
	int tap[2]; /* [1] is the kernel's end */
	const char *failed;
	bool rate_told;
};

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

	act(&r->v);
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
	r->v.open = true;
	r->v.moment = at;
	r->v.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, r->tap) < 0)
		abort();
	r->loop = loop_new();
	r->quiet = loop_timer_new(r->loop, on_quiet, r);
	r->late = loop_timer_new(r->loop, on_late, r);
	r->link = link_new(r->loop, r->tap[0], &events, &r->shared);
}

static void end(struct run *r)
{
	link_free(r->link);
	loop_timer_free(r->quiet);
	loop_timer_free(r->late);
	loop_free(r->loop);
	close(r->v.event);
	close(r->tap[0]);
	close(r->tap[1]);
}

/* Whether the frame is the peer's. */
static bool arrived(struct run *r)
{
	uint8_t got[RING];
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
	link_up(r.link, &r.v, 0);
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
