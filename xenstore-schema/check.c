/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xenstore-schema/check.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "xenstore-schema/schema.h"

int schema_check(enum schema_key key, const char *text, char *err)
{
	enum xenbus_state state;
	uint8_t mac[6];
	unsigned word;
	uint32_t ppm;
	uint64_t u64;
	int64_t s64;
	bool flag;

	switch (schema_entry(key)->type) {
	case SCHEMA_U64:
	case SCHEMA_BYTES:
	case SCHEMA_RATE:
		return schema_parse_u64(key, text, &u64, err);
	case SCHEMA_S64:
		return schema_parse_s64(key, text, &s64, err);
	case SCHEMA_FRACTION:
		return schema_parse_fraction(key, text, &ppm, err);
	case SCHEMA_BOOL:
		return schema_parse_bool(key, text, &flag, err);
	case SCHEMA_ENUM:
		return schema_parse_enum(key, text, &word, err);
	case SCHEMA_STATE:
		return schema_parse_state(key, text, &state, err);
	case SCHEMA_MAC:
		return schema_parse_mac(key, text, mac, err);
	case SCHEMA_NONCE:
	case SCHEMA_NAME:
	case SCHEMA_PATH:
	case SCHEMA_LIST:
	case SCHEMA_TEXT:
		break;
	}
	return schema_parse_text(key, text, NULL, 0, err);
}

uint64_t schema_default(enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);
	enum xenbus_state state = XenbusStateUnknown;
	bool flag = false;
	unsigned word = 0;
	uint32_t ppm = 0;
	uint64_t u64 = 0;

	if (!e->dflt)
		return 0;
	switch (e->type) {
	case SCHEMA_ENUM:
		schema_parse_enum(key, e->dflt, &word, NULL);
		return word;
	case SCHEMA_BOOL:
		schema_parse_bool(key, e->dflt, &flag, NULL);
		return flag;
	case SCHEMA_STATE:
		schema_parse_state(key, e->dflt, &state, NULL);
		return state;
	case SCHEMA_FRACTION:
		schema_parse_fraction(key, e->dflt, &ppm, NULL);
		return ppm;
	default:
		schema_parse_u64(key, e->dflt, &u64, NULL);
		return u64;
	}
}

const char *schema_state_name(enum xenbus_state state)
{
	static const char *const names[] = {
		[XenbusStateUnknown] = "unknown",     [XenbusStateInitialising] = "initialising",
		[XenbusStateInitWait] = "init-wait",  [XenbusStateInitialised] = "initialised",
		[XenbusStateConnected] = "connected", [XenbusStateClosing] = "closing",
		[XenbusStateClosed] = "closed",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == XenbusStateClosed + 1,
		       "a state without a name");
	return (unsigned)state <= XenbusStateClosed ? names[state] : names[XenbusStateUnknown];
}

static int check_pair(enum schema_key min_key, uint64_t min, enum schema_key max_key, uint64_t max,
		      char *err)
{
	if (max == 0 || min <= max)
		return 0;
	if (err)
		snprintf(err, SCHEMA_ERR_MAX,
			 "%s \"%" PRIu64 "\": above %s, expected 0..%" PRIu64 " bits per second",
			 schema_name(min_key), min, schema_name(max_key), max);
	return -ERANGE;
}

int schema_cross_check(const struct schema_limits *limits, char *err)
{
	int ret = check_pair(KEY_BACK_TX_MIN, limits->tx_min_bps, KEY_BACK_TX_MAX,
			     limits->tx_max_bps, err);

	if (ret < 0)
		return ret;
	return check_pair(KEY_BACK_RX_MIN, limits->rx_min_bps, KEY_BACK_RX_MAX, limits->rx_max_bps,
			  err);
}
