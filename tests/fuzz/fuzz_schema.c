/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The value of any xenstore key, and the paths that keys stand at. Input: the area's first letter,
 * the key, '=' and the value; or a path.
 */
#include <ctype.h>
#include <errno.h>

#include "backend/frame/frame.h"
#include "common/quote.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/ref.h"
#include "xenstore-schema/schema.h"

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdefABCDEF"
#define ALNUM  DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool only(const char *text, const char *set)
{
	return strspn(text, set) == strlen(text);
}

static bool printable(const char *text, char least)
{
	for (; *text; text++) {
		if (*text < least || *text > '~')
			return false;
	}
	return true;
}

/* --- what schema.h says of each type, once more --- */

static bool ref_number(const struct schema_entry *e, const char *text)
{
	uint64_t v;

	errno = 0;
	v = strtoull(text, NULL, 10);
	return *text && only(text, DIGITS) && errno == 0 && v >= e->min && v <= e->max;
}

static bool ref_s64(const char *text)
{
	const char *digits = text + (*text == '-');

	errno = 0;
	strtoll(text, NULL, 10);
	return *digits && only(digits, DIGITS) && errno == 0;
}

static bool ref_fraction(const struct schema_entry *e, const char *text)
{
	const char *point = strchr(text, '.');
	double v = strtod(text, NULL);

	if (!isdigit((unsigned char)*text) || !only(text, DIGITS "."))
		return false;
	if (point && (strlen(point) < 2 || strlen(point) > 7 || !only(point + 1, DIGITS)))
		return false;
	return v >= (double)e->min && v <= (double)e->max;
}

static bool ref_enum(const struct schema_entry *e, const char *text)
{
	char *words = strdup(e->values), *rest = words, *word;
	bool found = false;

	must(words);
	while ((word = strsep(&rest, " ")))
		found |= *text && strcmp(word, text) == 0;
	free(words);
	return found;
}

static bool ref_text(const struct schema_entry *e, const char *text)
{
	size_t len = strlen(text);

	if (len < e->min || len > e->max)
		return false;
	switch (e->type) {
	case SCHEMA_NONCE:
		return only(text, HEX);
	case SCHEMA_NAME:
		return only(text, ALNUM "_.-") && *text != '.' && *text != '-';
	case SCHEMA_PATH:
		return *text == '/' && printable(text, '!');
	case SCHEMA_LIST:
		return only(text, ALNUM " .:,/_-");
	default:
		return printable(text, ' ');
	}
}

static bool ref_ok(const struct schema_entry *e, const char *text)
{
	switch (e->type) {
	case SCHEMA_U64:
	case SCHEMA_BYTES:
	case SCHEMA_RATE:
	case SCHEMA_BOOL:
	case SCHEMA_STATE:
		return ref_number(e, text);
	case SCHEMA_S64:
		return ref_s64(text);
	case SCHEMA_FRACTION:
		return ref_fraction(e, text);
	case SCHEMA_ENUM:
		return ref_enum(e, text);
	case SCHEMA_MAC:
		return ref_mac(text, (uint8_t[6]){0});
	default:
		return ref_text(e, text);
	}
}

/* --- the values that come out --- */

static void check_numbers(enum schema_key key, const char *text, int want)
{
	uint64_t u64 = 7;
	int64_t s64 = 7;
	uint32_t ppm = 7;

	switch (schema_entry(key)->type) {
	case SCHEMA_U64:
	case SCHEMA_BYTES:
	case SCHEMA_RATE:
		must(schema_parse_u64(key, text, &u64, NULL) == want);
		must(u64 == (want ? 7 : strtoull(text, NULL, 10)));
		must(want || schema_check_u64(key, u64, NULL) == 0);
		break;
	case SCHEMA_S64:
		must(schema_parse_s64(key, text, &s64, NULL) == want);
		must(s64 == (want ? 7 : strtoll(text, NULL, 10)));
		break;
	case SCHEMA_FRACTION:
		must(schema_parse_fraction(key, text, &ppm, NULL) == want);
		must(ppm == (want ? 7 : (uint32_t)(strtod(text, NULL) * 1e6 + 0.5)));
		break;
	default:
		break;
	}
}

static void check_words(enum schema_key key, const char *text, int want)
{
	enum xenbus_state state = XenbusStateReconfigured;
	unsigned word = 77;
	bool flag = false;

	switch (schema_entry(key)->type) {
	case SCHEMA_BOOL:
		must(schema_parse_bool(key, text, &flag, NULL) == want);
		must(flag == (!want && strtoul(text, NULL, 10) == 1));
		break;
	case SCHEMA_ENUM:
		must(schema_parse_enum(key, text, &word, NULL) == want);
		must((word == 77) == (want != 0));
		break;
	case SCHEMA_STATE:
		must(schema_parse_state(key, text, &state, NULL) == want);
		must(want ? state == XenbusStateReconfigured : state == strtol(text, NULL, 10));
		must(fuzz_is_sentence(schema_state_name(state), 16));
		break;
	default:
		break;
	}
}

