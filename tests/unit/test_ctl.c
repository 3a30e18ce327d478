/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl's words: KEY=VALUE and DOM[/ID]. */
#include "backend/ctl/group_view.h"
#include "backend/policy/setting.h"
#include "backend/ctl/target.h"
#include "backend/ctl/view.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/fake/store.h"
#include "tests/unit/tap.h"

static char err[SCHEMA_ERR_MAX];

static const struct {
	const char *arg;
	enum schema_key key;
	const char *value;
} taken[] = {
	{"weight=512", KEY_BACK_WEIGHT, "512"},
	{"tx-max=10mbit", KEY_BACK_TX_MAX, "10000000"},
	{"tx-max=5mbps", KEY_BACK_TX_MAX, "40000000"},
	{"rx-max=10Mb/s", KEY_BACK_RX_MAX, "10000000"},
	{"rx-min=0", KEY_BACK_RX_MIN, "0"},
	{"tx-burst=64kib", KEY_BACK_TX_BURST, "65536"},
	{"latency=low", KEY_BACK_LATENCY, "low"},
	{"mac=00:16:3E:01:02:03", KEY_BACK_MAC, "00:16:3E:01:02:03"},
	{"mtu=9000", KEY_BACK_MTU, "9000"},
	{"uplink=isp2", KEY_BACK_UPLINK, "isp2"},
	{"vlan=10,20-30", KEY_BACK_VLAN, "10,20-30"},
	{"allowed-ip=", KEY_BACK_ALLOWED_IP, ""},
	{"allowed-ip=10.0.0.0/8,fd00::1", KEY_BACK_ALLOWED_IP, "10.0.0.0/8,fd00::1"},
	{"flood-rate=0", KEY_BACK_FLOOD_RATE, "0"},
	{"group=tenant-a", KEY_BACK_GROUP, "tenant-a"},
	{"group=", KEY_BACK_GROUP, ""},
};

static const struct {
	const char *arg, *err; /* err: how the sentence begins */
} refused[] = {
	{"weight", "\"weight\": expected KEY=VALUE"},
	{"", "\"\": expected KEY=VALUE"},
	{"=5", "\"=5\": expected KEY=VALUE"},
	{"weight=", "weight \"\": expected an integer 1..65535"},
	{"weight=banana", "weight \"banana\": expected an integer 1..65535"},
	{"weight=10k", "weight \"10k\": expected an integer"},
	{"Weight=5", "no key \"Weight\", expected one of uplink weight group tx-min"},
	{"wei\nght=5", "no key \"wei\\x0aght\", expected"},
	{"tx-max=10m", "tx-max \"10m\": bits or bytes? write 10mbit"},
	{"tx-max=2tbit", "tx-max \"2tbit\": expected 0..1tbit"},
	{"tx-burst=64k", "tx-burst \"64k\": 1000 or 1024? write 64kib"},
	{"tx-burst=2gib", "tx-burst \"2gib\": expected 0..1gib"},
	{"credit=5", "credit is written by dmvl"},
	{"state=4", "state is written by dmvl"},
	{"generation=0123456789abcdef", "generation is written by dmvl"},
	{"ring-order=12", "no key \"ring-order\""},
	{"vlan=4095", "vlan: \"4095\" is not a VLAN"},
	{"group=a b", "group \"a b\": expected 0..32 letters, digits"},
	{"allowed-ip=1.2.3", "allowed-ip: "},
};

static void test_setting(void)
{
	struct setting s;
	char *big;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		int ret = setting_parse(SCHEMA_BACK, taken[i].arg, &s, err);

		if (!ok(ret == 0 && s.key == taken[i].key && strcmp(s.value, taken[i].value) == 0,
			"the setting %s is taken", taken[i].arg))
			diag("%d %s %s", ret, s.value, err);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int ret = setting_parse(SCHEMA_BACK, refused[i].arg, &s, err);

		if (!ok(ret == -EINVAL && strncmp(err, refused[i].err, strlen(refused[i].err)) == 0,
			"the bad setting of row %zu is refused with its sentence", i))
			diag("%d %s", ret, err);
	}
	big = malloc(100000);
	memset(big, 'x', 99999);
	big[99999] = '\0';
	memcpy(big, "allowed-ip=", 11);
	is_int(setting_parse(SCHEMA_BACK, big, &s, err), -EINVAL,
	       "a setting with a huge value is refused");
	big[10] = 'p';
	is_int(setting_parse(SCHEMA_BACK, big, &s, err), -EINVAL,
	       "a setting with a huge key is refused");
	free(big);
}

