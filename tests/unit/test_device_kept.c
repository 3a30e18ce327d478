/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of a guest's device, and what becomes of it when the guest ends and comes
 * back: each way of ending, with the daemon there, and with other daemons' devices beside.
 */
#include <errno.h>
#include <sys/resource.h>

#include "backend/control/device.h"
#include "backend/xen/nodes.h"
#include "tests/fake/must.h"
#include "tests/unit/kept_guest.h"

/* --- what is remembered ----------------------------------------------------------------------- */

static void test_remembered(void)
{
	begin();
	is_str(file(),
	       "# guest: guest1\n"
	       "[01010000-0000-0000-0000-000000000000]\n"
	       "weight = 33\n"
	       "tx-max = 7000000\n"
	       "mac = 00:16:3e:00:00:01\n"
	       "# end\n",
	       "what was set is remembered");
	desk_write(1, KEY_BACK_WEIGHT, "256");
	desk_write(1, KEY_BACK_TX_MAX, NULL);
	desk_turn(k);
	ok(!has("weight") && !has("tx-max"),
	   "what is as attach makes it, or missing, is not remembered");
	desk_write(1, KEY_BACK_WEIGHT, "9");
	desk_turn(k);
	desk_write(1, KEY_BACK_WEIGHT, "banana");
	desk_write(1, KEY_BACK_VLAN, "5000");
	desk_write(1, KEY_BACK_SPOOF_CHECK, "0");
	desk_turn(k);
	ok(has("weight = 9\n"), "a key that is refused stays remembered as it was");
	ok(!has("vlan"), "a value that was never accepted is not remembered");
	ok(has("spoof-check = 0\n"), "what is accepted beside a refused key is remembered");
	desk_write(1, KEY_BACK_SPOOF_CHECK, "1");
	desk_turn(k);
	ok(has("spoof-check = 1\n"), "what was set is remembered, be it the default");
	desk_write(1, KEY_BACK_TX_MIN, "9000000");
	desk_write(1, KEY_BACK_TX_MAX, "8000000");
	desk_turn(k);
	ok(!has("tx-min") && !has("tx-max"),
	   "limits that contradict each other are not remembered");
	desk_free(k);
}

static void test_minimum(void)
{
	begin();
	k->c.link.conf.tx_capacity_bps = 10000000;
	desk_write(1, KEY_BACK_TX_MIN, "6000000");
	desk_turn(k);
	ok(has("tx-min = 6000000\n"), "a minimum that is admitted is remembered");
	desk_write(1, KEY_BACK_TX_MAX, NULL);
	desk_write(1, KEY_BACK_TX_MIN, "60000000");
	desk_turn(k);
	ok(has("tx-min = 6000000\n"), "a minimum that is not admitted is not remembered");
	desk_free(k);
}

static void test_agentless(void)
{
	const struct node_value value[] = {{KEY_BACK_VIA, "vif"},
					   {KEY_BACK_MTU, "1500"},
					   {KEY_BACK_GUEST_UUID,
					    "01010000-0000-0000-0000-000000000000"}};

	k = desk_new();
	desk_boot(1, 1);
	nodes_create(k->c.xs, 0, 1, 0, value, 3);
	desk_turn(k);
	ok(has("via = vif\n") && has("mtu = 1500\n") && !has("mac"),
	   "an MTU that was set for a vif is remembered, and no MAC");
	desk_end(1);
	end();
	again(9);
	ok(desk_device(k, 9) && !desk_read(9, KEY_BACK_MAC) &&
		   !store_read(desk_dir(9, SCHEMA_FRONT)),
	   "a device without an agent comes back without an agent");
	desk_free(k);
}

/* --- coming back ------------------------------------------------------------------------------ */

static void test_ways(void)
{
	begin();
	desk_end(1);
	end();
	ok(!desk_device(k, 1) && !store_read(desk_dir(1, SCHEMA_BACK)),
	   "the device of a guest that is destroyed goes");
	again(9);
	ok(is_back(9), "the device of a guest that was destroyed and created comes back");
	is_str(desk_read(9, KEY_BACK_GUEST_UUID), "01010000-0000-0000-0000-000000000000",
	       "a device that comes back knows its guest");
	hyp_domain(9)->stopped = true;
	store_fire("@releaseDomain");
	end();
	ok(!desk_device(k, 9) && !store_read(desk_dir(9, SCHEMA_BACK)),
	   "the device of a guest that has stopped goes before its domain");
	again(10);
	ok(is_back(10), "the device of a guest that crashed comes back beside the dead domain");
	desk_free(k);
}

