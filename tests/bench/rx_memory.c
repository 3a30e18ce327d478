/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the queues of LDPs that receive take of the memory: of a real data path, whose guests take
 * nothing out. Their rings, which are the guests' memory, are not written.
 *
 * Usage: rx_memory FILE     appends a JSON object for each figure
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/datapath/queues.h"
#include "backend/datapath/rx_limit.h"
#include "backend/datapath/rx_uplink.h"
#include "common/flowq.h"
#include "tests/fake/bench.h"
#include "tests/fake/must.h"
#include "tests/unit/mkframe.h"

#define GUESTS 200u
#define FULL   1514u

static struct bench *b;
static struct mk m;
static FILE *out;

static double resident(void)
{
	unsigned long pages;
	FILE *f = fopen("/proc/self/statm", "r");

	must(f && fscanf(f, "%*u %lu", &pages) == 1);
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void report(const char *when, double bytes)
{
	fprintf(out,
		"{\"bench\":\"rx-memory\",\"case\":\"%u LDPs, %s\",\"metric\":\"resident\","
		"\"value\":%.1f,\"unit\":\"KiB per LDP\"}\n",
		GUESTS, when, bytes / GUESTS / 1024);
}

/* That many frames for each LDP, each of its own flow. */
static void receive(unsigned frames)
{
	static const struct virtio_net_hdr_v1 plain;

	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x0800);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		mk_udp(&m, 1, 53);
		mk_payload(&m, FULL - m.len);
		mk_finish(&m, 0);
		for (unsigned i = 0; i < frames; i++) {
			mk_be16(&m, m.l4, i);
			bench_come(b, &plain, m.b, m.len);
			rx_uplink_read(b->dp);
		}
	}
}

static void set_rate(uint64_t bps)
{
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		queues_set_rate(b->guest[slot].ldp, bps);
}

static void empty(struct flowq *q)
{
	struct flowq_frame f;

	while (flowq_peek(q, 0, &f))
		flowq_pop(q);
}

/* All frames go, and then the second passes after which memory is given back. */
static void rest(void)
{
	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		empty(b->guest[slot].ldp->rxq);
		queues_trim(b->guest[slot].ldp);
	}
}

static void report_all(void)
{
	double before = resident(), idle;

	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		struct ldp_conf conf = bench_ldp_conf(slot);

		must(bench_add(b, slot, &conf, BENCH_RING_ORDER));
	}
	idle = resident();
	report("idle, all of it", idle - before);
	receive(1);
	report("one frame waits, queues", resident() - idle);
	receive(100);
	report("64 KiB full, queues", resident() - idle);
	set_rate(100000000);
	receive(500);
	report("each served at 100 Mbit/s, full, queues", resident() - idle);
	rest();
	report("idle again, queues", resident() - idle);
	set_rate(1000000000);
	receive(4800);
	report("each served at 1 Gbit/s, full, queues", resident() - idle);
	rest();
	report("idle again, queues", resident() - idle);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: rx_memory FILE\n", stderr);
		return 2;
	}
	out = fopen(argv[1], "a");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	b = bench_new_with(GUESTS, NULL, NULL);
	report_all();
	bench_free(b);
	return fclose(out) ? 1 : 0;
}
