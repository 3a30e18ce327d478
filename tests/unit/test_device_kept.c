/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's devices become when the guest ends and comes back: each way of ending, with the
 * daemon there or away, with other daemons' devices beside, and with a disk that refuses.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/control/control_find.h"
#include "backend/control/control_take_over.h"
#include "backend/control/device.h"
#include "backend/control/device_list.h"
#include "backend/kept/kept_file.h"
#include "backend/policy/policy_parse.h"
#include "backend/xen/nodes.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define DESK_SAVED \
	"/local/domain/0/data/dmvl/" DESK_UPLINK "/saved/01010000-0000-0000-0000-000000000000"

static struct desk *k;

/* Guest 1, as domain 1, with a device of weight 33 that is connected. */
static void begin(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_said(k);
}

/* The frame loop lets go of the device when it is told to. */
static void end(void)
{
	desk_turn(k);
	if (strchr(desk_said(k), 'D'))
		desk_deleted(k, 0);
	desk_turn(k);
}

/* Guest 1 is built again, as this domain. */
static void again(unsigned domid)
{
	desk_boot(domid, 1);
	desk_turn(k);
}

static bool is_back(unsigned domid)
{
	const char *weight = desk_read(domid, KEY_BACK_WEIGHT);
	const char *tx_max = desk_read(domid, KEY_BACK_TX_MAX);
	const char *mac = desk_read(domid, KEY_BACK_MAC);

	return desk_device(k, domid) && desk_state(domid) == 2 && weight && tx_max && mac &&
	       strcmp(weight, "33") == 0 && strcmp(tx_max, "7000000") == 0 &&
	       strcmp(mac, "00:16:3e:00:00:01") == 0;
}

