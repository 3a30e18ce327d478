/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guests the policy attaches, and when; what it writes of uplink and groups. */
#include "backend/policy/policy_file.h"
#include "backend/policy/policy_print.h"

#include <unistd.h>

#include "backend/xen/nodes.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

static char path[] = "/tmp/dmvl-policy-XXXXXX";

/* The operator writes the policy and sends SIGHUP. */
static void write_policy(struct desk *k, const char *text)
{
	must(policy_file_write(path, text, strlen(text)) == 0);
	k->c.conf.policy = path;
	k->c.due.policy = true;
	desk_turn(k);
}

static struct desk *start(const char *text)
{
	struct desk *k = desk_new();

	write_policy(k, text);
	return k;
}

/* A domain of this UUID (its first byte) comes; without a name it is not ready. */
static void create(struct desk *k, unsigned domid, uint8_t uuid, const char *name)
{
	char node[64];

	*hyp_domain(domid) = (struct dom_info){.exists = true, .domid = domid, .uuid = {uuid, 1}};
	snprintf(node, sizeof(node), "/local/domain/%u/name", domid);
	if (name)
		store_write(node, name);
	store_fire("@introduceDomain");
	desk_turn(k);
}

static void rename_to(struct desk *k, unsigned domid, const char *name)
{
	char node[64];

	snprintf(node, sizeof(node), "/local/domain/%u/name", domid);
	store_write(node, name);
	desk_turn(k);
}

static void destroy(struct desk *k, unsigned domid)
{
	char node[64];

	*hyp_domain(domid) = (struct dom_info){.exists = false};
	snprintf(node, sizeof(node), "/local/domain/%u", domid);
	store_remove(node);
	store_fire("@releaseDomain");
	desk_turn(k);
}

static bool is_attached(unsigned domid)
{
	return desk_read(domid, KEY_BACK_STATE) != NULL;
}

static void test_newcomers(void)
{
	struct desk *k =
		start("[web*]\nweight = 7\n[other]\nuplink = other\n[default]\nmtu = 1400\n");

	create(k, 5, 5, "web1");
	ok(is_attached(5), "a guest that the policy names is attached when it comes");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "7", "its device has the weight of its section");
	is_str(desk_read(5, KEY_BACK_MTU), "1400", "its device has the MTU of [default]");
	is_str(desk_read(5, KEY_BACK_UPLINK), DESK_UPLINK, "its device is on this uplink");
	create(k, 6, 6, "db");
	ok(!is_attached(6), "a guest that the policy does not name is not attached");
	create(k, 7, 7, NULL);
	ok(!is_attached(7), "a guest without a name is not attached");
	rename_to(k, 7, "web2");
	ok(is_attached(7), "a guest whose name comes late is attached then");
	create(k, 8, 8, "other");
	ok(!is_attached(8), "a guest for another uplink is not attached");
	store_write("/local/domain/9/target", "5");
	create(k, 9, 9, "web1-dm");
	ok(!is_attached(9), "a stub domain is not attached under any name");
	create(k, 0, 0, "web0");
	ok(!is_attached(0), "Dom0 is not attached under any name");
	store_write("/local/domain/10/name", "web10");
	*hyp_domain(10) = (struct dom_info){.exists = true, .dying = true, .domid = 10};
	store_fire("@introduceDomain");
	desk_turn(k);
	ok(!is_attached(10), "a domain that is dying is not attached");
	desk_free(k);
}

static void test_again(void)
{
	struct desk *k = start("[web1]\nweight = 7\n");
	char mac[18];

	create(k, 5, 5, "web1");
	snprintf(mac, sizeof(mac), "%s", desk_read(5, KEY_BACK_MAC));
	nodes_remove(k->c.xs, 0, 5, 0, NULL);
	desk_turn(k);
	store_fire("@introduceDomain");
	desk_turn(k);
	ok(!is_attached(5), "a device that was detached stays so while the guest runs");
	write_policy(k, "[web1]\nweight = 7\n[web2]\n");
	ok(!is_attached(5), "a device that was detached stays so when the policy is read again");
	destroy(k, 5);
	create(k, 6, 5, "web1");
	ok(is_attached(6), "it is attached again when the guest comes back");
	is_str(desk_read(6, KEY_BACK_MAC), mac, "it has the same MAC address again");
	create(k, 7, 5, "web1--incoming");
	ok(!is_attached(7), "a second domain of the guest waits for the first one");
	rename_to(k, 6, "web1--migratedaway");
	is_str(desk_read(6, KEY_BACK_WEIGHT), "7", "the first one keeps its keys when it is left");
	destroy(k, 6);
	ok(is_attached(7), "the second one is attached when the first one is gone");
	rename_to(k, 7, "web1");
	is_str(desk_read(7, KEY_BACK_WEIGHT), "7", "the end of the migration changes nothing");
	desk_free(k);
}

