/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of devices: their keys, who is in them, their numbers, and minima that have to fit. */
#include "backend/control/control_group.h"
#include "backend/control/control_group_keys.h"
#include "backend/control/device.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define MBIT 1000000ull

static struct desk *k;

static void begin(unsigned guests)
{
	k = desk_new();
	k->c.link.conf.tx_capacity_bps = 100 * MBIT;
	k->c.link.conf.rx_capacity_bps = 100 * MBIT;
	for (unsigned domid = 1; domid <= guests; domid++)
		desk_connect(k, domid);
	k->groups_said = 0;
}

static const char *path(const char *group, const char *key)
{
	static char text[2 * SCHEMA_PATH_MAX];

	snprintf(text, sizeof(text), "%s/groups/%s%s%s", k->c.uplink_dir, group, *key ? "/" : "",
		 key);
	return text;
}

static void set_group(const char *group, const char *key, const char *value)
{
	if (value)
		store_write(path(group, key), value);
	else
		store_remove(path(group, key));
	desk_turn(k);
	desk_said(k);
}

static void set(unsigned domid, enum schema_key key, const char *value)
{
	desk_write(domid, key, value);
	desk_turn(k);
}

static const char *group_error(const char *group)
{
	const char *text = store_read(path(group, "error"));

	return text ? text : "";
}

static const char *error(unsigned domid)
{
	const char *text = desk_read(domid, KEY_BACK_ERROR);

	return text ? text : "";
}

static const struct ldp_group *group(const char *name)
{
	return control_group_find(&k->c, name);
}

/* The number that the frame loop has for the device's group. */
static uint32_t told(unsigned domid)
{
	return desk_device(k, domid)->conf.group;
}

/* --- who is in which ---------------------------------------------------------------------------
 */

static void test_named(void)
{
	uint32_t id;

	begin(2);
	set(1, KEY_BACK_GROUP, "red");
	ok(group("red"), "a group exists when a device names it");
	is_str(desk_said(k), "C", "the device's group is told to the frame loop");
	is_int(k->groups_said, 1, "a group is told to the frame loop once");
	id = told(1);
	ok(id != LDP_GROUP_NONE && k->group[1].group.id == id, "the group is told by its number");
	is_int(atoi(desk_read(1, KEY_BACK_GROUP_NUMBER)), (int)id,
	       "the number of a device's group is published");
	ok(!desk_read(2, KEY_BACK_GROUP_NUMBER), "nothing is published of a device in no group");
	is_int(k->group[1].group.conf.tx.weight, 256, "a group that is only named has weight 256");
	set(2, KEY_BACK_GROUP, "red");
	is_int(told(2), (int)id, "two devices that name one group have one number");
	is_int(k->groups_said, 1, "a second device makes no second group");
	set(1, KEY_BACK_GROUP, "blue");
	ok(told(1) != LDP_GROUP_NONE && told(1) != id, "a device changes its group live");
	set(2, KEY_BACK_GROUP, "");
	is_int(told(2), LDP_GROUP_NONE, "an empty name is no group");
	ok(!group("red"), "a group ends when nobody names it");
	desk_said(k);
	is_int(k->group[0].group.id, (int)id, "the end of a group is told to the frame loop");
	set(1, KEY_BACK_GROUP, NULL);
	is_str(desk_read(1, KEY_BACK_GROUP_NUMBER), "0", "the number of no group is 0");
	ok(TAILQ_EMPTY(&k->c.groups.all), "a device whose key is removed is in no group");
	desk_free(k);
}

/* Of a device that is not connected, the frame loop is told when it is. */
static void test_connects(void)
{
	begin(0);
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_GROUP, "red");
	desk_turn(k);
	ok(group("red"), "a device that is not connected is in its group");
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "the device connects");
	is_int(k->added.conf.group, (int)group("red")->id, "it comes with its group");
	desk_free(k);
}

/* The frame loop is told of a group before, and of its end after, what its devices are told. */
static void test_order(void)
{
	struct msg *m;
	char said[8] = "";
	size_t n = 0;

	begin(1);
	desk_write(1, KEY_BACK_GROUP, "red");
	desk_turn(k);
	desk_write(1, KEY_BACK_GROUP, "blue");
	desk_turn(k);
	while ((m = (struct msg *)mbox_get(k->c.out))) {
		if (n < sizeof(said) - 1)
			said[n++] = m->type == MSG_CONF ? 'C' : m->group.on ? '+' : '-';
		free(m);
	}
	is_str(said, "+C+C-",
	       "groups begin before their devices come, and end when they have gone");
	desk_free(k);
}

