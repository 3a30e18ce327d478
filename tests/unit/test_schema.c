/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys, its parsers, sentences and paths. */
#include "xenstore-schema/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/quote.h"
#include "tests/unit/tap.h"

static char err[SCHEMA_ERR_MAX];

/* Each refused value: what comes back, and the whole sentence. */
static const struct {
	enum schema_key key;
	const char *text;
	int ret;
	const char *err;
} refused[] = {
	{KEY_BACK_WEIGHT, "banana", -EINVAL, "weight \"banana\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "", -EINVAL, "weight \"\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "0", -ERANGE, "weight \"0\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "65536", -ERANGE, "weight \"65536\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "+5", -EINVAL, "weight \"+5\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "-5", -EINVAL, "weight \"-5\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, " 5", -EINVAL, "weight \" 5\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "5 ", -EINVAL, "weight \"5 \": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "5\n", -EINVAL, "weight \"5\\x0a\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "0x10", -EINVAL, "weight \"0x10\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "1e3", -EINVAL, "weight \"1e3\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "256.0", -EINVAL, "weight \"256.0\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "18446744073709551617", -ERANGE,
	 "weight \"18446744073709551617\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "18446744073709551617x", -EINVAL,
	 "weight \"18446744073709551617x\": expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "1234567890123456789012345678901234567890", -ERANGE,
	 "weight \"12345678901234567890123456789012\"...: expected an integer 1..65535"},
	{KEY_BACK_WEIGHT, "\x1b[31m\"\\", -EINVAL,
	 "weight \"\\x1b[31m\\\"\\\\\": expected an integer 1..65535"},
	{KEY_BACK_TX_MAX, "10mbit", -EINVAL,
	 "tx-max \"10mbit\": expected bits per second, an integer 0..1000000000000"},
	{KEY_BACK_RX_MIN, "1000000000001", -ERANGE,
	 "rx-min \"1000000000001\": expected bits per second, an integer 0..1000000000000"},
	{KEY_BACK_TX_BURST, "64k", -EINVAL,
	 "tx-burst \"64k\": expected bytes, an integer 0..1073741824"},
	{KEY_BACK_MTU, "67", -ERANGE, "mtu \"67\": expected an integer 68..65521"},
	{KEY_BACK_MTU, "65522", -ERANGE, "mtu \"65522\": expected an integer 68..65521"},
	{KEY_FRONT_RING_ORDER, "21", -ERANGE, "ring-order \"21\": expected an integer 12..20"},
	{KEY_FRONT_RING_ORDER, "11", -ERANGE, "ring-order \"11\": expected an integer 12..20"},
	{KEY_BACK_FLOOD_RATE, "1000001", -ERANGE,
	 "flood-rate \"1000001\": expected an integer 0..1000000"},
	{KEY_BACK_LATENCY, "Low", -EINVAL, "latency \"Low\": expected one of normal low"},
	{KEY_BACK_LATENCY, "lo", -EINVAL, "latency \"lo\": expected one of normal low"},
	{KEY_BACK_LATENCY, "normal low", -EINVAL,
	 "latency \"normal low\": expected one of normal low"},
	{KEY_BACK_LATENCY, "", -EINVAL, "latency \"\": expected one of normal low"},
	{KEY_UPLINK_SWITCH, "on", -EINVAL, "switch \"on\": expected one of local uplink off"},
	{KEY_BACK_SPOOF_CHECK, "yes", -EINVAL, "spoof-check \"yes\": expected 0 or 1"},
	{KEY_BACK_SPOOF_CHECK, "2", -ERANGE, "spoof-check \"2\": expected 0 or 1"},
	{KEY_FRONT_STATE, "7", -ERANGE, "state \"7\": expected a XenbusState 1..6"},
	{KEY_FRONT_STATE, "0", -ERANGE, "state \"0\": expected a XenbusState 1..6"},
	{KEY_BACK_MAC, "00:16:3e:00:00", -EINVAL,
	 "mac \"00:16:3e:00:00\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_BACK_MAC, "00-16-3e-00-00-01", -EINVAL,
	 "mac \"00-16-3e-00-00-01\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_BACK_MAC, "00:16:3e:00:00:0g", -EINVAL,
	 "mac \"00:16:3e:00:00:0g\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_BACK_MAC, "01:16:3e:00:00:01", -ERANGE,
	 "mac \"01:16:3e:00:00:01\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_BACK_MAC, "ff:ff:ff:ff:ff:ff", -ERANGE,
	 "mac \"ff:ff:ff:ff:ff:ff\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_BACK_MAC, "00:00:00:00:00:00", -ERANGE,
	 "mac \"00:00:00:00:00:00\": expected a unicast MAC address like 00:16:3e:01:02:03"},
	{KEY_UPLINK_REPAYMENT, "1.000001", -ERANGE,
	 "repayment \"1.000001\": expected a decimal 0..1, at most 6 digits behind the point"},
	{KEY_UPLINK_REPAYMENT, "0.1234567", -EINVAL,
	 "repayment \"0.1234567\": expected a decimal 0..1, at most 6 digits behind the point"},
	{KEY_UPLINK_REPAYMENT, ".5", -EINVAL,
	 "repayment \".5\": expected a decimal 0..1, at most 6 digits behind the point"},
	{KEY_UPLINK_REPAYMENT, "0.", -EINVAL,
	 "repayment \"0.\": expected a decimal 0..1, at most 6 digits behind the point"},
	{KEY_UPLINK_REPAYMENT, "-0", -EINVAL,
	 "repayment \"-0\": expected a decimal 0..1, at most 6 digits behind the point"},
	{KEY_BACK_CREDIT_BALANCE, "9223372036854775808", -ERANGE,
	 "credit-balance \"9223372036854775808\": expected a signed 64-bit integer"},
	{KEY_BACK_CREDIT_BALANCE, "-9223372036854775809", -ERANGE,
	 "credit-balance \"-9223372036854775809\": expected a signed 64-bit integer"},
	{KEY_BACK_CREDIT_BALANCE, "--1", -EINVAL,
	 "credit-balance \"--1\": expected a signed 64-bit integer"},
	{KEY_BACK_CREDIT_BALANCE, "-", -EINVAL,
	 "credit-balance \"-\": expected a signed 64-bit integer"},
	{KEY_BACK_UPLINK, "../x", -EINVAL,
	 "uplink \"../x\": expected 1..32 letters, digits, '.', '_', '-', not '.' or '-' first"},
	{KEY_BACK_UPLINK, "a/b", -EINVAL,
	 "uplink \"a/b\": expected 1..32 letters, digits, '.', '_', '-', not '.' or '-' first"},
	{KEY_BACK_UPLINK, "", -ERANGE,
	 "uplink \"\": expected 1..32 letters, digits, '.', '_', '-', not '.' or '-' first"},
	{KEY_BACK_VLAN, "10;20", -EINVAL,
	 "vlan \"10;20\": expected 1..255 characters, items separated by ','"},
	{KEY_BACK_FRONTEND, "relative", -EINVAL,
	 "frontend \"relative\": expected an absolute path of 1..255 bytes"},
	{KEY_BACK_GENERATION, "0123456789abcde", -ERANGE,
	 "generation \"0123456789abcde\": expected 16 hex digits"},
	{KEY_BACK_GENERATION, "0123456789abcdeg", -EINVAL,
	 "generation \"0123456789abcdeg\": expected 16 hex digits"},
	{KEY_BACK_ERROR, "two\nlines", -EINVAL,
	 "error \"two\\x0alines\": expected 0..511 printable characters"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char shown[QUOTE_MAX];

		err[0] = '\0';
		is_int(schema_check(refused[i].key, refused[i].text, err), refused[i].ret,
		       "%s %s is refused", schema_name(refused[i].key),
		       quote_text(shown, refused[i].text));
		is_str(err, refused[i].err, "%s %s is refused with its sentence",
		       schema_name(refused[i].key), shown);
	}
	is_int(schema_check(KEY_BACK_WEIGHT, "x", NULL), -EINVAL,
	       "a refusal without room for its sentence is fine");
}

