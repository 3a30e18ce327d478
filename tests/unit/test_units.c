/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, times and sizes: what is taken, what is refused, and with which words. */
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>

#include "tests/unit/tap.h"

typedef int parser(const char *, uint64_t *, char *, size_t);

struct row {
	const char *text;
	uint64_t value;	 /* when err is NULL */
	const char *err; /* behind the quoted text; NULL: taken */
};

#define LIKE   "a rate like 10mbit (bits), 5mbps (bytes per second) or 10Mb/s"
#define TLIKE  "a time like 500us, 10ms or 1s"
#define SLIKE  "bytes like 1500 or 64kib"
#define ASK(p) "bits or bytes? write 10" p "bit (bits) or 10" p "bps (bytes per second)"

static const struct row rates[] = {
	{"0", 0, NULL},
	{"1", 1, NULL},
	{"007", 7, NULL},
	{"10000000", 10000000, NULL},
	{"18446744073709551615", UINT64_MAX, NULL},
	/* tc's bits */
	{"10bit", 10, NULL},
	{"10kbit", 10000, NULL},
	{"10mbit", 10000000, NULL},
	{"1gbit", 1000000000, NULL},
	{"1tbit", 1000000000000, NULL},
	{"1kibit", 1024, NULL},
	{"1mibit", 1048576, NULL},
	{"1gibit", 1073741824, NULL},
	{"1tibit", 1099511627776, NULL},
	{"10MBit", 10000000, NULL},
	{"10MBIT", 10000000, NULL},
	{"10Kbit", 10000, NULL},
	{"10KIBIT", 10240, NULL},
	/* with /s */
	{"10Mbit/s", 10000000, NULL},
	{"10MBit/s", 10000000, NULL},
	{"10kibit/s", 10240, NULL},
	{"10bit/s", 10, NULL},
	/* tc's bytes */
	{"1bps", 8, NULL},
	{"5kbps", 40000, NULL},
	{"5mbps", 40000000, NULL},
	{"1gbps", 8000000000, NULL},
	{"1tbps", 8000000000000, NULL},
	{"1kibps", 8192, NULL},
	{"5MBps", 40000000, NULL},
	{"5MBPS", 40000000, NULL},
	{"5MiBps", 41943040, NULL},
	/* Xen's */
	{"10b/s", 10, NULL},
	{"10Kb/s", 10000, NULL},
	{"10Mb/s", 10000000, NULL},
	{"1Gb/s", 1000000000, NULL},
	{"10B/s", 80, NULL},
	{"100KB/s", 800000, NULL},
	{"10MB/s", 80000000, NULL},
	{"1GB/s", 8000000000, NULL},
	/* decimals, exactly */
	{"1.5gbit", 1500000000, NULL},
	{"0.1mbit", 100000, NULL},
	{"2.50mbit", 2500000, NULL},
	{"1.000000000000000000000000000000bit", 1, NULL},
	{"0.125bps", 1, NULL},
	{"0.000000001gbit", 1, NULL},
	{"16.777216tbit", 16777216000000, NULL},
	{"1.5bit", 0, "not a whole number of bits per second"},
	{"0.3kibit", 0, "not a whole number of bits per second"},
	{"0.0000000001gbit", 0, "not a whole number of bits per second"},
	/* ambiguous */
	{"10m", 0, ASK("m")},
	{"10M", 0, ASK("m")},
	{"10k", 0, ASK("k")},
	{"10G", 0, ASK("g")},
	{"10mb", 0, ASK("m")},
	{"10MB", 0, ASK("m")},
	{"10Mb", 0, ASK("m")},
	{"10Mi", 0, ASK("mi")},
	{"10b", 0, ASK("")},
	{"10B", 0, ASK("")},
	{"10Mbps", 0, ASK("m")},
	{"10Kbps", 0, ASK("k")},
	{"10Gibps", 0, ASK("gi")},
	{"10mbPS", 0, ASK("m")},
	{"10mb/s", 0, ASK("m")},
	{"10mB/s", 0, ASK("m")},
	{"10kb/s", 0, ASK("k")},
	{"10Mb/S", 0, ASK("m")},
	{"12345678901234m", 0, "bits or bytes? write mbit (bits) or mbps (bytes per second)"},
	/* not understood */
	{"", 0, "expected " LIKE},
	{"banana", 0, "expected " LIKE},
	{"mbit", 0, "expected " LIKE},
	{".5gbit", 0, "expected " LIKE},
	{"5.gbit", 0, "expected " LIKE},
	{"1.2.3mbit", 0, "unknown unit, expected " LIKE},
	{"1,5gbit", 0, "unknown unit, expected " LIKE},
	{"+5mbit", 0, "expected " LIKE},
	{" 5mbit", 0, "expected " LIKE},
	{"-5mbit", 0, "negative, expected " LIKE},
	{"-0", 0, "negative, expected " LIKE},
	{"10 mbit", 0, "space behind the number, expected " LIKE},
	{"10mbit ", 0, "unknown unit, expected " LIKE},
	{"10 ", 0, "space behind the number, expected " LIKE},
	{"10mbits", 0, "unknown unit, expected " LIKE},
	{"10pbit", 0, "unknown unit, expected " LIKE},
	{"10Mb/s@20ms", 0, "unknown unit, expected " LIKE},
	{"10mbps/s", 0, "unknown unit, expected " LIKE},
	{"10kibitkibit/s", 0, "unknown unit, expected " LIKE},
	{"10/s", 0, "unknown unit, expected " LIKE},
	{"1e9", 0, "unknown unit, expected " LIKE},
	{"0x10", 0, "unknown unit, expected " LIKE},
	{"nan", 0, "expected " LIKE},
	{"50%", 0, "unknown unit, expected " LIKE},
	/* overflow */
	{"18446744073709551616", 0, "too many digits"},
	{"18446744073709551615bps", 0, "too large"},
	{"99999999tbit", 0, "too large"},
	{"18446744073709551.616kbit", 0, "too many digits"},
	{"1.0000000000000000001gbit", 0, "too many digits"},
};

