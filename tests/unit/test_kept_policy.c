/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a device where the operator's policy says something of it too. */
#include "tests/unit/kept_guest.h"

static void test_policy_below(void)
{
	k = desk_new();
	desk_policy(k, "[guest1]\nweight = 100\ntx-max = 5mbit\n");
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "5000000");
	desk_write(1, KEY_BACK_VLAN, "5");
	desk_turn(k);
	ok(has("weight = 33\n# policy: weight = 100\n") && !has("tx-max"),
	   "what is as the policy says is not remembered");
	desk_end(1);
	end();
	desk_policy(k, "[guest1]\nweight = 100\ntx-max = 6mbit\n");
	again(9);
	is_str(desk_read(9, KEY_BACK_WEIGHT), "33", "what was set counts more than the policy");
	is_str(desk_read(9, KEY_BACK_VLAN), "5", "what the policy does not say is as it was set");
	is_str(desk_read(9, KEY_BACK_TX_MAX), "6000000", "the rest is as the policy says by now");
	desk_end(9);
	end();
	desk_policy(k, "[guest1]\nweight = 200\n");
	again(10);
	is_str(desk_read(10, KEY_BACK_WEIGHT), "200",
	       "what was set dies when the policy says something else of it");
	ok(!has("weight"), "what has died is not remembered any more");
	is_str(desk_read(10, KEY_BACK_VLAN), "5", "what was set beside it lives");
	desk_end(10);
	end();
	desk_policy(k, "[guest1]\nweight = 200\nvlan = 7\n");
	again(11);
	is_str(desk_read(11, KEY_BACK_VLAN), "7",
	       "what was set dies when the policy begins to say something of it");
	desk_free(k);
}

/* What the policy takes back becomes the default, which may be what had been set. */
static void test_policy_taken_back(void)
{
	k = desk_new();
	desk_policy(k, "[guest1]\nallowed-ip = 10.0.0.1\n[other]\n");
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
	desk_policy(k, "[guest1]\nweight = 100\n");
	desk_boot(1, 1);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_WEIGHT), "100", "a guest has the weight of the policy");
	desk_end(1);
	desk_boot(9, 1);
	k->c.policy.earlier = k->c.policy.now;
	k->c.policy.now = NULL;
	k->c.policy.started = false;
	desk_policy(k, "[guest1]\nweight = 200\n");
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
	desk_policy(k, "[guest1]\nweight = 100\nlatency = low\n");
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
	desk_policy(k, "[guest1]\nweight = 200\nlatency = low\n");
	restart();
	is_str(desk_read(1, KEY_BACK_WEIGHT), "200", "what the policy says otherwise is written");
	desk_free(k);
}

static void test_policy_alone(void)
{
	k = desk_new();
	desk_policy(k, "[guest1]\nweight = 100\n");
	again(1);
	ok(desk_device(k, 1) && has("# policy: attach\n"),
	   "a device that the policy names is marked");
	is_str(desk_read(1, KEY_BACK_GUEST_UUID), "01010000-0000-0000-0000-000000000000",
	       "a device that the policy names says whose it is");
	desk_end(1);
	end();
	desk_policy(k, "[guest2]\n");
	again(9);
	ok(!desk_device(k, 9) && !file()[0],
	   "a device that only the policy named goes with its section");
	desk_free(k);

	k = desk_new();
	desk_connect(k, 1);
	desk_policy(k, "[guest1]\nweight = 100\n");
	desk_write(1, KEY_BACK_VLAN, "5");
	desk_turn(k);
	desk_end(1);
	end();
	desk_policy(k, "");
	again(9);
	ok(desk_device(k, 9), "a device that was attached by hand outlives its section");
	desk_free(k);
}

