/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft.h"

#include <linux/netfilter.h>
#include <string.h>

#define JUMPS_MAX 16u	   /* the kernel's own limit */
#define STEPS_MAX 2000000u /* of rules that jump to and fro: nothing is said of what follows */

const char *nft_family(uint8_t family)
{
	return family == NFPROTO_BRIDGE ? "bridge" : family == NFPROTO_NETDEV ? "netdev" : "inet";
}

/*
 * A way is from the TAP to an exit, or back: bits 2i and 2i + 1 of a set of ways. Without an exit,
 * there are the ways to and from an interface that no rule names.
 */
static uint32_t ways_of(const struct nft *nft, uint32_t in, uint32_t out)
{
	unsigned first = NFT_EXIT, end = nft->ports;
	uint32_t ways = 0;

	if (nft->ports <= NFT_EXIT) {
		first = NFT_PORTS;
		end = NFT_PORTS + 1;
	}
	for (unsigned i = first; i < end; i++) {
		if (in & 1u << NFT_TAP && out & 1u << i)
			ways |= 1u << 2 * i;
		if (in & 1u << i && out & 1u << NFT_TAP)
			ways |= 2u << 2 * i;
	}
	return ways;
}

/* A walk through the rules of one chain of a hook, and of those that it calls. */
struct walk {
	const struct nft *nft;
	const struct nft_chain *base;
	bool of_exit;  /* only an exit's frames meet it */
	uint32_t left; /* ways of which frames get to the next rule */
	uint32_t some; /* ways of which some frames were accepted */
	const struct nft_rule *may, *must;
	unsigned steps;
};

/* A hook that does not know an interface compares it as one without a name. */
static uint32_t ways_of_rule(const struct walk *w, const struct nft_rule *r)
{
	uint32_t in = r->in, out = r->out;

	if (!w->base->knows_in)
		in = in & NFT_NOBODY ? NFT_ANY : 0;
	if (!w->base->knows_out)
		out = out & NFT_NOBODY ? NFT_ANY : 0;
	return ways_of(w->nft, in, out);
}

static void walk_drop(struct walk *w, const struct nft_rule *r, uint32_t ways, bool sure)
{
	if (sure && ways & ~w->some && !w->must)
		w->must = r;
	else if (!w->may && (sure || !w->of_exit))
		w->may = r;
	if (sure)
		w->left &= ~ways;
}

static void walk_accept(struct walk *w, uint32_t ways, bool sure)
{
	if (sure)
		w->left &= ~ways;
	else
		w->some |= ways;
}

static bool is_in(const struct nft_rule *r, const struct nft_chain *base, const char *chain)
{
	return r->family == base->family && strcmp(r->chain, chain) == 0 &&
	       strcmp(r->table, base->table) == 0;
}

/* Of the ways that get into this chain. `sure`: all frames of them do. */
static void walk_chain(struct walk *w, const char *chain, uint32_t ways, bool sure, unsigned jumps)
{
	for (unsigned i = 0; i < w->nft->rules && w->steps < STEPS_MAX; i++) {
		const struct nft_rule *r = &w->nft->rule[i];
		uint32_t on = ways & w->left;
		bool always = sure && r->always;

		w->steps++;
		if (!is_in(r, w->base, chain) || !(on &= ways_of_rule(w, r)))
			continue;
		if (r->act == NFT_ACT_DROP)
			walk_drop(w, r, on, always);
		if (r->act == NFT_ACT_EITHER)
			walk_drop(w, r, on, false);
		if (r->act == NFT_ACT_ACCEPT || r->act == NFT_ACT_EITHER ||
		    (r->act == NFT_ACT_RETURN && !r->always))
			walk_accept(w, on, always && r->act == NFT_ACT_ACCEPT);
		if ((r->act == NFT_ACT_JUMP || r->act == NFT_ACT_GOTO) && jumps < JUMPS_MAX)
			walk_chain(w, r->to, on, always, jumps + 1);
		if (r->always && (r->act == NFT_ACT_RETURN || r->act == NFT_ACT_GOTO))
			ways &= ~on;
	}
}

bool nft_meets(const struct nft *nft, const struct nft_chain *chain)
{
	return ways_of(nft, chain->in, chain->out) != 0;
}

enum nft_drops nft_judge(const struct nft *nft, const struct nft_chain *chain,
			 const struct nft_rule **rule)
{
	uint32_t ways = ways_of(nft, chain->in, chain->out);
	struct walk w = {
		.nft = nft,
		.base = chain,
		.of_exit = !(chain->in & chain->out & 1u << NFT_TAP),
		.left = ways,
	};

	walk_chain(&w, chain->name, ways, true, 0);
	*rule = w.must ? w.must : NULL;
	if (w.must)
		return NFT_DROPS_ALL;
	if (chain->policy_drops && w.left && w.steps < STEPS_MAX)
		return w.left & ~w.some ? NFT_DROPS_ALL : NFT_DROPS_SOME;
	*rule = w.may;
	return w.may ? NFT_DROPS_SOME : NFT_DROPS_NONE;
}