/* What is remembered of guest 1, read as a text; "": nothing. */
static const char *file(void)
{
	static char text[1024];
	char path[PATH_MAX + 64], uuid[UUID_TEXT_LEN + 1];
	size_t n = 0;
	FILE *f;

	uuid_format((uint8_t[16]){1, 1}, uuid);
	snprintf(path, sizeof(path), "%s/%s", k->c.kept.dir, uuid);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static bool has(const char *line)
{
	return strstr(file(), line);
}

/* --- what is remembered ------------------------------------------------------------------------
 */

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

/* --- coming back -------------------------------------------------------------------------------
 */

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

static void serve(unsigned domid)
{
	desk_serve(k, domid, 12);
	desk_turn(k);
	desk_said(k);
}

/* What it owes comes along, unless it must not. */
static void test_balance(void)
{
	begin();
	ok(k->added.id.heir == CREDIT_HEIR_OF_GUEST && k->added.id.uuid[0] == 1,
	   "a device inherits its guest's balance");
	desk_write(1, KEY_BACK_KEEP_BALANCE, "0");
	desk_turn(k);
	desk_end(1);
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	is_str(desk_said(k), "E",
	       "the account of a device with keep-balance=0 ends with its domain");
	is_int(k->ended.id.generation, k->added.id.generation, "the end is that of its attachment");
	again(9);
	serve(9);
	is_int(k->added.id.heir, CREDIT_HEIR_OF_DOMAIN,
	       "a device with keep-balance=0 inherits nothing from another domain");
	desk_free(k);
}

/* A guest that owes something, and whose balance is not kept. */
static void begin_owing(void)
{
	begin();
	desk_write(1, KEY_BACK_KEEP_BALANCE, "0");
	desk_turn(k);
	desk_said(k);
}

static void test_balance_shed(void)
{
	begin_owing();
	store_remove(desk_dir(1, SCHEMA_FRONT));
	desk_turn(k);
	is_str(desk_said(k), "D", "a guest that removes its own nodes is disconnected");
	desk_deleted(k, 0);
	desk_pass(k, DESK_SEC);
	is_int(desk_state(1), 2, "a guest that removes its own nodes is attached again");
	is_str(desk_said(k), "", "a guest that removes its own nodes does not end its account");
	serve(1);
	is_int(k->added.id.heir, CREDIT_HEIR_OF_DOMAIN,
	       "a guest that removes its own nodes owes what it owed");
	desk_free(k);

	begin_owing();
	hyp_domain(1)->stopped = hyp_domain(1)->resetting = true;
	store_fire("@releaseDomain");
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	is_str(desk_said(k), "", "a soft reset does not end an account");
	desk_free(k);

	begin_owing();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_write(1, KEY_FRONT_STATE, "6");
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	desk_turn(k);
	is_str(desk_said(k), "E", "an account that is not kept ends when the device is detached");
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

/* --- the daemon is away ------------------------------------------------------------------------
 */

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

/* The daemon ends without a word, and another one starts. */
static void restart(void)
{
	desk_lose_events(k);
	device_free_all(&k->c);
	control_find_devices(&k->c);
	control_sweep_orphans(&k->c);
	k->c.due.newcomers = true;
	desk_turn(k);
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

/* A directory is in the place of its file, so it can be neither read nor replaced. */
static void test_unforgotten(void)
{
	char path[PATH_MAX + 64];

	begin();
	snprintf(path, sizeof(path), "%s/01010000-0000-0000-0000-000000000000", k->c.kept.dir);
	must(unlink(path) == 0 && mkdir(path, 0700) == 0);
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(desk_device(k, 1)->unforgotten, "what cannot be forgotten is told");
	rmdir(path);
	desk_free(k);
}

/* --- others ------------------------------------------------------------------------------------
 */

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

/* --- with a policy -----------------------------------------------------------------------------
 */

static void on_mistake(void *arg, const char *sentence)
{
	(void)arg;
	must(!sentence);
}

/* What the operator's file says from now on. */
static void policy(const char *text)
{
	struct policy *p = policy_new();

	must(policy_parse(p, "policy.conf", text, strlen(text), on_mistake, NULL) == 0);
	policy_free(k->c.policy.now);
	k->c.policy.now = p;
}

static void test_policy_below(void)
{
	k = desk_new();
	policy("[guest1]\nweight = 100\ntx-max = 5mbit\n");
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "5000000");
	desk_write(1, KEY_BACK_VLAN, "5");
	desk_turn(k);
	ok(has("weight = 33\n# policy: weight = 100\n") && !has("tx-max"),
	   "what is as the policy says is not remembered");
	desk_end(1);
	end();
	policy("[guest1]\nweight = 100\ntx-max = 6mbit\n");
	again(9);
	is_str(desk_read(9, KEY_BACK_WEIGHT), "33", "what was set counts more than the policy");
	is_str(desk_read(9, KEY_BACK_VLAN), "5", "what the policy does not say is as it was set");
	is_str(desk_read(9, KEY_BACK_TX_MAX), "6000000", "the rest is as the policy says by now");
	desk_end(9);
	end();
	policy("[guest1]\nweight = 200\n");
	again(10);
	is_str(desk_read(10, KEY_BACK_WEIGHT), "200",
	       "what was set dies when the policy says something else of it");
	ok(!has("weight"), "what has died is not remembered any more");
	is_str(desk_read(10, KEY_BACK_VLAN), "5", "what was set beside it lives");
	desk_end(10);
	end();
	policy("[guest1]\nweight = 200\nvlan = 7\n");
	again(11);
	is_str(desk_read(11, KEY_BACK_VLAN), "7",
	       "what was set dies when the policy begins to say something of it");
	desk_free(k);
}

/* What the policy takes back becomes the default, which may be what had been set. */
static void test_policy_taken_back(void)
{
	k = desk_new();
	policy("[guest1]\nallowed-ip = 10.0.0.1\n[other]\n");
	desk_boot(1, 1);
	desk_turn(k);
	desk_write(1, KEY_BACK_ALLOWED_IP, "");
	desk_turn(k);
	ok(has("allowed-ip = \n# policy: allowed-ip = 10.0.0.1\n"),
	   "a default that is set is remembered where the policy says something else");
	store_write("/local/domain/1/name", "other");
	desk_turn(k);
	ok(!has("# policy: allowed-ip"),
	   "what was set dies when the policy says nothing of it any more");
	store_write("/local/domain/1/name", "guest1");
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_ALLOWED_IP), "10.0.0.1", "what has died does not come back");
	desk_free(k);
}

