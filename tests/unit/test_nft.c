/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What chains of nftables drop between the TAP and an exit. */
#include "backend/ctl/check/nft.h"

#include <linux/netfilter.h>
#include <string.h>

#include "tests/unit/tap.h"

#define TAP  (1u << NFT_TAP)
#define EXIT (1u << NFT_EXIT)
#define MANY 30u

static struct nft_rule rules[2 * MANY];
static struct nft_chain base;
static struct nft nft;

/* A chain "forward" without rules, of a bridge with one exit. */
static void begin(bool policy_drops)
{
	memset(rules, 0, sizeof(rules));
	base = (struct nft_chain){.family = NFPROTO_BRIDGE,
				  .table = "t",
				  .name = "forward",
				  .in = NFT_ANY,
				  .out = NFT_ANY,
				  .knows_in = true,
				  .knows_out = true,
				  .policy_drops = policy_drops};
	nft = (struct nft){.port = {"tap", "br", "eth0"}, .ports = 3, .rule = rules};
}

static struct nft_rule *add(const char *chain, enum nft_act act, const char *to, bool always)
{
	struct nft_rule *r = &rules[nft.rules++];

	*r = (struct nft_rule){.family = NFPROTO_BRIDGE,
			       .table = "t",
			       .handle = nft.rules,
			       .in = NFT_ANY,
			       .out = NFT_ANY,
			       .always = always,
			       .act = act};
	snprintf(r->chain, sizeof(r->chain), "%s", chain);
	snprintf(r->to, sizeof(r->to), "%s", to);
	return r;
}

/* `by`: the rule's place, from 1; 0: its policy, or none. */
static void drops(enum nft_drops want, unsigned by, const char *what)
{
	const struct nft_rule *rule = NULL;

	is_int(nft_judge(&nft, &base, &rule), want, "%s", what);
	is_int(rule ? rule->handle : 0, by, "%s: by this rule", what);
}

static void test_rules(void)
{
	begin(false);
	drops(NFT_DROPS_NONE, 0, "no rules");
	add("forward", NFT_ACT_DROP, "", false);
	drops(NFT_DROPS_SOME, 1, "a drop with conditions");
	add("forward", NFT_ACT_DROP, "", true);
	drops(NFT_DROPS_ALL, 2, "a drop without any");
	rules[0].act = NFT_ACT_ACCEPT;
	drops(NFT_DROPS_SOME, 2, "a drop after an accept with conditions");
	rules[0].always = true;
	drops(NFT_DROPS_NONE, 0, "a drop after an accept without any");
	rules[0].in = TAP;
	drops(NFT_DROPS_ALL, 2, "a drop after an accept of one way");
	rules[1].out = EXIT;
	drops(NFT_DROPS_NONE, 0, "a drop of the way that was accepted");
	rules[1].out = rules[1].in = NFT_ANY & ~TAP & ~EXIT;
	rules[0].act = NFT_ACT_NONE;
	drops(NFT_DROPS_NONE, 0, "a drop of other ports");
	add("forward", NFT_ACT_EITHER, "", true);
	drops(NFT_DROPS_SOME, 3, "a map of verdicts");
	strcpy(rules[2].table, "other");
	drops(NFT_DROPS_NONE, 0, "a rule of another table");
}

static void test_policy(void)
{
	begin(true);
	drops(NFT_DROPS_ALL, 0, "a policy without rules");
	add("forward", NFT_ACT_ACCEPT, "", false);
	drops(NFT_DROPS_SOME, 0, "a policy after an accept with conditions");
	rules[0].in = TAP;
	drops(NFT_DROPS_ALL, 0, "a policy after an accept with conditions of one way");
	add("forward", NFT_ACT_ACCEPT, "", true)->in = TAP;
	add("forward", NFT_ACT_ACCEPT, "", true)->out = TAP;
	drops(NFT_DROPS_NONE, 0, "a policy after an accept of both ways");
	base.knows_out = false;
	drops(NFT_DROPS_ALL, 0, "an accept by a port that the hook does not know");
	rules[2].out = NFT_ANY & ~TAP;
	drops(NFT_DROPS_NONE, 0, "an accept of all but a port that the hook does not know");
	rules[2].out = TAP;
	base.knows_out = true;
	base.knows_in = false;
	drops(NFT_DROPS_ALL, 0, "an accept by a port of which the hook does not know where from");
}

static void test_calls(void)
{
	begin(false);
	add("forward", NFT_ACT_JUMP, "far", false)->in = TAP;
	add("far", NFT_ACT_DROP, "", true);
	drops(NFT_DROPS_SOME, 2, "a jump with conditions to a drop");
	rules[0].always = true;
	drops(NFT_DROPS_ALL, 2, "a jump without any to a drop");
	rules[0].in = EXIT << 1;
	drops(NFT_DROPS_NONE, 0, "a jump of another port to a drop");
	rules[0].in = TAP;
	rules[1].act = NFT_ACT_RETURN;
	add("far", NFT_ACT_DROP, "", true);
	drops(NFT_DROPS_NONE, 0, "a return before the drop");
	rules[1].always = false;
	drops(NFT_DROPS_SOME, 3, "a return with conditions before the drop");
	add("forward", NFT_ACT_GOTO, "near", true);
	add("forward", NFT_ACT_DROP, "", true);
	drops(NFT_DROPS_SOME, 3, "a goto before a drop");
	rules[3].act = NFT_ACT_JUMP;
	drops(NFT_DROPS_ALL, 5, "a jump before a drop");
}

static void test_devices(void)
{
	begin(false);
	base.family = NFPROTO_NETDEV;
	base.knows_out = false;
	base.in = TAP;
	add("forward", NFT_ACT_DROP, "", false)->family = NFPROTO_NETDEV;
	drops(NFT_DROPS_SOME, 1, "a drop with conditions at the TAP");
	base.in = EXIT;
	drops(NFT_DROPS_NONE, 0, "a drop with conditions at an exit");
	rules[0].always = true;
	drops(NFT_DROPS_ALL, 1, "a drop without any at an exit");
	base.in = 1u << NFT_BRIDGE;
	ok(!nft_meets(&nft, &base), "frames between the ports do not meet a chain of the bridge");
	drops(NFT_DROPS_NONE, 0, "a drop at the bridge");
	base.in = TAP;
	nft.ports = 2;
	drops(NFT_DROPS_ALL, 1, "a drop where there is no exit");
	ok(nft_meets(&nft, &base), "what the TAP sends meets its chain without an exit");
}

/* The kernel refuses loops, and has a limit of jumps that this one does not know. */
static void test_many(void)
{
	begin(true);
	for (unsigned i = 0; i < MANY; i++) {
		add("forward", NFT_ACT_JUMP, "forward", false);
		add("forward", NFT_ACT_JUMP, "far", true);
	}
	drops(NFT_DROPS_NONE, 0, "rules that jump to and fro for ever");
}

int main(void)
{
	test_rules();
	test_policy();
	test_calls();
	test_devices();
	test_many();
	return done_testing();
}