static void test_settings(void)
{
	char a[] = "weight=1", b[] = "tx-min=20mbit", c[] = "tx-max=10mbit", d[] = "weight=2";
	char *good[] = {a, c}, *twice[] = {a, b, d}, *crossed[] = {b, c};
	const char *const old[4] = {"5", "banana", NULL, "7"};
	struct schema_limits limits;
	static struct settings s;

	is_int(settings_parse(&s, SCHEMA_BACK, 2, good, err), 0, "two settings at once are taken");
	is_str(settings_find(&s, KEY_BACK_TX_MAX), "10000000", "a setting that is given is found");
	ok(!settings_find(&s, KEY_BACK_TX_MIN), "a setting that is not given is not found");
	limits = settings_limits(&s, old);
	ok(limits.tx_min_bps == 5 && limits.tx_max_bps == 10000000 && limits.rx_min_bps == 0 &&
		   limits.rx_max_bps == 7,
	   "limits are those given, else the old ones, else the defaults");
	is_int(settings_parse(&s, SCHEMA_BACK, 1, good, err), 0, "one setting alone is taken");
	is_int(settings_limits(&s, old).tx_max_bps, 0,
	       "an old limit that is malformed counts as the default");
	is_int(settings_parse(&s, SCHEMA_BACK, 3, twice, err), -EINVAL,
	       "one key given twice is refused");
	is_str(err, "weight is given twice", "the refusal of a key given twice names the key");
	is_int(settings_parse(&s, SCHEMA_BACK, 2, crossed, err), -EINVAL,
	       "a minimum above its maximum is refused");
	is_int(settings_parse(&s, SCHEMA_BACK, 0, NULL, err), 0, "no setting at all is taken");
}

/* The keys of a group of devices. */
static void test_group_settings(void)
{
	char a[] = "weight=7", b[] = "tx-min=20mbit", c[] = "tx-max=10mbit", d[] = "mtu=9000",
	     e[] = "error=x";
	char *good[] = {a, c}, *crossed[] = {b, c}, *other[] = {d}, *announced[] = {e};
	const char *const old[4] = {"5", NULL, NULL, "7"};
	static struct settings s;

	is_int(settings_parse(&s, SCHEMA_GROUP, 2, good, err), 0, "settings of a group are taken");
	is_str(settings_find(&s, KEY_GROUP_TX_MAX), "10000000", "a rate of a group takes a unit");
	ok(settings_limits(&s, old).tx_min_bps == 5 && settings_limits(&s, old).rx_max_bps == 7,
	   "old limits of a group count beside new ones");
	is_int(settings_parse(&s, SCHEMA_GROUP, 2, crossed, err), -EINVAL,
	       "a group's minimum above its maximum is refused");
	is_int(settings_parse(&s, SCHEMA_GROUP, 1, other, err), -EINVAL,
	       "a key of a device is none of a group");
	ok(strstr(err, "expected one of weight tx-min tx-max rx-min rx-max"),
	   "the refusal lists a group's keys: %s", err);
	is_int(settings_parse(&s, SCHEMA_GROUP, 1, announced, err), -EINVAL,
	       "a group's error is not the operator's");
}

static void device(unsigned id, const char *uplink, const char *group, const char *rate)
{
	char dir[SCHEMA_PATH_MAX], path[SCHEMA_PATH_MAX];

	schema_backend_dir(dir, sizeof(dir), 0, 5, id);
	schema_key_path(path, sizeof(path), dir, KEY_BACK_UPLINK);
	store_write(path, uplink);
	schema_key_path(path, sizeof(path), dir, KEY_BACK_GROUP);
	store_write(path, group);
	schema_key_path(path, sizeof(path), dir, KEY_BACK_STATE);
	store_write(path, rate ? "4" : "2");
	schema_key_path(path, sizeof(path), dir, KEY_BACK_TX_RATE);
	store_write(path, rate ? rate : "99");
	if (!rate)
		return;
	schema_key_path(path, sizeof(path), dir, KEY_BACK_GROUP_NUMBER);
	store_write(path, "8");
}

