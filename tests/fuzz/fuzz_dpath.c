/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's data path as a whole, with its event loop: the rings of a guest that sends what the
 * input says, the rings of a neighbour, and an uplink.
 *
 * An honest guest sends a stream of bytes, right or wrong, in pieces of any size: what comes out of
 * the uplink must be the same frames whatever the pieces, and the guest must be thrown out exactly
 * when the stream breaks the protocol. A hostile guest also writes over its rings and indexes and
 * hangs up: what comes out must still be its own frames, and the neighbour must not notice.
 *
 * Input: struct setup, then orders: a byte of enum order and flags, and what belongs to it.
 */
#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/datapath/dpath.h"
#include "backend/datapath/ldp.h"
#include "backend/frame/mac_owners.h"
#include "backend/msg/msg.h"
#include "backend/uplink/uplink.h"
#include "common/log.h"
#include "tests/fuzz/far.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/outgoing.h"
#include "tests/fuzz/ref.h"
#include "tests/unit/mkframe.h"

#define ORDERS_MAX 64
#define IDLE_TURNS 6

struct setup {
	uint8_t flags;
	uint8_t order;			  /* of the rings - 12 */
	uint8_t piece;			  /* bytes at a time; 0: message by message */
	uint8_t tx_features, rx_features; /* and SETUP_SPARSE, in the first */
	uint8_t neighbour;		  /* VLAN policy and ring order */
	uint16_t mtu;
} __attribute__((packed));

enum {
	SETUP_VLAN = 3,
	SETUP_ALLOWED = 4,
	SETUP_SPOOF_CHECK = 8,
	SETUP_HOSTILE = 16,
	SETUP_RACES = 32,
	SETUP_CONTROL = 64,
	SETUP_SERVICES = 128,

	SETUP_SPARSE = 16, /* frames may be flagged: FRAME_FLAGGED */
};

#define FRAME_FLAGGED 0x3f /* any of these bits, with ORDER_FRAME */

enum order {
	ORDER_FRAME,   /* body: flags as frames_body() */
	ORDER_RAW,     /* u8 n, n bytes */
	ORDER_OTHER,   /* u8 type, u8 n: a message of n zeros */
	ORDER_RECEIVE, /* body: from the uplink */
	ORDER_STALL,   /* u8 n: nobody reads the uplink for n turns */
	ORDER_TURN,    /* all that was sent is looked at */
	ORDER_ATTACK,  /* hostile only: enum far_attack */
	ORDERS = ORDER_ATTACK + FAR_ATTACKS,
};

struct guest {
	struct far far; /* the neighbour sends nothing */
	struct vchan *vchan;
	struct ldp_conf conf;
	bool failed, deleted;
};

enum { GUEST, NEIGHBOUR, GUESTS };

static struct {
	struct loop *loop;
	struct loop_timer *step;
	struct mbox *to_loop, *to_control;
	struct uplink up;
	int tap; /* the far end of it */
	struct dpath *dp;
	struct mac_owners *owners;
	struct linklocal *locals;

	/* Of one input. */
	struct fuzz_in in;
	struct setup setup;
	bool hostile;
	struct guest guest[GUESTS];
	struct outgoing outgoing; /* the guest's */
	unsigned orders, idle, stall;
	bool closing;
} w;

static const uint8_t *mac_of(int who)
{
	return (const uint8_t *)(who == GUEST ? MK_MAC : MK_OTHER);
}

static void tell(enum msg_type type, int who)
{
	struct msg *m = calloc(1, sizeof(*m));

	must(m);
	m->type = type;
	m->slot = (uint32_t)who;
	if (type == MSG_ADD) {
		snprintf(m->name, sizeof(m->name), "%d/0", who + 1);
		m->id.ldp = record_ldp((unsigned)who + 1, 0);
		m->vchan = w.guest[who].vchan;
		m->conf = w.guest[who].conf;
	}
	mbox_put(w.to_loop, &m->link);
}

/* --- what comes out --- */

static void expect(const uint8_t *body, uint32_t len)
{
	outgoing_expect(&w.outgoing, body, len, w.guest[GUEST].far.flagged);
}