/* A migration fails, perhaps hours later, and the policy has changed meanwhile. */
static void test_given_back(void)
{
	struct desk *k = start("[web1]\nweight = 7\n");

	create(k, 5, 5, "web1");
	rename_to(k, 5, "web1--migratedaway");
	write_policy(k, "[web1]\nweight = 9\n[web1/1]\nweight = 3\n");
	ok(!store_read("/local/domain/0/backend/dmvl/5/1/state"),
	   "a guest that has migrated away gets no further device");
	rename_to(k, 5, "web1");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "9",
	       "what changed while a guest was given away holds when it comes back");
	ok(store_read("/local/domain/0/backend/dmvl/5/1/state"),
	   "a device that was named meanwhile is attached when it comes back");
	desk_free(k);
}

/*
 * The policy changes when a guest has just ended, and its device is still there: what the policy
 * said before was set by nobody, and must not be remembered. What was set is.
 */
static void test_ending(void)
{
	struct desk *k = start("[web1]\nweight = 7\nmtu = 1400\n");

	create(k, 5, 5, "web1");
	desk_write(5, KEY_BACK_LATENCY, "low");
	desk_turn(k);
	*hyp_domain(5) = (struct dom_info){.exists = false};
	desk_write(5, KEY_BACK_MTU, "1300");
	write_policy(k, "[web1]\nweight = 9\nmtu = 1400\n");
	destroy(k, 5);
	create(k, 6, 5, "web1");
	is_str(desk_read(6, KEY_BACK_WEIGHT), "9",
	       "a guest that ended when the policy changed comes back with what it says");
	is_str(desk_read(6, KEY_BACK_LATENCY), "low", "and with what was set before");
	is_str(desk_read(6, KEY_BACK_MTU), "1300", "and with what was set last");
	desk_free(k);
}

/* Some toolstacks give all domains the null UUID. */
static void test_no_uuid(void)
{
	struct desk *k = start("[web*]\nweight = 7\n");

	for (unsigned domid = 5; domid <= 6; domid++) {
		create(k, domid, 0, NULL);
		hyp_domain(domid)->uuid[1] = 0;
		store_write(domid == 5 ? "/local/domain/5/name" : "/local/domain/6/name", "web");
		store_fire("@introduceDomain");
		desk_turn(k);
		ok(is_attached(domid), "a guest without a UUID is attached, whoever else has none");
	}
	desk_free(k);
}

static void test_unreadable(void)
{
	struct desk *k = start("[web1]\nweight = 7\n");
	char file[PATH_MAX + 64];

	snprintf(file, sizeof(file), "%s/05010000-0000-0000-0000-000000000000", k->c.kept.dir);
	must(policy_file_write(file, "damaged\n", 8) == 0);
	create(k, 5, 5, "web1");
	ok(!is_attached(5), "a guest is not attached while what was set cannot be read");
	unlink(file);
	desk_turn(k);
	ok(is_attached(5), "it is attached when that can be read");
	desk_free(k);
}

static void test_changes(void)
{
	struct desk *k = start("[web1]\nweight = 7\nflood-rate = 5\nmac = 02:00:00:00:00:01\n"
			       "[web2]\nweight = 9\ngarbage-free = \n");

	ok(strstr(k->c.policy.error, "no key \"garbage-free\""), "the first mistake is shown");
	write_policy(k, "[web1]\nweight = 7\nflood-rate = 5\nmac = 02:00:00:00:00:01\n"
			"[web2]\nweight = 9\n");
	is_str(k->c.policy.error, "", "no mistake, no error");
	create(k, 5, 5, "web1");
	desk_write(5, KEY_BACK_WEIGHT, "8");
	write_policy(k, "[web1]\nweight = 7\n[web2]\nweight = 9\n");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "8",
	       "a key that has not changed stays as it was set");
	is_str(desk_read(5, KEY_BACK_FLOOD_RATE), "1000", "a key that went has its default");
	ok(!desk_read(5, KEY_BACK_MAC), "a key that went and has no default is removed");
	rename_to(k, 5, "web2");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "9", "another name brings its own weight");
	write_policy(k, "[web2]\nweight = 9\nuplink = other\n");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "256", "what is for another uplink does not count");
	is_str(desk_read(5, KEY_BACK_UPLINK), DESK_UPLINK, "a device does not change its uplink");
	desk_write(5, KEY_BACK_UPLINK, "other");
	write_policy(k, "[web2]\nweight = 11\n");
	is_str(desk_read(5, KEY_BACK_WEIGHT), "256", "a device of another uplink is left alone");
	desk_free(k);
}