static const struct {
	enum schema_key key;
	const char *text;
} accepted[] = {
	{KEY_BACK_WEIGHT, "1"},
	{KEY_BACK_WEIGHT, "65535"},
	{KEY_BACK_WEIGHT, "0256"},
	{KEY_BACK_TX_MAX, "0"},
	{KEY_BACK_TX_MAX, "1000000000000"},
	{KEY_BACK_MTU, "68"},
	{KEY_BACK_MTU, "65521"},
	{KEY_BACK_LATENCY, "normal"},
	{KEY_BACK_LATENCY, "low"},
	{KEY_BACK_SPOOF_CHECK, "0"},
	{KEY_BACK_STATE, "6"},
	{KEY_BACK_MAC, "00:16:3E:ab:CD:ef"},
	{KEY_BACK_MAC, "02:00:00:00:00:00"},
	{KEY_BACK_LOG_OFFSET, "18446744073709551615"},
	{KEY_BACK_CREDIT_BALANCE, "-9223372036854775808"},
	{KEY_UPLINK_REPAYMENT, "1.000000"},
	{KEY_UPLINK_REPAYMENT, "0"},
	{KEY_BACK_VLAN, "none"},
	{KEY_BACK_VLAN, "1,20-30,4094"},
	{KEY_BACK_ALLOWED_IP, "10.0.0.1,2001:db8::/64"},
	{KEY_BACK_ALLOWED_IP, ""},
	{KEY_BACK_ALLOWED_IP, "10.0.0.1, fd00::1"},
	{KEY_BACK_UPLINK, "eth0.100_b-1"},
	{KEY_BACK_ERROR, ""},
	{KEY_BACK_GENERATION, "0123456789abcdef"},
};

