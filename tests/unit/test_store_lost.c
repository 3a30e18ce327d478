/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstored goes away and comes back, with or without what it knew; and what a driver domain may
 * not do: ask the hypervisor, and remove a guest's directory.
 */
#include <errno.h>

#include "backend/control/control_policy.h"
#include "backend/control/control_store.h"
#include "backend/control/control_uplink.h"
#include "backend/control/control_watch.h"
#include "backend/control/device.h"
#include "backend/policy/policy_parse.h"
#include "backend/xen/nodes.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

static struct desk *k;
static struct uplink_spec spec;

static void begin(void)
{
	k = desk_new();
	k->c.log_path = "";
	k->c.conf.spec = &spec;
	must(control_publish_uplink(&k->c) == 0);
	desk_connect(k, 1);
}

static void come_back(void)
{
	control_store_lost(&k->c);
	ok(control_store_again(&k->c) && !k->c.lost, "there is a xenstored again");
	desk_turn(k);
}

/* --- xenstored -------------------------------------------------------------------------------- */

static void test_unreadable(void)
{
	begin();
	store_fail(EBADF);
	device_mark(desk_device(k, 1), DEVICE_READ);
	desk_look(k);
	store_fail(0);
	is_str(desk_said(k), "", "a device that cannot be read is not taken for removed");
	ok(desk_device(k, 1), "a device that cannot be read stays known");
	desk_free(k);
}

static void test_same(void)
{
	begin();
	desk_attach(k, 2);
	desk_lose_events(k);
	desk_write(1, KEY_BACK_WEIGHT, "77");
	desk_lose_events(k);
	come_back();
	is_str(desk_said(k), "C", "a key that changed while xenstored was away is in force");
	is_int(desk_state(1), 4, "a connected device stays connected when xenstored is back");
	is_int(desk_state(2), 2, "a device that was attached while xenstored was away is offered");
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	is_str(desk_said(k), "D", "states are watched when xenstored is back");
	desk_free(k);
}

/* At any moment of a look at a device. */
static void test_breaks(void)
{
	unsigned ended = 0;

	for (unsigned calls = 0; calls < 80; calls++) {
		begin();
		desk_write(1, KEY_BACK_WEIGHT, "5");
		store_fail_later(EIO, calls);
		desk_look(k);
		ended += strchr(desk_said(k), 'D') || !desk_device(k, 1);
		store_fail(0);
		desk_free(k);
	}
	is_int(ended, 0, "a connection to xenstored that breaks ends no device");
}

static void test_empty(void)
{
	begin();
	control_store_lost(&k->c);
	store_clear();
	ok(control_store_again(&k->c), "there is another xenstore");
	desk_turn(k);
	desk_pass(k, 60 * DESK_SEC);
	is_str(desk_said(k), "", "a connected device is served though another xenstore lacks it");
	ok(!store_read(desk_dir(1, SCHEMA_BACK)), "nothing is written for a device that it lacks");
	hyp_domain(1)->exists = false;
	store_fire("@releaseDomain");
	desk_turn(k);
	is_str(desk_said(k), "D", "a device that xenstore lacks ends with its guest");
	desk_deleted(k, 0);
	ok(!desk_device(k, 1), "a device that xenstore lacks is forgotten with its guest");
	desk_free(k);
}

/* A device that was detached without this daemon's knowledge, in the same xenstore. */
static void test_detached(void)
{
	begin();
	nodes_remove(k->c.xs, 0, 1, 0, NULL);
	desk_lose_events(k);
	come_back();
	is_str(desk_said(k), "D", "a device that was detached while xenstored was away goes");
	desk_deleted(k, 0);
	desk_turn(k);
	ok(!desk_device(k, 1) && !desk_read(1, KEY_BACK_STATE),
	   "it does not come back when xenstored does");
	desk_free(k);
}

#define LINK "/local/domain/0/data/dmvl/" DESK_UPLINK

/* Guests 2 and 3 are attached by the policy; then the operator sets the one, and detaches the
 * other.
 */
static void begin_policy(void)
{
	static const char text[] = "[guest2]\nweight = 7\n[guest3]\n[late]\n"
				   "[uplink " DESK_UPLINK "]\nhost-weight = 5\n"
				   "[group a]\nweight = 6\n";

	begin();
	k->c.policy.now = k->c.policy.now ? k->c.policy.now : policy_new();
	must(policy_parse(k->c.policy.now, "p", text, strlen(text), NULL, NULL) == 0);
	k->c.policy.started = false;
	desk_boot(2, 2);
	desk_boot(3, 3);
	desk_boot(4, 4);
	desk_turn(k);
	must(desk_state(2) == 2 && desk_state(3) == 2);
	is_str(store_read(LINK "/host-weight"), "5", "the policy's key of the uplink is written");
	store_write(LINK "/host-weight", "9");
	store_write(LINK "/groups/a/weight", "10");
	desk_write(2, KEY_BACK_WEIGHT, "8");
	nodes_remove(k->c.xs, 0, 3, 0, NULL);
	desk_turn(k);
}

