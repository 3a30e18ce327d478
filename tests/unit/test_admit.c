/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Would a device that might come be admitted? What dmvl-back answers, and that nothing changes. */
#include "backend/policy/admission.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"
#include "xenstore-schema/xskey.h"

#define MBIT   1000000ull
#define NUMBER "0123456789abcdef"

static struct desk *k;
static struct admission said;

static void begin(uint64_t tx_capacity_bps, uint64_t rx_capacity_bps)
{
	k = desk_new();
	k->c.link.conf.tx_capacity_bps = tx_capacity_bps;
	k->c.link.conf.rx_capacity_bps = rx_capacity_bps;
	k->c.link.conf.signal = true;
	desk_connect(k, 1);
	desk_connect(k, 2);
}

static void set(unsigned domid, enum schema_key key, const char *value)
{
	desk_write(domid, key, value);
	desk_turn(k);
}

static void set_group(enum schema_key key, const char *value)
{
	char dir[SCHEMA_PATH_MAX];

	schema_group_dir(dir, sizeof(dir), k->c.domid, DESK_UPLINK, "shop");
	xskey_write(k->c.xs, XS_NO_TXN, dir, key, value);
	desk_turn(k);
}

/* False: there is no answer. */
static bool ask(const char *keys)
{
	char text[SCHEMA_VALUE_MAX + 1];

	snprintf(text, sizeof(text), NUMBER "%s", keys);
	xskey_write(k->c.xs, XS_NO_TXN, k->c.uplink_dir, KEY_UPLINK_ADMIT, text);
	desk_turn(k);
	said = (struct admission){0};
	return xskey_read(k->c.xs, XS_NO_TXN, k->c.uplink_dir, KEY_UPLINK_ADMITTED, text,
			  sizeof(text)) > 0 &&
	       admission_parse(text, NUMBER, &said);
}

static bool is_about(uint64_t bps, uint64_t mbit)
{
	return bps > mbit * MBIT - MBIT / 100 && bps < mbit * MBIT + MBIT / 100;
}

static void test_room(void)
{
	char text[SCHEMA_VALUE_MAX + 1];

	begin(100 * MBIT, 200 * MBIT);
	set(1, KEY_BACK_TX_MIN, "60000000");
	ok(ask(" tx-min=35000000 rx-min=190000000"), "a question is answered");
	ok(said.admitted, "minima that fit are admitted: %s", said.error);
	is_int(said.dir[LDP_TX].minima_bps, 95 * MBIT, "its minimum counts beside the others");
	is_int(said.dir[LDP_TX].left_bps, 0, "nothing is left beside 95 %% of the capacity");
	is_int(said.dir[LDP_RX].minima_bps, 190 * MBIT, "reception is counted apart");
	ok(said.dir[LDP_TX].group_left_bps == ADMISSION_NO_LIMIT, "in no group none is left");
	ok(xskey_read(k->c.xs, XS_NO_TXN, k->c.uplink_dir, KEY_UPLINK_ADMIT, text, sizeof(text)) <
		   0,
	   "a question that is answered is removed");

	ok(ask(" tx-min=35000001") && !said.admitted, "a minimum that does not fit is refused");
	ok(strcmp(said.error, "tx-min 35000001: the minima would sum to 95000001, 1 more than 95 "
			      "% of the capacity of 100000000") == 0,
	   "the refusal is that of a device that is attached: %s", said.error);
	is_int(said.dir[LDP_TX].left_bps, 35 * MBIT, "a refusal says what would have fitted");
	ok(ask(" rx-min=190000001") && !said.admitted && strstr(said.error, "rx-min 190000001"),
	   "a minimum of reception is refused alone: %s", said.error);
	set(1, KEY_BACK_TX_MIN, "0");
	ok(ask(" tx-min=95000000") && said.admitted, "a question itself takes no room");
	desk_free(k);
}

static void test_group(void)
{
	begin(100 * MBIT, 0);
	set(1, KEY_BACK_GROUP, "shop");
	set(1, KEY_BACK_TX_MIN, "10000000");
	set_group(KEY_GROUP_TX_MIN, "30000000");
	set(2, KEY_BACK_TX_MIN, "60000000");

	ok(ask(" group=shop tx-min=20000000") && said.admitted,
	   "a minimum within its group's is admitted: %s", said.error);
	is_int(said.dir[LDP_TX].minima_bps, 90 * MBIT, "a group's minimum counts once");
	is_int(said.dir[LDP_TX].group_left_bps, 0, "nothing is left in the group");
	ok(ask(" group=shop tx-min=20000001") && !said.admitted &&
		   strstr(said.error, "the minima in group shop would sum to 30000001, 1 more"),
	   "a minimum beyond its group's is refused: %s", said.error);
	is_int(said.dir[LDP_TX].group_left_bps, 20 * MBIT, "a refusal says what the group has");
	ok(ask(" group=other tx-min=5000000") && said.admitted &&
		   said.dir[LDP_TX].group_left_bps == ADMISSION_NO_LIMIT,
	   "a group that does not exist limits nothing");
	ok(!ask(" group=other tx-min=5000001") || !said.admitted,
	   "in a group that does not exist the uplink's room counts");
	desk_free(k);
}

