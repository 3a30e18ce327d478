/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a frame costs in a flow queue: instructions are counted from outside, by callgrind. */
#include <stdio.h>
#include <stdlib.h>

#include "common/flowq.h"
#include "tests/unit/mkframe.h"

/*
 * Usage: queue_cost LEN FLOWS WAITING FRAMES [place]. Each of FLOWS UDP flows has WAITING frames of
 * LEN bytes in the queue; then FRAMES frames come, of one flow after the other, and for each one
 * leaves. With `place` the flow is asked for before the frame is pushed, as the agent does.
 * `measured` is called once, after the queue was filled: callgrind collects in it only.
 */
#define LIMIT (4u << 20)

static const struct virtio_net_hdr_v1 plain;
static bool ask;

static uint8_t *make_frames(uint32_t flows, uint32_t len)
{
	uint8_t *frames = malloc((size_t)flows * len);
	struct mk m;

	for (uint32_t i = 0; frames && i < flows; i++) {
		mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		mk_udp(&m, (uint16_t)(1024 + i), 53);
		mk_payload(&m, len - m.len);
		mk_finish(&m, 0);
		memcpy(frames + (size_t)i * len, m.b, len);
	}
	return frames;
}

static inline bool push(struct flowq *q, uint8_t *frames, uint32_t flow, uint32_t len,
			uint64_t now_ns)
{
	struct iovec iov = {frames + (size_t)flow * len, len};
	struct flowq_place place;

	if (ask) {
		place = flowq_place_of(q, iov.iov_base, len);
		return flowq_push(q, &place, &plain, &iov, 1, len, 0, now_ns);
	}
	return flowq_push(q, NULL, &plain, &iov, 1, len, 0, now_ns);
}

/* Not inlined: its name is what callgrind looks for. Returns how many frames went through. */
__attribute__((noinline)) uint32_t measured(struct flowq *q, uint8_t *frames, uint32_t flows,
					    uint32_t len, uint32_t n);

uint32_t measured(struct flowq *q, uint8_t *frames, uint32_t flows, uint32_t len, uint32_t n)
{
	struct flowq_frame f;
	uint32_t done = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t now_ns = 1000 + i;

		if (!push(q, frames, i % flows, len, now_ns) || !flowq_peek(q, now_ns, &f))
			break;
		flowq_pop(q);
		done++;
	}
	return done;
}

int main(int argc, char **argv)
{
	struct flowq_limits limits = flowq_limits_default();
	uint32_t len, flows, waiting, n;
	uint8_t *frames;
	struct flowq *q;

	if (argc < 5 || argc > 6) {
		fputs("usage: queue_cost LEN FLOWS WAITING FRAMES [place]\n", stderr);
		return 2;
	}
	len = (uint32_t)strtoul(argv[1], NULL, 10);
	flows = (uint32_t)strtoul(argv[2], NULL, 10);
	waiting = (uint32_t)strtoul(argv[3], NULL, 10);
	n = (uint32_t)strtoul(argv[4], NULL, 10);
	ask = argc == 6;
	limits.limit_bytes = LIMIT;
	q = flowq_new(FLOWQ_FLOWS, &limits, 42, NULL, NULL);
	frames = make_frames(flows, len);
	for (uint32_t i = 0; i < flows * waiting; i++)
		push(q, frames, i % flows, len, 0);
	if (measured(q, frames, flows, len, n) != n)
		return 1;
	free(frames);
	flowq_free(q);
	return 0;
}
