/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the table is generated from keys.txt, so that constants, checks and the
 * reference page always agree. No value is trusted, whoever wrote it: parsers read each byte once,
 * accept exactly one notation, and do not change *out on error, so that the caller's old value
 * stays in force. All sentences come from refuse() and expected() and have key, value and range.
 */
#include "xenstore-schema/schema.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/quote.h"

static const struct schema_entry table[KEY_COUNT] = {
#include "schema_table.inc"
};

const struct schema_entry *schema_entry(enum schema_key key)
{
	assert((unsigned)key < KEY_COUNT);
	return &table[key];
}

const char *schema_name(enum schema_key key)
{
	return schema_entry(key)->name;
}

int schema_lookup(enum schema_area area, const char *name)
{
	for (int i = 0; i < KEY_COUNT; i++)
		if (table[i].area == area && strcmp(table[i].name, name) == 0)
			return i;
	return -ENOENT;
}

/* Skips to the next word of an enum. Returns its length, 0: there is none. */
static size_t next_word(const char **words)
{
	*words += strspn(*words, " ");
	return strcspn(*words, " ");
}

/* For each type the words around min..max in "expected ...". */
static const struct {
	const char *before, *after;
	bool range;
} notation[] = {
	[SCHEMA_U64] = {"an integer ", "", true},
	[SCHEMA_S64] = {"a signed 64-bit integer", "", false},
	[SCHEMA_BYTES] = {"bytes, an integer ", "", true},
	[SCHEMA_RATE] = {"bits per second, an integer ", "", true},
	[SCHEMA_FRACTION] = {"a decimal ", ", at most 6 digits behind the point", true},
	[SCHEMA_BOOL] = {"0 or 1", "", false},
	[SCHEMA_ENUM] = {"one of", "", false},
	[SCHEMA_STATE] = {"a XenbusState ", "", true},
	[SCHEMA_MAC] = {"a unicast MAC address like 00:16:3e:01:02:03", "", false},
	[SCHEMA_NONCE] = {"16 hex digits", "", false},
	[SCHEMA_NAME] = {"", " letters, digits, '.', '_', '-', not '.' or '-' first", true},
	[SCHEMA_PATH] = {"an absolute path of ", " bytes", true},
	[SCHEMA_LIST] = {"", " characters, items separated by ','", true},
	[SCHEMA_TEXT] = {"", " printable characters", true},
};

_Static_assert(sizeof(notation) / sizeof(notation[0]) == SCHEMA_TEXT + 1,
	       "a type without a notation");

static void expected(const struct schema_entry *e, char *out, size_t size)
{
	const char *words = e->values ? e->values : "";
	size_t used = (size_t)snprintf(out, size, "%s", notation[e->type].before);
	size_t len;

	if (notation[e->type].range)
		used += (size_t)snprintf(out + used, size - used, "%" PRIu64 "..%" PRIu64, e->min,
					 e->max);
	for (; (len = next_word(&words)) > 0 && used < size; words += len)
		used += (size_t)snprintf(out + used, size - used, " %.*s", (int)len, words);
	if (used < size)
		snprintf(out + used, size - used, "%s", notation[e->type].after);
}

/* Fills err for a refused value and returns `ret`. */
static int refuse(const struct schema_entry *e, const char *text, char *err, int ret)
{
	char value[QUOTE_MAX], want[128];

	if (err) {
		expected(e, want, sizeof(want));
		snprintf(err, SCHEMA_ERR_MAX, "%s %s: expected %s", e->name,
			 quote_text(value, text), want);
	}
	return ret;
}

/* Parses digits up to `stop` or the NUL. 0, -EINVAL (not a digit) or -ERANGE (above 2^64-1). */
static int parse_digits(const char *text, const char *stop, uint64_t *out)
{
	uint64_t value = 0;
	bool overflow = false;

	if (text == stop || !*text)
		return -EINVAL;
	/* Reads on after an overflow: a wrong character makes it -EINVAL. */
	for (; text != stop && *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (unsigned)(*text - '0'), &value);
	}
	if (overflow)
		return -ERANGE;
	*out = value;
	return 0;
}

static int parse_in_range(const struct schema_entry *e, const char *text, uint64_t *out, char *err)
{
	uint64_t value;
	int ret = parse_digits(text, NULL, &value);

	if (ret == 0 && (value < e->min || value > e->max))
		ret = -ERANGE;
	if (ret < 0)
		return refuse(e, text, err, ret);
	*out = value;
	return 0;
}

