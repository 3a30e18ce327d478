/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft.h: rules of nftables that a frame meets between the TAP and the ports of its bridge. Pure. */
#ifndef DMVL_CTL_NFT_H
#define DMVL_CTL_NFT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NFT_TEXT_MAX 256u
#define NFT_PORTS    10u

/* Which entry of `port` is what. The exits follow. */
#define NFT_TAP	   0u
#define NFT_BRIDGE 1u
#define NFT_EXIT   2u

/* A set of ports has a bit for each, and this one for an interface that a hook does not know. */
#define NFT_NOBODY (1u << NFT_PORTS)
#define NFT_ANY	   (2 * NFT_NOBODY - 1)

struct nft_chain {
	uint8_t family;
	char table[NFT_TEXT_MAX], name[NFT_TEXT_MAX];
	uint32_t in, out;	  /* frames that come in, or go out, by these ports meet it */
	bool knows_in, knows_out; /* at its hook */
	bool policy_drops;	  /* what no rule decides */
};

/* What a rule does with a frame that its conditions fit. */
enum nft_act {
	NFT_ACT_NONE,
	NFT_ACT_ACCEPT,
	NFT_ACT_DROP,
	NFT_ACT_EITHER, /* a map of verdicts */
	NFT_ACT_RETURN,
	NFT_ACT_JUMP,
	NFT_ACT_GOTO,
};

struct nft_rule {
	uint8_t family;
	char table[NFT_TEXT_MAX], chain[NFT_TEXT_MAX];
	uint64_t handle;
	uint32_t in, out; /* its conditions on interfaces leave these ports */
	bool always;	  /* it has no others */
	enum nft_act act;
	char to[NFT_TEXT_MAX]; /* the chain of a jump */
};

/* All but the ports is written by nft_read(), of nft_read.h. Rules of one chain are in order. */
struct nft {
	char port[NFT_PORTS][IFNAMSIZ];
	unsigned ports;

	struct nft_chain *chain;
	unsigned chains;
	struct nft_rule *rule;
	unsigned rules;
};

/* Do frames between the TAP and an exit, or those of one of the two, meet it? */
bool nft_meets(const struct nft *nft, const struct nft_chain *chain);

enum nft_drops {
	NFT_DROPS_NONE,
	NFT_DROPS_SOME, /* some frames of guests, maybe */
	NFT_DROPS_ALL,	/* all that go one way */
};

/*
 * What this chain drops. Of one that meets only what passes an exit, which is a firewall for the
 * host as well, it counts alone what no condition of a rule decides. *rule: by which rule, NULL: by
 * its policy.
 */
enum nft_drops nft_judge(const struct nft *nft, const struct nft_chain *chain,
			 const struct nft_rule **rule);

/* "bridge", "netdev", "inet". */
const char *nft_family(uint8_t family);

#endif