static void check_mac(enum schema_key key, const char *text, int want)
{
	uint8_t mac[6] = {1}, other[6] = {1};
	char again[FRAME_MAC_STR];

	must(schema_parse_mac(key, text, mac, NULL) == want);
	must(ref_mac(text, other) == (want == 0));
	must(memcmp(mac, other, sizeof(mac)) == 0 && (mac[0] & 1) == (want != 0));
	if (!want)
		must(strcasecmp(frame_mac_format(mac, again), text) == 0);
}

static void check_copy(enum schema_key key, const char *text, int want)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);

	must(copy && schema_parse_text(key, text, copy, len + 1, NULL) == want);
	must(want || strcmp(copy, text) == 0);
	if (!want && len > 0)
		must(schema_parse_text(key, text, copy, len, NULL) == -ENOBUFS);
	free(copy);
}

/* A name becomes a part of a path: it must stay one, and not lead elsewhere. */
static void check_name(const char *text, int want)
{
	char dir[SCHEMA_PATH_MAX], root[SCHEMA_PATH_MAX];
	int len = schema_uplink_dir(dir, sizeof(dir), SCHEMA_DOMID_MAX, text);
	int root_len = schema_uplink_root(root, sizeof(root), SCHEMA_DOMID_MAX);

	must((len > 0) == (want == 0));
	if (len < 0)
		return;
	must(len == root_len + 1 + (int)strlen(text) && memcmp(dir, root, (size_t)root_len) == 0);
	must(strcmp(strrchr(dir, '/') + 1, text) == 0 && strcmp(text, "..") != 0);
}

static void check_value(enum schema_key key, const char *text)
{
	const struct schema_entry *e = schema_entry(key);
	char err[SCHEMA_ERR_MAX] = "";
	int ret = schema_check(key, text, err);

	must((ret == 0) == ref_ok(e, text));
	must(ret == 0 || ret == -EINVAL || ret == -ERANGE);
	if (ret < 0) {
		must(fuzz_is_sentence(err, sizeof(err)) && strstr(err, ": expected "));
		must(strncmp(err, e->name, strlen(e->name)) == 0);
	}
	if (e->type < SCHEMA_BOOL)
		check_numbers(key, text, ret);
	else if (e->type < SCHEMA_MAC)
		check_words(key, text, ret);
	else if (e->type == SCHEMA_MAC)
		check_mac(key, text, ret);
	else
		check_copy(key, text, ret);
	if (key == KEY_BACK_UPLINK)
		check_name(text, ret);
}

/* --- paths --- */

/* What a watch event names: taken apart and put together again, it is the same place. */
static void check_path(const char *path, unsigned backend)
{
	unsigned domid = 77, id = 77;
	const char *rest = NULL;
	char dir[SCHEMA_PATH_MAX];
	int len;

	if (!schema_split_backend_path(path, backend, &domid, &id, &rest))
		return;
	must(domid <= SCHEMA_DOMID_MAX && id <= SCHEMA_ID_MAX);
	must(rest > path && rest <= path + strlen(path) && (!*rest || rest[-1] == '/'));
	len = schema_backend_dir(dir, sizeof(dir), backend, domid, id);
	must(len > 0);
	/* The numbers may have been written with zeros in front; nothing else may differ. */
	must(strncmp(path, dir, strlen("/local/domain/0/backend/dmvl/")) == 0);
	must(strtoul(path + strlen("/local/domain/0/backend/dmvl/"), NULL, 10) == domid);
}

static void check_quote(const char *text)
{
	char out[QUOTE_MAX];
	size_t len = strlen(text);

	quote_text(out, text);
	must(fuzz_is_sentence(out, sizeof(out)) && out[0] == '"');
	if (len <= 32 && only(text, ALNUM))
		must(memcmp(out + 1, text, len) == 0 && strcmp(out + 1 + len, "\"") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *value = strchr(text, '=');
	int key = -ENOENT;

	check_path(text, 0);
	check_quote(text);
	if (value) {
		*value++ = '\0';
		key = schema_lookup(text[0] == 'b'   ? SCHEMA_BACK
				    : text[0] == 'f' ? SCHEMA_FRONT
				    : text[0] == 'g' ? SCHEMA_GROUP
						     : SCHEMA_UPLINK,
				    text[0] ? text + 1 : text);
	}
	if (key >= 0)
		check_value((enum schema_key)key, value);
	free(text);
	return 0;
}
