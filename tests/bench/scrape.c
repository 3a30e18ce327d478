/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an answer of dmvl-exporter costs the processor: files of a real data path with as many LDPs
 * are read, and the text is made. The frame loop takes no part in it.
 *
 * Usage: scrape FILE     appends a JSON object for each figure
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "backend/datapath/measure.h"
#include "backend/exporter/metrics.h"
#include "tests/fake/bench.h"
#include "tests/fake/must.h"

#define ROUNDS 100

static char run_dir[] = "/run/dmvl-scrape-XXXXXX";
static struct bench *b;

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* The uplink "up" with that many LDPs, as if its dmvl-back lived. */
static void begin(unsigned ldps)
{
	const struct dpath_conf conf = {.epoch_ns = BENCH_EPOCH_NS,
					.name = "up",
					.run_dir = run_dir};

	b = bench_new_with(ldps, &conf, NULL);
	for (uint32_t slot = 0; slot < ldps; slot++)
		must(bench_add_as(b, slot,
				  &(struct credit_id){.uuid = {1, (uint8_t)(slot >> 8),
							       (uint8_t)slot},
						      .generation = 1,
						      .ldp = record_ldp(1 + slot, 0)}));
	do {
		bench_pass(b, 100 * NS_PER_MS);
		measure_due(b->dp);
	} while (b->dp->measure.under_way);
}

static void answer(struct page *page, bool per_ldp)
{
	static struct sources sources;
	struct metrics_self self = {0};

	must(sources_read(&sources, run_dir, NULL) == 0 && sources.count == 1);
	must(sources.at[0].problem == SOURCE_FINE);
	metrics_write(page, &sources, &self, per_ldp);
	must(!page->failed);
	sources_free(&sources);
}

static void report(FILE *f, unsigned ldps, bool per_ldp)
{
	const char *kind = per_ldp ? "--per-ldp" : "scrape";
	uint64_t begin_ns = cpu_ns();
	size_t bytes = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct page page = {0};

		answer(&page, per_ldp);
		bytes = page.len;
		page_free(&page);
	}
	fprintf(f,
		"{\"bench\":\"scrape\",\"case\":\"%u devices\",\"metric\":\"%s\",\"value\":%.2f,"
		"\"unit\":\"ms\"}\n",
		ldps, kind, (double)(cpu_ns() - begin_ns) / ROUNDS / 1e6);
	fprintf(f,
		"{\"bench\":\"scrape\",\"case\":\"%u devices\",\"metric\":\"%s "
		"text\",\"value\":%zu,"
		"\"unit\":\"bytes\"}\n",
		ldps, kind, bytes);
}

int main(int argc, char **argv)
{
	static const unsigned counts[] = {1, 200, 1000};
	char path[64];
	FILE *f = argc == 2 ? fopen(argv[1], "a") : NULL;
	int fd;

	if (!f || !mkdtemp(run_dir)) {
		fputs("usage: scrape FILE, as root\n", stderr);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/up.lock", run_dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	must(fd >= 0 && flock(fd, LOCK_EX) == 0);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		begin(counts[i]);
		report(f, counts[i], false);
		report(f, counts[i], true);
		bench_free(b);
	}
	snprintf(path, sizeof(path), "rm -r %s", run_dir);
	must(system(path) == 0);
	return fclose(f) ? 1 : 0;
}
