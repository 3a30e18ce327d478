/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings of a device while it is connected: what reaches the frame loop, what keeps its old
 * value and says why, and a device that belongs to another daemon.
 */
#include <errno.h>

#include "backend/control/device.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

static struct desk *k;

static const char *error(void)
{
	const char *text = desk_read(1, KEY_BACK_ERROR);

	return text ? text : "";
}

static void set(enum schema_key key, const char *value)
{
	desk_write(1, key, value);
	desk_turn(k);
}

static void begin(void)
{
	k = desk_new();
	desk_connect(k, 1);
}

static void test_live(void)
{
	const struct ldp_conf *conf;

	begin();
	conf = &k->configured.conf;
	set(KEY_BACK_WEIGHT, "512");
	is_str(desk_said(k), "C", "a weight that changed is told to the frame loop");
	ok(conf->tx.weight == 512 && conf->rx.weight == 512, "a weight is of both directions");
	set(KEY_BACK_RX_MAX, "9000000");
	is_str(desk_said(k), "C", "a limit that changed is told to the frame loop");
	ok(conf->rx.max_bps == 9000000 && conf->tx.max_bps == 0, "a limit is of its direction");
	set(KEY_BACK_SPOOF_CHECK, "0");
	set(KEY_BACK_ALLOWED_IP, "10.0.0.1");
	is_str(desk_said(k), "CC", "each change is told to the frame loop");
	ok(!conf->spoof_check && conf->allowed.n == 1, "rules of frames are told too");
	set(KEY_BACK_WEIGHT, "512");
	is_str(desk_said(k), "", "a value that is written again is not told");
	set(KEY_BACK_WEIGHT, NULL);
	is_str(desk_said(k), "C", "a key that is removed is told");
	is_int(conf->tx.weight, 256, "a key that is removed has its default");
	desk_free(k);
}

static void test_reconnect(void)
{
	const struct ldp_conf *conf;

	begin();
	conf = &k->configured.conf;
	set(KEY_BACK_MTU, "9000");
	set(KEY_BACK_MAC, "00:16:3e:00:00:77");
	set(KEY_BACK_WEIGHT, "1");
	desk_said(k);
	ok(conf->mtu == 1500 && conf->mac[5] == 1, "MAC and MTU stay while a device is connected");
	is_int(conf->tx.weight, 1, "other settings change while a device is connected");
	desk_failed(k, 0, NULL);
	desk_said(k);
	desk_deleted(k, 0);
	set(KEY_FRONT_STATE, "6");
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "the device is connected a second time");
	ok(k->added.conf.mtu == 9000 && k->added.conf.mac[5] == 0x77,
	   "the next connection has the new MAC and MTU");
	desk_free(k);
}

static const struct bad {
	enum schema_key key;
	const char *good, *bad;
} bad[] = {
	{KEY_BACK_WEIGHT, "100", "0"},
	{KEY_BACK_TX_MIN, "1000", "fast"},
	{KEY_BACK_TX_MAX, "1000", "-1"},
	{KEY_BACK_RX_MIN, "1000", "10000000000000"},
	{KEY_BACK_RX_MAX, "1000", "1e9"},
	{KEY_BACK_TX_BURST, "5000", ""},
	{KEY_BACK_RX_BURST, "5000", "5k"},
	{KEY_BACK_LATENCY, "low", "lowest"},
	{KEY_BACK_FLOOD_RATE, "5", "1000001"},
	{KEY_BACK_SPOOF_CHECK, "0", "no"},
	{KEY_BACK_OFFLOAD_CSUM, "0", "off"},
	{KEY_BACK_OFFLOAD_TSO, "0", "2"},
	{KEY_BACK_OFFLOAD_USO, "0", ""},
	{KEY_BACK_ALLOWED_IP, "10.0.0.1", "10.0.0.256"},
	{KEY_BACK_ALLOWED_MAC, "02:00:00:00:00:0a", "02:00:00:00:00:0a any"},
	{KEY_BACK_CONTROL_FRAMES, "1", "lldp"},
	{KEY_BACK_GUEST_SERVICES, "1", "2"},
	{KEY_BACK_VLAN, "10,20-30", "30-20"},
	{KEY_BACK_MTU, "9000", "67"},
	{KEY_BACK_UPLINK, DESK_UPLINK, "../other"},
	{KEY_BACK_GROUP, "red", "../red"},
};

static void test_bad(const struct bad *row)
{
	const char *name = schema_name(row->key);
	struct ldp_settings before;

	begin();
	set(row->key, row->good);
	desk_said(k);
	before = desk_device(k, 1)->settings;
	set(row->key, row->bad);
	is_str(desk_said(k), "", "a bad %s is not told to the frame loop", name);
	ok(memcmp(&before, &desk_device(k, 1)->settings, sizeof(before)) == 0,
	   "a bad %s keeps the old value", name);
	ok(strncmp(error(), name, strlen(name)) == 0, "a bad %s names itself: %s", name, error());
	is_int(desk_state(1), 4, "a bad %s does not end the connection", name);
	set(row->key, row->good);
	is_str(error(), "", "a good %s clears the error", name);
	desk_free(k);
}

