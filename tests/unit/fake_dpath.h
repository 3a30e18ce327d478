/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame loop of which the tests turn the crank: the uplink is a socket, the guests' rings are
 * pieces of memory, time stands still.
 */
#ifndef DMVL_TESTS_FAKE_DPATH_H
#define DMVL_TESTS_FAKE_DPATH_H

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/datapath/core.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/tx.h"
#include "backend/uplink/uplink.h"
#include "backend/frame/vnet.h"
#include "tests/unit/fake_vchan.h"
#include "tests/unit/mkframe.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6 VIRTIO_NET_HDR_GSO_TCPV6
#define USO  5
#define ALL  (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

#define GUESTS 3

static const uint8_t macs[GUESTS][6] = {
	{0x00, 0x16, 0x3e, 0x11, 0x22, 0x33}, /* MK_MAC */
	{0x00, 0x16, 0x3e, 0x11, 0x22, 0x34},
	{0x00, 0x16, 0x3e, 0x11, 0x22, 0x35},
};

static struct dpath dp;
static struct uplink uplink;
static struct vchan rings[GUESTS];
static int wire; /* the other end of the uplink */

static void begin(void)
{
	int ends[2];

	memset(&dp, 0, sizeof(dp));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	uplink.fd = ends[0];
	wire = ends[1];
	dp.up = &uplink;
	dp.clock = loop_now_ns;
	dp.now_ns = NS_PER_SEC;
	dp.epoch.running = true;     /* and never ends: there is no loop */
	dp.publish.timer_set = true; /* nor any step */
	dp.tx_sched = sched_new(GUESTS, 1518, 1);
	dp.rx_sched = sched_new(GUESTS, 1518, 1);
	dp.local_sched = sched_new(GUESTS, 1518, 1);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		dp.epoch.ledger[dir] = ledger_new(GUESTS, 0);
	dp.fdb = fdb_new(LDP_SLOTS);
	dp.rx.frame = malloc(WIRE_FRAME_MAX);
	dp.rx.flat = malloc(WIRE_FRAME_MAX);
	dp.rx.segment = malloc(WIRE_FRAME_MAX);
}

/* A guest that takes `features`, with rings of 2^order bytes that wrap soon. */
static struct ldp *guest(uint32_t slot, uint32_t features, unsigned order)
{
	static const struct sched_rule rule = {.weight = 256};
	struct ldp *l = calloc(1, sizeof(*l));
	struct vchan *v = &rings[slot];

	v->size = 1u << order;
	v->armed = false;
	v->in.prod = v->in.cons = v->in.published = v->size - 200;
	v->out.prod = v->out.cons = v->out.published = v->size - 200;
	l->slot = slot;
	l->dp = &dp;
	l->vchan = v;
	l->rxq = rxq_new(RXQ_LIMIT_MIN);
	l->conf = (struct ldp_conf){
		.tx = rule, .rx = rule, .mtu = 1500, .tx_features = ALL, .rx_features = features};
	memcpy(l->conf.mac, macs[slot], 6);
	fdb_add(dp.fdb, l->conf.mac, slot);
	sched_add(dp.tx_sched, slot, &rule);
	sched_add(dp.rx_sched, slot, &rule);
	sched_add(dp.local_sched, slot, &rule);
	dp.members.ldp[slot] = l;
	dp.members.end = slot + 1;
	return l;
}

static void end(void)
{
	for (uint32_t slot = 0; slot < dp.members.end; slot++) {
		rxq_free(dp.members.ldp[slot]->rxq);
		free(dp.members.ldp[slot]);
	}
	sched_free(dp.tx_sched);
	sched_free(dp.rx_sched);
	sched_free(dp.local_sched);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		ledger_free(dp.epoch.ledger[dir]);
	fdb_free(dp.fdb);
	free(dp.rx.frame);
	free(dp.rx.flat);
	free(dp.rx.segment);
	close(uplink.fd);
	close(wire);
}

/* What moved in this turn is published. */
static void commit(void)
{
	for (uint32_t i = 0; i < dp.dirty.count; i++) {
		dp.dirty.at[i]->on_dirty = false;
		ldp_commit(dp.dirty.at[i]);
	}
	dp.dirty.count = 0;
}

static inline uint64_t all_drops(const struct ldp *l)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LDP_DROPS; i++)
		n += l->count.drops[i];
	return n;
}

#endif
