/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft_attr.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

const struct nlattr *nft_attr(const struct nlmsghdr *n, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, n, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

const struct nlattr *nft_child(const struct nlattr *parent, uint16_t type)
{
	const struct nlattr *a;

	if (!parent)
		return NULL;
	mnl_attr_for_each_nested(a, parent)
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

uint32_t nft_u32(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= 4 ? ntohl(mnl_attr_get_u32(a)) : NFT_NO_U32;
}

void nft_text(const struct nlattr *a, char *out, size_t size)
{
	snprintf(out, size, "%.*s", a ? (int)mnl_attr_get_payload_len(a) : 0,
		 a ? (const char *)mnl_attr_get_payload(a) : "");
}

struct nlmsghdr *nft_question(void *buf, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *head;

	n->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	n->nlmsg_flags = NLM_F_REQUEST | flags;
	head = mnl_nlmsg_put_extra_header(n, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return n;
}
