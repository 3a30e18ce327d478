/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording, replayed as it was and with other keys: whose bytes are whose, what is left out. */
#include "backend/ctl/whatif_error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define WEB1 "6fa459ea-ee8a-3ca4-894e-db77e1600001"
#define WEB2 "6fa459ea-ee8a-3ca4-894e-db77e1600002"
#define WEB3 "6fa459ea-ee8a-3ca4-894e-db77e1600003"

/* Both greedy on a link of 20 Mbit/s: an interval of 100 ms, and what ended it. */
#define KEYS	    "K 0 200 0 0 0 0 -\nK 1 200 0 0 0 0 -\n"
#define BOTH	    "D 0 0 7 0 " WEB1 " web1\nD 1 0 8 0 " WEB2 " web2\n" KEYS
#define HOG(device) "F " device " t 125000 125 30000 100000 0 0 0 0 0 0 9:125\n"
#define CAPACITY    "C 20000000 0 250000 0\n"

static struct whatif_world world;
static uint64_t end_ms;

static void say(const char *text)
{
	char line[REC_LINE_MAX];

	for (; *text; text = strchr(text, '\n') + 1) {
		struct rec r;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
		if (rec_parse(line, &r) != 0)
			printf("# cannot read %s\n", line);
		else
			whatif_take(&world, &r);
	}
}

static void interval(const char *text)
{
	struct rec r = {.type = REC_TIME, .us = 100000, .end_ms = end_ms += 100};

	whatif_take(&world, &r);
	say(text);
}

static void begin(void)
{
	whatif_world_fini(&world);
	if (!whatif_world_init(&world, 0))
		abort();
	world.until_ms = UINT64_MAX;
	end_ms = 1000;
}

/* The row of DOMID's device 0, which has keys then. */
static struct whatif_row *row(uint32_t domid)
{
	for (unsigned i = 0; i < world.rows; i++)
		if (world.row[i].domid == domid)
			return &world.row[i];
	return &world.row[REC_DEVICES_MAX - 1];
}

static const struct settings *keys(int count, ...)
{
	static struct settings all[8];
	static unsigned used;
	struct settings *s = &all[used++ % 8];
	char err[SCHEMA_ERR_MAX], *words[4];
	va_list args;

	va_start(args, count);
	for (int i = 0; i < count; i++)
		words[i] = va_arg(args, char *);
	va_end(args);
	if (settings_parse(s, SCHEMA_BACK, count, words, err) < 0)
		printf("# %s\n", err);
	return s;
}

static bool near(uint64_t bytes, uint64_t want)
{
	printf("# %llu, expected %llu\n", (unsigned long long)bytes, (unsigned long long)want);
	return bytes >= want - want / 20 && bytes <= want + want / 20;
}

static bool had(uint32_t domid, int run, uint64_t want)
{
	return near(row(domid)->had[run].bytes, want);
}

/* --- shares ----------------------------------------------------------------------------------- */

/* Two seconds of both. */
static void both_send(const struct settings *change)
{
	begin();
	say(BOTH);
	row(7)->change = change;
	for (int i = 0; i < 20; i++)
		interval(CAPACITY HOG("0") HOG("1"));
	whatif_end(&world);
}

static void test_keys(void)
{
	both_send(keys(1, "weight=600"));
	ok(had(7, WHATIF_AS_IT_WAS, 2500000), "as it was, it has what it had");
	ok(had(7, WHATIF_CHANGED, 3750000), "with three times the weight, three quarters");
	ok(had(8, WHATIF_CHANGED, 1250000), "the other one has the rest");
	ok(row(7)->recorded.bytes == 2500000 && row(7)->recorded.wait[9] == 2500,
	   "what was recorded is summed");
	ok(row(7)->busy_us == 2000000 && row(7)->greedy_us == 2000000, "it was greedy");
	ok(world.intervals == 20 && world.run_us == 2000000, "all intervals were replayed");
	ok(world.first_ms == 1000 && world.last_ms == 3000, "from their begin on");
	ok(whatif_error_permille(&world) < 50, "the replay as it was is near");
	row(7)->had[WHATIF_AS_IT_WAS].bytes = 2000000;
	is_int(whatif_error_permille(&world), 200, "and how near is the worst row's");

	both_send(keys(1, "tx-max=3mbit"));
	ok(had(7, WHATIF_CHANGED, 750000), "a maximum holds");
	both_send(keys(1, "tx-min=15mbit"));
	ok(had(7, WHATIF_CHANGED, 3750000), "a minimum holds");
}

