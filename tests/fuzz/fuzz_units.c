/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates, times and sizes as people write them. Input: one text. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#include "common/units.h"
#include "tests/fuzz/fuzz.h"

typedef int parse_fn(const char *text, uint64_t *out, char *err, size_t errlen);
typedef const char *format_fn(char *out, size_t size, uint64_t value);

struct kind {
	parse_fn *parse;
	format_fn *format;
	uint64_t (*factor)(const char *unit);
};

static uint64_t power(uint64_t base, unsigned n)
{
	return n ? base * power(base, n - 1) : 1;
}

/* units.h in rules instead of tables: a prefix, perhaps an i, and what is counted. */
static uint64_t rate_factor(const char *unit)
{
	static const char prefixes[] = "\0kmgt";
	unsigned n = 0, binary = 0;
	uint64_t scale;

	if (!*unit)
		return 1;
	while (n < 4 && tolower((unsigned char)*unit) != prefixes[n])
		n++;
	n = tolower((unsigned char)*unit) == prefixes[n] ? n : 0;
	unit += n > 0;
	if (n && (*unit == 'i' || *unit == 'I')) {
		binary = 1;
		unit++;
	}
	scale = power(binary ? 1024 : 1000, n);
	if (strncasecmp(unit, "bit", 3) == 0)
		return scale;
	return strcmp(unit, "b/s") == 0 ? scale : scale * 8;
}

static uint64_t time_factor(const char *unit)
{
	return power(1000, *unit == 's' ? 3 : *unit == 'm' ? 2 : *unit == 'u');
}

static uint64_t size_factor(const char *unit)
{
	const char *prefix = "kmg";
	unsigned n = 1;

	if (!*unit)
		return 1;
	while (*prefix++ != tolower((unsigned char)*unit))
		n++;
	return power(1024, n);
}

static const struct kind kinds[] = {
	{units_parse_rate, units_format_rate, rate_factor},
	{units_parse_time, NULL, time_factor},
	{units_parse_size, units_format_size, size_factor},
};

/* What was taken is digits, perhaps a point and digits, and a unit: its value, to a rounding. */
static void check_value(const struct kind *k, const char *text, uint64_t value)
{
	size_t number = strspn(text, "0123456789.");
	long double want = strtold(text, NULL) * k->factor(text + number), got = value;

	must(isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[number - 1]));
	must(got >= want - want * 1e-15L && got <= want + want * 1e-15L);
}

/* What is written is read back as the same. */
static void check_round_trip(const struct kind *k, uint64_t value)
{
	char text[UNITS_TEXT_MAX], err[UNITS_ERR_MAX];
	uint64_t again = ~value;

	if (!k->format)
		return;
	must(k->format(text, sizeof(text), value) == text);
	must(fuzz_is_sentence(text, sizeof(text)));
	must(k->parse(text, &again, err, sizeof(err)) == 0 && again == value);
}

static void check_parse(const struct kind *k, const char *text)
{
	char err[UNITS_ERR_MAX] = "", cut[8];
	uint64_t value = 0x5a5a5a5a5a5a5a5a, again = 1;
	int ret = k->parse(text, &value, err, sizeof(err));

	must(k->parse(text, &again, NULL, 0) == ret);
	must(k->parse(text, &again, cut, sizeof(cut)) == ret);
	if (ret == 0) {
		must(again == value);
		check_value(k, text, value);
		check_round_trip(k, value);
		return;
	}
	must(ret == -EINVAL || ret == -ERANGE);
	must(value == 0x5a5a5a5a5a5a5a5a && again == 1);
	must(fuzz_is_sentence(err, sizeof(err)) && err[0] == '"');
	must(strstr(err, "\": ") || strstr(err, "\"...: "));
	must(memchr(cut, '\0', sizeof(cut)));
}

/* A measured rate in a table: two decimals at most, and near. */
static void check_short(uint64_t bps)
{
	char text[UNITS_TEXT_MAX];
	uint64_t shown = 0;
	int ret;

	units_format_rate_short(text, sizeof(text), bps);
	must(fuzz_is_sentence(text, sizeof(text)));
	ret = units_parse_rate(text, &shown, NULL, 0);
	if (ret == -ERANGE) /* rounded up beyond 2^64 */
		return;
	must(ret == 0);
	must((shown > bps ? shown - bps : bps - shown) <= bps / 199);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	uint64_t value = strtoull(text, NULL, 10);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		check_parse(&kinds[i], text);
		check_round_trip(&kinds[i], value);
	}
	check_short(value);
	free(text);
	return 0;
}
