/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all LDPs together had, in the uplink's record: no sum goes back when an LDP goes. */
#include "backend/datapath/sums.h"

#include <stdlib.h>
#include <unistd.h>

#include "backend/datapath/measure.h"
#include "backend/stats/statsfile.h"
#include "tests/fake/bench.h"
#include "tests/fake/must.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

/* More than the statistics write in one turn of the loop. */
#define SLOTS 70u
#define LAST  (SLOTS - 1)

static struct bench *b;

static uint64_t number(const char *name, unsigned bucket)
{
	struct mapfile f;
	struct stats_header h;
	struct stats_record *r;
	struct stats_field field;
	char path[MAPFILE_PATH_MAX + 1];
	uint64_t value;

	must(statsfile_path(path, scratch_dir(), "t") == 0 && statsfile_map(&f, path) == 0);
	must(stats_check(f.mem, f.bytes, &h) == 0);
	r = malloc(h.record_bytes);
	must(r && stats_copy(f.mem, &h, 0, r));
	must(stats_find(f.mem, &h, STATS_UPLINK, name, &field) && bucket < field.count);
	value = r->value[field.first + bucket];
	free(r);
	mapfile_close(&f);
	return value;
}

/* Part of a round, or the end of one that is under way. */
static void measure(void)
{
	bench_pass(b, 100 * NS_PER_MS);
	measure_due(b->dp);
}

static void rounds(void)
{
	do
		measure();
	while (b->dp->measure.under_way);
}

static void count(uint32_t slot, uint64_t drops, uint64_t waits)
{
	struct ldp *l = b->guest[slot].ldp;

	l->count.drops[LDP_DROP_MTU] += drops;
	l->count.tx_wait[3] += waits;
}

static void sums_are(uint64_t drops, uint64_t waits, const char *when)
{
	is_int(number("drop-mtu", 0), drops, "drops %s", when);
	is_int(number("tx-wait", 3), waits, "waits %s", when);
}

static void add_guest(uint32_t slot)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	must(bench_add(b, slot, &conf, 12));
}

static void test_sums(void)
{
	add_guest(0);
	add_guest(LAST);
	count(0, 1, 10);
	count(LAST, 2, 20);
	rounds();
	sums_are(3, 30, "of two LDPs");
	count(0, 100, 0);
	bench_delete(b, 0);
	rounds();
	sums_are(103, 30, "after one has gone");
	add_guest(0);
	count(0, 1000, 0);
	rounds();
	sums_are(1103, 30, "with another one in its place");
}

/* In the middle of a round the first LDP was counted, and the last one was not. */
static void test_within_a_round(void)
{
	measure();
	must(b->dp->measure.under_way);
	bench_delete(b, 0);
	bench_delete(b, LAST);
	rounds();
	sums_are(1103, 30, "when both go within a round");
	rounds();
	sums_are(1103, 30, "in the round after that");
	is_int(number("connected", 0), 0, "no LDP is left");
}

int main(void)
{
	const struct dpath_conf conf = {.epoch_ns = BENCH_EPOCH_NS,
					.name = "t",
					.run_dir = scratch_dir()};

	b = bench_new_with(SLOTS, &conf, NULL);
	test_sums();
	test_within_a_round();
	bench_free(b);
	return done_testing();
}
