/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of the uplink that xenstore does not tell: what is in force stays, and they are read again.
 */
#include <errno.h>
#include <string.h>

#include "backend/control/control_key.h"
#include "backend/control/control_uplink.h"
#include "backend/control/control_verdict.h"
#include "backend/frame/frame_cost.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define READS_MAX 12 /* control_load_link() makes fewer calls before it writes */

static struct desk *k;

static const char *path_of(enum schema_key key)
{
	static char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), k->c.uplink_dir, key);
	return path;
}

static const struct {
	enum schema_key key;
	const char *value;
} set[] = {
	{KEY_UPLINK_TX_CAPACITY, "100000000"}, {KEY_UPLINK_RX_CAPACITY, "200000000"},
	{KEY_UPLINK_FRAME_COST, "24"},	       {KEY_UPLINK_SWITCH, "off"},
	{KEY_UPLINK_FLOOD_RATE, "77"},	       {KEY_UPLINK_FLOOD_MAX, "3000000"},
	{KEY_UPLINK_HOST_WEIGHT, "7"},	       {KEY_UPLINK_HOST_MIN, "4000000"},
	{KEY_UPLINK_HOST_MAX, "50000000"},
};

static void begin(void)
{
	k = desk_new();
	k->c.now_ns = DESK_SEC;
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		store_write(path_of(set[i].key), set[i].value);
	control_load_link(&k->c);
	desk_said(k);
}

static bool is_in_force(void)
{
	const struct link_conf *l = &k->c.link.conf;

	return l->tx_capacity_bps == 100000000 && l->rx_capacity_bps == 200000000 &&
	       l->frame_cost_bytes == 24 && l->sw == SWITCH_OFF && l->flood_rate == 77 &&
	       l->flood_max_bps == 3000000 && k->c.host.weight == 7 &&
	       k->c.host.min_bps == 4000000 && k->c.host.max_bps == 50000000;
}

static void load_without_xenstore(unsigned calls)
{
	store_fail_later(EIO, calls);
	control_load_link(&k->c);
	store_fail(0);
}

static void test_values_stay(void)
{
	unsigned lost = 0, again = 0;

	begin();
	ok(is_in_force(), "all keys are in force");
	ok(control_key_again_ns(&k->c) == UINT64_MAX, "nothing is read again if all could be read");
	for (unsigned calls = 0; calls < READS_MAX; calls++) {
		load_without_xenstore(calls);
		lost += !is_in_force();
		again += control_key_again_ns(&k->c) != UINT64_MAX;
		control_load_link(&k->c);
		k->c.now_ns += DESK_SEC;
		control_key_step(&k->c);
	}
	is_int(lost, 0, "whichever key cannot be read, all stay in force");
	ok(again >= READS_MAX - 3, "keys that could not be read are read again (%u)", again);
	desk_free(k);
}

static void test_missing(void)
{
	begin();
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		store_remove(path_of(set[i].key));
	load_without_xenstore(0);
	ok(is_in_force(), "missing keys that cannot be read stay in force");
	control_key_step(&k->c);
	ok(!k->c.due.probe, "they are not read again at once");
	k->c.now_ns += DESK_SEC;
	control_key_step(&k->c);
	ok(k->c.due.link && k->c.due.probe, "they are read again soon");
	control_load_link(&k->c);
	is_int(k->c.link.conf.frame_cost_bytes, FRAME_COST_AUTO, "a missing frame-cost is auto");
	is_int(k->c.link.conf.sw, SWITCH_LOCAL, "a missing switch is local");
	is_int(k->c.host.max_bps, 0, "a missing host-max is none");
	ok(control_key_again_ns(&k->c) == UINT64_MAX, "keys that are missing are read");
	desk_free(k);
}

static void test_no_text(void)
{
	begin();
	store_write_bytes(path_of(KEY_UPLINK_FLOOD_RATE),
			  "7\0"
			  "7",
			  3);
	control_load_link(&k->c);
	is_int(k->c.link.conf.flood_rate, 77, "a value with a NUL changes nothing");
	ok(strstr(store_read(path_of(KEY_UPLINK_ERROR)), "flood-rate: not a text"),
	   "the uplink's error names it");
	ok(control_key_again_ns(&k->c) == UINT64_MAX, "it is not read again");
	desk_free(k);
}

/* Whoever changed a key must not be told that all is well before it was read. */
static void test_verdict(void)
{
	begin();
	store_write(path_of(KEY_UPLINK_JUDGE), "0000000000000007");
	load_without_xenstore(2);
	control_verdict_step(&k->c);
	ok(store_read(path_of(KEY_UPLINK_JUDGE)), "who asks is not answered while a key is unread");
	k->c.now_ns += DESK_SEC;
	control_key_step(&k->c);
	control_load_link(&k->c);
	control_verdict_step(&k->c);
	ok(!store_read(path_of(KEY_UPLINK_JUDGE)), "who asks is answered when all keys were read");
	desk_free(k);
}

int main(void)
{
	test_values_stay();
	test_missing();
	test_no_text();
	test_verdict();
	return done_testing();
}