static bool is_advertisement(const uint8_t *body, size_t n)
{
	static const struct virtio_net_hdr_v1 plain;
	uint8_t rarp[64];

	for (int who = 0; who < GUESTS; who++) {
		if (n == sizeof(plain) + frame_build_rarp(rarp, mac_of(who), -1) &&
		    memcmp(body, &plain, sizeof(plain)) == 0 &&
		    memcmp(body + sizeof(plain), rarp, n - sizeof(plain)) == 0)
			return true;
	}
	return false;
}

static void check_sent(const uint8_t *body, size_t n)
{
	const struct ldp_conf *conf = &w.guest[GUEST].conf;
	const uint8_t *frame = body + WIRE_VNET_LEN;
	struct virtio_net_hdr_v1 vnet;
	struct ref_frame f;

	if (!w.hostile && outgoing_take(&w.outgoing, body, n))
		return;
	if (is_advertisement(body, n))
		return;
	must(w.hostile);
	must(n >= WIRE_VNET_LEN + WIRE_FRAME_MIN);
	n -= WIRE_VNET_LEN;
	memcpy(&vnet, body, sizeof(vnet));
	f = ref_frame(frame, n < FRAME_HDR_MAX ? n : FRAME_HDR_MAX);
	must(ref_vlan_ok(&conf->vlan, &f));
	must(conf->control_frames || !ref_is_control(frame, n, &f));
	must(!conf->spoof_check || ref_is_own(frame, n, conf->mac, &conf->allowed));
	must(ref_vnet_ok(&vnet, frame, n, conf->tx_features, conf->mtu, 1));
}

static bool read_uplink(void)
{
	static uint8_t body[WIRE_BODY_MAX + 1];
	bool any = false;
	ssize_t n;

	while ((n = read(w.tap, body, sizeof(body))) > 0) {
		uint8_t *exact = fuzz_block(body, (size_t)n);

		check_sent(exact, (size_t)n);
		free(exact);
		any = true;
	}
	return any;
}

/* What the backend wrote into a guest's ring. */
static void check_received(struct far *far, uint8_t type, const uint8_t *body, uint32_t len)
{
	struct guest *g = (struct guest *)((char *)far - offsetof(struct guest, far));
	const struct ldp_conf *conf = &g->conf;
	const uint8_t *frame = body + WIRE_VNET_LEN;
	uint32_t n = len - WIRE_VNET_LEN;
	struct virtio_net_hdr_v1 vnet;
	struct ref_frame f;

	if (type != WIRE_DATA)
		return;
	f = ref_frame(frame, n < FRAME_HDR_MAX ? n : FRAME_HDR_MAX);
	memcpy(&vnet, body, sizeof(vnet));
	/* Without a spoof check, a guest may have said that other addresses are behind it. */
	must((frame[0] & 1) || memcmp(frame, conf->mac, 6) == 0 ||
	     (g == &w.guest[GUEST] && !conf->spoof_check));
	must(ref_vlan_ok(&conf->vlan, &f));
	must(conf->control_frames || !ref_is_control(frame, n, &f));
	must(ref_vnet_ok(&vnet, frame, n, conf->rx_features, conf->mtu, 1));
}

static bool read_rings(void)
{
	bool any = far_receive(&w.guest[NEIGHBOUR].far);

	/* What a hostile guest's ring holds is its own doing. */
	if (!w.hostile)
		any |= far_receive(&w.guest[GUEST].far);
	return any;
}

static bool read_mail(void)
{
	struct mbox_msg *link;
	bool any = false;

	while ((link = mbox_get(w.to_control))) {
		struct msg *m = (struct msg *)link;

		if (m->type == MSG_ESTIMATE || m->type == MSG_LOGGED) {
			must(m->slot == UINT32_MAX); /* said of all, once a second */
			free(m);
			continue;
		}
		if (m->type == MSG_STRANGER) {
			must(m->slot == GUEST); /* some sources are not its own */
			free(m);
			continue;
		}
		must(m->slot < GUESTS && (m->type == MSG_DELETED || m->type == MSG_FAILED ||
					  m->type == MSG_TROUBLE || m->type == MSG_PUBLISH));
		if (m->type == MSG_PUBLISH) {
			tell(MSG_PUBLISHED, (int)m->slot);
		} else if (m->type == MSG_DELETED) {
			must(w.closing && !w.guest[m->slot].deleted);
			w.guest[m->slot].deleted = true;
		} else {
			/* Once, with a reason, and only who is to blame. */
			must(m->slot == GUEST && !w.guest[GUEST].failed);
			must(w.hostile ||
			     (w.guest[GUEST].far.broken && fuzz_is_sentence(m->why, 64)));
			w.guest[GUEST].failed = true;
		}
		free(m);
		any = true;
	}
	return any;
}