static void test_soft_reset(void)
{
	begin();
	hyp_domain(1)->stopped = hyp_domain(1)->resetting = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	is_str(desk_said(k), "D", "a soft reset unmaps the rings at once");
	desk_deleted(k, 0);
	desk_turn(k);
	store_remove("/local/domain/1");
	hyp_domain(1)->stopped = hyp_domain(1)->resetting = false;
	desk_pass(k, DESK_SEC);
	ok(!desk_device(k, 1), "a domain without nodes gets no device after a soft reset");
	store_write("/local/domain/1/name", "guest1");
	desk_pass(k, DESK_SEC);
	ok(is_back(1), "a device comes back after a soft reset, without an event");
	desk_free(k);
}

/* What was set last has not been looked at when the guest ends. */
static void test_last_word(void)
{
	begin();
	desk_write(1, KEY_BACK_WEIGHT, "77");
	desk_end(1);
	end();
	again(9);
	is_str(desk_read(9, KEY_BACK_WEIGHT), "77", "what is set as the guest ends is not lost");
	ok(has("# guest: guest1\n"), "the name of a guest that has ended is not lost");
	desk_free(k);
}

#define MOMENTS 60

/* Whenever it is: who could set it was told that it is set. */
static void test_last_moment(void)
{
	char path[SCHEMA_PATH_MAX];
	unsigned lost = 0, done = 0;

	for (unsigned moment = 0; moment < MOMENTS; moment++) {
		begin();
		schema_key_path(path, sizeof(path), desk_dir(1, SCHEMA_BACK), KEY_BACK_WEIGHT);
		store_meanwhile(path, "77", moment);
		desk_end(1);
		end();
		if (store_meanwhile(NULL, NULL, 0)) {
			done++;
			lost += !has("weight = 77\n");
		}
		desk_free(k);
	}
	ok(done >= 2, "a key was set while the device went, at %u moments", done);
	is_int(lost, 0, "a key that is set while the device goes is not lost");
}

/* A guest ends, and what was set last was not read yet. */
static void end_unread(void)
{
	begin();
	desk_write(1, KEY_BACK_WEIGHT, "77");
	desk_end(1);
	desk_lose_events(k);
	k->c.due.domains = true;
	desk_turn(k);
}

/* Its nodes have the only copy of what was set last. */
static void test_store_refuses(void)
{
	end_unread();
	store_fail(EIO);
	desk_said(k);
	desk_deleted(k, 0);
	desk_pass(k, 5 * DESK_SEC);
	store_fail(0);
	ok(desk_device(k, 1), "a device does not go while xenstore fails");
	desk_pass(k, 4 * DESK_SEC);
	ok(!desk_device(k, 1) && !store_read(desk_dir(1, SCHEMA_BACK)),
	   "a device goes when xenstore answers");
	ok(has("weight = 77\n"), "what was set is not lost when xenstore fails as a device goes");
	desk_free(k);
}

/* How often the keys of a gone device are read in 20 s in which there are no descriptors. */
static void test_short_of_descriptors(void)
{
	struct rlimit none = {0, 0}, old;
	unsigned looks = 0, failures;

	end_unread();
	desk_said(k);
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	desk_deleted(k, 0);
	for (uint64_t until_ns = k->c.now_ns + 20 * DESK_SEC; k->c.now_ns < until_ns; looks++) {
		desk_turn(k);
		k->c.now_ns = k->next_ns < until_ns ? k->next_ns : until_ns;
	}
	failures = desk_device(k, 1)->leave_failures;
	for (unsigned i = 0; i < 50; i++) {
		device_mark(desk_device(k, 1), DEVICE_LOOK);
		k->c.now_ns += DESK_SEC / 1000;
		desk_turn(k);
	}
	failures = desk_device(k, 1)->leave_failures - failures;
	ok(failures <= 1, "a guest that changes its nodes does not hasten it (%u times)", failures);
	setrlimit(RLIMIT_NOFILE, &old);
	ok(desk_device(k, 1), "a device does not go while there are no descriptors to remember it");
	ok(looks > 3 && looks < 15, "that is tried ever less often (%u times in 20 s)", looks);
	desk_pass(k, 4 * DESK_SEC);
	ok(!desk_device(k, 1) && has("weight = 77\n"),
	   "what was set is not lost when descriptors were short");
	desk_free(k);
}

