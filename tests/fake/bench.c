/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backend/datapath/members.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/rx_uplink.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/frame/vnet.h"
#include "tests/fake/must.h"

#define ALL  (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)
#define SEED 1

/* The data path asks for the time without an argument. */
static uint64_t now_ns;

static uint64_t bench_clock(void)
{
	return now_ns;
}

/* In 2020: a test may be kept from running for a while, and its records must not tell. */
static uint64_t bench_wall(void)
{
	return UINT64_C(1577836800) * NS_PER_SEC + now_ns;
}

/* --- begin and end ---------------------------------------------------------------------------- */

/* Each guest has a descriptor. */
static void allow_descriptors(void)
{
	struct rlimit lim;

	must(getrlimit(RLIMIT_NOFILE, &lim) == 0);
	lim.rlim_cur = lim.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &lim) == 0);
}

/* The writer of the data path is one end of a socket pair, the wire the other. */
static void make_uplink(struct bench *b)
{
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	b->up = (struct uplink){.fd = ends[0],
				.kind = UPLINK_TAP,
				.ifname = "bench",
				.offloads = BENCH_OFFLOADS};
	b->wire = ends[1];
}

static void make_dpath(struct bench *b, const struct dpath_conf *conf, struct uplink *up)
{
	static const struct dpath_conf dflt = {.epoch_ns = BENCH_EPOCH_NS, .name = "bench"};
	struct dpath_conf c = conf ? *conf : dflt;

	c.clock = bench_clock;
	c.wall = bench_wall;
	c.seed = SEED;
	b->dp = dpath_new(b->loop, up, b->to_loop, b->to_control, &c);
	must(b->dp);
}

struct bench *bench_new_with(unsigned slots, const struct dpath_conf *conf, struct uplink *up)
{
	struct bench *b = calloc(1, sizeof(*b));

	must(b);
	log_init("bench", LOG_ERROR);
	allow_descriptors();
	now_ns = NS_PER_SEC;
	b->wire = -1;
	if (!up)
		make_uplink(b);
	b->loop = loop_new();
	b->to_loop = mbox_new();
	b->to_control = mbox_new();
	b->slots = slots;
	b->guest = calloc(slots, sizeof(*b->guest));
	must(b->loop && b->to_loop && b->to_control && b->guest);
	make_dpath(b, conf, up ? up : &b->up);
	return b;
}

struct bench *bench_new(unsigned guests)
{
	struct bench *b = bench_new_with(guests, NULL, NULL);

	for (uint32_t slot = 0; slot < guests; slot++) {
		struct ldp_conf conf = bench_ldp_conf(slot);

		must(bench_add(b, slot, &conf, BENCH_RING_ORDER));
	}
	return b;
}

/* Its vchan is closed after the data path has let go of it. */
static void close_guest(struct bench_guest *g)
{
	vchan_close(g->vchan);
	chan_free(&g->chan);
	g->ldp = NULL;
}

void bench_free(struct bench *b)
{
	struct msg *m;

	dpath_free(b->dp);
	for (uint32_t slot = 0; slot < b->slots; slot++) {
		if (b->guest[slot].ldp)
			close_guest(&b->guest[slot]);
	}
	while ((m = bench_mail(b)))
		free(m);
	mbox_free(b->to_loop);
	mbox_free(b->to_control);
	if (b->wire >= 0) {
		close(b->up.fd);
		close(b->wire);
	}
	loop_free(b->loop);
	free(b->guest);
	free(b);
}

/* --- the control thread ----------------------------------------------------------------------- */

const uint8_t *bench_mac(uint32_t slot)
{
	static uint8_t macs[LDP_SLOTS][6];
	uint32_t low = 0x112233 + slot;
	uint8_t *mac = macs[slot];

	memcpy(mac, "\x00\x16\x3e", 3);
	mac[3] = (uint8_t)(low >> 16);
	mac[4] = (uint8_t)(low >> 8);
	mac[5] = (uint8_t)low;
	return mac;
}

