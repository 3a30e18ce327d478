/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/frame/vnet.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

/* One reading of all keys. Its error is the first one, with the names of further keys. */
struct load {
	struct xs_conn *xs;
	uint32_t t;
	const char *dir;
	struct settings_text *texts; /* NULL: nobody wants them */
	char *err;
	char text[SCHEMA_VALUE_MAX + 1];
	char why[SCHEMA_ERR_MAX];
	bool present[KEY_COUNT];
	int ret;
};

static void complain(struct load *ld, enum schema_key key)
{
	if (!ld->err[0] || ld->present[key])
		refusal_add(ld->err, schema_name(key), ld->why);
	if (ld->texts)
		ld->texts->refused[key] = true;
}

static void note(struct load *ld, enum schema_key key)
{
	if (!ld->texts)
		return;
	free(ld->texts->of[key]);
	ld->texts->of[key] = strdup(ld->text);
	if (!ld->texts->of[key])
		ld->ret = -ENOMEM;
}

/* The value as text, or the default where the key is missing. -ENOENT: no default; or an error that
 * is noted. */
static int get(struct load *ld, enum schema_key key)
{
	int ret = -ENOENT;

	if (ld->present[key])
		ret = xskey_read(ld->xs, ld->t, ld->dir, key, ld->text, sizeof(ld->text));
	if (ret >= 0) {
		note(ld, key);
		return 0;
	}
	if (ret == -ENOENT) {
		if (!schema_entry(key)->dflt)
			return -ENOENT;
		snprintf(ld->text, sizeof(ld->text), "%s", schema_entry(key)->dflt);
		return 0;
	}
	if (ret == -E2BIG)
		snprintf(ld->why, sizeof(ld->why), "%s: longer than %d bytes", schema_name(key),
			 SCHEMA_VALUE_MAX);
	else if (ret == -EILSEQ)
		snprintf(ld->why, sizeof(ld->why), "%s: not a text", schema_name(key));
	else
		ld->ret = ret;
	if (ret == -E2BIG || ret == -EILSEQ)
		complain(ld, key);
	return ret;
}

static void load_u64(struct load *ld, enum schema_key key, uint64_t *out)
{
	if (get(ld, key) == 0 && schema_parse_u64(key, ld->text, out, ld->why) < 0)
		complain(ld, key);
}

static void load_u32(struct load *ld, enum schema_key key, uint32_t *out)
{
	uint64_t v = *out;

	load_u64(ld, key, &v);
	*out = (uint32_t)v; /* the schema's range fits */
}

static void load_bool(struct load *ld, enum schema_key key, bool *out)
{
	if (get(ld, key) == 0 && schema_parse_bool(key, ld->text, out, ld->why) < 0)
		complain(ld, key);
}

static void load_mac(struct load *ld, struct ldp_settings *s)
{
	int ret = get(ld, KEY_BACK_MAC);

	if (ret == -ENOENT) {
		s->has_mac = false;
		if (s->via_vif)
			return; /* that of the vif */
		snprintf(ld->why, sizeof(ld->why), "%s: missing", schema_name(KEY_BACK_MAC));
		complain(ld, KEY_BACK_MAC);
	}
	if (ret < 0)
		return;
	if (schema_parse_mac(KEY_BACK_MAC, ld->text, s->mac, ld->why) < 0)
		complain(ld, KEY_BACK_MAC);
	else
		s->has_mac = true;
}

static void load_via(struct load *ld, struct ldp_settings *s)
{
	unsigned via = s->via_vif ? SCHEMA_VIA_VIF : SCHEMA_VIA_RING;

	if (get(ld, KEY_BACK_VIA) == 0 &&
	    schema_parse_enum(KEY_BACK_VIA, ld->text, &via, ld->why) < 0)
		complain(ld, KEY_BACK_VIA);
	s->via_vif = via == SCHEMA_VIA_VIF;
}