static void test_detached(void)
{
	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(!file()[0], "a device that is being detached is forgotten before it is closed");
	desk_write(1, KEY_FRONT_STATE, "6");
	end();
	ok(!desk_device(k, 1) && !file()[0], "nothing is remembered of a device that was detached");
	desk_end(1);
	again(9);
	ok(!desk_device(k, 9), "a device that was detached does not come back");
	desk_free(k);

	begin();
	store_remove(desk_dir(1, SCHEMA_BACK));
	end();
	ok(!file()[0], "a device whose nodes were removed counts as detached");
	desk_free(k);

	begin();
	store_remove("/local/domain");
	end();
	ok(has("weight = 33"), "when xenstore is empty nothing was detached");
	desk_free(k);
}

/* dmvlctl import is run as soon as dmvlctl detach is done, and the daemon is slow. */
static void test_imported_at_once(void)
{
	FILE *f;

	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(!file()[0], "a device that is being detached is forgotten at once");
	f = fopen(file_path(""), "w");
	must(f && fputs("[01010000-0000-0000-0000-000000000000]\nweight = 55\n# end\n", f) > 0);
	fclose(f);
	desk_write(1, KEY_FRONT_STATE, "6");
	end();
	ok(has("weight = 55\n"), "what is imported then is not forgotten when the device has left");
	k->c.due.newcomers = true;
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_WEIGHT), "55", "the device comes back with what was imported");
	desk_write(1, KEY_BACK_WEIGHT, "56");
	desk_turn(k);
	desk_write(1, KEY_BACK_ONLINE, "0");
	end();
	ok(!file()[0], "it is forgotten when it is detached once more");
	desk_free(k);

	begin();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	desk_write(1, KEY_BACK_ONLINE, "1");
	desk_turn(k);
	ok(has("weight = 33\n"), "a device that is wanted again is remembered again");
	desk_write(1, KEY_BACK_ONLINE, "0");
	end();
	ok(!file()[0], "it is forgotten when it is not wanted once more");
	desk_free(k);
}

/* --- others ----------------------------------------------------------------------------------- */

static void test_other_daemon(void)
{
	begin();
	desk_attach(k, 5);
	desk_write(5, KEY_BACK_UPLINK, "second");
	desk_turn(k);
	ok(!desk_device(k, 5), "the device of another daemon is not known");
	desk_end(5);
	desk_turn(k);
	ok(store_read(desk_dir(5, SCHEMA_BACK)),
	   "the nodes of another daemon's guest are left to it");
	restart();
	ok(store_read(desk_dir(5, SCHEMA_BACK)), "a restart leaves the nodes of another daemon");
	desk_free(k);
}

/* A guest that moves on this host is two domains for a while. */
static void test_two_domains(void)
{
	begin();
	again(9);
	ok(!desk_device(k, 9),
	   "the second domain of a guest gets no device while the first has it");
	hyp_domain(1)->suspended = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	ok(!desk_device(k, 9), "nor does it while the first is suspended");
	desk_said(k);
	desk_end(1);
	end();
	ok(is_back(9), "the second domain gets the device when the first has gone");
	desk_free(k);
}

/* An operator built another guest with the UUID of one that runs, and attached its device. */
static void test_twin(void)
{
	char uuid[UUID_TEXT_LEN + 1];

	begin();
	uuid_format((uint8_t[16]){1, 1}, uuid);
	desk_attach(k, 9);
	memcpy(hyp_domain(9)->uuid, (uint8_t[16]){1, 1}, 16);
	desk_write(9, KEY_BACK_GUEST_UUID, uuid);
	desk_write(9, KEY_BACK_WEIGHT, "9");
	desk_turn(k);
	ok(desk_device(k, 9), "a second guest with the UUID of one that runs is attached by hand");
	desk_write(9, KEY_BACK_ONLINE, "0");
	desk_write(9, KEY_BACK_STATE, "5");
	end();
	ok(has("weight = 33\n") && has("tx-max = 7000000\n"),
	   "what was set for the first guest is remembered when the second one's is detached");
	desk_end(9);
	end();
	desk_end(1);
	end();
	again(10);
	ok(is_back(10), "the first guest comes back with all that was set");
	desk_write(10, KEY_BACK_ONLINE, "0");
	desk_write(10, KEY_BACK_STATE, "5");
	end();
	ok(!file()[0], "the last of the two is forgotten when it is detached");
	desk_free(k);
}

int main(void)
{
	test_twin();
	test_remembered();
	test_minimum();
	test_agentless();
	test_ways();
	test_soft_reset();
	test_last_word();
	test_last_moment();
	test_store_refuses();
	test_short_of_descriptors();
	test_detached();
	test_imported_at_once();
	test_other_daemon();
	test_two_domains();
	return done_testing();
}