static void test_error_of_many(void)
{
	struct rec device = {.type = REC_DEVICE};

	begin();
	for (device.id = 0; device.id < 200; device.id++) {
		struct whatif_row *r = whatif_row(&world, &device);

		r->recorded.bytes = 1000;
		r->had[WHATIF_AS_IT_WAS].bytes = device.id % 2 ? 1500 : 500;
	}
	is_int(whatif_error_permille(&world), 500, "many that had little are judged together");
	device.id = 1000;
	whatif_row(&world, &device)->recorded.bytes = 200000 * 100;
	whatif_row(&world, &device)->had[WHATIF_AS_IT_WAS].bytes = 200000 * 100;
	is_int(whatif_error_permille(&world), 0, "and not if all of them had little");
}

/* --- when ------------------------------------------------------------------------------------- */

static void test_change_in_time(void)
{
	begin();
	say(BOTH);
	for (int i = 0; i < 10; i++)
		interval(CAPACITY HOG("0") HOG("1"));
	say("K 0 200 0 2000000 0 0 -\n");
	for (int i = 0; i < 10; i++)
		interval(CAPACITY HOG("0") HOG("1"));
	whatif_end(&world);
	ok(had(7, WHATIF_AS_IT_WAS, 1250000 + 250000), "a key is in force from its time on");
}

static void test_group_in_time(void)
{
	begin();
	say(BOTH "K 0 200 0 0 0 0 g\nG 0 g 200 0 0 0 0\n");
	for (int i = 0; i < 10; i++)
		interval(CAPACITY HOG("0") HOG("1"));
	say("G 0 g 200 0 2000000 0 0\n");
	for (int i = 0; i < 10; i++)
		interval(CAPACITY HOG("0") HOG("1"));
	whatif_end(&world);
	ok(had(7, WHATIF_AS_IT_WAS, 1250000 + 250000), "a group's key too");
}

static void test_comes_within(void)
{
	begin();
	say("D 0 0 7 0 " WEB1 " web1\n");
	interval(CAPACITY "D 1 0 8 0 " WEB2 " web2\n" HOG("0") HOG("1"));
	whatif_end(&world);
	ok(had(8, WHATIF_AS_IT_WAS, 125000), "who comes within an interval is there all of it");
}

static void test_number_again(void)
{
	begin();
	say(BOTH);
	interval(CAPACITY HOG("0") "X 0\nD 0 0 9 0 " WEB3 " web3\n" KEYS);
	interval(CAPACITY HOG("0"));
	interval(CAPACITY HOG("0") "X 0\n");
	interval(CAPACITY HOG("0"));
	say("D 0 0 10 0 " WEB1 " web1\n");
	interval(CAPACITY HOG("0"));
	whatif_end(&world);
	is_int(world.rows, 3, "a number that is given again is another row");
	ok(row(9)->recorded.bytes == 250000, "with its own bytes");
	ok(row(10)->recorded.bytes == 250000, "a UUID that comes again is the same row");
}

static void test_left_out(void)
{
	begin();
	world.since_ms = 1200;
	world.until_ms = 1400;
	say(BOTH);
	for (int i = 0; i < 10; i++)
		interval(CAPACITY HOG("0"));
	whatif_end(&world);
	ok(world.intervals == 2 && row(7)->recorded.bytes == 250000, "only the time asked for");

	begin();
	say("D 0 1 7 0 " WEB1 " web1\nD 1 0 8 0 " WEB2
	    " web2\nT 1 1100 100000\n" CAPACITY HOG("1"));
	whatif_end(&world);
	ok(world.rows == 1 && world.intervals == 0, "another uplink is left out");

	begin();
	say(BOTH "T 0 1100 60000001\n" CAPACITY HOG("0") "T 0 1200 60000000\n" CAPACITY);
	whatif_end(&world);
	ok(world.too_long == 1 && world.intervals == 1, "an interval above a minute is left out");
}