/* The lists have their own parsers, whose messages do not name the key. */
static void complain_of(struct load *ld, enum schema_key key, const char *why)
{
	snprintf(ld->why, sizeof(ld->why), "%s: %.200s", schema_name(key), why);
	complain(ld, key);
}

static bool get_list(struct load *ld, enum schema_key key)
{
	if (get(ld, key) < 0)
		return false;
	if (schema_parse_text(key, ld->text, NULL, 0, ld->why) == 0)
		return true;
	complain(ld, key);
	return false;
}

static void load_lists(struct load *ld, struct ldp_settings *s)
{
	char why[SCHEMA_ERR_MAX];

	if (get_list(ld, KEY_BACK_VLAN) &&
	    vlan_policy_parse(ld->text, &s->vlan, why, sizeof(why)) < 0)
		complain_of(ld, KEY_BACK_VLAN, why);
	if (get_list(ld, KEY_BACK_ALLOWED_IP) &&
	    ip_list_parse(ld->text, &s->allowed, why, sizeof(why)) < 0)
		complain_of(ld, KEY_BACK_ALLOWED_IP, why);
	if (get_list(ld, KEY_BACK_ALLOWED_MAC) &&
	    mac_list_parse(ld->text, &s->allowed_mac, why, sizeof(why)) < 0)
		complain_of(ld, KEY_BACK_ALLOWED_MAC, why);
}

static const struct limit_keys {
	enum schema_key tx_min, tx_max, rx_min, rx_max;
} device_limits = {KEY_BACK_TX_MIN, KEY_BACK_TX_MAX, KEY_BACK_RX_MIN, KEY_BACK_RX_MAX},
  group_limits = {KEY_GROUP_TX_MIN, KEY_GROUP_TX_MAX, KEY_GROUP_RX_MIN, KEY_GROUP_RX_MAX};

/* Limits that contradict each other are all rejected: false, and *lim may be changed. */
static bool load_limits(struct load *ld, const struct limit_keys *key, struct schema_limits *lim)
{
	load_u64(ld, key->tx_min, &lim->tx_min_bps);
	load_u64(ld, key->tx_max, &lim->tx_max_bps);
	load_u64(ld, key->rx_min, &lim->rx_min_bps);
	load_u64(ld, key->rx_max, &lim->rx_max_bps);
	if (schema_cross_check(lim, ld->why) == 0)
		return true;
	complain(ld, key->tx_min);
	complain(ld, key->tx_max);
	complain(ld, key->rx_min);
	complain(ld, key->rx_max);
	return false;
}

static void load_device_limits(struct load *ld, struct ldp_settings *s)
{
	struct schema_limits lim = {s->tx_min, s->tx_max, s->rx_min, s->rx_max};

	if (!load_limits(ld, &device_limits, &lim))
		return;
	s->tx_min = lim.tx_min_bps;
	s->tx_max = lim.tx_max_bps;
	s->rx_min = lim.rx_min_bps;
	s->rx_max = lim.rx_max_bps;
}

static void load_group_limits(struct load *ld, struct group_settings *s)
{
	struct schema_limits lim = {s->tx_min, s->tx_max, s->rx_min, s->rx_max};

	if (!load_limits(ld, &group_limits, &lim))
		return;
	s->tx_min = lim.tx_min_bps;
	s->tx_max = lim.tx_max_bps;
	s->rx_min = lim.rx_min_bps;
	s->rx_max = lim.rx_max_bps;
}

/* The name of an uplink or a group. */
static void load_name(struct load *ld, enum schema_key key, char name[SCHEMA_NAME_MAX + 1])
{
	if (get(ld, key) == 0 &&
	    schema_parse_text(key, ld->text, name, SCHEMA_NAME_MAX + 1, ld->why) < 0)
		complain(ld, key);
}

