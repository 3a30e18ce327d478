/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes_ring.c: what shared memory can hold that it should not, while the backend reads it. */
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "tests/hostile/modes.h"

#define STEPS 400 /* of one round; fewer when the backend ends the connection */

static void store32(struct peer *p, void *at, uint32_t value)
{
	__atomic_store_n((uint32_t *)at, value, __ATOMIC_RELAXED);
	p->n.writes++;
}

/* A frame that passes every check, to an address that nobody has. */
static bool stage_frame(struct peer *p)
{
	uint8_t body[WIRE_VNET_LEN + 1500] = {0};
	uint32_t len = WIRE_VNET_LEN + 60 + below(p, 1440);
	struct wire_hdr hdr = wire_make(WIRE_DATA, len);

	hdr.flags = p->sparse && one_in(p, 3) ? WIRE_SPARSE : 0;
	memcpy(body + WIRE_VNET_LEN, "\x02\0\0\0\0\x77", 6);
	memcpy(body + WIRE_VNET_LEN + 6, p->offer.mac, 6);
	memcpy(body + WIRE_VNET_LEN + 12, "\x88\xb5", 2);
	return peer_stage(p, &hdr, body, len);
}

static bool send_frame(struct peer *p)
{
	if (!stage_frame(p))
		return false;
	peer_publish(p);
	return true;
}

static uint32_t odd_index(struct peer *p, uint32_t now)
{
	const uint32_t steps[] = {1, 4, 7, 8, 12, p->size - 8, p->size - 1, p->size, p->size + 1};

	switch (below(p, 4)) {
	case 0:
		return (uint32_t)rng_next(&p->rng);
	case 1:
		return now + pick(p, steps);
	case 2:
		return now - pick(p, steps);
	default:
		return one_in(p, 2) ? 0 : ~0u;
	}
}

bool mode_index(struct peer *p)
{
	struct vchan_interface *ring;
	uint32_t flips = below(p, 3) * 100, value, good;
	uint32_t *at;

	if (!peer_connect(p))
		return false;
	ring = p->x->ring;
	for (int i = 0; i < STEPS && peer_connected(p); i++) {
		uint32_t *const index[] = {&ring->left.cons, &ring->left.prod, &ring->right.cons,
					   &ring->right.prod};

		if (one_in(p, 2))
			send_frame(p);
		at = pick(p, index);
		good = *at;
		value = odd_index(p, good);
		/* Back and forth while the other side looks; in the end it stays. */
		for (uint32_t k = 0; k < flips; k++) {
			store32(p, at, value);
			store32(p, at, good);
		}
		store32(p, at, value);
		peer_notify(p);
	}
	peer_settle(p);
	peer_part(p);
	return true;
}

/* Orders, notify bits and grants. The indexes and the liveness bytes have modes of their own. */
bool mode_page(struct peer *p)
{
	struct vchan_interface *ring;

	if (!peer_connect(p))
		return false;
	ring = p->x->ring;
	for (int i = 0; i < STEPS && peer_connected(p); i++) {
		send_frame(p);
		switch (below(p, 4)) {
		case 0:
			ring->left_order = (uint16_t)below(p, one_in(p, 4) ? 65536 : 32);
			break;
		case 1:
			ring->right_order = (uint16_t)below(p, one_in(p, 4) ? 65536 : 32);
			break;
		case 2:
			ring->cli_notify = (uint8_t)below(p, 256);
			ring->srv_notify = (uint8_t)below(p, 256);
			break;
		case 3:
			ring->grants[below(p, 512)] = (uint32_t)rng_next(&p->rng);
			break;
		}
		p->n.writes++;
		peer_notify(p);
		peer_discard(p);
	}
	peer_part(p);
	return true;
}

bool mode_live(struct peer *p)
{
	static const uint8_t values[] = {0, 1, 2, 3, 255};

	if (!peer_connect(p))
		return false;
	for (int i = 0; i < STEPS && peer_connected(p); i++) {
		send_frame(p);
		p->x->ring->cli_live = pick(p, values);
		/* 1 is right: the connection outlives it, and the others are tried between looks.
		 */
		p->x->ring->srv_live = pick(p, values);
		if (!one_in(p, 8))
			p->x->ring->srv_live = 1;
		p->n.writes += 2;
		peer_notify(p);
	}
	peer_part(p);
	return true;
}

static uint32_t odd_length(struct peer *p)
{
	const uint32_t lengths[] = {0,
				    1,
				    7,
				    8,
				    WIRE_VNET_LEN,
				    WIRE_VNET_LEN + WIRE_FRAME_MIN - 1,
				    WIRE_VNET_LEN + WIRE_FRAME_MIN,
				    WIRE_BODY_MAX - 1,
				    WIRE_BODY_MAX,
				    WIRE_BODY_MAX + 1,
				    p->size - 8,
				    p->size - 7,
				    p->size,
				    0x7fffffff,
				    0x80000000,
				    0xfffffff8,
				    0xffffffff};

	return one_in(p, 4) ? (uint32_t)rng_next(&p->rng) : pick(p, lengths);
}