static void test_accepted(void)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		err[0] = '\0';
		if (!ok(schema_check(accepted[i].key, accepted[i].text, err) == 0,
			"%s \"%s\" is accepted", schema_name(accepted[i].key), accepted[i].text))
			diag("%s", err);
	}
}

static void test_values(void)
{
	const uint8_t want[6] = {0x00, 0x16, 0x3e, 0xab, 0xcd, 0xef};
	enum xenbus_state state = XenbusStateUnknown;
	char text[8] = "old";
	uint64_t u64 = 7;
	int64_t s64 = 0;
	uint32_t ppm = 0;
	uint8_t mac[6] = {0};
	unsigned word = 9;
	bool flag = false;

	ok(schema_parse_u64(KEY_BACK_WEIGHT, "512", &u64, err) == 0 && u64 == 512,
	   "a u64 is parsed");
	schema_parse_u64(KEY_BACK_WEIGHT, "banana", &u64, err);
	is_int(u64, 512, "a refused value changes nothing");
	ok(schema_parse_s64(KEY_BACK_CREDIT_BALANCE, "-9223372036854775808", &s64, err) == 0 &&
		   s64 == INT64_MIN,
	   "an s64 at its lower end is parsed");
	ok(schema_parse_fraction(KEY_UPLINK_REPAYMENT, "0.25", &ppm, err) == 0 && ppm == 250000,
	   "a fraction is parsed into millionths");
	ok(schema_parse_bool(KEY_BACK_SPOOF_CHECK, "1", &flag, err) == 0 && flag,
	   "a bool is parsed");
	ok(schema_parse_enum(KEY_UPLINK_SWITCH, "off", &word, err) == 0 &&
		   word == SCHEMA_UPLINK_SWITCH_OFF,
	   "an enum is parsed into the generated constant");
	ok(schema_parse_state(KEY_FRONT_STATE, "4", &state, err) == 0 &&
		   state == XenbusStateConnected,
	   "a state is parsed");
	ok(schema_parse_mac(KEY_BACK_MAC, "00:16:3E:ab:CD:ef", mac, err) == 0 &&
		   memcmp(mac, want, 6) == 0,
	   "a mac in either case is parsed");
	ok(schema_parse_text(KEY_BACK_UPLINK, "default", text, sizeof(text), err) == 0 &&
		   strcmp(text, "default") == 0,
	   "a text that fits is copied");
	is_int(schema_parse_text(KEY_BACK_UPLINK, "default8", text, sizeof(text), err), -ENOBUFS,
	       "a text that does not fit is refused");
	is_str(text, "default", "a text that does not fit leaves the buffer alone");
	is_int(schema_check_u64(KEY_BACK_TX_MAX, 2000000000000, err), -ERANGE,
	       "a number out of range is refused");
	is_str(err,
	       "tx-max \"2000000000000\": expected bits per second, an integer 0..1000000000000",
	       "a number out of range is refused with its sentence");
}