int settings_load(struct xs_conn *xs, uint32_t t, const char *dir, struct ldp_settings *s,
		  struct settings_text *texts, char err[REFUSAL_MAX])
{
	struct load ld = {.xs = xs, .t = t, .dir = dir, .texts = texts, .err = err};
	unsigned latency = s->low_latency ? SCHEMA_LATENCY_LOW : SCHEMA_LATENCY_NORMAL;

	err[0] = '\0';
	ld.ret = xskey_list(xs, t, dir, SCHEMA_BACK, ld.present);
	if (ld.ret < 0)
		return ld.ret;
	load_via(&ld, s);
	load_u32(&ld, KEY_BACK_WEIGHT, &s->weight);
	load_device_limits(&ld, s);
	load_u64(&ld, KEY_BACK_TX_BURST, &s->tx_burst);
	load_u64(&ld, KEY_BACK_RX_BURST, &s->rx_burst);
	load_bool(&ld, KEY_BACK_SPOOF_CHECK, &s->spoof_check);
	load_bool(&ld, KEY_BACK_CONTROL_FRAMES, &s->control_frames);
	load_bool(&ld, KEY_BACK_GUEST_SERVICES, &s->guest_services);
	load_bool(&ld, KEY_BACK_KEEP_BALANCE, &s->keep_balance);
	load_bool(&ld, KEY_BACK_OFFLOAD_CSUM, &s->offload_csum);
	load_bool(&ld, KEY_BACK_OFFLOAD_TSO, &s->offload_tso);
	load_bool(&ld, KEY_BACK_OFFLOAD_USO, &s->offload_uso);
	load_u32(&ld, KEY_BACK_FLOOD_RATE, &s->flood_rate);
	load_u64(&ld, KEY_BACK_FLOOD_MAX, &s->flood_max);
	load_bool(&ld, KEY_BACK_UNKNOWN_GROUPS, &s->unknown_groups);
	load_u32(&ld, KEY_BACK_MTU, &s->mtu);
	s->has_mtu = ld.present[KEY_BACK_MTU];
	if (get(&ld, KEY_BACK_LATENCY) == 0 &&
	    schema_parse_enum(KEY_BACK_LATENCY, ld.text, &latency, ld.why) < 0)
		complain(&ld, KEY_BACK_LATENCY);
	s->low_latency = latency == SCHEMA_LATENCY_LOW;
	load_mac(&ld, s);
	load_lists(&ld, s);
	load_name(&ld, KEY_BACK_UPLINK, s->uplink);
	load_name(&ld, KEY_BACK_GROUP, s->group);
	get(&ld, KEY_BACK_ACCOUNT_BROUGHT); /* its text alone: device_account.c takes it */
	return ld.ret;
}

void settings_text_clear(struct settings_text *texts)
{
	for (int key = 0; key < KEY_COUNT; key++)
		free(texts->of[key]);
	*texts = (struct settings_text){.of = {NULL}};
}

int settings_load_group(struct xs_conn *xs, const char *dir, struct group_settings *s,
			char err[REFUSAL_MAX])
{
	struct load ld = {.xs = xs, .dir = dir, .err = err};
	int keys = 0;

	err[0] = '\0';
	ld.ret = xskey_list(xs, XS_NO_TXN, dir, SCHEMA_GROUP, ld.present);
	if (ld.ret < 0)
		return ld.ret;
	for (int key = 0; key < KEY_COUNT; key++)
		keys += ld.present[key] &&
			schema_entry((enum schema_key)key)->owner == SCHEMA_BY_OPERATOR;
	load_u32(&ld, KEY_GROUP_WEIGHT, &s->weight);
	load_group_limits(&ld, s);
	return ld.ret < 0 ? ld.ret : keys;
}

