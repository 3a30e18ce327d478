/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of metrics: hostile labels, both formats, numbers in base units. */
#include "backend/exporter/page.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

/* What is in the page, as a string. */
static const char *text(const struct page *p)
{
	static char out[4096];

	snprintf(out, sizeof(out), "%.*s", (int)p->len, p->text ? p->text : "");
	return out;
}

static void label_is(const char *value, const char *want, const char *what)
{
	struct page p = {0};

	page_label(&p, "name", value);
	is_str(text(&p), want, "%s", what);
	page_free(&p);
}

static void test_labels(void)
{
	label_is("web1", "name=\"web1\"", "a plain value");
	label_is("", "name=\"\"", "an empty value");
	label_is("a\"b\\c\nd", "name=\"a\\\"b\\\\c\\nd\"",
		 "quotes, backslashes and newlines are escaped");
	label_is("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x8d",
		 "name=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\x8d\"", "UTF-8 stays");
	label_is("a\xff"
		 "b",
		 "name=\"a\xef\xbf\xbd"
		 "b\"",
		 "a byte that is none of UTF-8 is replaced");
	label_is("\xc3", "name=\"\xef\xbf\xbd\"", "a character that ends early is replaced");
	label_is("\xc0\x80", "name=\"\xef\xbf\xbd\xef\xbf\xbd\"", "so is one longer than needed");
	label_is("\xed\xa0\x80", "name=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		 "so is half a pair of UTF-16");
	label_is("\xf4\x90\x80\x80", "name=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		 "so is one beyond Unicode");
	label_is("\t\x01", "name=\"\t\x01\"", "control characters are allowed there");
}

static void family_is(enum page_format format, enum page_type type, const char *want)
{
	struct page p = {.format = format};

	page_family(&p, "x", type, "Help.");
	is_str(text(&p), want, "a family: format %d, type %d", format, type);
	page_free(&p);
}

static void test_families(void)
{
	family_is(PAGE_TEXT, PAGE_COUNTER, "# HELP x_total Help.\n# TYPE x_total counter\n");
	family_is(PAGE_OPENMETRICS, PAGE_COUNTER, "# HELP x Help.\n# TYPE x counter\n");
	family_is(PAGE_TEXT, PAGE_INFO, "# HELP x_info Help.\n# TYPE x_info gauge\n");
	family_is(PAGE_OPENMETRICS, PAGE_INFO, "# HELP x Help.\n# TYPE x info\n");
	family_is(PAGE_TEXT, PAGE_HISTOGRAM, "# HELP x Help.\n# TYPE x histogram\n");
	family_is(PAGE_TEXT, PAGE_GAUGE, "# HELP x Help.\n# TYPE x gauge\n");
}

static void sample_is(enum page_unit unit, uint64_t value, const char *want)
{
	struct page p = {0}, labels = {0};

	page_label(&labels, "a", "b");
	page_sample(&p, "x", PAGE_COUNTER, &labels, "c", "d", unit, value);
	is_str(text(&p), want, "a sample: unit %d", unit);
	page_free(&labels);
	page_free(&p);
}

static void test_samples(void)
{
	struct page p = {0}, none = {0};

	sample_is(PAGE_PLAIN, UINT64_MAX, "x_total{a=\"b\",c=\"d\"} 18446744073709551615\n");
	sample_is(PAGE_SIGNED, (uint64_t)-5, "x_total{a=\"b\",c=\"d\"} -5\n");
	sample_is(PAGE_BITS, 1001, "x_total{a=\"b\",c=\"d\"} 125.125\n");
	sample_is(PAGE_MICROSECONDS, 1000001, "x_total{a=\"b\",c=\"d\"} 1.000001\n");
	page_sample(&p, "x", PAGE_GAUGE, &none, NULL, NULL, PAGE_PLAIN, 3);
	is_str(text(&p), "x 3\n", "a sample without labels has no braces");
	page_free(&p);
}

static void test_buckets(void)
{
	const uint64_t bucket[] = {1, 0, 2, 4};
	struct page p = {0}, labels = {0};

	page_label(&labels, "a", "b");
	page_buckets(&p, "x", &labels, "tx", bucket, 4);
	is_str(text(&p),
	       "x_bucket{a=\"b\",direction=\"tx\",le=\"1e-06\"} 1\n"
	       "x_bucket{a=\"b\",direction=\"tx\",le=\"2e-06\"} 1\n"
	       "x_bucket{a=\"b\",direction=\"tx\",le=\"4e-06\"} 3\n"
	       "x_bucket{a=\"b\",direction=\"tx\",le=\"+Inf\"} 7\n",
	       "buckets add up, and the last one has all");
	page_free(&labels);
	page_free(&p);
}

static void test_growth(void)
{
	struct page p = {.format = PAGE_OPENMETRICS};

	for (unsigned i = 0; i < 10000; i++)
		page_label(&p, "a", "0123456789");
	is_int(p.len, 10000 * 15 - 1, "a page grows with what it holds");
	ok(!p.failed, "a page that grew is whole");
	page_end(&p);
	ok(memcmp(p.text + p.len - 6, "# EOF\n", 6) == 0, "OpenMetrics has an end");
	page_free(&p);
}

int main(void)
{
	test_labels();
	test_families();
	test_samples();
	test_buckets();
	test_growth();
	return done_testing();
}
