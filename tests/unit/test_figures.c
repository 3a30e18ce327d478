/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench-fair computes of the bytes in each bin: Jain's index, CoV, the worst window. */
#include "tests/xen/tools/figures.h"

#include "tests/unit/tap.h"

#define BINS 40

static double bytes[BINS][FIGURES_GUESTS];

static bool near(double got, double want)
{
	return fabs(got - want) < 1e-9;
}

/* A link that carries 30 bytes a bin; windows of 10 bins; each guest gets this in every bin. */
static struct figures steady(double a, double b, double c)
{
	struct figures f = {.bytes = (const double(*)[FIGURES_GUESTS])bytes,
			    .bins = BINS,
			    .window = 10,
			    .guests = 3,
			    .weight = {1, 1, 1},
			    .bin_bytes = 30,
			    .frame_bytes = 1};

	for (unsigned i = 0; i < BINS; i++) {
		bytes[i][0] = a;
		bytes[i][1] = b;
		bytes[i][2] = c;
	}
	return f;
}

static void test_jain(void)
{
	const double equal[] = {1, 1, 1}, weighted[] = {1, 2, 4}, first[] = {1, 1, 0};

	ok(near(figures_jain(equal, equal, 3), 1), "Jain's index of equal parts is 1");
	ok(near(figures_jain(weighted, weighted, 3), 1), "it is 1 for parts as the weights");
	ok(near(figures_jain(weighted, equal, 3), 49. / 63), "1, 2 and 4 of equal guests: 49/63");
	ok(near(figures_jain((double[]){6, 0, 0}, equal, 3), 1. / 3), "one of three has all: 1/3");
	ok(near(figures_jain((double[]){2, 2, 9}, first, 3), 1), "weight 0 is not compared");
	ok(near(figures_jain((double[]){0, 0, 0}, equal, 3), 1), "nothing is shared fairly");
}

static void test_cov(void)
{
	struct figures f = steady(10, 10, 10);

	ok(near(figures_cov((double[]){5, 5, 5}, 3), 0), "the CoV of what does not change is 0");
	ok(near(figures_cov((double[]){2, 4, 4, 4, 5, 5, 7, 9}, 8), 0.4),
	   "mean 5, deviation 2: 0.4");
	ok(near(figures_cov_all(&f), 0), "a steady link has a CoV of 0");
	/* Windows of 150, 50, 150 and 50 bytes: mean 100, deviation 50. The others' CoV is 0. */
	for (unsigned i = 0; i < BINS; i++)
		bytes[i][0] = i / 10 % 2 ? 5 : 15;
	ok(near(figures_cov_of(&f, 0), 0.5), "a guest's windows of 150 and 50 bytes: 0.5");
	ok(near(figures_cov_all(&f), 0.5 / 3), "over three guests: a third of that");
	f.weight[1] = f.weight[2] = 0;
	ok(near(figures_cov_all(&f), 0.5), "guests with weight 0 do not count");
}

static void test_period(void)
{
	struct figures f = steady(5, 10, 15);

	ok(near(figures_jain_all(&f), 30. * 30 / (3 * 350)), "Jain's index of the whole period");
	ok(near(figures_jain_windows(&f), 30. * 30 / (3 * 350)),
	   "that of steady windows is the same");
	ok(near(figures_share_error(&f), 0.5), "5 or 15 instead of 10: the share is off by half");
	ok(near(figures_utilisation(&f), 1), "30 of 30 bytes a bin: the link is full");
	f.weight[2] = 3;
	f.weight[1] = 2;
	ok(near(figures_share_error(&f), 0), "by weights 1, 2 and 3 each share is right");
	/* In turns, 30 bytes for one window each: fair over all, not within a window. */
	f = steady(0, 0, 0);
	f.guests = 2;
	for (unsigned i = 0; i < BINS; i++)
		bytes[i][i / 10 % 2] = 30;
	ok(near(figures_jain_all(&f), 1), "two in turns are served fairly over the period");
	ok(near(figures_jain_windows(&f), 0.5), "and not within a window");
}

static void test_worst(void)
{
	struct figures f = steady(10, 10, 10);
	struct figures_worst w = figures_worst(&f);

	ok(near(w.ratio, 1) && near(w.kept, 1), "everybody had its share in each window");
	/* The hole crosses the border of two windows one behind the other. */
	for (unsigned i = 17; i < 23; i++)
		bytes[i][1] = 0;
	w = figures_worst(&f);
	ok(near(w.ratio, 0.4), "6 of 10 bins without a byte: the worst window had 0.4");
	ok(w.guest == 1, "the guest is named");
	ok(w.bin >= 13 && w.bin <= 17, "the window is where the hole is");
	/* Windows that begin with bins 8 to 22 meet it. */
	ok(near(w.kept, 1 - 15. / (31 * 3)), "15 of 93 windows fell short");
	f.frame_bytes = 30;
	ok(near(figures_worst(&f).kept, 1), "a lack of 2 frames is allowed");
}

static void test_light_guest(void)
{
	struct figures f = steady(13, 13, 4);

	f.weight[2] = 0;
	ok(near(figures_worst(&f).ratio, 1), "what a light guest sends is not there to be shared");
	ok(near(figures_utilisation(&f), 1), "it counts as carried");
	bytes[5][0] = 0;
	ok(near(figures_worst(&f).ratio, 0.9), "the guests that are compared are looked at");
}

static void test_waking(void)
{
	struct figures f = steady(10, 10, 0);

	ok(figures_first(&f, 2) == BINS, "a guest that sends nothing has no first bin");
	ok(figures_wakes(&f, 2) == BINS, "and never wakes");
	bytes[12][2] = 1;
	for (unsigned i = 15; i < BINS; i++)
		bytes[i][2] = 10;
	ok(figures_first(&f, 2) == 12, "the first bin with a byte");
	/* The window from bin 14 on has 9 bins of 10 bytes: 0.9 of the share. */
	ok(figures_wakes(&f, 2) == 2, "it has its share two bins after its first frame");
	f = figures_from(&f, 15);
	ok(f.bins == BINS - 15 && near(figures_worst(&f).ratio, 1), "from then on it is steady");
}

int main(void)
{
	test_jain();
	test_cov();
	test_period();
	test_worst();
	test_light_guest();
	test_waking();
	return done_testing();
}