/* --- what the input says --- */

static void order_receive(uint8_t flags)
{
	uint32_t len;
	uint8_t *body = frames_body(&w.in, flags, &len);

	/* An address that the uplink shows would be refused to the guest, in later inputs too. A
	 * group address is not taken for a sender's. */
	if (len > WIRE_VNET_LEN + 6)
		body[WIRE_VNET_LEN + 6] |= 1;
	if (write(w.tap, body, len) < 0)
		must(errno == EAGAIN);
	free(body);
}

static void order_other(void)
{
	static const uint8_t zero[255];
	uint8_t type = fuzz_u8(&w.in);

	far_message(&w.guest[GUEST].far, type, zero, fuzz_u8(&w.in));
}

static void obey(void)
{
	struct far *far = &w.guest[GUEST].far;
	uint8_t byte = fuzz_u8(&w.in);
	unsigned order = (byte & 0x3f) % ORDERS;

	switch (order) {
	case ORDER_FRAME:
		far_frame(far, &w.in, byte, far->sparse && (byte & FRAME_FLAGGED));
		break;
	case ORDER_RECEIVE:
		order_receive(byte);
		break;
	case ORDER_RAW:
		if (!far->sparse || w.hostile) /* else two frames could be alike */
			far_raw(far, &w.in);
		break;
	case ORDER_OTHER:
		order_other();
		break;
	case ORDER_STALL:
		w.stall = fuzz_u8(&w.in);
		break;
	case ORDER_TURN:
		break;
	default:
		if (w.hostile)
			far_attack(far, &w.in, (enum far_attack)(order - ORDER_ATTACK));
	}
	w.orders++;
}

/* At the end, when nothing moves any more. */
static void finish(void)
{
	const struct guest *g = &w.guest[GUEST];

	if (w.hostile) {
		/* No word of the shared page is believed that cannot be. */
		must(g->failed || (g->far.chan.live == 1 && !g->far.doomed));
	} else {
		/* Whoever broke the protocol was thrown out, all that was to be sent was. */
		must(g->failed == g->far.broken);
		must(outgoing_empty(&w.outgoing));
	}
	w.closing = true;
	for (int who = 0; who < GUESTS; who++)
		tell(MSG_DELETE, who);
}

static bool has_orders(void)
{
	return w.in.left > 0 && w.orders < ORDERS_MAX && w.guest[GUEST].far.bytes.len < FAR_MAX;
}

/* One turn of everyone but the backend; between two of them it has one. */
static void on_step(void *arg)
{
	struct far *far = &w.guest[GUEST].far;
	bool any;

	(void)arg;
	loop_timer_set(w.step, 0);
	any = read_mail();
	if (w.guest[GUEST].deleted && w.guest[NEIGHBOUR].deleted) {
		loop_stop(w.loop);
		return;
	}
	if (w.stall > 0) {
		w.stall--;
		any = true;
	} else {
		any |= read_uplink();
	}
	any |= read_rings();
	/* Not so small that the events of the pieces alone would have the guest parked. */
	if (w.setup.piece)
		far->piece = w.setup.piece + (uint32_t)far->bytes.len / 128;
	any |= far_send(far);
	w.idle = any ? 0 : w.idle + 1;
	if (has_orders() && (w.idle > 1 || !w.setup.piece || w.hostile)) {
		obey();
		w.idle = 0;
	}
	if (!w.closing && w.idle > IDLE_TURNS)
		finish();
}

/* --- begin and end --- */

