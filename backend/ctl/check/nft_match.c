/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft_match.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "backend/ctl/check/ask.h"
#include "backend/vif/rtlink.h"

bool nft_match_is_in(uint32_t key)
{
	return key == NFT_META_IIFNAME || key == NFT_META_IIF || key == NFT_META_BRI_IIFNAME;
}

bool nft_match_is_out(uint32_t key)
{
	return key == NFT_META_OIFNAME || key == NFT_META_OIF || key == NFT_META_BRI_OIFNAME;
}

static bool is_bridge(uint32_t key)
{
	return key == NFT_META_BRI_IIFNAME || key == NFT_META_BRI_OIFNAME;
}

/* What the kernel compares of one port, and how many bytes that has. The one after the ports is
 * nobody's. */
static size_t own_value(const struct nft *nft, uint32_t key, unsigned port, char out[IFNAMSIZ])
{
	bool is_index = key == NFT_META_IIF || key == NFT_META_OIF;
	const char *name = "";
	uint32_t index;

	if (is_bridge(key))
		name = nft->port[NFT_BRIDGE];
	else if (port < nft->ports)
		name = nft->port[port];
	memset(out, 0, IFNAMSIZ);
	if (!is_index) {
		memcpy(out, name, strnlen(name, IFNAMSIZ));
		return IFNAMSIZ;
	}
	index = name[0] ? if_nametoindex(name) : 0;
	memcpy(out, &index, sizeof(index));
	return sizeof(index);
}

uint32_t nft_match_value(const struct nft *nft, uint32_t key, const struct nlattr *value)
{
	size_t len = mnl_attr_get_payload_len(value);
	uint32_t ports = 0;
	char own[IFNAMSIZ];

	for (unsigned i = 0; i <= NFT_PORTS; i++) {
		if (len <= own_value(nft, key, i, own) &&
		    memcmp(own, mnl_attr_get_payload(value), len) == 0)
			ports |= 1u << i;
	}
	return ports;
}

/* --- sets ------------------------------------------------------------------------------------- */

/*
 * In a set of ranges, an element begins one, or ends one before itself: a value is in the set if
 * the last element up to it begins a range.
 */
struct near {
	char own[IFNAMSIZ], key[IFNAMSIZ];
	bool exact; /* an element has this value */
	bool found; /* some element is up to it, the last one has `key`, .. */
	bool ends;  /* .. and ends a range */
};

struct elements {
	struct near near[NFT_PORTS + 1];
	size_t width; /* bytes of a value */
	bool ranges, more;
	uint32_t ports; /* of ranges with two ends, or of an element for all values */
};

static void take_port(struct near *p, size_t width, const char *key, bool ends)
{
	int order = memcmp(key, p->own, width), later;

	if (order == 0 && !ends)
		p->exact = true;
	if (order > 0)
		return;
	later = p->found ? memcmp(key, p->key, width) : 1;
	if (later < 0 || (later == 0 && ends))
		return;
	p->found = true;
	p->ends = ends;
	memcpy(p->key, key, width);
}

static void take_element(struct elements *e, const struct nlattr *element)
{
	const struct nlattr *key =
		nft_child(nft_child(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	const struct nlattr *to =
		nft_child(nft_child(element, NFTA_SET_ELEM_KEY_END), NFTA_DATA_VALUE);
	uint32_t flags = nft_u32(nft_child(element, NFTA_SET_ELEM_FLAGS));
	bool ends = flags != NFT_NO_U32 && flags & NFT_SET_ELEM_INTERVAL_END;

	if (!key || mnl_attr_get_payload_len(key) < e->width ||
	    (to && mnl_attr_get_payload_len(to) < e->width)) {
		e->ports = NFT_ANY;
		return;
	}
	e->more |= mnl_attr_get_payload_len(key) > e->width;
	e->ranges |= ends;
	for (unsigned i = 0; i <= NFT_PORTS; i++) {
		struct near *p = &e->near[i];

		if (!to)
			take_port(p, e->width, mnl_attr_get_payload(key), ends);
		else if (memcmp(mnl_attr_get_payload(key), p->own, e->width) <= 0 &&
			 memcmp(mnl_attr_get_payload(to), p->own, e->width) >= 0)
			e->ports |= 1u << i;
	}
}

static int take_elements(const struct nlmsghdr *n, void *arg)
{
	const struct nlattr *all = nft_attr(n, NFTA_SET_ELEM_LIST_ELEMENTS), *a;

	if (all) {
		mnl_attr_for_each_nested(a, all)
		{
			take_element(arg, a);
		}
	}
	return MNL_CB_OK;
}

uint32_t nft_match_set(const struct nft *nft, const struct nft_rule *rule, uint32_t key,
		       const struct nlattr *set, bool *more)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX + 2 * NFT_TEXT_MAX] = {0};
	struct nlmsghdr *n = nft_question(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP, rule->family);
	struct elements e = {.ports = 0};
	char name[NFT_TEXT_MAX];

	*more = true;
	nft_text(set, name, sizeof(name));
	mnl_attr_put_strz(n, NFTA_SET_ELEM_LIST_TABLE, rule->table);
	mnl_attr_put_strz(n, NFTA_SET_ELEM_LIST_SET, name);
	for (unsigned i = 0; i <= NFT_PORTS; i++)
		e.width = own_value(nft, key, i, e.near[i].own);
	if (!set || rtlink_ask(NETLINK_NETFILTER, n, take_elements, &e) < 0)
		return NFT_ANY;
	for (unsigned i = 0; i <= NFT_PORTS; i++) {
		if (e.ranges ? e.near[i].found && !e.near[i].ends : e.near[i].exact)
			e.ports |= 1u << i;
	}
	*more = e.more;
	return e.ports;
}