/* What keys.txt promises of itself. */
static void test_table(void)
{
	unsigned bad = 0;

	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);
		bool fine = schema_lookup(e->area, e->name) == i && e->doc[0];

		if (e->dflt && schema_check((enum schema_key)i, e->dflt, err) < 0)
			fine = false;
		/* Without these two the backend finds the value from the capacity. */
		if (e->owner == SCHEMA_BY_OPERATOR &&
		    ((!e->dflt && i != KEY_UPLINK_FRAME_COST && i != KEY_UPLINK_HOST_MIN) ||
		     !e->effect))
			fine = false;
		if (e->area == SCHEMA_FRONT && e->owner == SCHEMA_BY_FRONTEND &&
		    e->type >= SCHEMA_NONCE && e->max > SCHEMA_GUEST_VALUE_MAX)
			fine = false;
		if (!fine)
			diag("%s: %s", e->name, err);
		bad += !fine;
	}
	is_int(bad, 0, "every key is found by name and has a valid default, doc and effect");
	is_int(schema_default(KEY_BACK_WEIGHT), 256, "the default weight is 256");
	is_int(schema_default(KEY_BACK_MTU), 1500, "the default mtu is 1500");
	is_int(schema_default(KEY_BACK_FLOOD_RATE), 1000, "the default flood-rate is 1000");
	is_int(schema_default(KEY_BACK_TX_MAX), 0, "the default tx-max is none");
	is_int(schema_default(KEY_BACK_SPOOF_CHECK), 1, "the default spoof-check is on");
	is_int(schema_default(KEY_UPLINK_REPAYMENT), 500000, "the default repayment is a half");
	is_int(schema_default(KEY_UPLINK_SWITCH), SCHEMA_UPLINK_SWITCH_LOCAL,
	       "the default switch is local");
	is_int(schema_default(KEY_BACK_MAC), 0, "a mac has no default");
	is_int(schema_lookup(SCHEMA_BACK, "banana"), -ENOENT, "an unknown name is not looked up");
	is_int(schema_lookup(SCHEMA_FRONT, "weight"), -ENOENT,
	       "a name of another area is not looked up");
	is_int(schema_lookup(SCHEMA_FRONT, "state"), KEY_FRONT_STATE, "the area tells keys apart");
	is_str(schema_state_name(XenbusStateInitWait), "init-wait", "a state has a name");
	is_str(schema_state_name((enum xenbus_state)77), "unknown",
	       "a number that is no state has no name");
}

static void test_cross_check(void)
{
	struct schema_limits l = {.tx_min_bps = 20, .tx_max_bps = 10};

	is_int(schema_cross_check(&l, err), -ERANGE, "a tx-min above tx-max is refused");
	is_str(err, "tx-min \"20\": above tx-max, expected 0..10 bits per second",
	       "a tx-min above tx-max is refused with its sentence");
	l = (struct schema_limits){.rx_min_bps = 11, .rx_max_bps = 10};
	is_int(schema_cross_check(&l, err), -ERANGE, "an rx-min above rx-max is refused");
	is_str(err, "rx-min \"11\": above rx-max, expected 0..10 bits per second",
	       "an rx-min above rx-max is refused with its sentence");
	l = (struct schema_limits){.tx_min_bps = 10, .tx_max_bps = 10, .rx_min_bps = 5};
	is_int(schema_cross_check(&l, err), 0,
	       "a minimum equal to its maximum, and one without a maximum, are fine");
}

static void test_paths(void)
{
	char buf[SCHEMA_PATH_MAX];

	is_int(schema_backend_dir(buf, sizeof(buf), 0, 7, 1), 32,
	       "a backend directory gives its length");
	is_str(buf, "/local/domain/0/backend/dmvl/7/1", "a backend directory gives its path");
	schema_backend_root(buf, sizeof(buf), 3);
	is_str(buf, "/local/domain/3/backend/dmvl", "a backend root gives its path");
	schema_frontend_dir(buf, sizeof(buf), 7, 0);
	is_str(buf, "/local/domain/7/device/dmvl/0", "a frontend directory gives its path");
	schema_frontend_dir_relative(buf, sizeof(buf), 2);
	is_str(buf, "device/dmvl/2", "a relative frontend directory gives its path");
	schema_uplink_dir(buf, sizeof(buf), 0, "default");
	is_str(buf, "/local/domain/0/data/dmvl/default", "an uplink directory gives its path");
	is_int(schema_vchan_path(buf, sizeof(buf), 32751, 65535), 43,
	       "the longest vchan path gives its length");
	is_str(buf, "/local/domain/32751/device/dmvl/65535/vchan",
	       "the longest vchan path is right");
	schema_vchan_path_relative(buf, sizeof(buf), 0);
	is_str(buf, "device/dmvl/0/vchan", "a relative vchan path is right");
	schema_key_path(buf, sizeof(buf), "dir", KEY_FRONT_VCHAN_RING_REF);
	is_str(buf, "dir/vchan/ring-ref", "a key's path is right");
	is_int(schema_backend_dir(buf, sizeof(buf), 0, 32752, 0), -EINVAL,
	       "a reserved domid is refused");
	is_int(schema_frontend_dir(buf, sizeof(buf), 1, 65536), -EINVAL,
	       "an id out of range is refused");
	is_int(schema_uplink_dir(buf, sizeof(buf), 0, "../../1"), -EINVAL,
	       "an uplink's name with slashes is refused");
	is_int(schema_backend_dir(buf, 32, 0, 7, 1), -ENAMETOOLONG,
	       "a buffer without room for the NUL is refused");
}