static void test_measured(void)
{
	begin(0, 0);
	k->c.probe.estimate_bps = 100 * MBIT;
	ok(ask(" tx-min=90000000") && said.admitted && said.dir[LDP_TX].measured,
	   "nothing is refused for a measured capacity");
	is_int(said.dir[LDP_TX].left_bps, 5 * MBIT, "what is left of a measured one is told");
	ok(!said.dir[LDP_TX].scaled, "minima that a measured capacity carries are kept");
	ok(ask(" tx-min=96000000") && said.admitted && said.dir[LDP_TX].scaled,
	   "minima that would be scaled down are admitted, and it is told");
	ok(said.dir[LDP_RX].left_bps == ADMISSION_NO_LIMIT &&
		   said.dir[LDP_RX].would.by == PROSPECT_UNKNOWN,
	   "where no capacity is known, no limit is");
	desk_free(k);
}

static void test_rates(void)
{
	begin(100 * MBIT, 100 * MBIT);
	set(1, KEY_BACK_WEIGHT, "512");
	ok(ask(" weight=256") && is_about(said.dir[LDP_TX].would.bps, 25) &&
		   said.dir[LDP_TX].would.by == PROSPECT_WEIGHT,
	   "by weights 512, 256 and 256 it gets a quarter: %llu",
	   (unsigned long long)said.dir[LDP_TX].would.bps);
	ok(ask(" tx-max=10000000") && is_about(said.dir[LDP_TX].would.bps, 10) &&
		   said.dir[LDP_TX].would.by == PROSPECT_MAX,
	   "its maximum holds");
	ok(ask(" rx-min=50000000") && is_about(said.dir[LDP_RX].would.bps, 50) &&
		   said.dir[LDP_RX].would.by == PROSPECT_MIN,
	   "its minimum holds");
	ok(ask(" tx-min=96000000") && is_about(said.dir[LDP_TX].would.bps, 25),
	   "a minimum that is refused does not");
	set(2, KEY_BACK_TX_MAX, "10000000");
	ok(ask("") && is_about(said.dir[LDP_TX].would.bps, 30), "what others cannot use is shared");
	set(2, KEY_BACK_TX_MAX, "0");
	set(1, KEY_BACK_GROUP, "shop");
	ok(ask(" group=shop weight=512") && is_about(said.dir[LDP_TX].would.bps, 25),
	   "in a group it has its part of the group's part");
	ok(ask(" group=other weight=1") && is_about(said.dir[LDP_TX].would.bps, 33) == false &&
		   said.dir[LDP_TX].would.bps > 33 * MBIT && said.dir[LDP_TX].would.bps < 34 * MBIT,
	   "a group of its own has the weight of a group");
	desk_free(k);
}

static void test_malformed(void)
{
	static const struct {
		const char *keys, *why;
	} bad[] = {
		{" tx-min", "expected KEY=VALUE"}, {" weigth=1", "no key"}, {" weight=0", "weight"},
		{" tx-min=5 tx-max=4", "tx-min"},  {" group=a/b", "group"},
	};

	begin(100 * MBIT, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(ask(bad[i].keys) && !said.admitted && strstr(said.error, bad[i].why),
		   "a malformed question is refused:%s: %s", bad[i].keys, said.error);
	xskey_write(k->c.xs, XS_NO_TXN, k->c.uplink_dir, KEY_UPLINK_ADMIT, " ");
	desk_turn(k);
	ok(xskey_read(k->c.xs, XS_NO_TXN, k->c.uplink_dir, KEY_UPLINK_ADMIT, (char[8]){0}, 8) < 0,
	   "a question without a number is removed");
	desk_free(k);
}

/* Somebody writes what nobody can read: whoever asks next has an answer. */
static void test_unreadable(void)
{
	char text[SCHEMA_VALUE_MAX + 2], path[SCHEMA_PATH_MAX];

	begin(100 * MBIT, 200 * MBIT);
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	must(schema_key_path(path, sizeof(path), k->c.uplink_dir, KEY_UPLINK_ADMIT) >= 0);
	must(xs_conn_write(k->c.xs, XS_NO_TXN, path, text) == 0);
	desk_turn(k);
	ok(!xs_conn_exists(k->c.xs, XS_NO_TXN, path), "a question that cannot be read is removed");
	ok(ask(" tx-min=1000000") && said.admitted, "the next one has an answer");
	desk_free(k);
}

static void test_nothing_changes(void)
{
	struct ldp_settings was;

	begin(100 * MBIT, 0);
	was = desk_device(k, 1)->settings;
	desk_said(k);
	ask(" group=new tx-min=50000000");
	ask(" tx-min=99000000");
	is_str(desk_said(k), "", "a question sends the frame loop nothing");
	ok(memcmp(&was, &desk_device(k, 1)->settings, sizeof(was)) == 0,
	   "a question changes no device");
	ok(TAILQ_EMPTY(&k->c.groups.all), "a question makes no group");
	is_str(desk_read(1, KEY_BACK_ERROR) ? desk_read(1, KEY_BACK_ERROR) : "", "",
	       "a refusal is no device's error");
	desk_free(k);
}

int main(void)
{
	test_room();
	test_group();
	test_measured();
	test_rates();
	test_malformed();
	test_unreadable();
	test_nothing_changes();
	return done_testing();
}
