/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's frame loop against a backend that sends a last frame and closes, at every moment at
 * which it looks at the vchan: the frame arrives. The vchan is this file's own.
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
#define PATIENCE_NS 1000000000ull

struct vchan {
	uint8_t rx[RING], tx[RING];
	uint32_t prod, seen, cons; /* of the RX ring: the peer's, as of the last poll, ours */
	bool open;
	int event;
	int calls, moment; /* the peer acts in this call */
};

/* The peer: a frame, then the end. */
static void act(struct vchan *v)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + FRAME);
	uint64_t one = 1;

	if (!v->open)
		return;
	memcpy(v->rx, &hdr, sizeof(hdr));
	memset(v->rx + sizeof(hdr), 0x5a, hdr.len);
	v->prod = wire_size(hdr.len);
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

/* --- what link*.c calls --- */

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

	moment((struct vchan *)(uintptr_t)v); /* right behind the look */
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
	struct vchan v;
	const char *failed;
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
}

static void on_rate(void *arg, uint64_t rate_bps)
{
	(void)arg;
	(void)rate_bps;
}

/* Not within the calls so far: then between them. */
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

/* The peer acts in call number `at`. Whether that frame arrived, once the link said its end. */
static bool arrives(int at, const char **why)
{
	struct link_shared shared = {0};
	struct run r = {.loop = loop_new(), .v = {.open = true, .moment = at}};
	const struct link_events events = {on_failed, on_tap_gone, on_rate, &r};
	struct loop_timer *quiet = loop_timer_new(r.loop, on_quiet, &r);
	struct loop_timer *late = loop_timer_new(r.loop, on_late, &r);
	uint8_t got[RING];
	struct link *k;
	ssize_t len;
	int tap[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	r.v.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	k = link_new(r.loop, tap[0], &events, &shared);
	loop_timer_set(quiet, 1000000);
	loop_timer_set(late, PATIENCE_NS);
	link_up(k, &r.v, 0);
	if (!r.failed)
		loop_run(r.loop);
	link_down(k, false);
	len = recv(tap[1], got, sizeof(got), 0);

	link_free(k);
	loop_timer_free(quiet);
	loop_timer_free(late);
	loop_free(r.loop);
	close(r.v.event);
	close(tap[0]);
	close(tap[1]);
	*why = r.failed;
	return len == WIRE_VNET_LEN + FRAME && got[len - 1] == 0x5a;
}

int main(void)
{
	const char *why;

	log_init("test", LOG_ERROR);
	for (int at = 0; at < MOMENTS; at++) {
		ok(arrives(at, &why), "a last frame, sent at moment %d, arrives", at);
		is_str(why, "the backend closed the connection", "and then the end is told");
	}
	return done_testing();
}
