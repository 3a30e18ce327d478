/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h: the product's data path, made by dpath_new(), with its far ends in the test's hands: the
 * uplink is a socket, guests are added by MSG_ADD over connections in memory, and time is what the
 * test says. The test calls the data path's parts, or bench_turn(), or runs the loop.
 */
#ifndef DMVL_TESTS_FAKE_BENCH_H
#define DMVL_TESTS_FAKE_BENCH_H

#include <linux/virtio_net.h>

#include "backend/datapath/core.h"
#include "backend/msg/msg.h"
#include "backend/uplink/uplink.h"
#include "common/offload.h"
#include "tests/fake/chan.h"

#define BENCH_EPOCH_NS	 (10 * NS_PER_MS)
#define BENCH_RING_ORDER 18
#define BENCH_OFFLOADS	 (TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO) /* of the uplink, at first */

struct bench_guest {
	struct chan chan;
	struct vchan *vchan;
	struct ldp *ldp; /* NULL: the slot is free */
};

struct bench {
	struct loop *loop;
	struct mbox *to_loop, *to_control;
	struct uplink up; /* of the test's own socket */
	int wire;	  /* the far end of it */
	struct dpath *dp;
	struct bench_guest *guest; /* by slot */
	unsigned slots;
};

/* Guests in slots 0..guests - 1, all with bench_ldp_conf(). Never NULL. One at a time. */
struct bench *bench_new(unsigned guests);
/*
 * No guests yet, but room for them; another configuration of the data path than the default, with
 * the bench's clock (NULL: the default), and another uplink than a socket (NULL).
 */
struct bench *bench_new_with(unsigned slots, const struct dpath_conf *conf, struct uplink *up);
void bench_free(struct bench *b);

/* The MAC address of a guest: mkframe.h's MK_MAC is the one of slot 0. */
const uint8_t *bench_mac(uint32_t slot);
/* Equal shares, all offloads, an MTU of 1500, spoof check, a flood rate of 1000. */
struct ldp_conf bench_ldp_conf(uint32_t slot);
/* A guest comes, rings of 2^order bytes that wrap soon. NULL: it was refused. */
struct ldp *bench_add(struct bench *b, uint32_t slot, const struct ldp_conf *conf, unsigned order);
/* As bench_add(), with the identity of its account. */
struct ldp *bench_add_as(struct bench *b, uint32_t slot, const struct credit_id *id);
/* It goes, and its vchan is closed. */
void bench_delete(struct bench *b, uint32_t slot);
/* The control thread gives other settings: to a guest, or to the uplink. */
void bench_configure(struct bench *b, uint32_t slot, const struct ldp_conf *conf);
void bench_link(struct bench *b, const struct link_conf *conf);
/* A group comes, has other settings, or (!on) goes. */
void bench_group(struct bench *b, uint32_t group, bool on, const struct group_conf *conf);
/* Which frames for the uplink must wait. */
void bench_hold(struct bench *b, enum link_hold hold);
/* Its domain was suspended, or runs again. */
void bench_freeze(struct bench *b, uint32_t slot, bool on);

/* Lets time pass. */
void bench_pass(struct bench *b, uint64_t ns);

/* The guest writes a message whose body is the header and the frame. */
void bench_give(struct bench *b, uint32_t slot, const struct virtio_net_hdr_v1 *vnet,
		const void *frame, uint32_t len);
/* Likewise, flagged as a frame of a light flow. */
void bench_give_sparse(struct bench *b, uint32_t slot, const struct virtio_net_hdr_v1 *vnet,
		       const void *frame, uint32_t len);
/* The bytes that the guest wrote and the data path has not taken. */
uint32_t bench_given(const struct bench *b, uint32_t slot);
/* Takes the next message out of a guest's ring. Its body is good until the next call. False: none.
 */
bool bench_take(struct bench *b, uint32_t slot, struct wire_hdr *hdr, const uint8_t **body);

/* Takes all messages out of it: how many of them are frames. */
unsigned bench_take_frames(struct bench *b, uint32_t slot);

/* A frame comes to the uplink. */
void bench_come(struct bench *b, const struct virtio_net_hdr_v1 *vnet, const void *frame,
		uint32_t len);
/* The next frame that left, its header in *vnet; its length, 0: none. */
uint32_t bench_left(struct bench *b, struct virtio_net_hdr_v1 *vnet, uint8_t *frame);
/* Takes all frames that left, and says how many they were. */
unsigned bench_drain(struct bench *b);

/*
 * One turn of what guests send: their events, local frames, the uplink's, and all that came of it
 * for others. Whether more waits.
 */
bool bench_turn(struct bench *b);
/* One turn of what comes from the uplink. */
void bench_receive(struct bench *b);

/* The next message to the control thread, for free(); NULL: none. */
struct msg *bench_mail(struct bench *b);

/* Frames of an LDP that were dropped, whatever for. */
uint64_t bench_drops(const struct ldp *l);

#endif