/* The policy changes, and the guest comes back, while the daemon is away. */
static void test_policy_away(void)
{
	k = desk_new();
	policy("[guest1]\nweight = 100\n");
	desk_boot(1, 1);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_WEIGHT), "100", "a guest has the weight of the policy");
	desk_end(1);
	desk_boot(9, 1);
	k->c.policy.earlier = k->c.policy.now;
	k->c.policy.now = NULL;
	k->c.policy.started = false;
	policy("[guest1]\nweight = 200\n");
	restart();
	is_str(desk_read(9, KEY_BACK_WEIGHT), "200",
	       "what the policy said before the daemon was away was not set by anybody");
	ok(!has("weight"), "it is not remembered");
	desk_free(k);
}

/* The daemon is killed before it has noted which policy it applied. */
static void test_policy_not_noted(void)
{
	k = desk_new();
	policy("[guest1]\nweight = 100\nlatency = low\n");
	desk_boot(1, 1);
	desk_turn(k);
	desk_write(1, KEY_BACK_LATENCY, "normal");
	desk_turn(k);
	k->c.policy.started = false;
	restart();
	is_str(desk_read(1, KEY_BACK_LATENCY), "normal",
	       "what was set since the policy said that is not overwritten by it");
	ok(has("latency = normal\n# policy: latency = low\n"), "it stays remembered");
	k->c.policy.started = false;
	policy("[guest1]\nweight = 200\nlatency = low\n");
	restart();
	is_str(desk_read(1, KEY_BACK_WEIGHT), "200", "what the policy says otherwise is written");
	desk_free(k);
}

static void test_policy_alone(void)
{
	k = desk_new();
	policy("[guest1]\nweight = 100\n");
	again(1);
	ok(desk_device(k, 1) && has("# policy: attach\n"),
	   "a device that the policy names is marked");
	is_str(desk_read(1, KEY_BACK_GUEST_UUID), "01010000-0000-0000-0000-000000000000",
	       "a device that the policy names says whose it is");
	desk_end(1);
	end();
	policy("[guest2]\n");
	again(9);
	ok(!desk_device(k, 9) && !file()[0],
	   "a device that only the policy named goes with its section");
	desk_free(k);

	k = desk_new();
	desk_connect(k, 1);
	policy("[guest1]\nweight = 100\n");
	desk_write(1, KEY_BACK_VLAN, "5");
	desk_turn(k);
	desk_end(1);
	end();
	policy("");
	again(9);
	ok(desk_device(k, 9), "a device that was attached by hand outlives its section");
	desk_free(k);
}

/* --- the disk ----------------------------------------------------------------------------------
 */

/* No file may grow: neither may this test's output, so nothing is said meanwhile. */
static void pass_on_full_disk(uint64_t ns)
{
	struct rlimit none = {0, RLIM_INFINITY}, old;

	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	desk_pass(k, ns);
	setrlimit(RLIMIT_FSIZE, &old);
}

static void test_disk_refuses(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	pass_on_full_disk(0);
	ok(strstr(k->c.kept.error, "File too large") && k->c.due.link,
	   "a disk that refuses is reported: %s", k->c.kept.error);
	is_int(desk_state(1), 2, "the device goes on when the disk refuses");
	desk_end(1);
	desk_boot(9, 1);
	pass_on_full_disk(0);
	ok(is_back(9), "what the disk refused is remembered as long as the daemon lives");
	pass_on_full_disk(30 * DESK_SEC);
	ok(k->c.kept.error[0], "a disk that still refuses is still reported");
	desk_pass(k, 30 * DESK_SEC);
	is_str(k->c.kept.error, "", "a disk that takes it again is no error");
	ok(has("weight = 33\n"), "what the disk refused is written when it takes it");
	desk_free(k);
}

