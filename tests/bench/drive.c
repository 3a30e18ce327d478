/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills an uplink as fast as one process can, through the product's TAP, send buffer and estimate,
 * but without guests: those of an emulator do not fill a gigabit. For tests/bench/drive.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/uplink/capacity.h"
#include "backend/uplink/probe.h"
#include "common/loop.h"
#include "common/tap.h"
#include "common/wire.h"

#define LEN	  9014 /* long ones, for what one processor can do */
#define BATCH	  64
#define REPORT_NS 10000000u

static uint8_t frame[WIRE_VNET_LEN + LEN];

static void fill(struct capacity *c, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	for (int i = 0; i < BATCH; i++) {
		if (write(fd, frame, sizeof(frame)) > 0) {
			capacity_sent(c, LEN + 4, true);
			continue;
		}
		if (errno != EAGAIN) {
			perror("drive: write");
			exit(1);
		}
		capacity_blocked(c, loop_now_ns());
		poll(&p, 1, 1000);
		return;
	}
}

static void size(struct capacity *c, struct uplink *u)
{
	uint32_t bytes = capacity_sndbuf(c);

	if (bytes == c->sndbuf_bytes)
		return;
	uplink_set_sndbuf(u, bytes);
	capacity_resized(c, bytes);
}

int main(int argc, char **argv)
{
	struct uplink_spec spec;
	struct uplink u;
	struct capacity c;
	struct exits exits;
	struct probe probe;
	uint64_t now_ns, report_ns = 0, end_ns;
	unsigned mac[6];
	char err[256];

	if (argc != 4 || uplink_parse(argv[1], &spec, err, sizeof(err)) < 0 ||
	    sscanf(argv[2], "%x:%x:%x:%x:%x:%x", mac, mac + 1, mac + 2, mac + 3, mac + 4,
		   mac + 5) != 6) {
		fprintf(stderr, "usage: drive UPLINK MAC SECONDS\n");
		return 2;
	}
	for (int i = 0; i < 6; i++)
		frame[WIRE_VNET_LEN + i] = (uint8_t)mac[i];
	memcpy(frame + WIRE_VNET_LEN + 6, "\x00\x16\x3e\x00\x00\x01\x88\xb5", 8);
	if (uplink_open(&u, &spec, "drive", err, sizeof(err)) < 0) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	exits_find(&u, "", &exits);
	probe_uplink(&exits, &probe);
	now_ns = loop_now_ns();
	end_ns = now_ns + strtoull(argv[3], NULL, 10) * 1000000000u;
	capacity_init(&c, probe.sndbuf_max_bytes, now_ns);
	while (now_ns < end_ns) {
		size(&c, &u);
		fill(&c, u.fd);
		now_ns = loop_now_ns();
		capacity_turn(&c, now_ns);
		if (now_ns - report_ns < REPORT_NS)
			continue;
		report_ns = now_ns;
		printf("%" PRIu64 " %" PRIu64 " %u\n", now_ns / 1000000, c.estimate_bps,
		       c.sndbuf_bytes);
		fflush(stdout);
	}
	uplink_close(&u);
	return 0;
}
