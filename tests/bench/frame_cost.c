/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a frame costs the CPU: the frame loop sends small ones and full ones into a real TAP. */
#include <stdio.h>
#include <time.h>

#include "backend/frame/frame_cost.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"

/*
 * Usage: frame_cost BRIDGE FILE. To be run as root in a network namespace of its own, where BRIDGE
 * has a port that takes what comes (tests/bench/frame-cost does all that). The guests' rings are
 * plain memory, so what is measured is the loop from a head frame to the end of its write, and the
 * way through the bridge that the kernel goes before the write returns. Events, which come once for
 * a batch of frames, are not in it. CPU time of the thread, so other load on the machine does not
 * count; the median of some runs.
 */
#define RUNS	  41
#define PER_GUEST 2000u
#define SMALL	  60u
#define FULL	  1514u

#define GUESTS	   3
#define RING_ORDER 20

static struct bench *b;
static struct mk m;

static void fill_rings(uint32_t len)
{
	static const struct virtio_net_hdr_v1 plain;
	uint32_t room = (1u << RING_ORDER) / wire_size(WIRE_VNET_LEN + len);

	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		mk_eth(&m, MK_OTHER, (const char *)bench_mac(slot), 0x88b5);
		mk_payload(&m, len - FRAME_ETH_LEN);
		for (uint32_t i = 0; i < PER_GUEST && i < room; i++)
			bench_give(b, slot, &plain, m.b, m.len);
	}
}

static uint64_t sent_frames(void)
{
	uint64_t n = 0;

	for (uint32_t slot = 0; slot < GUESTS; slot++)
		n += b->guest[slot].ldp->count.tx_frames;
	return n;
}

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *first, const void *second)
{
	double x = *(const double *)first, y = *(const double *)second;

	return (x > y) - (x < y);
}

/* From the head frames to the end of the last write. */
static void send_all(void)
{
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		tx_scan(b->dp, b->guest[slot].ldp);
	do {
		core_commit(b->dp);
		if (b->dp->tx.blocked) {
			fputs("frame_cost: the TAP takes no more\n", stderr);
			exit(1);
		}
	} while (tx_run(b->dp));
	core_commit(b->dp);
}

/* ns of CPU for a frame of len bytes. */
static double measure(uint32_t len)
{
	double ns[RUNS];

	for (int run = 0; run < RUNS; run++) {
		uint64_t before;
		double start_ns;

		fill_rings(len);
		before = sent_frames();
		start_ns = cpu_ns();
		send_all();
		ns[run] = (cpu_ns() - start_ns) / (double)(sent_frames() - before);
	}
	qsort(ns, RUNS, sizeof(*ns), compare);
	return ns[RUNS / 2];
}

static void report(FILE *f, const char *name, const char *metric, double value, const char *unit)
{
	fprintf(f,
		"{\"bench\":\"frame-cost\",\"case\":\"%s\",\"metric\":\"%s\",\"value\":%.9g,"
		"\"unit\":\"%s\"}\n",
		name, metric, value, unit);
}

static void report_all(FILE *f)
{
	static const struct {
		const char *name;
		double bps;
	} links[] = {{"100 Mbit/s", 1e8}, {"1 Gbit/s", 1e9}, {"10 Gbit/s", 1e10}};
	double ns = measure(SMALL);

	report(f, "64 B", "ns_per_frame", ns, "ns");
	report(f, "1518 B", "ns_per_frame", measure(FULL), "ns");
	report(f, "as built", "FRAME_COST_NS", FRAME_COST_NS, "ns");
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		report(f, links[i].name, "frame_cost", ns * links[i].bps / 8e9, "bytes");
}

static void begin(struct uplink *up)
{
	b = bench_new_with(GUESTS, NULL, up);
	uplink_set_sndbuf(up, 1u << 30); /* back-pressure is not what is measured */
	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		struct ldp_conf conf = bench_ldp_conf(slot);

		bench_add(b, slot, &conf, RING_ORDER);
	}
}

int main(int argc, char **argv)
{
	struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "dmvl-up"};
	struct uplink up;
	char err[512];
	FILE *f;

	if (argc != 3) {
		fputs("usage: frame_cost BRIDGE FILE\n", stderr);
		return 2;
	}
	snprintf(spec.bridge, sizeof(spec.bridge), "%s", argv[1]);
	if (uplink_open(&up, &spec, "bench", err, sizeof(err)) < 0) {
		fprintf(stderr, "frame_cost: %s\n", err);
		return 1;
	}
	f = fopen(argv[2], "w");
	if (!f) {
		perror(argv[2]);
		return 1;
	}
	begin(&up);
	report_all(f);
	bench_free(b);
	uplink_close(&up);
	return fclose(f) ? 1 : 0;
}