static void test_groups(void)
{
	struct devices devices = {0};
	struct group_view *g;
	struct ctl ctl = {0};

	store_clear();
	is_int(xs_conn_open(&ctl.xs), 0, "a xenstore in memory opens for groups");
	device(0, "up", "red", "1000");
	device(1, "up", "red", "500");
	device(2, "up", "red", NULL);
	device(3, "other", "red", "7");
	device(4, "up", "a b", "7");
	device(5, "up", "", "7");
	store_write("/local/domain/0/data/dmvl/up/groups/blue/weight", "banana");
	store_write("/local/domain/0/data/dmvl/up/groups/gone/error", "");
	devices.count = ldp_views_read(&ctl, &devices.view);
	is_int(group_views_read(&ctl, NULL, &devices, &g), 3,
	       "groups are those that are named and those that have keys");
	ok(strcmp(g[0].uplink, "other") == 0 && strcmp(g[1].name, "blue") == 0 &&
		   strcmp(g[2].name, "red") == 0,
	   "groups are sorted by uplink and name");
	is_int(g[2].members, 3, "the devices of a group are counted");
	is_int(g[2].number, 8, "the number of a group is that of its devices");
	is_int(g[2].rate_bps[0], 1000, "a group has the largest rate of its connected devices");
	ok(view_is_malformed(&g[1].keys, KEY_GROUP_WEIGHT), "a group's malformed key is seen");
	group_views_free(g, 3);
	is_int(group_views_read(&ctl, "up", &devices, &g), 2,
	       "the groups of one uplink are asked for");
	group_views_free(g, 2);
	ldp_views_free(devices.view, devices.count);
	xs_conn_close(ctl.xs);
}

static void test_target(void)
{
	static const struct {
		const char *text;
		enum target_kind kind;
		const char *dom;
		unsigned domid, id;
		bool given;
	} rows[] = {
		{"5", TARGET_DOMID, "5", 5, 0, false},
		{"5/2", TARGET_DOMID, "5", 5, 2, true},
		{"32751/65535", TARGET_DOMID, "32751", 32751, 65535, true},
		{"web", TARGET_NAME, "web", 0, 0, false},
		{"web/1", TARGET_NAME, "web", 0, 1, true},
		{"5a", TARGET_NAME, "5a", 0, 0, false},
		{"a/b/1", TARGET_NAME, "a/b", 0, 1, true},
		{"6FA459EA-ee8a-3ca4-894e-db77e160355e/3", TARGET_UUID,
		 "6fa459ea-ee8a-3ca4-894e-db77e160355e", 0, 3, true},
		{"6fa459ea-ee8a-3ca4-894e-db77e160355", TARGET_NAME,
		 "6fa459ea-ee8a-3ca4-894e-db77e160355", 0, 0, false},
		{"6fa459ea-ee8a-3ca4-894e_db77e160355e", TARGET_NAME,
		 "6fa459ea-ee8a-3ca4-894e_db77e160355e", 0, 0, false},
	};
	static const char *const bad[] = {"",
					  "/1",
					  "5/",
					  "5/x",
					  "5/65536",
					  "5/-1",
					  "5/ 1",
					  "5/+1",
					  "32752",
					  "99999999999999999999",
					  "4294967296/4294967296"};
	uint8_t uuid[16];
	struct target t;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ret = target_parse(rows[i].text, &t, err);

		ok(ret == 0 && t.kind == rows[i].kind && strcmp(t.dom, rows[i].dom) == 0 &&
			   t.domid == rows[i].domid && t.id == rows[i].id &&
			   t.id_given == rows[i].given,
		   "the target %s is taken", rows[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(target_parse(bad[i], &t, err), -EINVAL, "the target \"%s\" is refused",
		       bad[i]);
	ok(uuid_parse("6fa459ea-ee8a-3ca4-894e-db77e160355e", uuid) && uuid[0] == 0x6f &&
		   uuid[4] == 0xee && uuid[15] == 0x5e,
	   "a UUID gives its bytes");
}

/* What a guest wrote reaches the terminal in quotes, with escapes, and nothing else. */
static void test_view(void)
{
	char text[VIEW_TEXT_MAX];
	struct view view = {{NULL}};
	struct ctl ctl = {0};

	is_int(xs_conn_open(&ctl.xs), 0, "a xenstore in memory opens");
	store_write("dir/state", "4");
	store_write_bytes("dir/demand", "1", 2);
	store_write("dir/ring-order", "x\x1b[2J");
	is_int(view_read(&ctl, "dir", SCHEMA_FRONT, &view), 0, "a frontend directory is read");
	is_str(view_text(&view, KEY_FRONT_STATE, text, sizeof(text)), "connected",
	       "a state is shown as a word");
	is_str(view_text(&view, KEY_FRONT_DEMAND, text, sizeof(text)), "\"(not a text)\"",
	       "a value with a NUL is not shown");
	is_str(view_text(&view, KEY_FRONT_RING_ORDER, text, sizeof(text)), "\"x\\x1b[2J\"",
	       "an escape sequence is shown with an escape");
	ok(view_is_malformed(&view, KEY_FRONT_DEMAND), "a value with a NUL is malformed");
	view_free(&view);
	xs_conn_close(ctl.xs);
}

int main(void)
{
	test_setting();
	test_settings();
	test_group_settings();
	test_target();
	test_view();
	test_groups();
	return done_testing();
}
