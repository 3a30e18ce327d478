/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a text is a decimal number and a unit. The number is an integer mantissa and
 * a power of ten, the unit an integer factor. One 128-bit product and one division give the exact
 * value or an error: no floating point, no rounding. Units are in tables. A unit that is in no
 * table but that people often write gets an error message that says what to write instead.
 */
#include "common/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/quote.h"

#define MAX_DECIMALS 18

struct unit {
	const char *name;
	uint64_t factor;
};

#define K  UINT64_C(1000)
#define KI UINT64_C(1024)

/* tc's, in upper or lower case. Its "bps" are bytes. */
static const struct unit tc_bits[] = {
	{"bit", 1},	   {"kbit", K},		  {"mbit", K *K},
	{"gbit", K *K *K}, {"tbit", K *K *K *K},  {"kibit", KI},
	{"mibit", KI *KI}, {"gibit", KI *KI *KI}, {"tibit", KI *KI *KI *KI},
	{NULL, 0},
};
static const struct unit tc_bytes[] = {
	{"bps", 8},
	{"kbps", 8 * K},
	{"mbps", 8 * K *K},
	{"gbps", 8 * K *K *K},
	{"tbps", 8 * K *K *K *K},
	{"kibps", 8 * KI},
	{"mibps", 8 * KI *KI},
	{"gibps", 8 * KI *KI *KI},
	{"tibps", 8 * KI *KI *KI *KI},
	{NULL, 0},
};
/* Xen's vif rate=, where upper and lower case differ. */
static const struct unit xen_rates[] = {
	{"b/s", 1},	 {"Kb/s", K},	     {"Mb/s", K *K},	    {"Gb/s", K *K *K}, {"B/s", 8},
	{"KB/s", 8 * K}, {"MB/s", 8 * K *K}, {"GB/s", 8 * K *K *K}, {NULL, 0},
};
/* Nanoseconds, and bytes. */
static const struct unit times[] = {
	{"ns", 1}, {"us", K}, {"ms", K *K}, {"s", K *K *K}, {NULL, 0},
};
static const struct unit sizes[] = {
	{"", 1}, {"kib", KI}, {"mib", KI *KI}, {"gib", KI *KI *KI}, {NULL, 0},
};

struct number {
	uint64_t mantissa;
	unsigned decimals;
	int digits_len;	  /* length of the number's text */
	const char *unit; /* the text behind it */
};

static uint64_t find_unit(const struct unit *table, const char *name, bool any_case)
{
	for (; table->name; table++)
		if ((any_case ? strcasecmp : strcmp)(table->name, name) == 0)
			return table->factor;
	return 0;
}

