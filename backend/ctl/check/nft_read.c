/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft_read.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/ctl/check/ask.h"

#define RULES_MAX 8192u /* of further ones nothing is said */
#define NO_U32	  UINT32_MAX
#define TAP	  0u

/* --- attributes ------------------------------------------------------------------------------- */

static const struct nlattr *attribute(const struct nlmsghdr *n, uint16_t type)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, n, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(a) == type)
			return a;
	}
	return NULL;
}

static const struct nlattr *child(const struct nlattr *parent, uint16_t type)
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

static uint32_t u32_of(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= 4 ? ntohl(mnl_attr_get_u32(a)) : NO_U32;
}

static void text_of(const struct nlattr *a, char *out, size_t size)
{
	snprintf(out, size, "%.*s", a ? (int)mnl_attr_get_payload_len(a) : 0,
		 a ? (const char *)mnl_attr_get_payload(a) : "");
}

/* One more entry, or NULL. */
static void *more(void *all, unsigned *count, size_t size)
{
	void **list = all, *entries;

	if (*count == RULES_MAX)
		return NULL;
	entries = realloc(*list, (*count + 1) * size);
	if (!entries)
		return NULL;
	*list = entries;
	return memset((char *)entries + (*count)++ * size, 0, size);
}

/* --- chains ----------------------------------------------------------------------------------- */

static bool is_on_the_way(uint32_t hook)
{
	return hook == NF_BR_PRE_ROUTING || hook == NF_BR_FORWARD || hook == NF_BR_POST_ROUTING;
}

static void take_device(const struct nft *nft, struct nft_chain *c, const struct nlattr *name)
{
	char text[IFNAMSIZ];

	text_of(name, text, sizeof(text));
	for (unsigned i = 0; i < nft->ports; i++) {
		if (strcmp(text, nft->port[i]) != 0)
			continue;
		c->meets = true;
		c->is_of_tap |= i == TAP;
	}
}

/* A chain of the families "netdev" and "inet" may be one of devices. */
static void take_hook(const struct nft *nft, struct nft_chain *c, const struct nlattr *hook)
{
	const struct nlattr *all = child(hook, NFTA_HOOK_DEVS), *one = child(hook, NFTA_HOOK_DEV);
	const struct nlattr *a;

	if (c->family == NFPROTO_BRIDGE)
		c->meets = c->is_of_tap = is_on_the_way(u32_of(child(hook, NFTA_HOOK_HOOKNUM)));
	else if (one)
		take_device(nft, c, one);
	if (all && c->family != NFPROTO_BRIDGE) {
		mnl_attr_for_each_nested(a, all)
		{
			take_device(nft, c, a);
		}
	}
}

static void take_chain(struct nft *nft, const struct nlmsghdr *n)
{
	const struct nlattr *hook = attribute(n, NFTA_CHAIN_HOOK);
	struct nft_chain *c = hook ? more(&nft->chain, &nft->chains, sizeof(*c)) : NULL;

	if (!c)
		return;
	c->family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(n))->nfgen_family;
	text_of(attribute(n, NFTA_CHAIN_TABLE), c->table, sizeof(c->table));
	text_of(attribute(n, NFTA_CHAIN_NAME), c->name, sizeof(c->name));
	c->policy_drops = u32_of(attribute(n, NFTA_CHAIN_POLICY)) == NF_DROP;
	take_hook(nft, c, hook);
}

/* --- rules ------------------------------------------------------------------------------------ */

/* What the expression before this one loaded: a key of `meta`, or NO_U32. */
struct reading {
	const struct nft *nft;
	struct nft_rule *rule;
	uint32_t loaded;
};

static bool is_of_interface(uint32_t key)
{
	return key == NFT_META_IIFNAME || key == NFT_META_OIFNAME || key == NFT_META_BRI_IIFNAME ||
	       key == NFT_META_BRI_OIFNAME;
}

/* A name with an asterisk is compared up to there. */
static bool is_of_a_port(const struct nft *nft, const struct nlattr *value)
{
	size_t len = mnl_attr_get_payload_len(value);

	for (unsigned i = 0; len <= IFNAMSIZ && i < nft->ports; i++) {
		char name[IFNAMSIZ] = "";

		memcpy(name, nft->port[i], strlen(nft->port[i]));
		if (memcmp(name, mnl_attr_get_payload(value), len) == 0)
			return true;
	}
	return false;
}

static void take_cmp(struct reading *r, const struct nlattr *data)
{
	const struct nlattr *value = child(child(data, NFTA_CMP_DATA), NFTA_DATA_VALUE);

	r->rule->always = false;
	if (value && is_of_interface(r->loaded) && u32_of(child(data, NFTA_CMP_OP)) == NFT_CMP_EQ &&
	    !is_of_a_port(r->nft, value))
		r->rule->foreign = true;
}