struct ldp_conf bench_ldp_conf(uint32_t slot)
{
	static const struct sched_rule rule = {.weight = 256};
	struct ldp_conf conf = {
		.tx = rule,
		.rx = rule,
		.mtu = 1500,
		.tx_features = ALL,
		.rx_features = ALL,
		.spoof_check = true,
		.flood_rate = 1000,
		.unknown_groups = true,
	};

	memcpy(conf.mac, bench_mac(slot), sizeof(conf.mac));
	return conf;
}

static void obey(struct bench *b, struct msg *m)
{
	members_obey(b->dp, m);
	free(m);
}

static struct msg *add_order(struct bench *b, uint32_t slot, const struct ldp_conf *conf)
{
	struct msg *m = msg_new(MSG_ADD, slot);

	snprintf(m->name, sizeof(m->name), "%u/0", slot + 1);
	m->id.ldp = record_ldp(slot + 1, 0);
	m->vchan = b->guest[slot].vchan;
	m->conf = *conf;
	return m;
}

static struct ldp *add(struct bench *b, struct msg *m)
{
	uint32_t slot = m->slot;
	struct bench_guest *g = &b->guest[slot];

	obey(b, m);
	g->ldp = core_ldp(b->dp, slot);
	if (!g->ldp)
		close_guest(g);
	return b->guest[slot].ldp;
}

static void open_rings(struct bench *b, uint32_t slot, unsigned order)
{
	struct bench_guest *g = &b->guest[slot];

	must(slot < b->slots && !g->ldp);
	g->vchan = chan_open(&g->chan, order);
	chan_wind(&g->chan, g->vchan, g->chan.size - 200);
}

struct ldp *bench_add(struct bench *b, uint32_t slot, const struct ldp_conf *conf, unsigned order)
{
	open_rings(b, slot, order);
	return add(b, add_order(b, slot, conf));
}

struct ldp *bench_add_as(struct bench *b, uint32_t slot, const struct credit_id *id)
{
	struct ldp_conf conf = bench_ldp_conf(slot);
	struct msg *m;

	open_rings(b, slot, BENCH_RING_ORDER);
	m = add_order(b, slot, &conf);
	m->id = *id;
	return add(b, m);
}

void bench_delete(struct bench *b, uint32_t slot)
{
	obey(b, msg_new(MSG_DELETE, slot));
	close_guest(&b->guest[slot]);
}

void bench_configure(struct bench *b, uint32_t slot, const struct ldp_conf *conf)
{
	struct msg *m = msg_new(MSG_CONF, slot);

	m->conf = *conf;
	obey(b, m);
}

void bench_link(struct bench *b, const struct link_conf *conf)
{
	struct msg *m = msg_new(MSG_LINK, LDP_SLOT_NONE);

	m->link_conf = *conf;
	obey(b, m);
}

void bench_group(struct bench *b, uint32_t group, bool on, const struct group_conf *conf)
{
	struct msg *m = msg_new(MSG_GROUP, LDP_SLOT_NONE);

	m->group.id = group;
	m->group.on = on;
	m->group.conf = *conf;
	obey(b, m);
}

void bench_hold(struct bench *b, enum link_hold hold)
{
	struct msg *m = msg_new(MSG_HOLD, LDP_SLOT_NONE);

	m->hold = hold;
	obey(b, m);
}

void bench_freeze(struct bench *b, uint32_t slot, bool on)
{
	struct msg *m = msg_new(MSG_FREEZE, slot);

	m->on = on;
	obey(b, m);
}

struct msg *bench_mail(struct bench *b)
{
	return (struct msg *)mbox_get(b->to_control);
}

/* --- time, guests and the wire ---------------------------------------------------------------- */

void bench_pass(struct bench *b, uint64_t ns)
{
	now_ns += ns;
	b->dp->now_ns = now_ns;
}