static void test_bad_name(void)
{
	static const char *const bad[] = {"a b", "-a", ".", "a/b",
					  "abcdefghijklmnopqrstuvwxyz0123456"};

	begin(1);
	set(1, KEY_BACK_GROUP, "red");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		desk_said(k);
		set(1, KEY_BACK_GROUP, bad[i]);
		is_str(desk_said(k), "", "a group \"%s\" is not told", bad[i]);
		ok(strncmp(error(1), "group \"", 7) == 0, "a group \"%s\" is named: %s", bad[i],
		   error(1));
		ok(desk_device(k, 1)->group == group("red"), "a group \"%s\" keeps the old one",
		   bad[i]);
	}
	set(1, KEY_BACK_GROUP, "a.b_c-9");
	is_str(error(1), "", "a good name of a group clears the error");
	desk_free(k);
}

static void test_ends(void)
{
	begin(2);
	set(1, KEY_BACK_GROUP, "red");
	desk_attach(k, 5);
	desk_write(5, KEY_BACK_UPLINK, "other");
	set(5, KEY_BACK_GROUP, "blue");
	ok(!group("blue"), "a device of another uplink is in no group");
	hyp_domain(1)->dying = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	ok(!group("red"), "a group ends with its last guest");
	desk_free(k);
}

/* --- keys --------------------------------------------------------------------------------------
 */

static void test_keys(void)
{
	const struct group_conf *conf;

	begin(1);
	conf = &k->group[1].group.conf;
	set_group("red", "weight", "512");
	ok(group("red"), "a group exists when it has a key");
	set(1, KEY_BACK_GROUP, "red");
	desk_said(k);
	is_int(k->group[1].group.conf.rx.weight, 512, "a weight of a group is of both directions");
	set_group("red", "tx-max", "9000000");
	ok(conf->tx.max_bps == 9000000 && conf->rx.max_bps == 0,
	   "a limit of a group is of its direction");
	set_group("red", "rx-min", "5000000");
	is_int(conf->rx.min_bps, 5000000, "a minimum of a group is told");
	k->groups_said = 0;
	set_group("red", "weight", "512");
	is_int(k->groups_said, 0, "a value that is written again is not told");
	set_group("red", "weight", NULL);
	is_int(conf->tx.weight, 256, "a key of a group that is removed has its default");
	set_group("red", "", NULL);
	ok(group("red") && conf->tx.max_bps == 0, "a group that is named outlives its keys");
	set(1, KEY_BACK_GROUP, "");
	ok(!group("red"), "a group without keys ends when nobody names it");
	desk_free(k);
}

static void test_stays(void)
{
	begin(1);
	set(1, KEY_BACK_GROUP, "red");
	set_group("red", "weight", "512");
	set(1, KEY_BACK_GROUP, "");
	ok(group("red"), "a group with a key stays when nobody names it");
	set_group("red", "weight", NULL);
	ok(!group("red"), "a group ends with its last key");
	ok(!store_read(path("red", "")), "the directory of a group that ended is removed");
	set_group("bad name", "weight", "7");
	ok(TAILQ_EMPTY(&k->c.groups.all), "a directory that is no group's name is no group");
	store_write(path("red", "weight"), "7");
	store_write(path("blue", "weight"), "8");
	desk_lose_events(k);
	k->c.due.groups = true;
	desk_turn(k);
	ok(group("red") && group("blue") && group("red")->settings.weight == 7,
	   "the groups that are there when the daemon starts are found");
	store_remove(k->c.uplink_dir);
	desk_turn(k);
	ok(TAILQ_EMPTY(&k->c.groups.all), "groups end with the directory of their uplink");
	desk_free(k);
}

