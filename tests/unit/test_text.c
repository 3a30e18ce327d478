/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl's numbers for people: how long frames waited, rates, counts. */
#include "backend/ctl/text.h"

#include "backend/ctl/drop_words.h"
#include "backend/datapath/ldp.h"
#include "backend/stats/stats.h"
#include "tests/unit/tap.h"

/* All values are in one bucket. */
static void waited(unsigned bucket, const char *text)
{
	uint64_t all[STATS_BUCKETS] = {0};
	char out[TEXT_WAIT_MAX];

	all[bucket] = 7;
	is_str(text_wait(out, all, STATS_BUCKETS, 500), text, "bucket %u: %s", bucket, text);
}

static void test_wait(void)
{
	uint64_t none[STATS_BUCKETS] = {0}, some[STATS_BUCKETS] = {[6] = 99, [17] = 1};
	char out[TEXT_WAIT_MAX];

	waited(0, "< 1 us");
	waited(6, "< 64 us");
	waited(9, "< 512 us");
	waited(10, "< 1.02 ms");
	waited(16, "< 65.5 ms");
	waited(19, "< 524 ms");
	waited(20, "< 1.05 s");
	waited(22, "< 4.19 s");
	waited(23, ">= 4.19 s");
	is_str(text_wait(out, some, STATS_BUCKETS, 990), "< 64 us", "99 of 100 waited less");
	is_str(text_wait(out, some, STATS_BUCKETS, 991), "< 131 ms", "one waited longer");
	ok(!text_wait(out, none, STATS_BUCKETS, 500), "nothing waited");
	ok(!text_wait(out, none, 0, 500), "a histogram without buckets has nothing");
	some[0] = 100000;
	is_str(text_wait(out, some, 1, 990), "< 1 us", "a histogram of one bucket");
}

static void test_numbers(void)
{
	char rate[TEXT_RATE_MAX], count[TEXT_COUNT_MAX];

	is_str(text_rate(rate, 0), "0", "no rate");
	is_str(text_rate(rate, 93120000), "93.1mbit", "a rate has three digits");
	is_str(text_rate(rate, 123456000), "123mbit", "a rate of three digits has no point");
	is_str(text_rate(rate, 1234000), "1.23mbit",
	       "a rate of one digit has two behind the point");
	is_str(text_rate(rate, 999500), "1mbit", "a rate is rounded up to the next unit");
	is_str(text_count(count, 999), "999", "a count below 1000 has no comma");
	is_str(text_count(count, 1234567), "1,234,567", "a count has commas");
}

/* A reason that the frame loop counts and nobody can read is of no use. */
static void test_drops(void)
{
	static const struct {
		const char *reason;
		enum schema_key key;
	} keys[] = {
		{"spoof-ip", KEY_BACK_ALLOWED_IP},
		{"spoof-type", KEY_BACK_ALLOWED_IP},
		{"vlan", KEY_BACK_VLAN},
		{"rx-vlan", KEY_BACK_VLAN},
		{"control", KEY_BACK_CONTROL_FRAMES},
		{"rx-control", KEY_BACK_CONTROL_FRAMES},
		{"service", KEY_BACK_GUEST_SERVICES},
		{"flood", KEY_BACK_FLOOD_RATE},
		{"vif-full", KEY_BACK_TX_MAX},
	};

	for (unsigned i = FRAME_OK + 1; i < LDP_DROPS; i++)
		ok(drop_words(ldp_drop_name(i)), "there are words for %s", ldp_drop_name(i));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		is_str(drop_key(keys[i].reason), schema_name(keys[i].key), "the key behind %s",
		       keys[i].reason);
	ok(!drop_key("malformed"), "no key allows broken headers");
	ok(!drop_words("frobnicated"), "there are no words for an unknown reason");
}

int main(void)
{
	test_wait();
	test_numbers();
	test_drops();
	return done_testing();
}