__attribute__((format(printf, 5, 6))) static int refuse(int ret, const char *text, char *err,
							size_t errlen, const char *fmt, ...)
{
	char why[UNITS_ERR_MAX - QUOTE_MAX], shown[QUOTE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (errlen > 0)
		snprintf(err, errlen, "%s: %s", quote_text(shown, text), why);
	return ret;
}

static int take_digit(struct number *n, char digit)
{
	if (__builtin_mul_overflow(n->mantissa, 10, &n->mantissa) ||
	    __builtin_add_overflow(n->mantissa, (unsigned)(digit - '0'), &n->mantissa))
		return -ERANGE;
	return 0;
}

/* Parses the number at the start of text. */
static int parse_number(const char *text, struct number *n)
{
	const char *p = text, *end;

	*n = (struct number){0};
	for (; isdigit((unsigned char)*p); p++)
		if (take_digit(n, *p) < 0)
			return -ERANGE;
	if (p == text)
		return -EINVAL;
	if (*p == '.') {
		for (end = ++p; isdigit((unsigned char)*end); end++)
			;
		if (end == p)
			return -EINVAL;
		n->unit = end;
		/* 1.500 is 1.5: zeros at the end are not precision. */
		while (end > p && end[-1] == '0')
			end--;
		for (; p < end; p++, n->decimals++)
			if (n->decimals == MAX_DECIMALS || take_digit(n, *p) < 0)
				return -ERANGE;
		p = n->unit;
	}
	n->unit = p;
	n->digits_len = (int)(p - text);
	return 0;
}

/* Parses the number and reports its errors. what: the expected text, "a rate like 10mbit". */
static int start_number(const char *text, struct number *n, const char *what, char *err,
			size_t errlen)
{
	int ret = parse_number(text, n);

	if (ret == -ERANGE)
		return refuse(ret, text, err, errlen, "too many digits");
	if (ret < 0 && *text == '-')
		return refuse(ret, text, err, errlen, "negative, expected %s", what);
	if (ret < 0)
		return refuse(ret, text, err, errlen, "expected %s", what);
	if (isspace((unsigned char)*n->unit))
		return refuse(-EINVAL, text, err, errlen, "space behind the number, expected %s",
			      what);
	return 0;
}

/* n * factor, exactly. smallest: the unit of the result, "bits per second". */
static int scale(const char *text, const struct number *n, uint64_t factor, const char *smallest,
		 uint64_t *out, char *err, size_t errlen)
{
	unsigned __int128 product = (unsigned __int128)n->mantissa * factor;
	uint64_t divisor = 1;

	for (unsigned i = 0; i < n->decimals; i++)
		divisor *= 10;
	if (product % divisor != 0)
		return refuse(-EINVAL, text, err, errlen, "not a whole number of %s", smallest);
	product /= divisor;
	if (product > UINT64_MAX)
		return refuse(-ERANGE, text, err, errlen, "too large");
	*out = (uint64_t)product;
	return 0;
}

/* The unit's factor in bits per second, or 0. */
static uint64_t rate_factor(const char *unit)
{
	size_t len = strlen(unit);
	char bits[8];
	uint64_t factor = find_unit(xen_rates, unit, false);

	if (factor)
		return factor;
	/* "mbit/s" is clear, although tc does not know it. */
	if (len > 2 && len - 2 < sizeof(bits) && strcmp(unit + len - 2, "/s") == 0) {
		snprintf(bits, sizeof(bits), "%.*s", (int)len - 2, unit);
		return find_unit(tc_bits, bits, true);
	}
	factor = find_unit(tc_bits, unit, true);
	if (factor)
		return factor;
	/* "Mbps" is bits to everyone but tc. Lower case only, or a capital B, is clear. */
	if (strchr(unit, 'b') && strpbrk(unit, "KMGTIPS"))
		return 0;
	return find_unit(tc_bytes, unit, true);
}

/*
 * Is the unit ambiguous between bits and bytes: one of k m g t, perhaps i, perhaps b, and perhaps
 * ps or /s? Then `prefix` gets the prefix in lower case, for a hint.
 */
static bool rate_is_ambiguous(const char *unit, char prefix[3])
{
	size_t i = 0;

	memset(prefix, 0, 3);
	if (*unit && strchr("kmgtKMGT", *unit)) {
		prefix[i++] = (char)tolower((unsigned char)*unit++);
		if (*unit == 'i' || *unit == 'I') {
			prefix[i++] = 'i';
			unit++;
		}
	}
	if (*unit == 'b' || *unit == 'B')
		unit++;
	else if (i == 0)
		return false;
	return !*unit || strcasecmp(unit, "ps") == 0 || strcasecmp(unit, "/s") == 0;
}

int units_parse_rate(const char *text, uint64_t *out_bps, char *err, size_t errlen)
{
	const char *what = "a rate like 10mbit (bits), 5mbps (bytes per second) or 10Mb/s";
	struct number n;
	uint64_t factor;
	char prefix[3];
	int ret = start_number(text, &n, what, err, errlen);

	if (ret < 0)
		return ret;
	factor = *n.unit ? rate_factor(n.unit) : 1;
	if (!factor && rate_is_ambiguous(n.unit, prefix))
		return refuse(
			-EINVAL, text, err, errlen,
			"bits or bytes? write %.*s%sbit (bits) or %.*s%sbps (bytes per second)",
			n.digits_len > 12 ? 0 : n.digits_len, text, prefix,
			n.digits_len > 12 ? 0 : n.digits_len, text, prefix);
	if (!factor)
		return refuse(-EINVAL, text, err, errlen, "unknown unit, expected %s", what);
	return scale(text, &n, factor, "bits per second", out_bps, err, errlen);
}

int units_parse_time(const char *text, uint64_t *out_ns, char *err, size_t errlen)
{
	const char *what = "a time like 500us, 10ms or 1s";
	struct number n;
	uint64_t factor;
	int ret = start_number(text, &n, what, err, errlen);

	if (ret < 0)
		return ret;
	factor = find_unit(times, n.unit, false);
	if (!factor)
		return refuse(-EINVAL, text, err, errlen, "%s unit, expected %s",
			      *n.unit ? "unknown" : "no", what);
	return scale(text, &n, factor, "nanoseconds", out_ns, err, errlen);
}

int units_parse_size(const char *text, uint64_t *out_bytes, char *err, size_t errlen)
{
	const char *what = "bytes like 1500 or 64kib";
	struct number n;
	uint64_t factor;
	char prefix[3];
	int ret = start_number(text, &n, what, err, errlen);

	if (ret < 0)
		return ret;
	factor = find_unit(sizes, n.unit, true);
	if (!factor && rate_is_ambiguous(n.unit, prefix) && prefix[0])
		return refuse(-EINVAL, text, err, errlen,
			      "1000 or 1024? write %.*s%cib, or all digits",
			      n.digits_len > 12 ? 0 : n.digits_len, text, prefix[0]);
	if (!factor)
		return refuse(-EINVAL, text, err, errlen, "unknown unit, expected %s", what);
	return scale(text, &n, factor, "bytes", out_bytes, err, errlen);
}

/* How a value is written in the largest unit that gives it exactly. */
struct notation {
	const struct unit *units; /* ascending; the first has factor 1 */
	unsigned count;
	unsigned parts; /* a unit has 1000 (up to three decimals) or 1 */
};

static const char *format_exact(char *out, size_t size, const struct notation *n, uint64_t value)
{
	const struct unit *u = &n->units[n->count - 1];
	unsigned part;
	int digits = 3;

	while (u > n->units && (value < u->factor || value % (u->factor / n->parts) != 0))
		u--;
	part = u > n->units ? (unsigned)(value % u->factor / (u->factor / n->parts)) : 0;
	for (; part && part % 10 == 0; part /= 10)
		digits--;
	if (value == 0)
		snprintf(out, size, "0");
	else if (part == 0)
		snprintf(out, size, "%" PRIu64 "%s", value / u->factor, u->name);
	else
		snprintf(out, size, "%" PRIu64 ".%0*u%s", value / u->factor, digits, part, u->name);
	return out;
}

const char *units_format_rate(char *out, size_t size, uint64_t bps)
{
	static const struct notation rate = {tc_bits, 5, K};

	return format_exact(out, size, &rate, bps);
}

const char *units_format_size(char *out, size_t size, uint64_t bytes)
{
	static const struct notation whole = {sizes, 4, 1};

	return format_exact(out, size, &whole, bytes);
}

const char *units_format_rate_short(char *out, size_t size, uint64_t bps)
{
	const struct unit *u = &tc_bits[4];
	uint64_t hundredths;

	while (u > tc_bits && bps < u->factor)
		u--;
	if (u == tc_bits)
		return units_format_rate(out, size, bps);
	hundredths = bps / (u->factor / 100) + (bps % (u->factor / 100) >= u->factor / 200);
	/* 999.999kbit rounds up to the next unit: say 1.00mbit. */
	if (hundredths >= 100 * K && u < &tc_bits[4]) {
		u++;
		hundredths = 100;
	}
	snprintf(out, size, "%" PRIu64 ".%02" PRIu64 "%s", hundredths / 100, hundredths % 100,
		 u->name);
	return out;
}