static void test_bad_keys(void)
{
	static const struct {
		const char *key, *good, *bad;
	} rows[] = {
		{"weight", "100", "0"},	    {"weight", "100", "banana"},
		{"weight", "100", "65536"}, {"tx-min", "1000", "1mbit"},
		{"tx-max", "1000", "-1"},   {"rx-min", "1000", ""},
		{"rx-max", "1000", "1 2"},  {"tx-min", "900", "1001"}, /* over tx-max */
		{"tx-max", "1000", "899"},
	};
	struct group_settings before;

	begin(1);
	set(1, KEY_BACK_GROUP, "red");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *key = rows[i].key, *bad = rows[i].bad;

		set_group("red", key, rows[i].good);
		before = group("red")->settings;
		k->groups_said = 0;
		set_group("red", key, bad);
		ok(memcmp(&before, &group("red")->settings, sizeof(before)) == 0 &&
			   k->groups_said == 0,
		   "a group's %s \"%s\" changes nothing", key, bad);
		ok(strstr(group_error("red"), strstr(key, "-max") ? "tx-m" : key) ||
			   strstr(group_error("red"), key),
		   "a group's %s \"%s\" is named: %s", key, bad, group_error("red"));
		is_str(error(1), "", "a group's %s \"%s\" is no error of its devices", key, bad);
		set_group("red", key, rows[i].good);
		is_str(group_error("red"), "", "a group's %s that is mended clears the error", key);
	}
	desk_free(k);
}

static void test_old_error(void)
{
	begin(0);
	store_write(path("red", "weight"), "7");
	store_write(path("red", "error"), "of an earlier daemon");
	desk_turn(k);
	is_str(group_error("red"), "", "the error that an earlier daemon left is cleared");
	desk_free(k);
}

/* --- numbers -----------------------------------------------------------------------------------
 */

static void test_numbers(void)
{
	char name[16];

	begin(1);
	for (unsigned i = 0; i < SCHED_GROUPS; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		store_write(path(name, "weight"), "7");
	}
	desk_turn(k);
	ok(group("g0")->id != LDP_GROUP_NONE, "the first of 1024 groups has a number");
	set(1, KEY_BACK_GROUP, "late");
	ok(strstr(error(1), "group late: this uplink has 1024 groups, no more fit"),
	   "a group beyond 1024 is an error: %s", error(1));
	is_int(told(1), LDP_GROUP_NONE, "a device in a group beyond 1024 runs without one");
	set_group("late", "tx-min", "90000000");
	ok(strstr(group_error("late"), "no more fit"), "the keys of such a group say so: %s",
	   group_error("late"));
	set_group("g7", "weight", NULL);
	is_str(error(1), "", "a number that is given back clears the error");
	ok(told(1) != LDP_GROUP_NONE, "a number that is given back goes to the next group");
	is_str(group_error("late"), "", "the group's keys are in force then");
	is_int(k->group[1].group.conf.tx.min_bps, 90000000,
	       "the minimum of the group is told then");
	desk_free(k);
}

/* --- minima ------------------------------------------------------------------------------------
 */

static void test_members(void)
{
	begin(3);
	set_group("red", "tx-min", "50000000");
	set(1, KEY_BACK_GROUP, "red");
	set(2, KEY_BACK_GROUP, "red");
	set(1, KEY_BACK_TX_MIN, "30000000");
	set(2, KEY_BACK_TX_MIN, "20000000");
	is_str(error(2), "", "minima of devices fit in their group's");
	set(2, KEY_BACK_TX_MIN, "20000001");
	ok(strstr(error(2), "tx-min 20000001: the minima in group red would sum to 50000001, 1 "
			    "more than its own tx-min"),
	   "minima beyond their group's are refused: %s", error(2));
	is_int(desk_device(k, 2)->settings.tx_min, 20000000, "the old minimum stays");
	set(3, KEY_BACK_TX_MIN, "45000000");
	is_str(error(3), "", "a group's minimum counts once, not those of its devices");
	set(3, KEY_BACK_TX_MIN, "45000001");
	ok(strstr(error(3), "would sum to 95000001"), "the uplink's minima have groups': %s",
	   error(3));
	set_group("red", "tx-min", "49999999");
	ok(strstr(group_error("red"), "tx-min 49999999: less than the minima of the devices in "
				      "the group, which sum to 50000000"),
	   "a group's minimum below those of its devices is refused: %s", group_error("red"));
	set_group("red", "tx-min", "60000000");
	ok(strstr(group_error("red"), "would sum to 10"),
	   "a group's minimum beyond the uplink's capacity is refused: %s", group_error("red"));
	set(3, KEY_BACK_TX_MIN, "0");
	is_str(group_error("red"), "", "what was refused fits when others give their minimum back");
	is_str(error(2), "", "a device's minimum fits when its group's grows");
	is_int(group("red")->settings.tx_min, 60000000, "a minimum that fits later is in force");
	desk_free(k);
}

