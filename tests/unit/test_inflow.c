/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much comes in for the host, from what came in for all and for the LDPs. */
#include "backend/uplink/inflow.h"

#include <inttypes.h>

#include "tests/unit/tap.h"

#define LOOK_NS 200000000ull
#define MBIT	1000000ull

/* What 200 ms carry at a rate. */
static uint64_t bytes(uint64_t mbit)
{
	return mbit * MBIT / 8 / 5;
}

static struct inflow_counters now;

static uint64_t look(struct inflow *f, uint64_t exits_bytes, uint64_t ldps_bytes)
{
	now.exits_bytes += exits_bytes;
	now.ldps_bytes += ldps_bytes;
	return inflow_look(f, &now, f->at_ns + LOOK_NS);
}

/* Twenty looks while the exits and the LDPs receive at these rates. */
static uint64_t settle(struct inflow *f, uint64_t exits_mbit, uint64_t ldps_mbit)
{
	uint64_t bps = 0;

	for (int i = 0; i < 20; i++)
		bps = look(f, bytes(exits_mbit), bytes(ldps_mbit));
	return bps;
}

static bool near(uint64_t bps, uint64_t mbit)
{
	return bps + MBIT / 2 > mbit * MBIT && bps < mbit * MBIT + MBIT / 2;
}

/* A flood of 100 Mbit/s for guests, 1000 bytes a frame, of which the TAP drops three of four. */
static void flood(void)
{
	struct inflow f = {0};
	uint64_t bps = 0;

	now = (struct inflow_counters){.dropped_frames = 12345};
	look(&f, 0, 0);
	for (int i = 0; i < 20; i++) {
		uint64_t frames = bytes(100) / 1000;

		now.tap_frames += frames / 4;
		now.tap_bytes += frames / 4 * 1000;
		now.dropped_frames += frames - frames / 4;
		bps = look(&f, bytes(130), frames / 4 * 1000);
	}
	ok(near(bps, 30), "what the full TAP drops is not the host's: %" PRIu64, bps);
	for (int i = 0; i < 20; i++) {
		now.dropped_frames += bytes(100) / 1000;
		bps = look(&f, bytes(130), 0);
	}
	ok(near(bps, 30), "nor is it while nothing is read from the TAP: %" PRIu64, bps);
}

/* Each look counts the frames of up to 10 ms too early, or too late. */
static void skew(void)
{
	struct inflow f = {0};
	uint64_t most = 0, bps;

	now = (struct inflow_counters){0};
	look(&f, 0, 0);
	for (int i = 0; i < 200; i++) {
		bps = look(&f, bytes(100), bytes(100) + (i % 2 ? bytes(5) : -bytes(5)));
		if (i > 40 && bps > most)
			most = bps;
	}
	ok(near(most, 0), "counters that are read one after the other make no host: %" PRIu64,
	   most);
	settle(&f, 0, 100);
	bps = look(&f, bytes(60), 0);
	ok(bps >= 13 * MBIT, "frames from inside the host hide little of the host's: %" PRIu64,
	   bps);
}

int main(void)
{
	struct inflow f = {0};

	is_int(look(&f, 1000000000, 0), 0, "what came in before the first look is not counted");
	ok(near(settle(&f, 100, 40), 60), "what is not the LDPs' is the host's: %" PRIu64,
	   f.host_bps);
	ok(near(settle(&f, 100, 100), 0), "the host receives nothing where all is the LDPs'");
	ok(near(settle(&f, 90, 100), 0), "frames from inside the host do not count below nothing");
	settle(&f, 100, 40);
	now = (struct inflow_counters){.exits_bytes = 5};
	ok(near(look(&f, 0, 0), 60), "a counter that goes back changes nothing");
	ok(near(settle(&f, 20, 10), 10), "the rate is right after a counter has gone back");
	now.exits_bytes += bytes(50);
	ok(near(inflow_look(&f, &now, f.at_ns), 10), "two looks at the same time change nothing");
	flood();
	skew();
	return done_testing();
}
