/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest's devices become when the guest ends or comes back while the daemon is away. */
#include "backend/control/control_take_over.h"
#include "tests/unit/kept_guest.h"

#define DESK_SAVED \
	"/local/domain/0/data/dmvl/" DESK_UPLINK "/saved/01010000-0000-0000-0000-000000000000"

/* Destroyed, and created as the same domain, before the daemon looks. */
static void test_same_domid(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_turn(k);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	store_remove("/local/domain/1");
	desk_boot(1, 1);
	desk_turn(k);
	ok(is_back(1) && store_read(desk_dir(1, SCHEMA_FRONT)),
	   "a guest that is created again with the same domid has its device");
	store_remove(desk_dir(1, SCHEMA_FRONT));
	desk_turn(k);
	ok(!store_read(desk_dir(1, SCHEMA_FRONT)), "it is not made again without end");
	desk_pass(k, DESK_SEC);
	ok(store_read(desk_dir(1, SCHEMA_FRONT)), "but once a second");
	desk_free(k);
}

static void test_away(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_end(1);
	desk_boot(9, 1);
	restart();
	ok(!store_read(desk_dir(1, SCHEMA_BACK)), "nodes of a guest that is gone are removed");
	ok(is_back(9), "a guest that came back while the daemon was away has its device");
	desk_end(9);
	desk_boot(11, 1);
	restart();
	ok(is_back(11), "the same holds once more");
	desk_write(11, KEY_BACK_ERROR, "cannot map the rings");
	restart();
	is_str(desk_read(11, KEY_BACK_ERROR), "", "an error of the daemon before is cleared");
	desk_free(k);

	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_boot(1, 4);
	restart();
	ok(!desk_device(k, 1), "another guest with the same domid does not get the device");
	ok(has("weight = 33"), "the guest that had the domid before is remembered");
	desk_free(k);
}

/* Nodes that an earlier version made do not say whose they are. */
static void test_earlier_version(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_GUEST_UUID, NULL);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_GUEST_UUID), "01010000-0000-0000-0000-000000000000",
	       "a device that an earlier version attached is told apart from now on");
	desk_free(k);
}

static void test_taken_over(void)
{
	k = desk_new();
	store_write(DESK_SAVED "/0/weight", "33");
	store_write(DESK_SAVED "/0/tx-max", "7000000");
	store_write(DESK_SAVED "/0/mac", "00:16:3e:00:00:01");
	store_write(DESK_SAVED "/0/uplink", DESK_UPLINK);
	store_write(DESK_SAVED "/0/vlan", "");
	control_take_over(&k->c);
	ok(has("weight = 33\n") && !has("vlan"), "what an earlier version kept is taken over");
	ok(!store_read(DESK_SAVED "/0/weight"), "what was taken over is gone from xenstore");
	again(9);
	ok(is_back(9), "a guest gets back what an earlier version kept");
	desk_free(k);

	/* What cannot be removed is found again at each start. */
	begin();
	store_write(DESK_SAVED "/0/weight", "44");
	store_deny("/local/domain/0/data/dmvl/" DESK_UPLINK "/saved");
	control_take_over(&k->c);
	ok(has("weight = 33\n"),
	   "what is remembered is not replaced by what an earlier version kept");
	ok(store_read(DESK_SAVED "/0/weight"), "what cannot be removed stays in xenstore");
	store_deny(NULL);
	control_take_over(&k->c);
	ok(!store_read(DESK_SAVED "/0/weight"), "it goes when it can be removed");
	desk_free(k);
}

int main(void)
{
	test_away();
	test_earlier_version();
	test_taken_over();
	test_same_domid();
	return done_testing();
}