static void test_split(void)
{
	static const char *const no[] = {
		"/local/domain/0/backend/dmvl",
		"/local/domain/0/backend/dmvl/",
		"/local/domain/0/backend/dmvl/7",
		"/local/domain/0/backend/dmvl/7/",
		"/local/domain/0/backend/dmvl/x/0",
		"/local/domain/0/backend/dmvl/7/0x/weight",
		"/local/domain/0/backend/dmvlx/7/0",
		"/local/domain/0/backend/dmvl/32752/0",
		"/local/domain/1/backend/dmvl/7/0",
		"/local/domain/0/backend/dmvl/7/99999999999999",
		"/local/domain/0/backend/vif/7/0",
		"@releaseDomain",
	};
	unsigned domid = 0, id = 0;
	const char *rest = "";

	ok(schema_split_backend_path("/local/domain/0/backend/dmvl/7/12/weight", 0, &domid, &id,
				     &rest),
	   "the path of an LDP's key is taken apart");
	ok(domid == 7 && id == 12 && strcmp(rest, "weight") == 0,
	   "the path of an LDP's key gives domid, id and key");
	ok(schema_split_backend_path("/local/domain/0/backend/dmvl/7/12", 0, &domid, &id, &rest) &&
		   *rest == '\0',
	   "the path of an LDP's directory is taken apart");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!schema_split_backend_path(no[i], 0, &domid, &id, &rest),
		   "%s is no path of an LDP", no[i]);
	ok(schema_split_backend_domain("/local/domain/0/backend/dmvl/7", 0, &domid) && domid == 7,
	   "the path of a domain's directory gives the domid");
	ok(!schema_split_backend_domain("/local/domain/0/backend/dmvl", 0, &domid) &&
		   !schema_split_backend_domain("/local/domain/0/backend/dmvl/7/0", 0, &domid) &&
		   !schema_split_backend_domain("/local/domain/0/backend/dmvl/banana", 0, &domid),
	   "a path that is no domain's directory gives no domid");
}

static void test_groups(void)
{
	static const char dir[] = "/local/domain/0/data/dmvl/up";
	static const struct {
		const char *path, *name, *rest;
	} rows[] = {
		{"/local/domain/0/data/dmvl/up/groups", "", ""},
		{"/local/domain/0/data/dmvl/up/groups/", "", ""},
		{"/local/domain/0/data/dmvl/up/groups/red", "red", ""},
		{"/local/domain/0/data/dmvl/up/groups/red/weight", "red", "weight"},
		{"/local/domain/0/data/dmvl/up/groups/a b/weight", "", "weight"},
		{"/local/domain/0/data/dmvl/up/groups/abcdefghijklmnopqrstuvwxyz0123456/weight", "",
		 "weight"},
	};
	static const char *const no[] = {
		"/local/domain/0/data/dmvl/up",		"/local/domain/0/data/dmvl/up/groupsx",
		"/local/domain/0/data/dmvl/up/weight",	"/local/domain/0/data/dmvl/up2/groups/red",
		"/local/domain/0/data/dmvl/upgroups/x", "@releaseDomain",
	};
	char name[SCHEMA_NAME_MAX + 1], buf[SCHEMA_PATH_MAX];
	const char *rest;

	is_int(schema_group_dir(buf, sizeof(buf), 0, "up", "red"), 39, "a group has a directory");
	is_str(buf, rows[2].path, "a group's directory is below its uplink's");
	is_int(schema_group_dir(buf, sizeof(buf), 0, "up", ""), -EINVAL,
	       "a group without a name has no directory");
	is_int(schema_group_dir(buf, sizeof(buf), 0, "up", "../x"), -EINVAL,
	       "a group of a bad name has no directory");
	is_int(schema_group_dir(buf, sizeof(buf), 0, "a b", "red"), -EINVAL,
	       "a group of an uplink of a bad name has no directory");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(schema_split_group_path(rows[i].path, dir, name, &rest) &&
			   strcmp(name, rows[i].name) == 0 && strcmp(rest, rows[i].rest) == 0,
		   "%s is a path of groups", rows[i].path);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!schema_split_group_path(no[i], dir, name, &rest), "%s is none", no[i]);
}

int main(void)
{
	test_refused();
	test_accepted();
	test_values();
	test_table();
	test_cross_check();
	test_paths();
	test_split();
	test_groups();
	return done_testing();
}
