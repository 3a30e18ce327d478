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

/* Twenty looks while the exits and the LDPs receive at these rates. */
static uint64_t settle(struct inflow *f, uint64_t exits_mbit, uint64_t ldps_mbit)
{
	uint64_t bps = 0;

	for (int i = 0; i < 20; i++)
		bps = inflow_look(f, f->exits_bytes + bytes(exits_mbit),
				  f->ldps_bytes + bytes(ldps_mbit), f->at_ns + LOOK_NS);
	return bps;
}

static bool near(uint64_t bps, uint64_t mbit)
{
	return bps + MBIT / 2 > mbit * MBIT && bps < mbit * MBIT + MBIT / 2;
}

int main(void)
{
	struct inflow f = {0};

	is_int(inflow_look(&f, 1000000000, 0, LOOK_NS), 0,
	       "what came in before the first look is not counted");
	ok(near(settle(&f, 100, 40), 60), "what is not the LDPs' is the host's: %" PRIu64,
	   f.host_bps);
	ok(near(settle(&f, 100, 100), 0), "the host receives nothing where all is the LDPs'");
	ok(near(settle(&f, 90, 100), 0), "frames from inside the host do not count below nothing");
	settle(&f, 100, 40);
	ok(near(inflow_look(&f, 5, 0, f.at_ns + LOOK_NS), 60),
	   "a counter that goes back changes nothing");
	ok(near(settle(&f, 20, 10), 10), "the rate is right after a counter has gone back");
	ok(near(inflow_look(&f, f.exits_bytes + bytes(50), f.ldps_bytes, f.at_ns), 10),
	   "two looks at the same time change nothing");
	return done_testing();
}
