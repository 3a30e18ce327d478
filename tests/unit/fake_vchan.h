/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of common/vchan.c, for tests of what the backend puts into a guest's RX ring: a ring in
 * memory whose other end is the test, and a TX ring in which nothing ever comes.
 */
#ifndef DMVL_TESTS_FAKE_VCHAN_H
#define DMVL_TESTS_FAKE_VCHAN_H

#include <string.h>

#include "common/vchan.h"

struct vchan {
	uint32_t size; /* power of two, up to that of ring[] */
	uint32_t prod, committed, cons;
	bool armed;
	uint8_t ring[1 << 20];
};

int vchan_fd(const struct vchan *v)
{
	(void)v;
	return -1;
}

void vchan_ack(struct vchan *v)
{
	(void)v;
}

bool vchan_is_open(const struct vchan *v)
{
	(void)v;
	return true;
}

uint32_t vchan_ring_bytes(const struct vchan *v)
{
	return v->size;
}

int64_t vchan_rx_poll(struct vchan *v)
{
	(void)v;
	return 0;
}

void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len)
{
	(void)v;
	(void)off;
	memset(buf, 0, len);
}

unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	(void)v;
	(void)off;
	(void)len;
	iov[0] = (struct iovec){0};
	return 1;
}

void vchan_rx_advance(struct vchan *v, uint32_t len)
{
	(void)v;
	(void)len;
}

void vchan_rx_commit(struct vchan *v)
{
	(void)v;
}

int64_t vchan_rx_arm(struct vchan *v)
{
	(void)v;
	return 0;
}

int64_t vchan_tx_poll(struct vchan *v)
{
	return v->size - (v->prod - v->cons);
}

void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		v->ring[(v->prod + off + i) % v->size] = ((const uint8_t *)buf)[i];
}

void vchan_tx_advance(struct vchan *v, uint32_t len)
{
	v->prod += len;
}

void vchan_tx_commit(struct vchan *v)
{
	v->committed = v->prod;
}

int64_t vchan_tx_arm(struct vchan *v)
{
	v->armed = true;
	return vchan_tx_poll(v);
}

/* The guest's end: takes `len` bytes of what was published. False: there are not so many. */
static bool fake_take(struct vchan *v, void *buf, uint32_t len)
{
	if (v->committed - v->cons < len)
		return false;
	for (uint32_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = v->ring[(v->cons + i) % v->size];
	v->cons += len;
	return true;
}

#endif