static void take_verdict(struct reading *r, const struct nlattr *data)
{
	const struct nlattr *verdict = child(child(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
	uint32_t code = u32_of(child(verdict, NFTA_VERDICT_CODE));

	if (!verdict)
		return;
	r->rule->drops = code == NF_DROP;
	if (code == (uint32_t)NFT_JUMP || code == (uint32_t)NFT_GOTO)
		text_of(child(verdict, NFTA_VERDICT_CHAIN), r->rule->to, sizeof(r->rule->to));
}

static void take_expression(struct reading *r, const struct nlattr *e)
{
	const struct nlattr *data = child(e, NFTA_EXPR_DATA);
	char name[32];
	uint32_t loaded = NO_U32;

	text_of(child(e, NFTA_EXPR_NAME), name, sizeof(name));
	if (strcmp(name, "immediate") == 0) {
		take_verdict(r, data);
	} else if (strcmp(name, "reject") == 0) {
		r->rule->drops = true;
	} else if (strcmp(name, "cmp") == 0) {
		take_cmp(r, data);
	} else if (strcmp(name, "meta") == 0) {
		loaded = u32_of(child(data, NFTA_META_KEY));
	} else if (strcmp(name, "lookup") == 0) {
		/* A map of verdicts, of which some may be to drop. */
		r->rule->drops |= u32_of(child(data, NFTA_LOOKUP_DREG)) == NFT_REG_VERDICT;
		r->rule->always = false;
	} else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0) {
		r->rule->always = false;
	}
	r->loaded = loaded;
}

static void take_rule(struct nft *nft, const struct nlmsghdr *n)
{
	const struct nlattr *handle = attribute(n, NFTA_RULE_HANDLE);
	const struct nlattr *all = attribute(n, NFTA_RULE_EXPRESSIONS), *e;
	struct nft_rule *rule = all ? more(&nft->rule, &nft->rules, sizeof(*rule)) : NULL;
	struct reading r = {nft, rule, NO_U32};

	if (!rule)
		return;
	rule->family = ((const struct nfgenmsg *)mnl_nlmsg_get_payload(n))->nfgen_family;
	rule->always = true;
	text_of(attribute(n, NFTA_RULE_TABLE), rule->table, sizeof(rule->table));
	text_of(attribute(n, NFTA_RULE_CHAIN), rule->chain, sizeof(rule->chain));
	if (handle && mnl_attr_get_payload_len(handle) >= 8)
		rule->handle = be64toh(mnl_attr_get_u64(handle));
	mnl_attr_for_each_nested(e, all)
	{
		take_expression(&r, e);
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static int take(const struct nlmsghdr *n, void *arg)
{
	if (mnl_nlmsg_get_payload_len(n) < sizeof(struct nfgenmsg))
		return MNL_CB_OK;
	if (NFNL_MSG_TYPE(n->nlmsg_type) == NFT_MSG_NEWCHAIN)
		take_chain(arg, n);
	else if (NFNL_MSG_TYPE(n->nlmsg_type) == NFT_MSG_NEWRULE)
		take_rule(arg, n);
	return MNL_CB_OK;
}

static void ask(struct nft *nft, uint16_t type)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};
	struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *head;

	n->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	n->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(n, sizeof(*head));
	head->nfgen_family = NFPROTO_UNSPEC;
	head->version = NFNETLINK_V0;
	ask_kernel(NETLINK_NETFILTER, buf, take, nft);
}

/* A question would load the module, and a look changes nothing. */
static bool is_loaded(void)
{
	char path[sizeof(struct utsname) + 64], line[256];
	bool built_in = false;
	struct utsname u;
	FILE *f;

	if (access("/sys/module/nf_tables", F_OK) == 0 || uname(&u) < 0)
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", u.release);
	f = fopen(path, "re");
	if (!f)
		return true; /* there are no modules */
	while (!built_in && fgets(line, sizeof(line), f))
		built_in = strstr(line, "/nf_tables.ko");
	fclose(f);
	return built_in;
}

void nft_read(struct nft *nft)
{
	nft->chain = NULL;
	nft->rule = NULL;
	nft->chains = nft->rules = 0;
	if (!is_loaded())
		return;
	ask(nft, NFT_MSG_GETCHAIN);
	ask(nft, NFT_MSG_GETRULE);
}

void nft_free(struct nft *nft)
{
	free(nft->chain);
	free(nft->rule);
}
