/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events of xenstore make the control thread look at what, and which devices it finds. */
#include "backend/control/control_find.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

static struct desk *k;

static unsigned known(void)
{
	const struct device *d;
	unsigned n = 0;

	TAILQ_FOREACH(d, &k->c.devices.all, next)
		n++;
	return n;
}

/* --- what is looked at -------------------------------------------------------------------------
 */

/* Somebody writes a key of device 1: is it looked at? Its bucket of looks knows when it was. */
static bool looks_at(enum schema_key key, const char *value)
{
	desk_pass(k, DESK_SEC);
	desk_write(1, key, value);
	desk_look(k);
	return desk_device(k, 1)->looks.last_ns == k->c.now_ns;
}

static void test_keys(void)
{
	k = desk_new();
	desk_connect(k, 1);
	ok(looks_at(KEY_BACK_WEIGHT, "7"), "an operator's key is looked at");
	ok(looks_at(KEY_BACK_STATE, "4"), "a state of the backend is looked at");
	ok(looks_at(KEY_FRONT_STATE, "4"), "a state of the guest is looked at");
	ok(!looks_at(KEY_BACK_CREDIT, "7"), "a key that the backend writes wakes nobody");
	ok(!looks_at(KEY_BACK_ERROR, "x"), "an error that the backend writes wakes nobody");
	ok(!looks_at(KEY_FRONT_RING_ORDER, "13"), "what else a guest writes wakes nobody");
	desk_free(k);
}

static bool link_is_due(enum schema_key key)
{
	char path[SCHEMA_PATH_MAX];

	k->c.due.link = false;
	schema_key_path(path, sizeof(path), k->c.uplink_dir, key);
	store_write(path, "1");
	desk_look(k);
	return k->c.due.link;
}

static void test_uplink(void)
{
	k = desk_new();
	ok(link_is_due(KEY_UPLINK_TX_CAPACITY), "an operator's key of the uplink is looked at");
	ok(!link_is_due(KEY_UPLINK_LOG_OFFSET), "a key of the uplink that is announced is not");
	store_remove(k->c.uplink_dir);
	desk_look(k);
	ok(k->c.due.link, "the removal of the uplink's directory is looked at");
	desk_free(k);
}

/* --- what is found -----------------------------------------------------------------------------
 */

static void test_find(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_attach(k, 7);
	store_write("/local/domain/0/backend/dmvl/x/0/state", "1");
	store_write("/local/domain/0/backend/dmvl/3/y/state", "1");
	store_write("/local/domain/0/backend/dmvl/99999/0/state", "1");
	desk_turn(k);
	is_int(known(), 2, "directories that name no device are none");
	control_find_devices(&k->c);
	is_int(known(), 2, "devices that are known are not found a second time");
	ok(desk_device(k, 7)->unread, "devices that are known are read again");
	desk_free(k);
}

/* The daemon starts: nothing of it is known yet, and no event has come. */
static void start(void)
{
	control_find_devices(&k->c);
	control_sweep_orphans(&k->c);
}

static void test_orphans(void)
{
	k = desk_new();
	for (unsigned domid = 1; domid <= 4; domid++)
		desk_attach(k, domid);
	store_remove(desk_dir(2, SCHEMA_FRONT));
	store_remove(desk_dir(3, SCHEMA_FRONT));
	desk_write(3, KEY_BACK_UPLINK, "other");
	hyp_domain(4)->exists = false;
	start();
	ok(desk_device(k, 1), "a device with both halves stays at the daemon's start");
	ok(!desk_device(k, 2) && !store_read(desk_dir(2, SCHEMA_BACK)),
	   "a device without the guest's half is removed at the daemon's start");
	ok(!desk_device(k, 3) && store_read(desk_dir(3, SCHEMA_BACK)),
	   "a device of another daemon is left to it at the daemon's start");
	ok(!desk_device(k, 4) && !store_read(desk_dir(4, SCHEMA_BACK)),
	   "a device of a domain that is gone is removed at the daemon's start");
	desk_free(k);
}

int main(void)
{
	test_keys();
	test_uplink();
	test_find();
	test_orphans();
	return done_testing();
}
