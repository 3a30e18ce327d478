/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nft_attr.h: messages of nftables over netlink, to ask and to read. */
#ifndef DMVL_CTL_NFT_ATTR_H
#define DMVL_CTL_NFT_ATTR_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_NO_U32 UINT32_MAX

/* The attribute of a message, or within another one. NULL: it has none, or `parent` is NULL. */
const struct nlattr *nft_attr(const struct nlmsghdr *n, uint16_t type);
const struct nlattr *nft_child(const struct nlattr *parent, uint16_t type);

/* Its value; NFT_NO_U32, "": it is NULL, or too short. */
uint32_t nft_u32(const struct nlattr *a);
void nft_text(const struct nlattr *a, char *out, size_t size);

/* Begins a question of this NFT_MSG_ in a buffer of ASK_MAX zeroes or more. */
struct nlmsghdr *nft_question(void *buf, uint16_t type, uint16_t flags, uint8_t family);

#endif
