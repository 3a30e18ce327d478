/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's settings: a well-formed key is put in force, a malformed one changes nothing and is
 * named, a removed one has its default again. A table stands in for xenstore.
 */
#include "backend/control/settings.h"

#include <errno.h>
#include <stdlib.h>

#include "xenstore-schema/xskey.h"
#include "tests/unit/tap.h"

static const char *nodes[KEY_COUNT]; /* NULL: no such node */
static int failure;		     /* of xenstore itself */
static bool missing;		     /* there is no such directory */

int xskey_read(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, char *buf,
	       size_t size)
{
	(void)c;
	(void)t;
	(void)dir;
	if (failure)
		return failure;
	if (!nodes[key])
		return -ENOENT;
	if (strlen(nodes[key]) >= size)
		return -E2BIG;
	strcpy(buf, nodes[key]);
	return (int)strlen(buf);
}

int xskey_list(struct xs_conn *c, uint32_t t, const char *dir, enum schema_area area,
	       bool present[KEY_COUNT])
{
	(void)c;
	(void)t;
	(void)dir;
	for (int key = 0; key < KEY_COUNT; key++)
		present[key] = schema_entry((enum schema_key)key)->area == area && nodes[key];
	return missing ? -ENOENT : 0;
}

/* One key: a value that is none of its defaults, and some that are none at all. */
static const struct row {
	enum schema_key key;
	const char *good;
	const char *bad[4];
} rows[] = {
	{KEY_BACK_WEIGHT, "300", {"banana", "0", "65536", ""}},
	{KEY_BACK_TX_MIN, "1000", {"10mbit", "-5", "5001"}}, /* over tx-max */
	{KEY_BACK_TX_MAX, "5000", {"fast", "999"}},	     /* below tx-min */
	{KEY_BACK_RX_MIN, "2000", {"x", "6001"}},
	{KEY_BACK_RX_MAX, "6000", {"1 2", "1999"}},
	{KEY_BACK_TX_BURST, "4000", {"many", "1073741825"}},
	{KEY_BACK_RX_BURST, "7000", {"-1"}},
	{KEY_BACK_LATENCY, "low", {"fast", ""}},
	{KEY_BACK_FLOOD_RATE, "20", {"none", "1000001"}},
	{KEY_BACK_FLOOD_MAX, "30000", {"1mbit", "-1"}},
	{KEY_BACK_UNKNOWN_GROUPS, "0", {"no", "2"}},
	{KEY_BACK_SPOOF_CHECK, "0", {"yes", "2"}},
	{KEY_BACK_CONTROL_FRAMES, "1", {"yes", "2", ""}},
	{KEY_BACK_GUEST_SERVICES, "1", {"dhcp", "-1"}},
	{KEY_BACK_OFFLOAD_CSUM, "0", {"off", "2", ""}},
	{KEY_BACK_OFFLOAD_TSO, "0", {"no", "-1"}},
	{KEY_BACK_OFFLOAD_USO, "0", {"x", "10"}},
	{KEY_BACK_ALLOWED_IP, "10.0.0.1", {"10.0.0", "10.0.0.1/33", "10.0.0.2, x"}},
	{KEY_BACK_ALLOWED_MAC, "02:00:00:00:00:0a", {"02:00:00:00:00", "any"}},
	{KEY_BACK_VLAN, "10,20", {"banana", "4095", "7-", ""}},
	{KEY_BACK_MTU, "9000", {"67", "65522"}},
	{KEY_BACK_MAC, "00:16:3e:00:00:07", {"01:16:3e:00:00:07", "00:16:3e:00:00"}},
	{KEY_BACK_UPLINK, "other", {"a b", ""}},
	{KEY_BACK_GROUP, "tenant-a", {"a b", "-a", "a/b", "abcdefghijklmnopqrstuvwxyz0123456"}},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *load(struct ldp_settings *s)
{
	static char err[REFUSAL_MAX];

	if (settings_load(NULL, XS_NO_TXN, "", s, NULL, err) != 0)
		return "failed";
	return err;
}

/* Names the key, first of all. */
static bool names(const char *err, enum schema_key key)
{
	size_t n = strlen(schema_name(key));

	return strncmp(err, schema_name(key), n) == 0 && err[n] != '\0';
}

/* Field by field: padding is not compared. */
static bool same(const struct ldp_settings *a, const struct ldp_settings *b)
{
	return a->weight == b->weight && a->tx_min == b->tx_min && a->tx_max == b->tx_max &&
	       a->rx_min == b->rx_min && a->rx_max == b->rx_max && a->tx_burst == b->tx_burst &&
	       a->rx_burst == b->rx_burst && a->low_latency == b->low_latency &&
	       a->offload_csum == b->offload_csum && a->offload_tso == b->offload_tso &&
	       a->offload_uso == b->offload_uso && a->spoof_check == b->spoof_check &&
	       a->control_frames == b->control_frames && a->guest_services == b->guest_services &&
	       a->flood_rate == b->flood_rate && a->flood_max == b->flood_max &&
	       a->unknown_groups == b->unknown_groups && a->mtu == b->mtu &&
	       memcmp(a->mac, b->mac, 6) == 0 && a->has_mac == b->has_mac &&
	       a->allowed.n == b->allowed.n &&
	       memcmp(a->allowed.entry, b->allowed.entry,
		      a->allowed.n * sizeof(a->allowed.entry[0])) == 0 &&
	       a->allowed_mac.n == b->allowed_mac.n &&
	       memcmp(a->allowed_mac.entry, b->allowed_mac.entry, a->allowed_mac.n * 6ul) == 0 &&
	       a->vlan.mode == b->vlan.mode &&
	       memcmp(a->vlan.ids, b->vlan.ids, sizeof(a->vlan.ids)) == 0 &&
	       strcmp(a->uplink, b->uplink) == 0 && strcmp(a->group, b->group) == 0;
}

static void all_good(void)
{
	memset(nodes, 0, sizeof(nodes));
	for (size_t i = 0; i < ROWS; i++)
		nodes[rows[i].key] = rows[i].good;
}

static void test_good(void)
{
	static const uint8_t mac[6] = {0, 0x16, 0x3e, 0, 0, 7};
	struct ldp_settings s;
	struct ldp_conf conf = {.tx_features = 5, .rx_features = 6};

	settings_default(&s);
	all_good();
	is_str(load(&s), "", "keys that are all well-formed give no error");
	settings_to_conf(&s, &conf);
	ok(conf.tx.weight == 300 && conf.rx.weight == 300,
	   "the weight is in force in both directions");
	ok(conf.tx.min_bps == 1000 && conf.tx.max_bps == 5000,
	   "the limits of transmission are in force");
	ok(conf.rx.min_bps == 2000 && conf.rx.max_bps == 6000,
	   "the limits of reception are in force");
	ok(conf.tx.burst_bytes == 4000 && conf.rx.burst_bytes == 7000,
	   "the bursts are in force in both directions");
	ok(conf.tx.low_latency && conf.rx.low_latency,
	   "the latency is in force in both directions");
	ok(conf.flood_rate == 20 && !conf.spoof_check, "flood-rate and spoof-check are in force");
	ok(conf.flood_max_bps == 30000 && !conf.unknown_groups,
	   "flood-max and unknown-groups are in force");
	ok(conf.control_frames && conf.guest_services,
	   "control-frames and guest-services are in force");
	ok(conf.allowed_mac.n == 1 && conf.allowed_mac.entry[0][5] == 0x0a,
	   "allowed-mac is in force");
	ok(conf.allowed.n == 1 && conf.vlan.mode == VLAN_LIST, "allowed-ip and vlan are in force");
	ok(conf.mtu == 9000 && memcmp(conf.mac, mac, 6) == 0, "mtu and mac are in force");
	is_str(s.uplink, "other", "the uplink is in force");
	ok(conf.tx_features == 5 && conf.rx_features == 6, "features are not a setting");
}

/* All keys are good; then one goes bad, in each of its ways, and is mended. */
static void test_bad(const struct row *r)
{
	struct ldp_settings s, before;

	all_good();
	settings_default(&s);
	load(&s);
	before = s;
	for (size_t i = 0; i < 4 && r->bad[i]; i++) {
		nodes[r->key] = r->bad[i];
		ok(strstr(load(&s), schema_name(r->key)), "%s \"%s\" is named in the error",
		   schema_name(r->key), r->bad[i]);
		ok(same(&s, &before), "%s \"%s\" changes nothing", schema_name(r->key), r->bad[i]);
	}
	nodes[r->key] = r->good;
	is_str(load(&s), "", "%s that is mended gives no error", schema_name(r->key));
}

/* A key is in force alone, then removed: it has its default again. */
static void test_removed(const struct row *r)
{
	struct ldp_settings s, before;

	settings_default(&s);
	memset(nodes, 0, sizeof(nodes));
	nodes[KEY_BACK_MAC] = "00:16:3e:00:00:01";
	load(&s);
	before = s;
	nodes[r->key] = r->good;
	is_str(load(&s), "", "%s alone gives no error", schema_name(r->key));
	ok(!same(&s, &before), "%s alone is in force", schema_name(r->key));
	if (r->key == KEY_BACK_MAC)
		return; /* has no default */
	nodes[r->key] = NULL;
	is_str(load(&s), "", "%s that is removed gives no error", schema_name(r->key));
	ok(same(&s, &before), "%s that is removed has its default", schema_name(r->key));
}

static void test_errors(void)
{
	static char longer[SCHEMA_VALUE_MAX + 2];
	struct ldp_settings s, before;
	char err[REFUSAL_MAX];

	all_good();
	settings_default(&s);
	load(&s);
	nodes[KEY_BACK_WEIGHT] = "banana";
	nodes[KEY_BACK_VLAN] = "apple";
	ok(names(load(&s), KEY_BACK_WEIGHT), "of two malformed keys the first is named");
	nodes[KEY_BACK_WEIGHT] = "1";
	ok(names(load(&s), KEY_BACK_VLAN),
	   "the second of two malformed keys is named when the first is mended");
	is_int(s.weight, 1, "a good key beside a malformed one is in force");
	nodes[KEY_BACK_VLAN] = "none";

	memset(longer, '1', sizeof(longer) - 1);
	load(&s);
	before = s;
	nodes[KEY_BACK_ALLOWED_IP] = longer;
	ok(names(load(&s), KEY_BACK_ALLOWED_IP), "a value longer than any may be is named");
	ok(same(&s, &before), "a value longer than any may be changes nothing");
	nodes[KEY_BACK_ALLOWED_IP] = "";
	load(&s);
	before = s;
	for (unsigned i = 0; i < 257; i++)
		longer[i] = i % 2 ? ',' : '5';
	longer[257] = '\0';
	nodes[KEY_BACK_VLAN] = longer;
	ok(names(load(&s), KEY_BACK_VLAN), "a value longer than a list may be is named");
	ok(same(&s, &before), "a value longer than a list may be changes nothing");
	nodes[KEY_BACK_VLAN] = "none";

	nodes[KEY_BACK_MAC] = NULL;
	ok(names(load(&s), KEY_BACK_MAC), "a mac that is missing is named");
	ok(!s.has_mac, "a mac that is missing is not in force");
	nodes[KEY_BACK_WEIGHT] = "x";
	ok(names(load(&s), KEY_BACK_WEIGHT), "a malformed weight is named before a missing mac");

	nodes[KEY_BACK_MAC] = "00:16:3e:00:00:07";
	nodes[KEY_BACK_WEIGHT] = "300";
	failure = -EIO;
	is_int(settings_load(NULL, XS_NO_TXN, "", &s, NULL, err), -EIO,
	       "an error of xenstore is returned");
	is_str(err, "", "an error of xenstore is not the operator's");
	failure = 0;
	missing = true;
	before = s;
	is_int(settings_load(NULL, XS_NO_TXN, "", &s, NULL, err), -ENOENT,
	       "a missing directory is returned as an error");
	ok(same(&s, &before), "a missing directory changes nothing");
	missing = false;
}

static void test_group(void)
{
	struct group_settings s;
	struct group_conf conf;
	char err[REFUSAL_MAX];

	memset(nodes, 0, sizeof(nodes));
	group_settings_default(&s);
	is_int(settings_load_group(NULL, "", &s, err), 0, "a group's directory may be empty");
	is_int(s.weight, 256, "a group has weight 256 by default");
	nodes[KEY_GROUP_WEIGHT] = "7";
	nodes[KEY_GROUP_TX_MIN] = "1000";
	nodes[KEY_GROUP_TX_MAX] = "5000";
	nodes[KEY_GROUP_RX_MIN] = "6001";
	nodes[KEY_GROUP_RX_MAX] = "6000";
	nodes[KEY_GROUP_ERROR] = "x";
	is_int(settings_load_group(NULL, "", &s, err), 5, "the operator's keys are counted");
	ok(names(err, KEY_GROUP_RX_MIN), "a group's limits that contradict each other are named");
	is_int(s.weight, 7, "a group's good key counts beside bad ones");
	nodes[KEY_GROUP_RX_MAX] = "7000";
	settings_load_group(NULL, "", &s, err);
	is_str(err, "", "a group's keys that are mended give no error");
	settings_to_group_conf(&s, &conf);
	ok(conf.tx.weight == 7 && conf.rx.weight == 7 && conf.tx.min_bps == 1000 &&
		   conf.tx.max_bps == 5000 && conf.rx.min_bps == 6001 && conf.rx.max_bps == 7000,
	   "a group's keys are in force, each in its direction");
	missing = true;
	is_int(settings_load_group(NULL, "", &s, err), -ENOENT,
	       "a group without a directory is returned as such");
	missing = false;
}

int main(void)
{
	test_good();
	for (size_t i = 0; i < ROWS; i++) {
		test_bad(&rows[i]);
		test_removed(&rows[i]);
	}
	test_errors();
	test_group();
	return done_testing();
}