/* Good until the next call. */
static const uint8_t *body_of(const struct virtio_net_hdr_v1 *vnet, const void *frame, uint32_t len)
{
	static uint8_t body[WIRE_BODY_MAX];

	must(len <= sizeof(body) - WIRE_VNET_LEN);
	memcpy(body, vnet, WIRE_VNET_LEN);
	memcpy(body + WIRE_VNET_LEN, frame, len);
	return body;
}

void bench_give(struct bench *b, uint32_t slot, const struct virtio_net_hdr_v1 *vnet,
		const void *frame, uint32_t len)
{
	must(chan_message(&b->guest[slot].chan, WIRE_DATA, body_of(vnet, frame, len),
			  WIRE_VNET_LEN + len));
}

void bench_give_sparse(struct bench *b, uint32_t slot, const struct virtio_net_hdr_v1 *vnet,
		       const void *frame, uint32_t len)
{
	must(chan_sparse(&b->guest[slot].chan, body_of(vnet, frame, len), WIRE_VNET_LEN + len));
}

uint32_t bench_given(const struct bench *b, uint32_t slot)
{
	return chan_unread(&b->guest[slot].chan);
}

bool bench_take(struct bench *b, uint32_t slot, struct wire_hdr *hdr, const uint8_t **body)
{
	static uint8_t bytes[WIRE_BODY_MAX + 8];
	struct chan *c = &b->guest[slot].chan;
	const char *why;

	if (chan_waiting(c) < (int64_t)sizeof(*hdr))
		return false;
	chan_peek(c, 0, hdr, sizeof(*hdr));
	must(wire_check(hdr, c->size, &why) == 0 && chan_waiting(c) >= wire_size(hdr->len));
	chan_peek(c, sizeof(*hdr), bytes, hdr->len);
	chan_take(c, wire_size(hdr->len));
	*body = bytes;
	return true;
}

unsigned bench_take_frames(struct bench *b, uint32_t slot)
{
	const uint8_t *body;
	struct wire_hdr hdr;
	unsigned n = 0;

	while (bench_take(b, slot, &hdr, &body))
		n += hdr.type == WIRE_DATA;
	return n;
}

void bench_come(struct bench *b, const struct virtio_net_hdr_v1 *vnet, const void *frame,
		uint32_t len)
{
	struct iovec iov[2] = {{(void *)(uintptr_t)vnet, WIRE_VNET_LEN},
			       {(void *)(uintptr_t)frame, len}};

	must(writev(b->wire, iov, 2) == (ssize_t)(WIRE_VNET_LEN + len));
}

uint32_t bench_left(struct bench *b, struct virtio_net_hdr_v1 *vnet, uint8_t *frame)
{
	struct iovec iov[2] = {{vnet, WIRE_VNET_LEN}, {frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(b->wire, iov, 2);

	return n < 0 ? 0 : (uint32_t)n - WIRE_VNET_LEN;
}

unsigned bench_drain(struct bench *b)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	unsigned n = 0;

	while (bench_left(b, &vnet, frame) > 0)
		n++;
	return n;
}

/* --- the crank -------------------------------------------------------------------------------- */

bool bench_turn(struct bench *b)
{
	bool more;

	for (uint32_t slot = 0; slot < b->slots; slot++) {
		if (core_ldp(b->dp, slot))
			tx_scan(b->dp, core_ldp(b->dp, slot));
	}
	more = tx_run_both(b->dp);
	while (rx_run_both(b->dp))
		;
	core_commit(b->dp);
	return more;
}

void bench_receive(struct bench *b)
{
	rx_uplink_read(b->dp);
	while (rx_run_both(b->dp))
		;
	core_commit(b->dp);
}

uint64_t bench_drops(const struct ldp *l)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LDP_DROPS; i++)
		n += l->count.drops[i];
	return n;
}