static void test_percent(void)
{
	struct desk *k = start("[web1]\ntx-min = 40%\n");

	ok(strstr(k->c.policy.error, "tx-capacity, which is not configured"),
	   "a percentage without a capacity is an error");
	create(k, 5, 5, "web1");
	ok(is_attached(5) && !desk_read(5, KEY_BACK_TX_MIN),
	   "the device is attached without the key");
	k->c.link.configured_bps = 1000;
	desk_turn(k);
	is_str(desk_read(5, KEY_BACK_TX_MIN), "400", "a percentage follows the capacity");
	is_str(k->c.policy.error, "", "the error goes when there is a capacity");
	k->c.link.configured_bps = 2000;
	desk_turn(k);
	is_str(desk_read(5, KEY_BACK_TX_MIN), "800",
	       "a percentage follows a change of the capacity");
	desk_free(k);
}

#define LINK "/local/domain/0/data/dmvl/" DESK_UPLINK

/* What is meant for another uplink is a part of that one's capacity. */
static void test_percent_elsewhere(void)
{
	struct desk *k = start("[web1]\nuplink = other\ntx-min = 10%\n"
			       "[group g]\nuplink = other\nrx-min = 10%\n"
			       "[uplink other]\nhost-min = 10%\n");

	is_str(k->c.policy.error, "", "a part of another uplink's capacity is no mistake here");
	write_policy(k, "[web1]\ntx-min = 10%\n");
	ok(strstr(k->c.policy.error, "not configured"),
	   "a part of this uplink's, which is not configured, is one");
	write_policy(k, "[group g]\nrx-min = 10%\n");
	ok(strstr(k->c.policy.error, "not configured"),
	   "a part of this uplink's for a group is one");
	write_policy(k, "[uplink " DESK_UPLINK "]\nhost-min = 10%\n");
	ok(strstr(k->c.policy.error, "not configured"),
	   "a part of this uplink's for the host is one");
	write_policy(k, "[default]\nuplink = other\ntx-min = 10%\n");
	is_str(k->c.policy.error, "", "a part in [default] is no mistake where no guest is");
	write_policy(k, "[default]\nuplink = other\ntx-min = 10%\n"
			"[web1]\nuplink = " DESK_UPLINK "\n");
	ok(strstr(k->c.policy.error, "not configured"),
	   "a part in [default] is one where a guest is");
	desk_free(k);
}

static void test_uplink(void)
{
	struct desk *k = start("[uplink " DESK_UPLINK "]\nhost-weight = 5\nhost-min = 1mbit\n"
			       "[uplink other]\nhost-weight = 6\n"
			       "[group a]\nweight = 7\ntx-min = 2mbit\n"
			       "[group b]\nweight = 8\nuplink = other\n");

	is_str(store_read(LINK "/host-weight"), "5", "the keys of the uplink are written");
	is_str(store_read(LINK "/groups/a/weight"), "7", "the keys of a group are written");
	is_str(store_read(LINK "/groups/a/tx-min"), "2000000", "a group has its minimum");
	ok(!store_read(LINK "/groups/a/uplink"), "which uplink it is for is no key of a group");
	ok(!store_read(LINK "/groups/b/weight"), "the keys of a group of another uplink are not");
	store_write(LINK "/host-weight", "9");
	write_policy(k, "[uplink " DESK_UPLINK "]\nhost-weight = 5\n[group a]\nweight = 7\n");
	is_str(store_read(LINK "/host-weight"), "9", "what was set stays");
	ok(!store_read(LINK "/host-min"), "what went from the policy goes");
	is_str(store_read(LINK "/groups/a/tx-min"), "0", "what went from a group has its default");
	desk_free(k);
}

/* What is printed means the same. */
static void test_print(void)
{
	static const char text[] = "[default]\nattach = no\n[web*/3]\nattach = yes\ntx-min = 50%\n"
				   "[group a]\nweight = 7\n[uplink u]\nhost-min = 5mbit\n";
	static const char want[] = "[default]\nattach = no\n[web*/3]\nattach = yes\ntx-min = 500\n"
				   "[group a]\nweight = 7\n[uplink u]\nhost-min = 5000000\n";
	struct policy *p = policy_new();
	char *got;

	policy_parse(p, "p", text, sizeof(text) - 1, NULL, NULL);
	got = policy_print(p, &(struct policy_capacity){1000, 0});
	is_str(got, want, "a policy is printed with percentages worked out");
	free(got);
	got = policy_print(p, &(struct policy_capacity){0, 0});
	ok(!strstr(got, "tx-min"), "a percentage that has no value is not printed");
	free(got);
	policy_free(p);
}

int main(void)
{
	int fd = mkstemp(path);

	must(fd >= 0);
	close(fd);
	test_newcomers();
	test_again();
	test_given_back();
	test_ending();
	test_no_uuid();
	test_unreadable();
	test_changes();
	test_percent();
	test_percent_elsewhere();
	test_uplink();
	test_print();
	unlink(path);
	return done_testing();
}