/* Half of a capacity that is not always configured. */
static void test_policy_part(void)
{
	k = desk_new();
	k->c.link.configured_bps = 8000000;
	desk_policy(k, "[guest1]\ntx-max = 50%\n");
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	ok(has("tx-max = 7000000\n# policy: tx-max = 4000000\n"),
	   "what was set is remembered beside the percentage, worked out");
	k->c.link.configured_bps = 0;
	desk_turn(k);
	desk_end(1);
	end();
	again(9);
	is_str(desk_read(9, KEY_BACK_TX_MAX), "7000000",
	       "what was set lives while the capacity of the policy's percentage is not known");
	ok(has("tx-max = 7000000\n# policy: tx-max = 4000000\n"),
	   "it stays remembered, with what the policy said when it was known");
	desk_write(9, KEY_BACK_TX_MAX, "6000000");
	desk_turn(k);
	ok(has("tx-max = 6000000\n# policy: tx-max = 4000000\n"),
	   "what is set meanwhile is remembered beside what the policy said last");
	k->c.link.configured_bps = 8000000;
	desk_turn(k);
	is_str(desk_read(9, KEY_BACK_TX_MAX), "6000000",
	       "what was set lives when the capacity is known again, and is the same");
	desk_end(9);
	end();
	k->c.link.configured_bps = 0;
	desk_turn(k);
	again(10);
	is_str(desk_read(10, KEY_BACK_TX_MAX), "6000000", "it lives without a capacity once more");
	k->c.link.configured_bps = 10000000;
	desk_turn(k);
	is_str(desk_read(10, KEY_BACK_TX_MAX), "5000000",
	       "what was set dies when the percentage is another rate by a new capacity");
	desk_free(k);
}

/* The policy has a percentage of an unknown capacity, and tx-max is set by hand. */
static void set_beside_part(void)
{
	k = desk_new();
	desk_policy(k, "[guest1]\ntx-max = 50%\nrx-max = 50%\n");
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
}

/* It was never known what the percentage is. */
static void test_policy_part_unknown(void)
{
	set_beside_part();
	ok(has("tx-max = 7000000\n# part: tx-max = 50%\n"),
	   "what was set is remembered beside the percentage that nobody knows the rate of");
	k->c.link.configured_bps = 8000000;
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_TX_MAX), "7000000",
	       "what was set lives when the capacity of the policy's percentage is known first");
	desk_write(1, KEY_BACK_VLAN, "5");
	desk_turn(k);
	ok(has("tx-max = 7000000\n# policy: tx-max = 4000000\n"),
	   "it stays remembered beside the percentage, worked out by now");
	k->c.link.configured_bps = 10000000;
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_TX_MAX), "5000000",
	       "what was set dies when the percentage is another rate then");
	desk_free(k);
}

/* The same while the guest is away. */
static void test_policy_part_away(void)
{
	set_beside_part();
	desk_end(1);
	end();
	k->c.link.configured_bps = 8000000;
	desk_turn(k);
	again(9);
	is_str(desk_read(9, KEY_BACK_TX_MAX), "7000000",
	       "what was set comes back when the capacity has become known meanwhile");
	desk_end(9);
	end();
	desk_policy(k, "[guest1]\ntx-max = 40%\n");
	again(10);
	is_str(desk_read(10, KEY_BACK_TX_MAX), "3200000",
	       "what was set dies when the policy has another percentage");
	desk_free(k);

	set_beside_part();
	desk_policy(k, "[guest1]\ntx-max = 40%\n");
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_TX_MAX), "7000000",
	       "another percentage, as unknown, ends nothing yet");
	k->c.link.configured_bps = 8000000;
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_TX_MAX), "3200000",
	       "what was set beside another percentage dies when the capacity is known");
	desk_free(k);

	set_beside_part();
	desk_policy(k, "[guest1]\n");
	desk_end(1);
	end();
	again(9);
	is_str(desk_read(9, KEY_BACK_TX_MAX), "7000000",
	       "what was set lives when the percentage goes, which was never in force");
	desk_free(k);
}

int main(void)
{
	test_policy_part();
	test_policy_part_unknown();
	test_policy_part_away();
	test_policy_below();
	test_policy_taken_back();
	test_policy_away();
	test_policy_not_noted();
	test_policy_alone();
	return done_testing();
}
