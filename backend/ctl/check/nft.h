/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft.h: rules of nftables that a frame meets between the TAP and the ports of its bridge. Pure. */
#ifndef DMVL_CTL_NFT_H
#define DMVL_CTL_NFT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define NFT_TEXT_MAX 256u
#define NFT_PORTS    10u

struct nft_chain {
	uint8_t family;
	char table[NFT_TEXT_MAX], name[NFT_TEXT_MAX];
	bool meets;	   /* frames between the ports meet it, or those of some device do */
	bool policy_drops; /* what no rule decides */
	bool is_of_tap;	   /* every frame of the TAP, or of the bridge, meets it */
};

struct nft_rule {
	uint8_t family;
	char table[NFT_TEXT_MAX], chain[NFT_TEXT_MAX];
	uint64_t handle;
	bool foreign;	       /* it names another interface */
	bool drops;	       /* it may drop a frame, if its conditions hold */
	bool always;	       /* it has no conditions */
	char to[NFT_TEXT_MAX]; /* the chain that it jumps to; "": none */
};

/* All but the ports is written by nft_read(), of nft_read.h. */
struct nft {
	char port[NFT_PORTS][IFNAMSIZ]; /* the TAP, its bridge, and the exits */
	unsigned ports;

	struct nft_chain *chain;
	unsigned chains;
	struct nft_rule *rule;
	unsigned rules;
};

/*
 * May this chain drop a frame of a guest? Of a chain of an exit alone, which is a firewall for the
 * host as well: does it drop all? *rule: by which rule, NULL: by its policy.
 */
bool nft_may_drop(const struct nft *nft, const struct nft_chain *chain,
		  const struct nft_rule **rule);

/* "bridge", "netdev", "inet". */
const char *nft_family(uint8_t family);

#endif
