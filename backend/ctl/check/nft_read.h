/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_read.h: reads the rules of nftables over netlink. */
#ifndef DMVL_CTL_NFT_READ_H
#define DMVL_CTL_NFT_READ_H

#include "backend/ctl/check/nft.h"

/*
 * Reads all chains that the kernel calls, and all rules, for nft->port. There are none where the
 * kernel has none, or does not answer. nft_free() frees them.
 */
void nft_read(struct nft *nft);
void nft_free(struct nft *nft);

#endif
