/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bins of time, and names as text of a picture. */
#include "backend/ctl/plot/bins.h"
#include "backend/ctl/plot/label.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define BINS_MAX 64

static uint64_t got[BINS_MAX];

static void add(void *arg, unsigned i, uint64_t amount)
{
	(void)arg;
	if (i >= BINS_MAX)
		abort();
	got[i] += amount;
}

static uint64_t spread(const struct bins *b, uint64_t begin_ms, uint64_t end_ms, uint64_t amount)
{
	uint64_t sum = 0;

	memset(got, 0, sizeof(got));
	bins_spread(b, begin_ms, end_ms, amount, add, NULL);
	for (unsigned i = 0; i < BINS_MAX; i++)
		sum += got[i];
	return sum;
}

static void test_divide(void)
{
	struct bins b = bins_divide(1000, 61000, 192, 100);

	is_int(b.width_ms, 500, "a minute in at most 192 bins: half seconds");
	is_int(b.count, 120, "there are 120 of them");
	b = bins_divide(0, 1, 192, 100);
	ok(b.count == 1 && b.width_ms == 100, "a moment is one bin");
	b = bins_divide(0, 1050, 192, 100);
	is_int(b.count, 11, "the last bin reaches beyond the end");
	b = bins_divide(0, UINT64_C(86400000) * 365, 192, 100);
	ok(b.count <= 192 && b.width_ms == UINT64_C(86400000) * 2, "a year is bins of two days");
	b = bins_divide(0, 60000, 48, 1000);
	ok(b.count <= 48 && b.width_ms == 2000, "there are never more than asked for");
}

static void test_spread(void)
{
	struct bins b = bins_divide(10000, 12000, 4, 500);

	is_int(spread(&b, 10250, 10750, 101), 101, "an interval inside is spread without a rest");
	ok(got[0] == 50 && got[1] == 51, "each bin gets its part");
	is_int(spread(&b, 9900, 10100, 1000), 500, "what lies before the span is left out");
	is_int(spread(&b, 11900, 12100, 1000), 500, "what lies behind the span is left out");
	is_int(spread(&b, 9000, 9900, 1000), 0, "an interval before the span is left out");
	is_int(spread(&b, 12000, 12100, 1000), 0, "an interval behind the span is left out");
	is_int(spread(&b, 10500, 10500, 7), 7, "a moment has all");
	is_int(got[0], 7, "a moment is of the bin that it ends");
	is_int(spread(&b, 10000, 12000, UINT64_MAX) == UINT64_MAX, 1,
	       "the largest amount does not overflow");
	is_int(spread(&b, 0, UINT64_C(1) << 50, 1000), 0, "a very long interval ends");
}

static void test_at(void)
{
	struct bins b = bins_divide(10000, 12000, 4, 500);

	is_int(bins_at(&b, 10499), 0, "a moment is in the bin that has begun");
	is_int(bins_at(&b, 10500), 1, "a bin has its begin");
	is_int(bins_at(&b, 0), 0, "before the span is the first bin");
	is_int(bins_at(&b, 99999), 3, "behind the span is the last bin");
}

static void test_clean(void)
{
	char out[16];

	is_str(label_clean(out, sizeof(out), "a\nb\tc\x7f\xff\x01"), "a?b?c???",
	       "what is not printable ASCII becomes ?");
	is_str(label_clean(out, sizeof(out), "0123456789abcdefgh"), "0123456789abcde",
	       "what has no room is left out");
	label_cut(out, 10);
	is_str(out, "01..9abcde", "a long name loses its middle");
	label_cut(out, 10);
	is_str(out, "01..9abcde", "a short name stays");
}

static void test_quote(void)
{
	char out[16];

	is_str(label_quote(out, sizeof(out), "web1"), "'web1'", "a name is quoted");
	is_str(label_quote(out, sizeof(out), "a'b"), "'a''b'", "a quote is two");
	is_str(label_quote(out, sizeof(out), "`\"\\$@"), "'`\"\\$@'",
	       "nothing else means anything in single quotes");
	is_str(label_quote(out, 6, "abc'"), "'abc'", "half of a quote is left out");
	is_str(label_quote(out, 3, "'"), "''", "the least room is enough");
}

int main(void)
{
	test_divide();
	test_spread();
	test_at();
	test_clean();
	test_quote();
	return done_testing();
}