static struct wire_hdr odd_header(struct peer *p)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + 60);

	switch (below(p, 6)) {
	case 0:
		hdr.type = (uint8_t)below(p, 256);
		break;
	case 1:
		hdr.flags = (uint8_t)(1u << below(p, 8));
		break;
	case 2:
		hdr.reserved = (uint16_t)(1u << below(p, 16));
		break;
	case 3:
		hdr.type = WIRE_CREDIT;
		hdr.len = sizeof(struct wire_credit);
		break;
	default:
		hdr.type = (uint8_t)(1 + below(p, 3));
		hdr.len = odd_length(p);
	}
	return hdr;
}

bool mode_header(struct peer *p)
{
	static const uint8_t body[256];
	struct wire_hdr hdr;

	if (!peer_connect(p))
		return false;
	for (uint32_t n = below(p, 20); n > 0 && send_frame(p); n--)
		;
	for (int i = 0; i < STEPS && peer_connected(p); i++) {
		hdr = odd_header(p);
		peer_put(p, &hdr, sizeof(hdr));
		/* Behind it what it says, or less, or more. */
		peer_put(p, body, hdr.len < sizeof(body) ? wire_size(hdr.len) : below(p, 256));
		peer_publish(p);
	}
	peer_settle(p);
	peer_part(p);
	return true;
}

static bool all_read(const struct peer *p)
{
	return __atomic_load_n(&p->x->write.shr->cons, __ATOMIC_ACQUIRE) == p->prod;
}

/* On one of the processors: whoever shares it with the backend runs only when that has read all. */
static void move_on(struct peer *p, const cpu_set_t *all)
{
	unsigned n = below(p, (uint32_t)CPU_COUNT(all)), cpu = 0;
	cpu_set_t one;

	while (!CPU_ISSET(cpu, all) || n-- > 0)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Some frames at once; at: where the last one begins. */
static bool send_frames(struct peer *p, uint32_t *at)
{
	for (int i = 0; i < 16; i++) {
		*at = p->prod & (p->size - 1);
		if (!stage_frame(p))
			return false;
	}
	peer_publish(p);
	return true;
}

/*
 * Changes the last of what was published while the backend reads what lies before it: until all is
 * read, or for as long as the backend may sleep.
 */
bool mode_race(struct peer *p)
{
	uint32_t at, was, value;
	uint32_t *word;
	cpu_set_t all;

	if (!peer_connect(p))
		return false;
	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < STEPS && peer_connected(p); i++) {
		if (i % 20 == 0)
			move_on(p, &all);
		if (!send_frames(p, &at))
			break;
		/* A word of the header, or also of the vnet header or of the frame's own. */
		at += 4 * below(p, one_in(p, 2) ? 2 : 12);
		word = (uint32_t *)((char *)p->x->write.buffer + (at & (p->size - 1)));
		was = *word;
		value = one_in(p, 2) ? (uint32_t)rng_next(&p->rng) : odd_length(p);
		for (int k = 0; k < 50000 && !all_read(p); k++) {
			store32(p, word, value);
			store32(p, word, was);
		}
		if (one_in(p, 20))
			store32(p, word, value);
	}
	sched_setaffinity(0, sizeof(all), &all);
	peer_settle(p);
	peer_part(p);
	return true;
}

/* A message in pieces of any size, each with an event; some never come. */
bool mode_half(struct peer *p)
{
	static const uint8_t body[2048];
	struct wire_hdr hdr;
	uint32_t left, n;

	if (!peer_connect(p))
		return false;
	for (int i = 0; i < STEPS / 8 && peer_connected(p); i++) {
		hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + 60 + below(p, 1900));
		left = wire_size(hdr.len);
		for (n = 1 + below(p, sizeof(hdr)); left > 0; n = 1 + below(p, 64)) {
			n = n < left ? n : left;
			if (left == wire_size(hdr.len)) {
				n = sizeof(hdr);
				peer_put(p, &hdr, n);
			} else {
				peer_put(p, body, n);
			}
			left -= n;
			peer_publish(p);
		}
		peer_discard(p);
	}
	/* The last one stays as it is: a header that promises more than will ever be there. */
	hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + 1000);
	peer_put(p, &hdr, one_in(p, 2) ? sizeof(hdr) : 1 + below(p, 7));
	peer_publish(p);
	for (int i = 0; i < STEPS && peer_connected(p); i++)
		peer_notify(p);
	peer_part(p);
	return true;
}

bool mode_storm(struct peer *p)
{
	if (!peer_connect(p))
		return false;
	for (int i = 0; i < 100 * STEPS; i++) {
		/* Pending events are one event: ask for them as fast as they are taken. */
		peer_notify(p);
		if (i % 64 == 0 && !peer_connected(p))
			break;
		if (one_in(p, 1000))
			send_frame(p);
		if (one_in(p, 1000))
			peer_discard(p);
	}
	peer_part(p);
	return true;
}
