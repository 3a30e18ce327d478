/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: lay-out, torn and damaged memory, quantiles, rates, and how long bytes wait. */
#include "backend/stats/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/frame/arrivals.h"
#include "backend/stats/rates.h"
#include "tests/unit/tap.h"

#define RECORDS 4u

static const struct stats_def defs[] = {
	{"tx-bytes", "bytes", STATS_UPLINK, STATS_COUNTER, 1},
	{"tx-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-wait", "us", STATS_LDP, STATS_HISTOGRAM, STATS_BUCKETS},
	{"tx-balance", "bytes", STATS_LDP, STATS_SIGNED, 1},
};

#define DEFS (sizeof(defs) / sizeof(defs[0]))

/* Formatted memory; free it. */
static void *formatted(struct stats_header *layout)
{
	void *mem = calloc(1, stats_bytes(defs, DEFS, RECORDS));

	stats_format(mem, defs, DEFS, RECORDS, 100, layout);
	return mem;
}

static void test_layout(void)
{
	struct stats_header layout, h;
	struct stats_field f;
	struct stats_record *r, *copy;
	void *mem = formatted(&layout);

	is_int(stats_check(mem, stats_bytes(defs, DEFS, RECORDS), &h), 0,
	       "a formatted file is good");
	copy = malloc(h.record_bytes);
	ok(!stats_copy(mem, &h, 1, copy), "a record that nobody wrote is not in use");
	r = stats_record(mem, &layout, 1);
	stats_begin(r);
	r->domid = 7;
	r->value[0] = 1000;
	r->value[1 + STATS_BUCKETS] = (uint64_t)-5;
	r->used = 1;
	ok(!stats_copy(mem, &h, 1, copy), "a record that is being written is not read");
	stats_end(r);
	ok(stats_copy(mem, &h, 1, copy) && copy->domid == 7, "a record that was written is read");
	ok(stats_find(mem, &h, STATS_LDP, "tx-balance", &f) && f.type == STATS_SIGNED &&
		   (int64_t)copy->value[f.first] == -5,
	   "a field is found by its name, behind a histogram");
	ok(stats_find(mem, &h, STATS_LDP, "tx-wait", &f) && f.count == STATS_BUCKETS &&
		   strcmp(f.unit, "us") == 0,
	   "a histogram has its buckets and its unit");
	ok(stats_find(mem, &h, STATS_UPLINK, "tx-bytes", &f) && f.scope == STATS_UPLINK,
	   "a name may be the uplink's and an LDP's");
	ok(!stats_find(mem, &h, STATS_UPLINK, "tx-wait", &f), "an LDP's field is not the uplink's");
	ok(!stats_find(mem, &h, STATS_LDP, "nonsense", &f), "an unknown field is not found");
	free(copy);
	free(mem);
}

/* Whatever the header says: a reader refuses it, or stays within the memory (under a sanitizer). */
static void test_damage(void)
{
	size_t bytes = stats_bytes(defs, DEFS, RECORDS);
	struct stats_header layout, h;
	unsigned refused = 0, read = 0;
	uint8_t *good = formatted(&layout), *mem = malloc(bytes);

	for (size_t at = 0; at < sizeof(h) + DEFS * sizeof(struct stats_field); at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct stats_record *copy;
			struct stats_field f;

			memcpy(mem, good, bytes);
			mem[at] ^= (uint8_t)(1u << bit);
			if (stats_check(mem, bytes, &h) < 0) {
				refused++;
				continue;
			}
			copy = calloc(1, h.record_bytes);
			for (unsigned i = 0; i < h.records; i++)
				stats_copy(mem, &h, i, copy);
			for (unsigned i = 0; i < h.fields; i++)
				if (stats_field(mem, &h, i, &f))
					read += copy->value[f.first + f.count - 1] == 0;
			free(copy);
		}
	}
	ok(refused > 100 && read > 100, "damaged headers are refused or read within bounds");
	is_int(stats_check(good, sizeof(h) - 1, &h), -EINVAL,
	       "a file that is too short is refused");
	is_int(stats_check(good, bytes - 1, &h), -EINVAL, "a file that was cut is refused");
	((struct stats_header *)good)->version++;
	is_int(stats_check(good, bytes, &h), -ENOTSUP, "another version is refused as such");
	free(mem);
	free(good);
}

