/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's frame loop and its credit: what it has in the ring, what it leaves in the TAP, and
 * what it does when it was late. The vchan is this file's own, the TAP a socket.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/link_impl.h"
#include "tests/unit/tap.h"

#define RING  65536u
#define FRAME 1000u

struct vchan {
	uint8_t tx[2 * RING], rx[64];
	uint32_t prod, cons,
		seen; /* of the TX ring; cons is the backend's, seen as of the last poll */
	uint32_t rx_left;
	int event;
};

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
	(void)v;
	return true;
}

uint32_t vchan_ring_bytes(const struct vchan *v)
{
	(void)v;
	return RING;
}

int64_t vchan_rx_poll(struct vchan *v)
{
	return v->rx_left;
}

int64_t vchan_rx_arm(struct vchan *v)
{
	return v->rx_left;
}

void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len)
{
	memcpy(buf, v->rx + off, len);
}

unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	(void)v;
	(void)off;
	(void)len;
	(void)iov;
	abort(); /* no frames come */
}

void vchan_rx_advance(struct vchan *v, uint32_t len)
{
	v->rx_left -= len;
}

void vchan_rx_commit(struct vchan *v)
{
	(void)v;
}

int64_t vchan_tx_poll(struct vchan *v)
{
	v->seen = v->cons;
	return RING - (v->prod - v->seen);
}

int64_t vchan_tx_arm(struct vchan *v)
{
	return vchan_tx_poll(v);
}

/* What is in the frames is no matter here: each goes to the beginning. */
void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len)
{
	memcpy(v->tx + off, buf, len);
}

unsigned vchan_tx_iov(struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	iov[0] = (struct iovec){v->tx + off, len};
	return 1;
}

void vchan_tx_advance(struct vchan *v, uint32_t len)
{
	v->prod += len;
}

void vchan_tx_commit(struct vchan *v)
{
	(void)v;
}

uint32_t vchan_tx_inflight(const struct vchan *v)
{
	return v->prod - v->seen;
}

/* --- the test --- */

static struct vchan ring;
static struct link_shared shared;
static struct loop *loop;
static struct link *k;
static int app; /* the other end of the TAP */

static void on_failed(void *arg, const char *why)
{
	(void)arg;
	diag("failed: %s", why);
	abort();
}

static void on_tap_gone(void *arg)
{
	(void)arg;
	abort();
}

static void on_rate(void *arg, uint64_t rate_bps)
{
	(void)arg;
	(void)rate_bps;
}

static void begin(void)
{
	const struct link_events events = {on_failed, on_tap_gone, on_rate, NULL};
	int tap[2];

	memset(&ring, 0, sizeof(ring));
	ring.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, tap) < 0)
		abort();
	app = tap[1];
	loop = loop_new();
	k = link_new(loop, tap[0], &events, &shared);
	link_up(k, &ring, 0);
}

static void end(void)
{
	ring.prod = ring.cons = 0; /* nothing that would be kept */
	link_down(k, false);
	close(k->tap_fd);
	close(app);
	close(ring.event);
	link_free(k);
	loop_free(loop);
}

static void credit(uint64_t bytes, uint64_t log_offset)
{
	struct wire_hdr hdr = wire_make(WIRE_CREDIT, sizeof(struct wire_credit));
	struct wire_credit c = {.credit_bytes = bytes, .log_offset = log_offset};

	memcpy(ring.rx, &hdr, sizeof(hdr));
	memcpy(ring.rx + sizeof(hdr), &c, sizeof(c));
	ring.rx_left = wire_size(hdr.len);
	link_rx_run(k);
}

static void send_frames(unsigned n)
{
	static const uint8_t body[WIRE_VNET_LEN + FRAME];

	while (n--) {
		if (send(app, body, sizeof(body), 0) < 0)
			abort();
	}
}

/* The backend takes so many frames, and the agent looks. */
static void taken(uint32_t frames)
{
	uint32_t bytes = frames * wire_size(WIRE_VNET_LEN + FRAME);

	ring.cons += bytes < ring.prod - ring.cons ? bytes : ring.prod - ring.cons;
	link_tx_run(k);
}

static unsigned in_ring(void)
{
	return (ring.prod - ring.cons) / wire_size(WIRE_VNET_LEN + FRAME);
}

int main(void)
{
	unsigned n;

	begin();
	send_frames(3);
	taken(0);
	is_int(in_ring(), 3, "no credit told: all that there is");
	taken(3);
	credit(5000, 640);
	is_int((long long)atomic_load(&shared.log_offset), 640,
	       "the credit's log offset is applied");
	send_frames(60);
	taken(0);
	is_int(in_ring(), 4, "a credit of 5000 bytes: four frames of 1024");
	taken(1);
	is_int(in_ring(), 4, "one is taken, one comes");
	taken(3);
	is_int(in_ring(), 4, "in time: no more than that");
	taken(4);
	is_int(in_ring(), 9, "late, the ring was empty: twice as much");
	taken(9);
	is_int(in_ring(), 19, "late again");
	credit(500, 704);
	taken(15);
	is_int(in_ring(), 4 + (10000 + 5000 + 500 - 4 * 1024) / 1024,
	       "a smaller credit, the same slack");
	for (n = 0; in_ring() > 0 && n < 100; n++)
		taken(1);
	ok(n < 100, "all of it is sent in the end");
	taken(0);
	is_int((long long)k->limit.slack_bytes, 15000, "an idle guest was not late");
	end();

	begin();
	credit(100, 0);
	send_frames(2);
	taken(0);
	is_int(in_ring(), 1, "less credit than a frame: one goes");
	taken(1);
	is_int(in_ring(), 1, "and then another");
	end();

	begin();
	send_frames(70);
	taken(0);
	taken(0); /* the first one's budget is a full ring */
	taken(64);
	is_int((long long)k->limit.slack_bytes, 0, "a full ring is no want of credit");
	end();
	return done_testing();
}
