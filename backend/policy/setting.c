/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/setting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/frame/frame_check.h"
#include "backend/frame/mac_list.h"
#include "common/quote.h"
#include "common/units.h"

bool setting_is_given(enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);

	return e->owner == SCHEMA_BY_OPERATOR ||
	       (e->owner == SCHEMA_BY_ATTACH && e->type != SCHEMA_NONCE); /* attach makes it */
}

/* Appends the names of all keys that may be given, as far as they fit. */
static void list_keys(enum schema_area area, char err[SCHEMA_ERR_MAX])
{
	static const char more[] = " ..";
	size_t used = strlen(err);

	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);

		if (e->area != area || !setting_is_given((enum schema_key)i))
			continue;
		if (used + 1 + strlen(e->name) + sizeof(more) > SCHEMA_ERR_MAX) {
			snprintf(err + used, SCHEMA_ERR_MAX - used, "%s", more);
			return;
		}
		used += (size_t)snprintf(err + used, SCHEMA_ERR_MAX - used, " %s", e->name);
	}
}

static int find_key(enum schema_area area, const char *name, enum schema_key *out,
		    char err[SCHEMA_ERR_MAX])
{
	int key = schema_lookup(area, name);
	char shown[QUOTE_MAX];

	if (key >= 0 && setting_is_given((enum schema_key)key)) {
		*out = (enum schema_key)key;
		return 0;
	}
	if (key >= 0) {
		snprintf(err, SCHEMA_ERR_MAX, "%s is written by dmvl, not by the operator", name);
		return -EINVAL;
	}
	snprintf(err, SCHEMA_ERR_MAX, "no key %s, expected one of", quote_text(shown, name));
	list_keys(area, err);
	return -EINVAL;
}

/* Writes a number with a unit to `out` as plain digits. Does not check the range. */
static int expand_units(enum schema_key key, const char *text, char *out, size_t size,
			char err[SCHEMA_ERR_MAX])
{
	char why[UNITS_ERR_MAX];
	uint64_t value;
	int ret;

	if (schema_entry(key)->type == SCHEMA_RATE)
		ret = units_parse_rate(text, &value, why, sizeof(why));
	else
		ret = units_parse_size(text, &value, why, sizeof(why));
	if (ret < 0)
		snprintf(err, SCHEMA_ERR_MAX, "%s %s", schema_name(key), why);
	else
		snprintf(out, size, "%" PRIu64, value);
	return ret;
}

/* Checks a list with its own parser. */
static int check_list(enum schema_key key, const char *text, char err[SCHEMA_ERR_MAX])
{
	struct vlan_policy vlan;
	struct ip_list ips;
	struct mac_list macs;
	char why[160];
	int ret = 0;

	if (key == KEY_BACK_VLAN)
		ret = vlan_policy_parse(text, &vlan, why, sizeof(why));
	else if (key == KEY_BACK_ALLOWED_IP)
		ret = ip_list_parse(text, &ips, why, sizeof(why));
	else if (key == KEY_BACK_ALLOWED_MAC)
		ret = mac_list_parse(text, &macs, why, sizeof(why));
	if (ret < 0)
		snprintf(err, SCHEMA_ERR_MAX, "%s: %s", schema_name(key), why);
	return ret;
}

static const char *format(enum schema_key key, char out[UNITS_TEXT_MAX], uint64_t value)
{
	if (schema_entry(key)->type == SCHEMA_RATE)
		return units_format_rate(out, UNITS_TEXT_MAX, value);
	return units_format_size(out, UNITS_TEXT_MAX, value);
}

/* The range in the units that people type. */
static int refuse_range(enum schema_key key, const char *typed, char err[SCHEMA_ERR_MAX])
{
	const struct schema_entry *e = schema_entry(key);
	char shown[QUOTE_MAX], least[UNITS_TEXT_MAX], most[UNITS_TEXT_MAX];

	snprintf(err, SCHEMA_ERR_MAX, "%s %s: expected %s..%s", e->name, quote_text(shown, typed),
		 format(key, least, e->min), format(key, most, e->max));
	return -EINVAL;
}

int setting_convert(enum schema_key key, const char *text, char out[SCHEMA_VALUE_MAX + 1],
		    char err[SCHEMA_ERR_MAX])
{
	enum schema_type type = schema_entry(key)->type;
	char plain[24];

	if (type == SCHEMA_RATE || type == SCHEMA_BYTES) {
		if (expand_units(key, text, plain, sizeof(plain), err) < 0)
			return -EINVAL;
		if (schema_check(key, plain, NULL) == -ERANGE)
			return refuse_range(key, text, err);
		text = plain;
	}
	if (schema_check(key, text, err) < 0 || check_list(key, text, err) < 0)
		return -EINVAL;
	/* schema_check() has bounded every value. */
	snprintf(out, SCHEMA_VALUE_MAX + 1, "%s", text);
	return 0;
}