static void test_policy_same(void)
{
	begin_policy();
	come_back();
	is_str(store_read(LINK "/host-weight"), "9",
	       "a key of the uplink stays as it was set when xenstored is back");
	is_str(store_read(LINK "/groups/a/weight"), "10", "so does a key of a group");
	is_str(desk_read(2, KEY_BACK_WEIGHT), "8", "so does a key of a device");
	is_int(desk_state(3), 0,
	       "what was detached by hand is not attached when xenstored is back");
	store_write("/local/domain/4/name", "late");
	desk_turn(k);
	is_int(desk_state(4), 2, "names of guests are watched when xenstored is back");
	desk_free(k);
}

static void test_policy_renamed(void)
{
	begin_policy();
	store_write("/local/domain/4/name", "late");
	desk_lose_events(k);
	come_back();
	is_int(desk_state(4), 2, "a name that changed while xenstored was away is noticed");
	desk_free(k);
}

static void test_policy_another(void)
{
	begin_policy();
	control_store_lost(&k->c);
	store_clear();
	store_write("/local/domain/2/name", "guest2");
	store_write("/local/domain/3/name", "guest3");
	store_write(LINK "/tx-capacity", "1000000");
	ok(control_store_again(&k->c), "there is another xenstore, where somebody set a key");
	desk_turn(k);
	is_str(store_read(LINK "/host-weight"), "5",
	       "another xenstore gets the policy's keys of the uplink");
	is_str(store_read(LINK "/groups/a/weight"), "6", "it gets those of groups");
	is_int(desk_state(2), 2, "guests are attached by the policy in another xenstore");
	desk_free(k);
}

/* The policy says something else, and xenstored goes away while that is applied. */
static void cut_off(void)
{
	static const char text[] = "[guest2]\nweight = 9\n";
	struct policy *later = policy_new();

	begin_policy();
	must(policy_parse(later, "p", text, strlen(text), NULL, NULL) == 0);
	desk_write(2, KEY_BACK_WEIGHT, "7");
	desk_turn(k);
	k->c.policy.earlier = k->c.policy.now;
	k->c.policy.now = later;
	k->c.policy.started = false;
	store_fail(EIO);
	control_policy_step(&k->c, true);
	store_fail(0);
}

static void test_policy_cut_off(void)
{
	cut_off();
	come_back();
	is_str(desk_read(2, KEY_BACK_WEIGHT), "9",
	       "a policy whose application was cut off is applied when xenstored is back");
	desk_free(k);
}

/* What was to be taken back there counts no more; a sanitizer tells whether it was freed. */
static void test_policy_cut_off_another(void)
{
	cut_off();
	control_store_lost(&k->c);
	store_clear();
	store_write("/local/domain/2/name", "guest2");
	ok(control_store_again(&k->c), "there is another xenstore after a policy was cut off");
	desk_turn(k);
	is_str(desk_read(2, KEY_BACK_WEIGHT), "9",
	       "a policy whose application was cut off is in force in another xenstore");
	desk_free(k);
}

/* A guest is renamed as the policy is read again, and xenstored goes away in the midst of it. */
static void test_policy_renamed_cut_off(void)
{
	static const char text[] = "[guest2]\nweight = 7\n[db]\nweight = 6\n[c]\n";
	unsigned wrong = 0;

	for (unsigned calls = 0; calls < 40; calls++) {
		struct policy *later = policy_new();

		begin();
		desk_policy(k, "[guest2]\nweight = 7\n[db]\nweight = 6\n");
		desk_boot(2, 2);
		desk_turn(k);
		must(policy_parse(later, "p", text, strlen(text), NULL, NULL) == 0);
		k->c.policy.earlier = k->c.policy.now;
		k->c.policy.now = later;
		k->c.policy.started = false;
		store_write("/local/domain/2/name", "db");
		desk_lose_events(k);
		store_fail_later(EIO, calls);
		control_policy_step(&k->c, true);
		store_fail(0);
		control_store_lost(&k->c);
		must(control_store_again(&k->c));
		desk_turn(k);
		wrong += strcmp(desk_read(2, KEY_BACK_WEIGHT), "6") != 0;
		desk_free(k);
	}
	is_int(wrong, 0, "a guest that is renamed then has the weight of its new name");
}