static void test_gaps(void)
{
	begin();
	world.since_ms = 1100;
	world.until_ms = 1300;
	say(BOTH);
	interval(CAPACITY "S 0 daemon-gone\n");
	interval(CAPACITY "S 0 daemon-gone\nS 1 daemon-gone\n");
	interval(CAPACITY "S 0 daemon-gone\n");
	whatif_end(&world);
	is_int(world.gaps, 1, "gaps within the time are counted");
}

/* --- capacity --------------------------------------------------------------------------------- */

static void test_capacity(void)
{
	begin();
	say(BOTH);
	interval("C 0 0 1000 0\nF 0 t 1000 1 0 0 0 0 0 0 0 0 -\n");
	interval("C 0 0 250000 0\n" HOG("0"));
	interval("C 0 0 1000 0\nF 0 t 1000 1 0 0 0 0 0 0 0 0 -\n");
	whatif_end(&world);
	ok(world.unknown == 1 && world.intervals == 2, "left out until the capacity is known");
	is_int((long long)world.capacity_bps, 20000000, "known is what a full link carried");
}

/* --- minima ----------------------------------------------------------------------------------- */

static const char *refusal(const char *limits, const struct settings *change)
{
	begin();
	say(BOTH);
	say(limits);
	row(7)->change = change;
	interval(CAPACITY);
	whatif_end(&world);
	return world.err;
}

static void test_minima(void)
{
	is_str(refusal("", keys(1, "tx-min=19mbit")), "", "minima of 95 %% are admitted");
	is_str(refusal("K 1 200 1000000 0 0 0 -\n", keys(1, "tx-min=19mbit")),
	       "tx-min 19000000: the minima would sum to 20000000, 1000000 more than 95 % of the "
	       "capacity of 20000000",
	       "more are refused in dmvl-back's words");
	is_str(refusal("K 0 200 19500000 0 0 0 -\n", keys(1, "weight=9")), "",
	       "minima that are no more than they were are not judged");
	ok(strstr(refusal("K 0 200 0 1000000 0 0 -\n", keys(1, "tx-min=2mbit")), "tx-max"),
	   "a minimum above the maximum in force is refused");
	ok(strstr(refusal("G 0 g 256 5000000 0 0 0\n", keys(2, "tx-min=6mbit", "group=g")),
		  "group"),
	   "more than the group's minimum is refused");
	is_str(refusal("G 0 g 256 7000000 0 0 0\nG 0 h 256 11000000 0 0 0\n",
		       keys(2, "tx-min=6mbit", "group=g")),
	       "", "in a group with a minimum only the group's counts");
	is_str(refusal("G 0 g 256 5000000 0 0 0\nK 0 256 0 0 0 0 g\n",
		       keys(2, "tx-min=6mbit", "group=")),
	       "", "a device leaves its group");
	ok(strstr(refusal("G 0 g 256 15000000 0 0 0\n", keys(1, "tx-min=5mbit")), "20000000"),
	   "a group's minimum counts at the uplink");
	begin();
	say(BOTH);
	row(7)->change = keys(1, "tx-min=12mbit");
	interval(CAPACITY "X 0\nD 2 0 9 0 " WEB1 " web1\n");
	whatif_end(&world);
	is_str(world.err, "", "a device that is gone has no minimum");
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void test_bounds(void)
{
	struct rec r = {.type = REC_GROUP, .limits.weight = 1};
	struct rec device = {.type = REC_DEVICE};

	begin();
	for (unsigned i = 0; i < RERUN_GROUPS + 10; i++) {
		snprintf(r.name, sizeof(r.name), "g%u", i);
		whatif_take(&world, &r);
	}
	is_int(world.groups, RERUN_GROUPS, "groups are bounded");
	for (unsigned i = 0; i < REC_DEVICES_MAX; i++) {
		device.id = i;
		if (!whatif_row(&world, &device))
			break;
	}
	is_int(world.rows, REC_DEVICES_MAX, "rows are bounded");
	device.id++;
	ok(!whatif_row(&world, &device), "there is no further row");
	device.id = 5;
	ok(whatif_row(&world, &device) == &world.row[5], "an old one is found");
}

int main(void)
{
	test_keys();
	test_error_of_many();
	test_change_in_time();
	test_group_in_time();
	test_comes_within();
	test_number_again();
	test_left_out();
	test_gaps();
	test_capacity();
	test_minima();
	test_bounds();
	whatif_world_fini(&world);
	return done_testing();
}
