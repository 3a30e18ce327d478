/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's frames, with its event loop: rings whose far end does what the input says, and a TAP.
 *
 * An honest backend sends a stream of bytes, right or wrong, in pieces of any size, and consumes
 * what the agent sends, now and then starting a new connection: the TAP must get the same frames
 * whatever the pieces, the connection must fail exactly when the stream breaks the protocol, and
 * every frame of the guest must reach the backend, in order. A hostile one also writes over rings
 * and indexes and hangs up: nothing may break that is not its own connection. With flow queues, the
 * frames of the guest may come in another order, and are known by their numbers.
 *
 * Input: struct setup, then orders: a byte of enum order and flags, and what belongs to it.
 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tap.h"
#include "frontend/link.h"
#include "frontend/tx.h"
#include "tests/fuzz/far.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/ref.h"

#define ORDERS_MAX 64
#define IDLE_TURNS 6

struct setup {
	uint8_t flags;
	uint8_t order; /* of the rings - 12 */
	uint8_t piece; /* bytes at a time; 0: message by message */
	uint8_t offloads;
} __attribute__((packed));

enum { SETUP_HOSTILE = 1, SETUP_RACES = 2, SETUP_FLOWS = 4, SETUP_SPARSE = 8 };

enum order {
	ORDER_FRAME,	 /* body: flags as frames_body(): from the backend */
	ORDER_RAW,	 /* u8 n, n bytes */
	ORDER_CREDIT,	 /* u32 */
	ORDER_UNKNOWN,	 /* a message of type 3, which no version has */
	ORDER_SEND,	 /* body: from the guest's kernel */
	ORDER_CONSUME,	 /* u8 n: takes at most n messages, then waits for the end */
	ORDER_RECONNECT, /* u8: odd: after a restore */
	ORDER_TURN,
	ORDER_ATTACK, /* hostile only: enum far_attack */
	ORDERS = ORDER_ATTACK + FAR_ATTACKS,
};

static struct {
	struct loop *loop;
	struct loop_timer *step;

	/* Of one input. */
	struct fuzz_in in;
	struct setup setup;
	bool hostile;
	int tap[2]; /* [1] is the kernel's */
	struct link *link;
	struct link_shared shared;
	struct far backend;
	struct vchan *vchan;
	bool failed;
	struct queue to_tap, to_backend;
	struct {
		uint32_t len;
		bool came;
	} numbered[ORDERS_MAX]; /* with SETUP_FLOWS: the guest's frames */
	bool may_rewind;	/* after a restore: frames may come once more */
	unsigned orders, idle;
} w;

/* The TAP is a socket here, which knows no offloads and no carrier. */
uint32_t tap_set_offloads(int fd, uint32_t offloads)
{
	(void)fd;
	return offloads;
}

int tap_set_carrier(int fd, bool on)
{
	(void)fd;
	(void)on;
	return 0;
}

static void on_failed(void *arg, const char *why)
{
	(void)arg;
	/* Once for each connection, with a reason. */
	must(!w.failed && fuzz_is_sentence(why, 64));
	w.failed = true;
}

static void on_tap_gone(void *arg)
{
	(void)arg;
	must(false);
}

static void on_rate(void *arg, uint64_t rate_bps)
{
	uint32_t frames = tx_queue_frames(rate_bps);

	(void)arg;
	must(frames >= 64 && frames <= 512);
}

/* --- from the backend to the TAP --- */

static void expect(const uint8_t *body, uint32_t len)
{
	queue_put(&w.to_tap, body, len);
}

static bool read_tap(void)
{
	static uint8_t body[WIRE_BODY_MAX + 1];
	bool any = false;
	ssize_t n;

	while ((n = read(w.tap[1], body, sizeof(body))) > 0) {
		must(n >= (ssize_t)(WIRE_VNET_LEN + WIRE_FRAME_MIN) && n <= (ssize_t)WIRE_BODY_MAX);
		must(w.hostile || queue_take(&w.to_tap, body, (uint32_t)n));
		any = true;
	}
	return any;
}

/* --- from the guest to the backend --- */

static void note_sent(const uint8_t *body, uint32_t len)
{
	if (w.setup.flags & SETUP_FLOWS)
		w.numbered[w.orders].len = len;
	else
		queue_put(&w.to_backend, body, len);
}

/* Each comes once at most, but after a restore. Bytes may differ by a mark of congestion. */
static bool takes_numbered(const uint8_t *body, uint32_t len)
{
	unsigned n;
	bool again;

	memcpy(&n, body + WIRE_VNET_LEN, sizeof(n));
	if (n >= ORDERS_MAX || w.numbered[n].len != len)
		return false;
	again = w.numbered[n].came;
	w.numbered[n].came = true;
	return !again || w.may_rewind;
}

static void order_send(uint8_t flags)
{
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;
	uint8_t *body = frames_body(&w.in, flags, &len);
	bool fits = len >= WIRE_VNET_LEN + WIRE_FRAME_MIN &&
		    len <= WIRE_VNET_LEN + wire_frame_limit(w.backend.chan.size);

	/* No two alike, so that each can be told from the others. */
	if (fits)
		memcpy(body + WIRE_VNET_LEN, &w.orders, sizeof(w.orders));
	/* Nothing at all would be an end of file, to a socket. */
	if (len > 0 && write(w.tap[1], body, len) == (ssize_t)len && fits) {
		memcpy(&vnet, body, sizeof(vnet));
		if (tx_offload_ok(&vnet, w.setup.offloads))
			note_sent(body, len);
	}
	free(body);
}

