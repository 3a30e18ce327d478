/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/setting.h"
#include "common/quote.h"

#define NAME_MAX_LEN 40 /* of a name that is compared with others */

static enum schema_area area_of(enum policy_kind kind)
{
	return kind == POLICY_UPLINK  ? SCHEMA_UPLINK
	       : kind == POLICY_GROUP ? SCHEMA_GROUP
				      : SCHEMA_BACK;
}

/* A group has keys of its own, and says which uplink it is of as a device does. */
static bool belongs(enum policy_kind kind, enum schema_key key)
{
	if (!setting_is_given(key) || key == KEY_UPLINK_POLICY_RELOAD ||
	    key == KEY_UPLINK_KEPT_RELOAD)
		return false;
	return schema_entry(key)->area == area_of(kind) ||
	       (kind == POLICY_GROUP && key == KEY_BACK_UPLINK);
}

/* The key of this name that a section of this kind has, or -ENOENT. */
static int lookup(enum policy_kind kind, const char *name)
{
	int key = schema_lookup(area_of(kind), name);

	if (key < 0 && kind == POLICY_GROUP && strcmp(name, schema_name(KEY_BACK_UPLINK)) == 0)
		key = KEY_BACK_UPLINK;
	return key >= 0 && belongs(kind, (enum schema_key)key) ? key : -ENOENT;
}

/* --- the key that was meant ------------------------------------------------------------------- */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many characters have to be changed, added or left out. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1], n = (unsigned)strlen(b);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] =
				least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

/* The key of a section of this kind whose name is most like `name`; NULL: none is. */
static const char *alike(enum policy_kind kind, const char *name)
{
	unsigned best = 3; /* two typing mistakes at most */
	const char *found = NULL;

	if (strlen(name) > NAME_MAX_LEN)
		return NULL;
	for (int i = 0; i < KEY_COUNT; i++) {
		const char *known = schema_name((enum schema_key)i);
		unsigned d;

		if (!belongs(kind, (enum schema_key)i) || strlen(known) > NAME_MAX_LEN)
			continue;
		d = distance(name, known);
		if (d < best && d < strlen(known)) {
			best = d;
			found = known;
		}
	}
	if (kind < POLICY_GROUP && distance(name, POLICY_ATTACH_WORD) < best)
		return POLICY_ATTACH_WORD;
	return found;
}

/* What is said of a key of dmvl's that does not belong here. NULL: it is none. */
static const char *elsewhere(enum policy_kind kind, const char *name)
{
	int own = schema_lookup(area_of(kind), name);
	int back = schema_lookup(SCHEMA_BACK, name), link = schema_lookup(SCHEMA_UPLINK, name);

	if (own >= 0 && !setting_is_given((enum schema_key)own))
		return "is written by dmvl, not by the operator";
	if (kind != POLICY_UPLINK && link >= 0 && setting_is_given((enum schema_key)link))
		return "is a key of an uplink: write it in a section [uplink NAME]";
	if (back >= 0 && setting_is_given((enum schema_key)back))
		return "is a key of a device: write it in the section of a guest";
	return NULL;
}

int policy_key_find(enum policy_kind kind, const char *name, enum schema_key *out,
		    char err[POLICY_ERR_MAX])
{
	int key = lookup(kind, name);
	const char *why = elsewhere(kind, name), *meant;
	char shown[QUOTE_MAX];

	if (key >= 0) {
		*out = (enum schema_key)key;
		return 0;
	}
	if (why) {
		snprintf(err, POLICY_ERR_MAX, "%s %s", name, why);
		return -EINVAL;
	}
	meant = alike(kind, name);
	snprintf(err, POLICY_ERR_MAX, "no key %s%s%s%s", quote_text(shown, name),
		 meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
	return -EINVAL;
}

/* --- values ----------------------------------------------------------------------------------- */

/* A percentage above 0 and up to 100 in millionths; 0: it is not one. At most 4 decimals. */
static uint32_t parse_part(const char *text)
{
	uint32_t ppm = 0, unit = 10000;
	bool point = false, any = false;

	for (; *text && strcmp(text, "%") != 0; text++) {
		if (*text == '.' && any && !point) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || ppm > 1000000)
			return 0;
		any = true;
		if (point)
			unit /= 10;
		ppm = point ? ppm + (uint32_t)(*text - '0') * unit
			    : ppm * 10 + (uint32_t)(*text - '0') * unit;
		if (point && unit == 0)
			return 0;
	}
	return *text && any && ppm <= 1000000 ? ppm : 0;
}

static int take_part(struct policy_item *item, const char *text, char err[POLICY_ERR_MAX])
{
	char shown[QUOTE_MAX];

	if (policy_part_of(item->key) < 0) {
		snprintf(err, POLICY_ERR_MAX, "%s %s: a percentage is for minima and maxima only",
			 schema_name(item->key), quote_text(shown, text));
		return -EINVAL;
	}
	item->part_ppm = parse_part(text);
	if (item->part_ppm == 0) {
		snprintf(err, POLICY_ERR_MAX,
			 "%s %s: expected a percentage above 0%% and up to 100%%",
			 schema_name(item->key), quote_text(shown, text));
		return -EINVAL;
	}
	item->value = strdup(text);
	return item->value ? 0 : -ENOMEM;
}

int policy_key_value(struct policy_item *item, const char *text, char err[POLICY_ERR_MAX])
{
	char value[SCHEMA_VALUE_MAX + 1];
	size_t len = strlen(text);

	item->part_ppm = 0;
	if (text[0] == '#' || strstr(text, " #") || strstr(text, "\t#")) {
		snprintf(err, POLICY_ERR_MAX, "%s: a comment behind a value begins with ';'",
			 schema_name(item->key));
		return -EINVAL;
	}
	if (len > 0 && text[len - 1] == '%')
		return take_part(item, text, err);
	if (setting_convert(item->key, text, value, err) < 0)
		return -EINVAL;
	item->value = strdup(value);
	return item->value ? 0 : -ENOMEM;
}

int policy_key_attach(const char *text, enum policy_attach *out, char err[POLICY_ERR_MAX])
{
	char shown[QUOTE_MAX];

	if (strcmp(text, "yes") == 0) {
		*out = POLICY_ATTACH_YES;
	} else if (strcmp(text, "no") == 0) {
		*out = POLICY_ATTACH_NO;
	} else {
		snprintf(err, POLICY_ERR_MAX, POLICY_ATTACH_WORD " %s: expected yes or no",
			 quote_text(shown, text));
		return -EINVAL;
	}
	return 0;
}
