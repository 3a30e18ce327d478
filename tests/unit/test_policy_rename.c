/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest is renamed when nobody looks: its device gets what the policy says of the new name. */
#include "backend/control/policy_guests.h"
#include "tests/unit/kept_guest.h"

#define POLICY                                                                                   \
	"[guest1]\nweight = 512\ntx-max = 5mbit\n[db1]\nweight = 100\ntx-max = 6mbit\n[db1/1]\n" \
	"weight = 7\n"

static void rename_to(unsigned domid, const char *name)
{
	char node[64];

	snprintf(node, sizeof(node), "/local/domain/%u/name", domid);
	store_write(node, name);
}

/* The daemon ends, and another one starts, with the policy that it had. */
static void restart_with_policy(void)
{
	policy_guests_free(&k->c);
	policy_free(k->c.policy.earlier);
	k->c.policy.earlier = k->c.policy.now;
	k->c.policy.now = NULL;
	k->c.policy.started = false;
	desk_policy(k, POLICY);
	restart();
}

static void begin_named(void)
{
	k = desk_new();
	desk_policy(k, POLICY);
	desk_boot(1, 1);
	desk_turn(k);
	desk_write(1, KEY_BACK_TX_MAX, "4000000");
	desk_turn(k);
}

static void test_away(void)
{
	begin_named();
	is_str(desk_read(1, KEY_BACK_WEIGHT), "512", "a guest has the weight of its name");
	rename_to(1, "db1");
	restart_with_policy();
	is_str(desk_read(1, KEY_BACK_WEIGHT), "100",
	       "a guest that was renamed while the daemon was away has the weight of its new name");
	is_str(desk_read(1, KEY_BACK_TX_MAX), "6000000",
	       "what was set dies, as the policy says something else of the new name");
	ok(!has("weight") && !has("tx-max"), "nothing of that counts as set by hand");
	ok(has("# guest: db1\n"), "it is remembered by its new name");
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_turn(k);
	restart_with_policy();
	is_str(desk_read(1, KEY_BACK_WEIGHT), "33",
	       "what is set by hand then stays over the next start");
	desk_free(k);
}

/* dmvlctl has attached it, and no daemon has seen it: the old name is that of an earlier domain. */
static void test_attached_meanwhile(void)
{
	begin_named();
	desk_end(1);
	end();
	desk_attach(k, 9);
	*hyp_domain(9) = (struct dom_info){.exists = true, .domid = 9, .uuid = {1, 1}};
	desk_write(9, KEY_BACK_GUEST_UUID, "01010000-0000-0000-0000-000000000000");
	desk_write(9, KEY_BACK_WEIGHT, "33");
	desk_write(9, KEY_BACK_TX_MAX, "7000000");
	rename_to(9, "db1");
	restart_with_policy();
	is_str(desk_read(9, KEY_BACK_WEIGHT), "33",
	       "what attach's words said of a guest by another name stays");
	desk_free(k);
}

/* Somebody sets a key at the same moment. */
static void test_at_once(void)
{
	begin_named();
	rename_to(1, "db1");
	desk_lose_events(k); /* that of the name comes later */
	desk_write(1, KEY_BACK_MTU, "1400");
	desk_turn(k);
	rename_to(1, "db1");
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_WEIGHT), "100",
	       "a key that is set at a rename does not keep the policy of the new name away");
	is_str(desk_read(1, KEY_BACK_MTU), "1400", "the key that was set is as it was set");
	ok(!has("weight") && has("mtu = 1400\n"), "the key that was set is all that is remembered");
	desk_free(k);
}

int main(void)
{
	test_away();
	test_attached_meanwhile();
	test_at_once();
	return done_testing();
}
