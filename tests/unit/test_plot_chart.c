/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmvlctl plot makes of the records of a recording. */
#include "backend/ctl/plot/chart.h"

#include <math.h>
#include <stdlib.h>

#include "backend/ctl/plot/due.h"
#include "backend/ctl/plot/script.h"
#include "tests/unit/tap.h"

#define LINES_MAX 400

/* The records of a recording, as its lines. */
static struct rec recs[LINES_MAX];
static unsigned n;

static void line(const char *text)
{
	if (n == LINES_MAX || rec_parse(text, &recs[n++]) != 0) {
		printf("Bail out! the test's own line: %s\n", text);
		exit(1);
	}
}

#define UUID_A "6fa459ea-ee8a-3ca4-894e-db77e160355e"
#define UUID_B "6fa459ea-ee8a-3ca4-894e-db77e160355f"
#define ZEROS  "00000000-0000-0000-0000-000000000000"

/* Two devices of weights 1 and 2, the second with a minimum of half of the link. */
static void begin(void)
{
	n = 0;
	line("U 0 default");
	line("D 0 0 1 0 " UUID_A " a");
	line("K 0 100 0 0 0 0 -");
	line("D 1 0 2 0 " UUID_B " b");
	line("K 1 200 0 0 0 0 -");
}

static void interval(uint64_t end_ms, uint64_t us, unsigned a_bytes, unsigned b_bytes)
{
	char text[200];

	snprintf(text, sizeof(text), "T 0 %llu %llu", (unsigned long long)end_ms,
		 (unsigned long long)us);
	line(text);
	line("C 8000 0 0 0");
	snprintf(text, sizeof(text), "F 0 t %u 1 0 0 0 0 10 0 1000 0 3:1", a_bytes);
	line(text);
	snprintf(text, sizeof(text), "F 1 t %u 1 0 0 0 0 0 10 -1000 0 3:98,10:2", b_bytes);
	line(text);
}

/* The chart of what was given, of bins of `width_ms`, ended. */
static struct follow all;
static struct chart_rank rank[32];
static struct chart chart;

static void draw_devices(enum chart_what what, const struct bins *bins, unsigned wanted)
{
	chart_free(&chart);
	follow_free(&all);
	memset(rank, 0, sizeof(rank));
	for (unsigned i = 0; i < n; i++) {
		int d = follow_take(&all, &recs[i]);

		if (d >= 0)
			rank[d].amount += chart_amount(&recs[i], what, REC_TX);
	}
	for (unsigned i = 0; i < all.devices; i++)
		rank[i].wanted = i < wanted;
	chart_rank(rank, all.devices);
	if (chart_begin(&chart, what, 0, REC_TX, bins, &all, rank, all.devices) < 0)
		abort();
	for (unsigned i = 0; i < n; i++)
		if (chart_take(&chart, &recs[i]) < 0)
			abort();
	if (chart_end(&chart) < 0)
		abort();
}

static void draw(enum chart_what what, uint64_t begin_ms, uint64_t end_ms)
{
	struct bins bins = bins_divide(begin_ms, end_ms, 100, 1000);

	draw_devices(what, &bins, 32);
}

static double value(unsigned line_of, unsigned bin, enum chart_value v)
{
	return chart_value(&chart, line_of, bin, v);
}