int schema_parse_u64(enum schema_key key, const char *text, uint64_t *out, char *err)
{
	const struct schema_entry *e = schema_entry(key);

	assert(e->type == SCHEMA_U64 || e->type == SCHEMA_BYTES || e->type == SCHEMA_RATE);
	return parse_in_range(e, text, out, err);
}

int schema_check_u64(enum schema_key key, uint64_t value, char *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return schema_parse_u64(key, text, &value, err);
}

int schema_parse_s64(enum schema_key key, const char *text, int64_t *out, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	bool negative = *text == '-';
	uint64_t value, limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	int ret = parse_digits(text + negative, NULL, &value);

	assert(e->type == SCHEMA_S64);
	if (ret == 0 && value > limit)
		ret = -ERANGE;
	if (ret < 0)
		return refuse(e, text, err, ret);
	/* Not -(int64_t)value: there is no positive number for INT64_MIN. */
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int schema_parse_fraction(enum schema_key key, const char *text, uint32_t *out_ppm, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	const char *point = strchr(text, '.');
	uint64_t whole, part = 0;
	size_t digits = point ? strlen(point + 1) : 0;
	int ret = parse_digits(text, point, &whole);

	assert(e->type == SCHEMA_FRACTION);
	if (ret == 0 && point)
		ret = digits > 6 ? -EINVAL : parse_digits(point + 1, NULL, &part);
	if (ret < 0)
		return refuse(e, text, err, ret);
	for (; digits < 6; digits++)
		part *= 10;
	if (whole < e->min || whole > e->max || (whole == e->max && part > 0))
		return refuse(e, text, err, -ERANGE);
	*out_ppm = (uint32_t)(whole * 1000000 + part);
	return 0;
}

int schema_parse_bool(enum schema_key key, const char *text, bool *out, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	uint64_t value;
	int ret;

	assert(e->type == SCHEMA_BOOL);
	ret = parse_in_range(e, text, &value, err);
	if (ret == 0)
		*out = value == 1;
	return ret;
}

int schema_parse_state(enum schema_key key, const char *text, enum xenbus_state *out, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	uint64_t value;
	int ret;

	assert(e->type == SCHEMA_STATE);
	ret = parse_in_range(e, text, &value, err);
	if (ret == 0)
		*out = (enum xenbus_state)value;
	return ret;
}

int schema_parse_enum(enum schema_key key, const char *text, unsigned *out, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	const char *words = e->values;
	size_t len;

	assert(e->type == SCHEMA_ENUM);
	for (unsigned i = 0; (len = next_word(&words)) > 0; i++, words += len) {
		if (strlen(text) == len && memcmp(text, words, len) == 0) {
			*out = i;
			return 0;
		}
	}
	return refuse(e, text, err, -EINVAL);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int schema_parse_mac(enum schema_key key, const char *text, uint8_t out[6], char *err)
{
	const struct schema_entry *e = schema_entry(key);
	uint8_t mac[6], any = 0;

	assert(e->type == SCHEMA_MAC);
	if (strlen(text) != 17)
		return refuse(e, text, err, -EINVAL);
	for (int i = 0; i < 6; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
			return refuse(e, text, err, -EINVAL);
		mac[i] = (uint8_t)(high << 4 | low);
		any |= mac[i];
	}
	if (!any || mac[0] & 1)
		return refuse(e, text, err, -ERANGE);
	memcpy(out, mac, sizeof(mac));
	return 0;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is c allowed at position i of a value of this type? */
static bool char_fits(enum schema_type type, char c, size_t i)
{
	switch (type) {
	case SCHEMA_NONCE:
		return hex_digit(c) >= 0;
	case SCHEMA_NAME:
		return is_alnum(c) || c == '_' || (i > 0 && (c == '.' || c == '-'));
	case SCHEMA_LIST:
		return is_alnum(c) || strchr(" .:,/_-", c);
	case SCHEMA_PATH:
		return (i > 0 || c == '/') && c > 0x20 && c < 0x7f;
	default:
		return c >= 0x20 && c < 0x7f;
	}
}

int schema_parse_text(enum schema_key key, const char *text, char *out, size_t size, char *err)
{
	const struct schema_entry *e = schema_entry(key);
	size_t len = strlen(text);

	assert(e->type >= SCHEMA_NONCE);
	if (len < e->min || len > e->max)
		return refuse(e, text, err, -ERANGE);
	for (size_t i = 0; i < len; i++)
		if (!char_fits(e->type, text[i], i))
			return refuse(e, text, err, -EINVAL);
	if (!out)
		return 0;
	if (len >= size)
		return refuse(e, text, err, -ENOBUFS);
	memcpy(out, text, len + 1);
	return 0;
}