/* False: there is no damaged file beside that of guest 1. */
static bool remove_aside(void)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/01010000-0000-0000-0000-000000000000" KEPT_DAMAGED,
		 k->c.kept.dir);
	return unlink(path) == 0;
}

static void test_damaged(void)
{
	char path[PATH_MAX + 64];
	FILE *f;

	begin();
	snprintf(path, sizeof(path), "%s/01010000-0000-0000-0000-000000000000", k->c.kept.dir);
	desk_end(1);
	end();
	f = fopen(path, "w");
	fputs("[01010000-0000-0000-0000-000000000000]\nweight = 3", f);
	fclose(f);
	again(9);
	ok(!desk_device(k, 9), "a file that is damaged gives no device, and no part of one");
	desk_attach(k, 1);
	desk_turn(k);
	ok(has("mac = 00:16:3e:00:00:01\n# end\n"), "a file that is damaged is replaced");
	remove_aside();
	desk_free(k);
}

static void write_file(const char *text)
{
	char path[PATH_MAX + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/01010000-0000-0000-0000-000000000000", k->c.kept.dir);
	f = fopen(path, "w");
	must(f);
	fputs(text, f);
	fclose(f);
}

/* Half of the file is damaged, while a key is refused of which only the file knows the value. */
static void test_damaged_refused(void)
{
	begin();
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_write(1, KEY_BACK_TX_MAX, "banana");
	desk_turn(k);
	ok(has("tx-max = 7000000\n"), "a refused key stays remembered");
	write_file("[01010000-0000-0000-0000-000000000000]\nwei@ht = 33\ntx-max = 7000000\n# e");
	desk_write(1, KEY_BACK_WEIGHT, "44");
	desk_turn(k);
	ok(has("tx-max = 7000000\n") && has("weight = 44\n"),
	   "a refused key stays remembered when other lines of the file are damaged");
	ok(remove_aside(), "the damaged file stays beside the new one");
	desk_free(k);
}

/* The disk does not give the file while a key is set, and then does. */
static void test_unreadable_refused(void)
{
	char path[PATH_MAX + 64], aside[PATH_MAX + 64];

	begin();
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_write(1, KEY_BACK_TX_MAX, "banana");
	desk_turn(k);
	snprintf(path, sizeof(path), "%s/01010000-0000-0000-0000-000000000000", k->c.kept.dir);
	snprintf(aside, sizeof(aside), "%s/aside", k->c.kept.dir);
	must(rename(path, aside) == 0 && mkdir(path, 0700) == 0);
	desk_write(1, KEY_BACK_WEIGHT, "44");
	desk_turn(k);
	ok(k->c.kept.error[0], "a file that cannot be read is told of: %s", k->c.kept.error);
	must(rmdir(path) == 0 && rename(aside, path) == 0);
	desk_pass(k, 30 * DESK_SEC);
	ok(has("tx-max = 7000000\n") && has("weight = 44\n"),
	   "a refused key is not lost when the file could not be read for a while");
	desk_free(k);
}

int main(void)
{
	test_remembered();
	test_minimum();
	test_agentless();
	test_ways();
	test_balance();
	test_balance_shed();
	test_soft_reset();
	test_last_word();
	test_last_moment();
	test_store_refuses();
	test_short_of_descriptors();
	test_detached();
	test_unforgotten();
	test_away();
	test_earlier_version();
	test_taken_over();
	test_other_daemon();
	test_two_domains();
	test_policy_below();
	test_same_domid();
	test_policy_taken_back();
	test_policy_away();
	test_policy_not_noted();
	test_policy_alone();
	test_disk_refuses();
	test_damaged();
	test_damaged_refused();
	test_unreadable_refused();
	return done_testing();
}
