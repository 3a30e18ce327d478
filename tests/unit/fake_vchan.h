/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of common/vchan.c: two rings in memory, whose other end, the guest's, is the test. */
#ifndef DMVL_TESTS_FAKE_VCHAN_H
#define DMVL_TESTS_FAKE_VCHAN_H

#include <string.h>

#include "common/vchan.h"

struct fake_ring {
	uint32_t prod, cons; /* as each side sees its own */
	uint32_t published;  /* prod as the reader sees it */
	uint8_t mem[1 << 20];
};

struct vchan {
	uint32_t size;		  /* of each, a power of two */
	struct fake_ring in, out; /* as the backend sees them: the guest's TX and RX */
	bool armed;		  /* an event is asked for when there is room in `out` */
};

static void fake_read(const struct vchan *v, const struct fake_ring *r, uint32_t off, void *buf,
		      uint32_t len)
{
	uint32_t at = (r->cons + off) % v->size, first = len < v->size - at ? len : v->size - at;

	memcpy(buf, r->mem + at, first);
	memcpy((uint8_t *)buf + first, r->mem, len - first);
}

static void fake_write(const struct vchan *v, struct fake_ring *r, uint32_t off, const void *buf,
		       uint32_t len)
{
	uint32_t at = (r->prod + off) % v->size, first = len < v->size - at ? len : v->size - at;

	memcpy(r->mem + at, buf, first);
	memcpy(r->mem, (const uint8_t *)buf + first, len - first);
}

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
	return v->in.published - v->in.cons;
}

void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len)
{
	fake_read(v, &v->in, off, buf, len);
}

unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2])
{
	uint32_t pos = (v->in.cons + off) % v->size;
	uint32_t first = len < v->size - pos ? len : v->size - pos;

	iov[0] = (struct iovec){(void *)(uintptr_t)(v->in.mem + pos), first};
	iov[1] = (struct iovec){(void *)(uintptr_t)v->in.mem, len - first};
	return first < len ? 2 : 1;
}

void vchan_rx_advance(struct vchan *v, uint32_t len)
{
	v->in.cons += len;
}

void vchan_rx_commit(struct vchan *v)
{
	(void)v;
}

int64_t vchan_rx_arm(struct vchan *v)
{
	return vchan_rx_poll(v);
}

int64_t vchan_tx_poll(struct vchan *v)
{
	return v->size - (v->out.prod - v->out.cons);
}

void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len)
{
	fake_write(v, &v->out, off, buf, len);
}

void vchan_tx_advance(struct vchan *v, uint32_t len)
{
	v->out.prod += len;
}

void vchan_tx_commit(struct vchan *v)
{
	v->out.published = v->out.prod;
}

int64_t vchan_tx_arm(struct vchan *v)
{
	v->armed = true;
	return vchan_tx_poll(v);
}

/* The guest takes `len` bytes of what was published. False: there are not so many. */
static inline bool fake_take(struct vchan *v, void *buf, uint32_t len)
{
	if (v->out.published - v->out.cons < len)
		return false;
	fake_read(v, &v->out, 0, buf, len);
	v->out.cons += len;
	return true;
}

/* The guest writes `len` bytes; fake_publish() lets them be seen. */
static inline void fake_give(struct vchan *v, const void *buf, uint32_t len)
{
	fake_write(v, &v->in, 0, buf, len);
	v->in.prod += len;
}

static inline void fake_publish(struct vchan *v)
{
	v->in.published = v->in.prod;
}

#endif