static void test_attached_again(void)
{
	begin();
	control_store_lost(&k->c);
	store_clear();
	control_store_again(&k->c);
	desk_turn(k);
	desk_attach(k, 1);
	desk_turn(k);
	is_str(desk_said(k), "D",
	       "a device that xenstore lacked connects again when it is attached");
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(desk_state(1), 2, "it is offered then");
	desk_free(k);
}

static void test_not_connected(void)
{
	k = desk_new();
	k->c.log_path = "";
	k->c.conf.spec = &spec;
	desk_attach(k, 1);
	desk_turn(k);
	control_store_lost(&k->c);
	store_clear();
	control_store_again(&k->c);
	desk_turn(k);
	ok(!desk_device(k, 1), "a device that xenstore lacks and that nobody uses is forgotten");
	desk_free(k);
}

/* Guests are there before this daemon has noticed that it is another xenstore. */
static void test_not_detached(void)
{
	k = desk_new();
	k->c.log_path = "";
	k->c.conf.spec = &spec;
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_turn(k);
	control_store_lost(&k->c);
	store_clear();
	store_write("/local/domain/1/name", "guest1");
	control_store_again(&k->c);
	desk_turn(k);
	ok(desk_device(k, 1) && desk_state(1) == 2,
	   "a device that another xenstore lacks is made again");
	is_str(desk_read(1, KEY_BACK_WEIGHT), "33", "what was set is not lost with a xenstore");
	desk_free(k);
}

/* --- a driver domain -------------------------------------------------------------------------- */

static void test_guest_ends(void)
{
	begin();
	k->c.blind = true;
	hyp_fail(EPERM);
	store_fire("@releaseDomain");
	desk_turn(k);
	is_str(desk_said(k), "", "a guest whose directory is there has not ended");
	store_remove(desk_dir(1, SCHEMA_FRONT));
	desk_turn(k);
	is_str(desk_said(k), "D", "a guest has ended when its directory is gone");
	desk_deleted(k, 0);
	ok(!desk_device(k, 1) && !store_read(desk_dir(1, SCHEMA_BACK)),
	   "the backend directory of a guest that ended is removed");
	desk_free(k);
}

static void take_offline(void)
{
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	desk_deleted(k, 0);
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
}

static void test_left(void)
{
	char front[SCHEMA_PATH_MAX];
	unsigned written;

	begin();
	snprintf(front, sizeof(front), "%s", desk_dir(1, SCHEMA_FRONT));
	store_deny(front);
	take_offline();
	ok(store_read(front) && store_read(desk_dir(1, SCHEMA_BACK)),
	   "both directories stay where one may not be removed");
	ok(desk_device(k, 1) && desk_device(k, 1)->left, "a device that was left is remembered");
	written = store_written();
	desk_write(1, KEY_BACK_WEIGHT, "5");
	desk_pass(k, 60 * DESK_SEC);
	is_int(store_written(), written, "nothing is written for a device that was left");
	ok(k->next_ns == UINT64_MAX, "a device that was left is not looked at again");
	store_deny(NULL);
	store_remove(front);
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_attach(k, 1);
	desk_turn(k);
	is_int(desk_state(1), 2, "a device that was left and attached again is offered");
	desk_free(k);
}

/* Dom0 detaches and attaches before this daemon has looked. */
static void test_successor(void)
{
	char front[SCHEMA_PATH_MAX];

	begin();
	snprintf(front, sizeof(front), "%s", desk_dir(1, SCHEMA_FRONT));
	store_deny(front);
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	desk_write(1, KEY_FRONT_STATE, "5");
	desk_turn(k);
	desk_deleted(k, 0);
	desk_turn(k);
	store_remove(front);
	store_remove(desk_dir(1, SCHEMA_BACK));
	desk_attach(k, 1);
	desk_turn(k);
	ok(desk_device(k, 1) && !desk_device(k, 1)->left,
	   "a device that was attached again at once is not left to Dom0");
	is_int(desk_state(1), 2, "a device that was attached again at once is offered");
	desk_free(k);
}

/* SIGPIPE has its default action here, as in dmvlctl. */
static void test_closed(void)
{
	begin();
	store_fail(EPIPE);
	is_int(xs_conn_watch(k->c.xs, "/local", "t"), -EPIPE,
	       "a watch fails, and the process goes on, where xenstored closed the socket");
	store_fail(0);
	desk_free(k);
}

int main(void)
{
	test_unreadable();
	test_closed();
	test_same();
	test_breaks();
	test_empty();
	test_detached();
	test_policy_same();
	test_policy_renamed();
	test_policy_another();
	test_policy_cut_off();
	test_policy_cut_off_another();
	test_policy_renamed_cut_off();
	test_attached_again();
	test_not_connected();
	test_not_detached();
	test_guest_ends();
	test_left();
	test_successor();
	return done_testing();
}