/* A frame that came may, after a restore, be one that came before; then all behind it do again. */
static bool takes(const uint8_t *body, uint32_t len)
{
	size_t now = w.to_backend.next;

	if (queue_take(&w.to_backend, body, len))
		return true;
	if (!w.may_rewind)
		return false;
	w.may_rewind = false;
	for (w.to_backend.next = 0; w.to_backend.next < now;) {
		uint32_t skip;

		if (queue_take(&w.to_backend, body, len))
			return true;
		memcpy(&skip, w.to_backend.all.bytes + w.to_backend.next, sizeof(skip));
		w.to_backend.next += sizeof(skip) + skip;
	}
	return false;
}

static void check_sent(struct far *far, uint8_t type, const uint8_t *body, uint32_t len)
{
	(void)far;
	must(type == WIRE_DATA);
	must(w.setup.flags & SETUP_FLOWS ? takes_numbered(body, len) : takes(body, len));
}

/* --- connections --- */

static void connect_link(void)
{
	w.vchan = far_open(&w.backend, 12 + w.setup.order % 6);
	w.failed = false;
	must(link_up(w.link, w.vchan, w.setup.offloads, w.setup.flags & SETUP_SPARSE) == 0);
}

static void disconnect(bool resumed)
{
	link_down(w.link, resumed);
	vchan_close(w.vchan);
	far_close(&w.backend);
	/* What was on its way to the guest is lost with the connection. */
	read_tap();
	queue_free(&w.to_tap);
}

static void order_reconnect(void)
{
	bool resumed = fuzz_u8(&w.in) & 1;

	w.may_rewind |= resumed;
	disconnect(resumed);
	connect_link();
}

/* --- what the input says --- */

static void order_credit(void)
{
	struct wire_credit credit = {.credit_bytes = fuzz_u32(&w.in)};

	far_message(&w.backend, WIRE_CREDIT, &credit, sizeof(credit));
}

static void obey(void)
{
	uint8_t byte = fuzz_u8(&w.in);
	unsigned order = (byte & 0x3f) % ORDERS;

	switch (order) {
	case ORDER_FRAME:
		far_frame(&w.backend, &w.in, byte, false);
		break;
	case ORDER_RAW:
		far_raw(&w.backend, &w.in);
		break;
	case ORDER_CREDIT:
		order_credit();
		break;
	case ORDER_UNKNOWN:
		far_message(&w.backend, 3, NULL, 0);
		break;
	case ORDER_SEND:
		order_send(byte);
		break;
	case ORDER_CONSUME:
		w.backend.budget = fuzz_u8(&w.in);
		break;
	case ORDER_RECONNECT:
		order_reconnect();
		break;
	case ORDER_TURN:
		break;
	default:
		if (w.hostile)
			far_attack(&w.backend, &w.in, (enum far_attack)(order - ORDER_ATTACK));
	}
	w.orders++;
}

static bool has_orders(void)
{
	return w.in.left > 0 && w.orders < ORDERS_MAX && w.backend.bytes.len < FAR_MAX;
}

static void finish(void)
{
	if (w.hostile) {
		/* No word of the shared page is believed that cannot be. */
		must(w.failed || (w.backend.chan.live == 1 && !w.backend.doomed));
	} else {
		must(w.failed == w.backend.broken && queue_empty(&w.to_tap));
		must(w.failed || queue_empty(&w.to_backend));
	}
	loop_stop(w.loop);
}

/* One turn of everyone but the agent; between two of them it has one. */
static void on_step(void *arg)
{
	bool any;

	(void)arg;
	loop_timer_set(w.step, 0);
	any = read_tap();
	/* What a hostile backend's ring holds is its own doing. */
	if (!w.hostile)
		any |= far_receive(&w.backend);
	any |= far_send(&w.backend);
	w.idle = any ? 0 : w.idle + 1;
	if (has_orders() && (w.idle > 1 || !w.setup.piece || w.hostile)) {
		obey();
		w.idle = 0;
	}
	if (w.idle <= IDLE_TURNS)
		return;
	if (w.backend.budget == UINT_MAX) {
		finish();
	} else {
		w.backend.budget = UINT_MAX;
		w.idle = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct link_events events = {.failed = on_failed,
						  .tap_gone = on_tap_gone,
						  .rate = on_rate};

	if (!w.loop) {
		log_init("fuzz", LOG_ERROR);
		w.loop = loop_new();
		must(w.loop);
		w.step = loop_timer_new(w.loop, on_step, NULL);
		must(w.step);
	}
	w.in = (struct fuzz_in){data, size};
	fuzz_copy(&w.in, &w.setup, sizeof(w.setup));
	w.hostile = w.setup.flags & SETUP_HOSTILE;
	w.setup.offloads &= TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO;
	w.orders = w.idle = 0;
	w.backend.budget = UINT_MAX;
	w.may_rewind = false;
	w.backend.piece = w.setup.piece;
	memset(w.numbered, 0, sizeof(w.numbered));
	w.backend.takes_sparse = w.setup.flags & SETUP_SPARSE;
	w.backend.races = (w.setup.flags & (SETUP_RACES | SETUP_HOSTILE)) == SETUP_RACES;
	w.backend.expect = expect;
	w.backend.take = check_sent;
	stream_tap(w.tap);
	w.link = link_new(w.loop, w.tap[0], &events, &w.shared,
			  w.setup.flags & SETUP_FLOWS ? 64 : 0, false);
	must(w.link);
	connect_link();
	loop_timer_set(w.step, 0);
	must(loop_run(w.loop) == 0);
	w.hostile = true; /* what comes from here on was not waited for */
	disconnect(false);
	link_free(w.link);
	close(w.tap[0]);
	close(w.tap[1]);
	queue_free(&w.to_backend);
	return 0;
}