static void world_new(void)
{
	int fd[2], room = 70000;
	struct msg *m = calloc(1, sizeof(*m));

	log_init("fuzz", LOG_ERROR);
	stream_tap(fd);
	/* One of the largest frames and some: so that the uplink says EAGAIN. */
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	w.up = (struct uplink){.fd = fd[0], .kind = UPLINK_TAP, .ifname = "fuzz", .offloads = ~0u};
	w.tap = fd[1];
	w.loop = loop_new();
	w.to_loop = mbox_new();
	w.to_control = mbox_new();
	must(m && w.loop && w.to_loop && w.to_control);
	w.step = loop_timer_new(w.loop, on_step, NULL);
	w.dp = dpath_new(w.loop, &w.up, w.to_loop, w.to_control,
			 &(struct dpath_conf){.epoch_ns = 10 * 1000000});
	w.owners = mac_owners_new();
	must(w.step && w.dp && w.owners);
	w.locals = linklocal_new(GUESTS, w.owners);
	must(w.locals);
	w.outgoing = (struct outgoing){.conf = &w.guest[GUEST].conf,
				       .user = {w.locals, GUEST, GUEST + 1, 1},
				       .neighbour = mac_of(NEIGHBOUR)};
	for (int who = 0; who < GUESTS; who++)
		mac_owners_add(w.owners, mac_of(who), (uint32_t)who + 1);
	m->type = MSG_LINK;
	mbox_put(w.to_loop, &m->link);
}

static void guest_add(int who, unsigned order)
{
	struct guest *g = &w.guest[who];
	const struct setup *s = &w.setup;

	*g = (struct guest){.conf.tx = {.weight = 256}};
	g->far.credit_is_wrong = true;
	g->far.sparse = who == GUEST && (s->tx_features & SETUP_SPARSE);
	g->conf.sparse = g->far.sparse;
	g->far.budget = UINT_MAX;
	g->far.races = (s->flags & (SETUP_RACES | SETUP_HOSTILE)) == SETUP_RACES;
	g->far.expect = expect;
	g->far.take = check_received;
	/* The ceiling makes the queue small and cheap; the burst keeps it from being felt. */
	g->conf.rx = (struct sched_rule){256, .max_bps = 40000000, .burst_bytes = 1u << 30};
	memcpy(g->conf.mac, mac_of(who), 6);
	g->conf.mtu = s->mtu < 68 || s->mtu > 65521 ? 1500 : s->mtu;
	g->conf.flood_rate = 1000000;
	g->conf.unknown_groups = true;
	g->conf.spoof_check = who == NEIGHBOUR || (s->flags & SETUP_SPOOF_CHECK);
	g->conf.control_frames = who == GUEST && (s->flags & SETUP_CONTROL);
	g->conf.guest_services = who == GUEST && (s->flags & SETUP_SERVICES);
	if (s->flags & SETUP_ALLOWED)
		g->conf.allowed = *frames_allowed();
	g->conf.vlan = *frames_vlan(who == GUEST ? s->flags & SETUP_VLAN : s->neighbour);
	g->conf.tx_features = s->tx_features & FRAMES_FEATURES;
	g->conf.rx_features = (who == GUEST ? 0 : s->rx_features) & FRAMES_FEATURES;
	g->vchan = far_open(&g->far, order);
	tell(MSG_ADD, who);
}

static void run_free(void)
{
	linklocal_forget(w.locals, GUEST);
	for (int who = 0; who < GUESTS; who++) {
		vchan_close(w.guest[who].vchan);
		far_close(&w.guest[who].far);
	}
	outgoing_free(&w.outgoing);
	/* What came after the end: the neighbour's advertisement. */
	w.hostile = true;
	read_uplink();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!w.loop)
		world_new();
	w.in = (struct fuzz_in){data, size};
	fuzz_copy(&w.in, &w.setup, sizeof(w.setup));
	w.hostile = w.setup.flags & SETUP_HOSTILE;
	w.closing = false;
	w.orders = w.idle = w.stall = 0;
	guest_add(GUEST, 12 + w.setup.order % 6);
	guest_add(NEIGHBOUR, 12 + w.setup.neighbour / 4 % 6);
	loop_timer_set(w.step, 0);
	must(loop_run(w.loop) == 0);
	run_free();
	return 0;
}