static bool is_about(double got, double want)
{
	if (fabs(got - want) < 1e-6)
		return true;
	diag("got %g, want %g", got, want);
	return false;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void test_numbers(void)
{
	begin();
	interval(1500, 500000, 100, 200);
	interval(2000, 500000, 100, 400);
	interval(3000, 1000000, 0, 100);
	draw(CHART_SHARES, 1000, 3000);
	is_int(chart.lines, 2, "each device has a line");
	ok(chart_has_numbers(&chart), "there are numbers");
	is_str(chart.line[0].label, "b/0", "the one that sent most is first");
	ok(is_about(value(0, 0, CHART_SHARE), 75), "shares are of the sum of bytes in a bin");
	ok(is_about(value(1, 1, CHART_SHARE), 0), "who sends nothing has no share");
	ok(is_about(chart_whole_share(&chart, 0), 700. / 900 * 100), "the share of the whole time");
	ok(is_about(value(0, 0, CHART_RATE), 600 * 8), "rates are bits in a second");
	ok(is_about(chart_capacity(&chart, 0), 8000), "the capacity is there");
	ok(is_about(value(0, 0, CHART_DELAY_HALF), .008) &&
		   is_about(value(0, 0, CHART_DELAY_MOST), 1.024),
	   "delays are quantiles of histograms that are merged");
	ok(is_about(value(1, 0, CHART_LENT_RATE), 20 * 8) &&
		   is_about(value(0, 0, CHART_BORROWED_RATE), 20 * 8),
	   "loans are rates");
	ok(is_about(value(1, 1, CHART_BALANCE), 1000), "a balance is that at the end of a bin");
}

static void test_waits(void)
{
	begin();
	line("T 0 1500 500000");
	line("F 0 t 100 99 0 0 0 0 0 0 0 0 3:99");
	line("T 0 2000 500000");
	line("F 0 t 100 2 0 0 0 0 0 0 0 0 20:2");
	draw(CHART_DELAY, 1000, 2000);
	ok(is_about(value(0, 0, CHART_DELAY_HALF), .008) &&
		   is_about(value(0, 0, CHART_DELAY_MOST), 1048.576),
	   "the waits of a bin are those of all its intervals");
}

static void test_nothing_known(void)
{
	begin();
	line("T 0 1100 100000");
	line("F 0 t 100 1 0 0 0 0 0 0 0 0 -");
	line("S 0 daemon-gone");
	line("E 2000");
	draw(CHART_RATES, 1000, 2000);
	ok(!chart_has_numbers(&chart), "a bin of which little is known has no number");
	draw(CHART_DELAY, 1000, 1100);
	ok(!chart_has_numbers(&chart), "a device whose frames did not wait has no delay");
}

static void test_one_device(void)
{
	struct bins bins = bins_divide(1000, 2000, 1, 1000);

	begin();
	interval(2000, 1000000, 100, 300);
	draw_devices(CHART_SHARES, &bins, 1);
	is_int(chart.lines, 1, "who is not wanted has no line");
	ok(is_about(value(0, 0, CHART_SHARE), 25), "but a share is still of what all sent");
}

static void test_late_interval(void)
{
	begin();
	interval(2000, 1000000, 100, 100);
	interval(5000, 500000, 100, 0);
	draw(CHART_RATES, 1000, 5000);
	ok(is_about(value(0, 1, CHART_RATE), 0), "nothing passed between two intervals");
	ok(isnan(value(0, 1, CHART_SHARE)), "where nobody sent there is no share");
	ok(isnan(value(0, 1, CHART_DELAY_MOST)), "nor a delay");
	is_int(chart.gaps, 0, "which is no gap");
}

static void test_gap(void)
{
	begin();
	interval(2000, 1000000, 100, 100);
	line("S 0 daemon-gone");
	line("X 0");
	line("X 1");
	line("D 5 0 1 0 " UUID_A " a");
	line("K 5 100 0 0 0 0 -");
	line("T 0 5000 500000");
	line("F 5 t 1000 1 0 0 0 0 0 0 0 0 -");
	draw(CHART_RATES, 1000, 5000);
	ok(isnan(value(0, 1, CHART_RATE)) && isnan(chart_capacity(&chart, 1)),
	   "in a gap nothing is known");
	is_int(chart.gaps, 1, "the gap is listed");
	ok(chart.gap[0].begin_ms == 2000 && chart.gap[0].end_ms == 4500, "from one T to the next");
	ok(is_about(value(0, 3, CHART_RATE), 16000), "a bin is of that part of it that is known");
	ok(chart.time[3].broken && !chart.time[0].broken, "bins that a gap touches are marked");
	is_int(chart.lines, 2, "a device that comes back under another number has its old line");
	line("S 0 daemon-gone");
	line("E 7000");
	draw(CHART_RATES, 1000, 7000);
	ok(chart.gaps == 2 && chart.gap[1].begin_ms == 5000, "a gap may last up to the end");
}

static void test_identity(void)
{
	begin();
	line("D 2 0 3 0 " ZEROS " c");
	line("D 3 0 4 0 " ZEROS " d");
	line("T 0 2000 1000000");
	line("F 2 t 10 1 0 0 0 0 0 0 0 0 -");
	line("F 3 t 20 1 0 0 0 0 0 0 0 0 -");
	line("F 9 t 50 1 0 0 0 0 0 0 0 0 -");
	line("X 9");
	line("D 4 0 5 1 " UUID_A " -");
	line("F 4 t 5 1 0 0 0 0 0 0 0 0 -");
	line("D 4 0 5 1 " UUID_A " a%0a%27");
	draw(CHART_RATES, 1000, 2000);
	is_int(chart.lines, 3,
	       "a UUID of zeros tells none apart, and a number of nobody's counts not");
	is_str(chart.line[2].label, "a?'/1", "a name is clean, and the last one");
}

static void test_others(void)
{
	char text[200];

	n = 0;
	line("U 0 default");
	line("T 0 2000 1000000");
	for (unsigned i = 0; i < CHART_SHOWN + 3; i++) {
		snprintf(text, sizeof(text), "D %u 0 %u 0 " ZEROS " g%u", i, i + 1, i);
		line(text);
		snprintf(text, sizeof(text), "F %u t %u 1 0 0 0 0 0 0 -5 0 -", i, 100 + i);
		line(text);
	}
	draw(CHART_RATES, 1000, 2000);
	is_int(chart.lines, CHART_SHOWN + 1, "of many devices the first twelve have a line");
	is_str(chart.line[0].label, "g14/0", "the largest is first");
	is_str(chart.line[CHART_SHOWN].label, "3 others", "the legend says how many others are");
	ok(is_about(value(CHART_SHOWN, 0, CHART_RATE), (100 + 101 + 102) * 8), "they are a sum");
	ok(is_about(value(CHART_SHOWN, 0, CHART_BALANCE), -15), "so are their balances");
}

/* --- promises --------------------------------------------------------------------------------- */

static double due(unsigned device)
{
	double out[32];

	if (due_shares(&all, 0, REC_TX, out) < 0)
		abort();
	return out[device];
}

static void test_due(void)
{
	begin();
	interval(2000, 1000000, 100, 200);
	draw(CHART_SHARES, 1000, 2000);
	ok(fabs(value(1, 0, CHART_DUE) - 33.3) < .1, "by weight");
	line("K 0 100 6000 0 0 0 -");
	draw(CHART_SHARES, 1000, 2000);
	ok(fabs(due(0) - .75) < .001 && fabs(due(1) - .25) < .001, "a minimum goes before weights");
	line("K 0 100 0 800 0 0 -");
	draw(CHART_SHARES, 1000, 2000);
	ok(fabs(due(0) - .1) < .001 && fabs(due(1) - .9) < .001, "a maximum goes before weights");
	line("K 0 100 0 0 0 0 tenant");
	line("D 2 0 3 0 " ZEROS " c");
	line("K 2 300 0 0 0 0 tenant");
	line("G 0 tenant 200 0 0 0 0");
	draw(CHART_SHARES, 1000, 2000);
	ok(fabs(due(1) - .5) < .001 && fabs(due(0) - .125) < .001 && fabs(due(2) - .375) < .001,
	   "a group has its weight, and its members divide that");
	line("X 1");
	draw(CHART_SHARES, 1000, 2000);
	ok(due(1) < 0 && fabs(due(0) + due(2) - 1) < .001, "who is gone is promised nothing");
}

/* --- damage, scripts -------------------------------------------------------------------------- */

static void test_wild(void)
{
	begin();
	line("T 0 18446744073709551615 18446744073709551615");
	line("F 0 t 18446744073709551615 1 0 0 0 0 0 0 0 0 -");
	line("T 0 2000 18446744073709551615");
	line("F 0 t 18446744073709551615 1 0 0 0 0 0 0 0 0 -");
	line("T 0 1000 100000");
	line("F 1 t 18446744073709551615 1 0 0 0 0 0 0 0 0 -");
	line("E 18446744073709551615");
	draw(CHART_SHARES, 1000, 3000);
	ok(all.uplink[0].first_ms == 900 && all.uplink[0].last_ms == 1000,
	   "times beyond all bounds are left out");
}

/* How often a text is in another one. */
static unsigned count(const char *in, const char *what)
{
	unsigned found = 0;

	for (; (in = strstr(in, what)); in += strlen(what))
		found++;
	return found;
}

static char *script(enum chart_what what)
{
	struct script_look look = {.width = 960, .height = 540};
	size_t len;
	char *text = NULL;
	FILE *out;

	snprintf(look.title, sizeof(look.title), "it's\n`x`");
	draw(what, 1000, 7000);
	out = open_memstream(&text, &len);
	if (!out)
		abort();
	script_write(out, &chart, &look);
	fclose(out);
	return text;
}

static void test_script(void)
{
	char *text;

	begin();
	line("D 1 0 2 0 " UUID_B " %60reboot%60%27%22");
	interval(2000, 1000000, 100, 200);
	line("S 0 daemon-gone");
	interval(7000, 3000000, 100, 200);
	for (unsigned what = 0; what < CHART_WHATS; what++) {
		text = script((enum chart_what)what);
		ok(count(text, "'`reboot`''\"/0"), "chart %u has the hostile name in quotes", what);
		ok(count(text, "`reboot`") == 1, "chart %u has it nowhere else", what);
		ok(count(text, "'it''s?`x`'"), "chart %u has its title in one line", what);
		ok(count(text, "\n\n") >= 1, "chart %u does not bridge the gap", what);
		ok(count(text, "set object") == 1, "chart %u shows the gap", what);
		free(text);
	}
	text = script(CHART_RATES);
	ok(count(text, "set ylabel 'kbit/s'"), "a rate has a unit that fits");
	free(text);
}

int main(void)
{
	test_numbers();
	test_waits();
	test_nothing_known();
	test_one_device();
	test_late_interval();
	test_gap();
	test_identity();
	test_others();
	test_due();
	test_wild();
	test_script();
	chart_free(&chart);
	follow_free(&all);
	return done_testing();
}