void settings_default(struct ldp_settings *s)
{
	*s = (struct ldp_settings){
		.weight = (uint32_t)schema_default(KEY_BACK_WEIGHT),
		.spoof_check = schema_default(KEY_BACK_SPOOF_CHECK) != 0,
		.control_frames = schema_default(KEY_BACK_CONTROL_FRAMES) != 0,
		.guest_services = schema_default(KEY_BACK_GUEST_SERVICES) != 0,
		.keep_balance = schema_default(KEY_BACK_KEEP_BALANCE) != 0,
		.offload_csum = schema_default(KEY_BACK_OFFLOAD_CSUM) != 0,
		.offload_tso = schema_default(KEY_BACK_OFFLOAD_TSO) != 0,
		.offload_uso = schema_default(KEY_BACK_OFFLOAD_USO) != 0,
		.flood_rate = (uint32_t)schema_default(KEY_BACK_FLOOD_RATE),
		.flood_max = schema_default(KEY_BACK_FLOOD_MAX),
		.unknown_groups = schema_default(KEY_BACK_UNKNOWN_GROUPS) != 0,
		.mtu = (uint32_t)schema_default(KEY_BACK_MTU),
	};
	snprintf(s->uplink, sizeof(s->uplink), "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
}

void group_settings_default(struct group_settings *s)
{
	*s = (struct group_settings){.weight = (uint32_t)schema_default(KEY_GROUP_WEIGHT)};
}

void settings_to_group_conf(const struct group_settings *s, struct group_conf *conf)
{
	conf->tx = (struct sched_rule){.weight = s->weight,
				       .min_bps = s->tx_min,
				       .max_bps = s->tx_max};
	conf->rx = (struct sched_rule){.weight = s->weight,
				       .min_bps = s->rx_min,
				       .max_bps = s->rx_max};
}

/* Segmenting needs checksumming. */
uint32_t settings_offloads(const struct ldp_settings *s)
{
	if (!s->offload_csum)
		return 0;
	return VNET_F_CSUM | (s->offload_tso ? VNET_F_TSO4 | VNET_F_TSO6 : 0) |
	       (s->offload_uso ? VNET_F_USO : 0);
}

void settings_to_conf(const struct ldp_settings *s, struct ldp_conf *conf)
{
	conf->tx = (struct sched_rule){
		.weight = s->weight,
		.min_bps = s->tx_min,
		.max_bps = s->tx_max,
		.burst_bytes = (uint32_t)s->tx_burst,
		.low_latency = s->low_latency,
	};
	conf->rx = (struct sched_rule){
		.weight = s->weight,
		.min_bps = s->rx_min,
		.max_bps = s->rx_max,
		.burst_bytes = (uint32_t)s->rx_burst,
		.low_latency = s->low_latency,
	};
	memcpy(conf->mac, s->mac, sizeof(conf->mac));
	conf->mtu = s->mtu;
	conf->spoof_check = s->spoof_check;
	conf->control_frames = s->control_frames;
	conf->guest_services = s->guest_services;
	conf->allowed = s->allowed;
	conf->allowed_mac = s->allowed_mac;
	conf->vlan = s->vlan;
	conf->flood_rate = s->flood_rate;
	conf->flood_max_bps = s->flood_max;
	conf->unknown_groups = s->unknown_groups;
}

const char *settings_limits_text(char out[LIMITS_TEXT_MAX], const struct group_settings *s)
{
	char rate[4][UNITS_TEXT_MAX];

	snprintf(out, LIMITS_TEXT_MAX, "weight %u, %s %s, %s %s, %s %s, %s %s", s->weight,
		 schema_name(KEY_BACK_TX_MIN),
		 units_format_rate(rate[0], sizeof(rate[0]), s->tx_min),
		 schema_name(KEY_BACK_TX_MAX),
		 units_format_rate(rate[1], sizeof(rate[1]), s->tx_max),
		 schema_name(KEY_BACK_RX_MIN),
		 units_format_rate(rate[2], sizeof(rate[2]), s->rx_min),
		 schema_name(KEY_BACK_RX_MAX),
		 units_format_rate(rate[3], sizeof(rate[3]), s->rx_max));
	return out;
}