static void test_quantile(void)
{
	uint64_t bucket[STATS_BUCKETS] = {0};

	is_int(stats_bucket(0), 0, "0 is in the first bucket");
	is_int(stats_bucket(1), 1, "1 is in the second bucket");
	is_int(stats_bucket(1023), 10, "1023 is below 2^10");
	is_int(stats_bucket(1024), 11, "1024 is not");
	is_int(stats_bucket(UINT64_MAX), STATS_BUCKETS - 1, "the last bucket has no end");
	is_int(stats_quantile(bucket, STATS_BUCKETS, 500), 0,
	       "without counts there is no quantile");
	bucket[3] = 98;
	bucket[10] = 2;
	is_int(stats_quantile(bucket, STATS_BUCKETS, 500), 8, "half are below the end of a bucket");
	is_int(stats_quantile(bucket, STATS_BUCKETS, 980), 8, "98 of 100 are in it");
	is_int(stats_quantile(bucket, STATS_BUCKETS, 990), 1024, "99 of 100 are not");
}

static void test_rates(void)
{
	struct rates r = {.last = 0};
	uint64_t now = 5000000000u;

	is_int(rates_bps(&r, RATES_SECOND), 0, "without samples there is no rate");
	rates_sample(&r, 1000, now);
	is_int(rates_bps(&r, RATES_SECOND), 0, "one sample is no rate");
	for (unsigned i = 1; i <= 500; i++)
		rates_sample(&r, 1000 + i * 12500, now += 100000000);
	is_int(rates_bps(&r, RATES_SECOND), 1000000, "12500 bytes each 100 ms are 1 Mbit/s");
	is_int(rates_bps(&r, RATES_SAMPLES), 1000000, "so they are over ten seconds");
	for (unsigned i = 0; i < RATES_SECOND; i++)
		rates_sample(&r, 1000 + 500 * 12500, now += 100000000);
	is_int(rates_bps(&r, RATES_SECOND), 0, "after a second without bytes the rate is 0");
	is_int(rates_bps(&r, RATES_SAMPLES), 900000, "over ten seconds a tenth is gone");
	rates_sample(&r, 1000 + 510 * 12500, now += 1000000000);
	is_int(rates_bps(&r, 1), 1000000, "a late sample counts the time that passed");
	now += 600000000000;
	rates_restart(&r, now);
	rates_sample(&r, 1000 + 511 * 12500, now);
	is_int(rates_bps(&r, RATES_SAMPLES), 1000000, "a rest does not count");
}

static void test_arrivals(void)
{
	struct arrivals a = {0};

	is_int(arrivals_since(&a, 10, 77), 77, "nothing is known of bytes that were not seen");
	arrivals_see(&a, 100, 10);
	arrivals_see(&a, 100, 20);
	is_int(arrivals_since(&a, 100, 77), 10, "bytes wait since they were first seen");
	is_int(arrivals_waiting(&a), 100, "what was seen waits");
	arrivals_see(&a, 150, 30);
	is_int(arrivals_since(&a, 101, 77), 30, "later bytes wait since later");
	arrivals_take(&a, 100);
	is_int(arrivals_since(&a, 50, 77), 30, "what was taken counts no more");
	is_int(arrivals_waiting(&a), 50, "what was taken does not wait");
	arrivals_take(&a, 50);
	is_int(arrivals_waiting(&a), 0, "nothing waits when all was taken");
	is_int(arrivals_since(&a, 1, 77), 77, "all was taken");
	for (unsigned i = 1; i <= 2 * ARRIVALS_MARKS; i++)
		arrivals_see(&a, i, 100 + i);
	ok(arrivals_since(&a, 1, 777) <= 104, "many looks: early bytes keep their time, nearly");
	is_int(arrivals_since(&a, 2 * ARRIVALS_MARKS, 777), 100 + 2 * ARRIVALS_MARKS,
	       "many looks: the last bytes wait since the last look");
}

int main(void)
{
	test_layout();
	test_damage();
	test_quantile();
	test_rates();
	test_arrivals();
	return done_testing();
}
