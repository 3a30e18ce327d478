/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft.h"

#include <linux/netfilter.h>
#include <string.h>

#define JUMPS_MAX 16u /* the kernel's own limit */

const char *nft_family(uint8_t family)
{
	return family == NFPROTO_BRIDGE ? "bridge" : family == NFPROTO_NETDEV ? "netdev" : "inet";
}

/* `always`: only what drops all frames counts. */
static const struct nft_rule *dropping(const struct nft *nft, const struct nft_chain *base,
				       const char *chain, bool always, unsigned jumps)
{
	for (unsigned i = 0; i < nft->rules; i++) {
		const struct nft_rule *r = &nft->rule[i], *far = NULL;

		if (r->family != base->family || strcmp(r->table, base->table) != 0 ||
		    strcmp(r->chain, chain) != 0 || r->foreign || (always && !r->always))
			continue;
		if (r->drops)
			return r;
		if (r->to[0] && jumps < JUMPS_MAX)
			far = dropping(nft, base, r->to, always, jumps + 1);
		if (far)
			return far;
	}
	return NULL;
}

bool nft_may_drop(const struct nft *nft, const struct nft_chain *chain,
		  const struct nft_rule **rule)
{
	if (!chain->meets)
		return false;
	*rule = dropping(nft, chain, chain->name, !chain->is_of_tap, 0);
	return *rule || chain->policy_drops;
}