static void test_bad_together(void)
{
	begin();
	desk_write(1, KEY_BACK_FLOOD_RATE, "many");
	desk_write(1, KEY_BACK_WEIGHT, "heavy");
	desk_write(1, KEY_BACK_RX_MAX, "9000000");
	desk_turn(k);
	ok(strncmp(error(), "weight ", 7) == 0, "the first of two bad settings is named");
	is_str(desk_said(k), "C", "good settings are told beside bad ones");
	is_int(k->configured.conf.rx.max_bps, 9000000, "a good setting counts beside bad ones");
	set(KEY_BACK_WEIGHT, "5");
	ok(strncmp(error(), "flood-rate ", 11) == 0, "the next bad setting is named then");
	desk_free(k);

	begin();
	desk_write(1, KEY_BACK_TX_MIN, "2000000");
	desk_write(1, KEY_BACK_TX_MAX, "1000000");
	desk_turn(k);
	is_str(desk_said(k), "", "a minimum beyond the maximum is not told to the frame loop");
	ok(strstr(error(), "tx-min"), "a minimum beyond the maximum is named: %s", error());
	desk_free(k);
}

static void test_fault_and_bad(void)
{
	begin();
	desk_failed(k, 0, "credit from a guest");
	desk_deleted(k, 0);
	set(KEY_BACK_WEIGHT, "heavy");
	ok(strncmp(error(), "weight ", 7) == 0, "a bad setting goes before a failed connection");
	set(KEY_BACK_WEIGHT, "5");
	is_str(error(), "credit from a guest", "a failed connection is told until the next one");
	desk_free(k);
}

static void test_other_uplink(void)
{
	begin();
	set(KEY_BACK_UPLINK, "other");
	desk_pass(k, 10 * DESK_SEC);
	ok(!strchr(desk_said(k), 'D') && desk_state(1) == 4,
	   "a device keeps its daemon when its key uplink changes");
	desk_free(k);

	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_SERVED_BY, "other");
	desk_turn(k);
	is_int(desk_state(1), 1, "a device that another daemon serves is left to it");
	desk_free(k);

	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_UPLINK, "other");
	desk_write(1, KEY_BACK_WEIGHT, "heavy");
	desk_turn(k);
	is_int(desk_state(1), 1, "the device of another daemon is left alone");
	ok(!desk_read(1, KEY_BACK_ERROR), "the errors of another daemon's device are its own");
	desk_free(k);
}

static void test_xenstore_fails(void)
{
	begin();
	desk_write(1, KEY_BACK_WEIGHT, "9");
	desk_look(k);
	desk_said(k);
	desk_write(1, KEY_BACK_WEIGHT, "8");
	device_mark(desk_device(k, 1), DEVICE_READ);
	store_fail(EIO);
	desk_look(k);
	store_fail(0);
	is_str(desk_said(k), "", "a device stays as it is when xenstore cannot be read");
	ok(desk_device(k, 1) && desk_device(k, 1)->settings.weight == 9,
	   "settings stay when xenstore cannot be read");
	desk_turn(k);
	is_int(desk_device(k, 1)->settings.weight, 8, "settings are read at the next event");
	desk_free(k);
}

/* The frame loop knows the address of a device from its attaching to its end. */
static void test_owner(void)
{
	const struct msg *on, *off;

	k = desk_new();
	on = &k->owner[1];
	off = &k->owner[0];
	desk_attach(k, 1);
	desk_turn(k);
	desk_said(k);
	ok(on->owner.mac[5] == 1 && on->owner.guest == 1,
	   "the address of a device is told before it connects");
	set(KEY_BACK_MAC, "00:16:3e:00:00:77");
	desk_said(k);
	ok(off->owner.mac[5] == 1 && on->owner.mac[5] == 0x77, "an address that changes is told");
	k->owner[0].owner.mac[5] = 0;
	desk_write(1, KEY_BACK_MAC, "banana");
	desk_turn(k);
	desk_said(k);
	is_int(off->owner.mac[5], 0, "an address stays when the next one is malformed");
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_turn(k);
	desk_said(k);
	is_int(off->owner.mac[5], 0x77, "the address of a device that goes is withdrawn");
	desk_free(k);
}

static void test_trouble(void)
{
	begin();
	device_trouble(&k->c, desk_device(k, 1), "an address keeps moving", false);
	is_str(error(), "an address keeps moving", "what the frame loop says shows in error");
	set(KEY_BACK_WEIGHT, "heavy");
	ok(strncmp(error(), "weight ", 7) == 0, "a bad setting goes before what moves");
	set(KEY_BACK_WEIGHT, "5");
	is_str(error(), "an address keeps moving", "what moves shows when the setting is mended");
	device_trouble(&k->c, desk_device(k, 1), "", false);
	is_str(error(), "", "what is over is cleared");
	device_trouble(&k->c, desk_device(k, 1), "it is dropped", true);
	is_str(error(), "it is dropped, and allowed-mac does not list it",
	       "the key that would allow it is named");
	device_trouble(&k->c, desk_device(k, 1), "an address keeps moving", false);
	desk_failed(k, 0, NULL);
	desk_deleted(k, 0);
	desk_turn(k);
	is_str(error(), "", "what moved is over when the device disconnects");
	desk_free(k);
}

int main(void)
{
	test_live();
	test_reconnect();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_bad(&bad[i]);
	test_bad_together();
	test_fault_and_bad();
	test_other_uplink();
	test_xenstore_fails();
	test_owner();
	test_trouble();
	return done_testing();
}
