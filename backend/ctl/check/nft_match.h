/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_match.h: which ports a rule's condition on interfaces fits. */
#ifndef DMVL_CTL_NFT_MATCH_H
#define DMVL_CTL_NFT_MATCH_H

#include "backend/ctl/check/nft.h"
#include "backend/ctl/check/nft_attr.h"

/* The key of `meta` that was loaded: a name or an index of the interface a frame came in by, .. */
bool nft_match_is_in(uint32_t key);
/* .. or goes out by. */
bool nft_match_is_out(uint32_t key);

/* The ports that have this value, or one that begins with it, as names with an asterisk do. */
uint32_t nft_match_value(const struct nft *nft, uint32_t key, const struct nlattr *value);

/*
 * The ports that are in this set, whose elements begin with the key. *more: the elements have other
 * parts. All ports, and *more, if the kernel does not tell. Asks the kernel.
 */
uint32_t nft_match_set(const struct nft *nft, const struct nft_rule *rule, uint32_t key,
		       const struct nlattr *set, bool *more);

#endif