int setting_parse(enum schema_area area, const char *arg, struct setting *out,
		  char err[SCHEMA_ERR_MAX])
{
	const char *equals = strchr(arg, '=');
	char name[64], shown[QUOTE_MAX];

	if (!equals || equals == arg) {
		snprintf(err, SCHEMA_ERR_MAX, "%s: expected KEY=VALUE", quote_text(shown, arg));
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - arg), arg);
	if (find_key(area, name, &out->key, err) < 0)
		return -EINVAL;
	snprintf(out->typed, sizeof(out->typed), "%s", equals + 1);
	return setting_convert(out->key, equals + 1, out->value, err);
}

const char *settings_find(const struct settings *settings, enum schema_key key)
{
	for (unsigned i = 0; i < settings->count; i++)
		if (settings->item[i].key == key)
			return settings->item[i].value;
	return NULL;
}

int settings_parse(struct settings *out, enum schema_area area, int count, char *const *args,
		   char err[SCHEMA_ERR_MAX])
{
	const char *const none[4] = {NULL};

	out->area = area;
	out->count = 0;
	for (int i = 0; i < count; i++) {
		struct setting *s;

		/* There are more settings than keys, so one is given twice. */
		if (out->count == SETTINGS_MAX) {
			snprintf(err, SCHEMA_ERR_MAX, "too many settings");
			return -EINVAL;
		}
		s = &out->item[out->count];
		if (setting_parse(area, args[i], s, err) < 0)
			return -EINVAL;
		if (settings_find(out, s->key)) {
			snprintf(err, SCHEMA_ERR_MAX, "%s is given twice", schema_name(s->key));
			return -EINVAL;
		}
		out->count++;
	}
	return settings_check_limits(out, none, err) < 0 ? -EINVAL : 0;
}

const enum schema_key *settings_limit_keys(const struct settings *settings)
{
	static const enum schema_key of[2][SETTINGS_LIMITS] = {
		{KEY_BACK_TX_MIN, KEY_BACK_TX_MAX, KEY_BACK_RX_MIN, KEY_BACK_RX_MAX},
		{KEY_GROUP_TX_MIN, KEY_GROUP_TX_MAX, KEY_GROUP_RX_MIN, KEY_GROUP_RX_MAX},
	};

	return of[settings->area == SCHEMA_GROUP];
}

struct schema_limits settings_limits(const struct settings *settings,
				     const char *const old[SETTINGS_LIMITS])
{
	const enum schema_key *keys = settings_limit_keys(settings);
	uint64_t bps[SETTINGS_LIMITS];

	for (int i = 0; i < SETTINGS_LIMITS; i++) {
		const char *text = settings_find(settings, keys[i]);

		bps[i] = schema_default(keys[i]);
		if (text || old[i])
			schema_parse_u64(keys[i], text ? text : old[i], &bps[i], NULL);
	}
	return (struct schema_limits){bps[0], bps[1], bps[2], bps[3]};
}

/* As it was typed; one that is old in the largest unit that is exact. */
static void show_limit(const struct settings *settings, enum schema_key key, uint64_t bps,
		       char out[SETTING_TYPED_MAX])
{
	units_format_rate(out, SETTING_TYPED_MAX, bps);
	for (unsigned i = 0; i < settings->count; i++)
		if (settings->item[i].key == key && settings->item[i].typed[0])
			memcpy(out, settings->item[i].typed, SETTING_TYPED_MAX);
}

static int check_pair(const struct settings *settings, enum schema_key min, uint64_t min_bps,
		      enum schema_key max, uint64_t max_bps, char err[SCHEMA_ERR_MAX])
{
	char least[SETTING_TYPED_MAX], most[SETTING_TYPED_MAX];

	if (max_bps == 0 || min_bps <= max_bps)
		return 0;
	show_limit(settings, min, min_bps, least);
	show_limit(settings, max, max_bps, most);
	if (settings_find(settings, min))
		snprintf(err, SCHEMA_ERR_MAX, "%s \"%s\": above %s, expected at most %s",
			 schema_name(min), least, schema_name(max), most);
	else
		snprintf(err, SCHEMA_ERR_MAX, "%s \"%s\": below %s, expected at least %s",
			 schema_name(max), most, schema_name(min), least);
	return -ERANGE;
}

int settings_check_limits(const struct settings *settings, const char *const old[SETTINGS_LIMITS],
			  char err[SCHEMA_ERR_MAX])
{
	const enum schema_key *key = settings_limit_keys(settings);
	struct schema_limits l = settings_limits(settings, old);
	int ret = check_pair(settings, key[0], l.tx_min_bps, key[1], l.tx_max_bps, err);

	if (ret == 0)
		ret = check_pair(settings, key[2], l.rx_min_bps, key[3], l.rx_max_bps, err);
	return ret;
}