static void test_without_own(void)
{
	begin(2);
	set(1, KEY_BACK_GROUP, "red");
	set(1, KEY_BACK_RX_MIN, "60000000");
	set(2, KEY_BACK_RX_MIN, "35000001");
	ok(strstr(error(2), "would sum to 95000001"),
	   "in a group without a minimum a device's own counts: %s", error(2));
	set_group("red", "rx-min", "59999999");
	ok(strstr(group_error("red"), "less than the minima"),
	   "a first minimum of a group must have room for its devices': %s", group_error("red"));
	set_group("red", "rx-min", "60000000");
	is_str(group_error("red"), "", "a first minimum that is enough is admitted");
	set_group("red", "rx-min", "0");
	is_int(desk_device(k, 1)->settings.rx_min, 60000000,
	       "without the group's minimum a device's own counts again");
	desk_free(k);
}

static void test_more_room(void)
{
	begin(2);
	set_group("red", "tx-min", "30000000");
	set(1, KEY_BACK_GROUP, "red");
	set(1, KEY_BACK_TX_MIN, "40000000");
	ok(strstr(error(1), "in group red"), "a minimum waits for room in its group: %s", error(1));
	set_group("red", "tx-min", "50000000");
	is_str(error(1), "", "a minimum is tried again when its group's grows");
	desk_said(k);
	is_int(k->configured.conf.tx.min_bps, 40000000, "a minimum that fits later is told");
	desk_free(k);
}

static void test_move(void)
{
	begin(2);
	set_group("red", "tx-min", "50000000");
	set_group("blue", "tx-min", "20000000");
	set(1, KEY_BACK_GROUP, "red");
	set(1, KEY_BACK_TX_MIN, "30000000");
	set(1, KEY_BACK_GROUP, "blue");
	ok(strstr(error(1), "group \"blue\" with tx-min 30000000: the minima in group blue would "
			    "sum to 30000000"),
	   "a device whose minimum does not fit in another group stays: %s", error(1));
	ok(desk_device(k, 1)->group == group("red"), "the old group stays in force");
	set(1, KEY_BACK_GROUP, "");
	ok(strstr(error(1), "would sum to 100000000"),
	   "a device whose minimum does not fit in the uplink does not leave: %s", error(1));
	desk_write(1, KEY_BACK_TX_MIN, "20000000");
	set(1, KEY_BACK_GROUP, "blue");
	is_str(error(1), "", "a device moves with a minimum that fits");
	ok(desk_device(k, 1)->group == group("blue"), "the new group is in force");
	desk_write(2, KEY_BACK_TX_MIN, "10000000");
	set(2, KEY_BACK_GROUP, "blue");
	ok(desk_device(k, 2)->group == group("blue") && desk_device(k, 2)->settings.tx_min == 0,
	   "a new minimum that does not fit does not keep a device out of a group");
	ok(strstr(error(2), "tx-min 10000000: "), "such a minimum is named: %s", error(2));
	desk_free(k);
}

static void test_scaled(void)
{
	begin(1);
	set_group("red", "tx-min", "90000000");
	k->c.link.conf.signal = true;
	k->c.probe.estimate_bps = 50 * MBIT;
	desk_turn(k);
	ok(strstr(group_error("red"), "tx-min is scaled down"),
	   "a group's minimum says that it is scaled down: %s", group_error("red"));
	is_str(error(1), "", "a device without a minimum does not");
	k->c.probe.estimate_bps = 200 * MBIT;
	desk_turn(k);
	is_str(group_error("red"), "", "it says so no more when the link carries it");
	desk_free(k);
}

static void test_sums(void)
{
	struct group_sums sum;

	begin(3);
	set(1, KEY_BACK_GROUP, "red");
	set(2, KEY_BACK_GROUP, "red");
	set_group("red", "weight", "100");
	set_group("red", "tx-min", "7000");
	set(1, KEY_BACK_TX_MIN, "4000");
	set(3, KEY_BACK_TX_MIN, "500");
	set(3, KEY_BACK_WEIGHT, "10");
	set_group("idle", "weight", "9999");
	sum = control_group_sums(&k->c, LDP_TX);
	is_int(sum.weights, 110, "a group's weight counts in place of its devices'");
	is_int(sum.minima_bps, 7500, "a group's minimum counts in place of its devices'");
	desk_free(k);
}

int main(void)
{
	test_named();
	test_connects();
	test_order();
	test_bad_name();
	test_ends();
	test_keys();
	test_stays();
	test_bad_keys();
	test_old_error();
	test_numbers();
	test_members();
	test_without_own();
	test_more_room();
	test_move();
	test_scaled();
	test_sums();
	return done_testing();
}