static const struct row times[] = {
	{"10ms", 10000000, NULL},
	{"500us", 500000, NULL},
	{"1s", 1000000000, NULL},
	{"100ns", 100, NULL},
	{"1.5ms", 1500000, NULL},
	{"0s", 0, NULL},
	{"10", 0, "no unit, expected " TLIKE},
	{"0", 0, "no unit, expected " TLIKE},
	{"", 0, "expected " TLIKE},
	{"10MS", 0, "unknown unit, expected " TLIKE},
	{"10m", 0, "unknown unit, expected " TLIKE},
	{"10 ms", 0, "space behind the number, expected " TLIKE},
	{"-1s", 0, "negative, expected " TLIKE},
	{"0.5ns", 0, "not a whole number of nanoseconds"},
	{"18446744074s", 0, "too large"},
};

static const struct row sizes[] = {
	{"0", 0, NULL},
	{"1500", 1500, NULL},
	{"64kib", 65536, NULL},
	{"64KiB", 65536, NULL},
	{"1.5MiB", 1572864, NULL},
	{"1gib", 1073741824, NULL},
	{"64k", 0, "1000 or 1024? write 64kib, or all digits"},
	{"64KB", 0, "1000 or 1024? write 64kib, or all digits"},
	{"1M", 0, "1000 or 1024? write 1mib, or all digits"},
	{"64b", 0, "unknown unit, expected " SLIKE},
	{"64kbit", 0, "unknown unit, expected " SLIKE},
	{"", 0, "expected " SLIKE},
	{"0.5", 0, "not a whole number of bytes"},
	{"99999999999gib", 0, "too large"},
};

static void run(const char *what, parser *parse, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		char err[UNITS_ERR_MAX] = "", *why;
		uint64_t value = 42;
		int ret = parse(r->text, &value, err, sizeof(err));

		if (!r->err) {
			if (!ok(ret == 0 && value == r->value, "%s \"%s\" is taken", what, r->text))
				diag("%d %" PRIu64 " %s", ret, value, err);
			continue;
		}
		/* Quoting cuts long texts: compare what is behind the quotes. */
		why = strstr(err, "\": ");
		if (!ok((ret == -EINVAL || ret == -ERANGE) && value == 42 && why &&
				strcmp(why + 3, r->err) == 0,
			"%s \"%s\" is refused with its sentence", what, r->text))
			diag("%d %" PRIu64 " %s", ret, value, err);
	}
}

static void test_errors(void)
{
	char small[8];
	uint64_t value;

	is_int(units_parse_rate("10m", &value, NULL, 0), -EINVAL,
	       "a refusal without room for its sentence is fine");
	is_int(units_parse_rate("10m", &value, small, sizeof(small)), -EINVAL,
	       "a refusal with little room for its sentence is fine");
	is_str(small, "\"10m\": ", "a sentence is cut to its room, with its NUL");
	is_int(units_parse_rate("1.5bit", &value, small, sizeof(small)), -EINVAL,
	       "a rate that is no whole number of bits is wrong syntax");
	is_int(units_parse_rate("9999999999tbit", &value, NULL, 0), -ERANGE,
	       "a rate that is too large is out of range");
}

static void test_format(void)
{
	static const struct {
		uint64_t bps;
		const char *exact, *brief;
	} rows[] = {
		{0, "0", "0"},
		{999, "999bit", "999bit"},
		{1000, "1kbit", "1.00kbit"},
		{10000000, "10mbit", "10.00mbit"},
		{1500000000, "1.5gbit", "1.50gbit"},
		{1050000000, "1.05gbit", "1.05gbit"},
		{7998123, "7998.123kbit", "8.00mbit"},
		{7994123, "7994.123kbit", "7.99mbit"},
		{1234567, "1234.567kbit", "1.23mbit"},
		{999999, "999.999kbit", "1.00mbit"},
		{1000000000001, "1000000000.001kbit", "1.00tbit"},
		{UINT64_MAX, "18446744073709551.615kbit", "18446744.07tbit"},
	};
	char text[UNITS_TEXT_MAX];
	uint64_t back = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_str(units_format_rate(text, sizeof(text), rows[i].bps), rows[i].exact,
		       "%" PRIu64 " bit/s are formatted exactly", rows[i].bps);
		ok(units_parse_rate(text, &back, NULL, 0) == 0 && back == rows[i].bps,
		   "%s reads back as it was formatted", text);
		is_str(units_format_rate_short(text, sizeof(text), rows[i].bps), rows[i].brief,
		       "%" PRIu64 " bit/s are formatted short", rows[i].bps);
	}
	is_str(units_format_size(text, sizeof(text), 262144), "256kib",
	       "a size is formatted with its unit");
	is_str(units_format_size(text, sizeof(text), 1500), "1500",
	       "a size of odd bytes is formatted without a unit");
	is_str(units_format_size(text, sizeof(text), 0), "0",
	       "a size of zero is formatted without a unit");
	is_str(units_format_size(text, sizeof(text), 2147483648), "2gib",
	       "a large size is formatted with its unit");
}

int main(void)
{
	run("rate", units_parse_rate, rates, sizeof(rates) / sizeof(rates[0]));
	run("time", units_parse_time, times, sizeof(times) / sizeof(times[0]));
	run("size", units_parse_size, sizes, sizeof(sizes) / sizeof(sizes[0]));
	test_errors();
	test_format();
	return done_testing();
}
