/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/nft_read.h"

#include <endian.h>
#include <errno.h>
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
#include "backend/ctl/check/nft_attr.h"
#include "backend/ctl/check/nft_match.h"
#include "backend/vif/rtlink.h"

#define RULES_MAX 32768u /* with more of them, nothing is said */
#define TRIES	  4

/* One more entry, or NULL. The room doubles whenever the count is a power of 2. */
static void *more(void *all, unsigned *count, size_t size)
{
	void **list = all, *entries;

	errno = E2BIG;
	if (*count == RULES_MAX)
		return NULL;
	if ((*count & (*count - 1)) == 0) {
		entries = realloc(*list, (*count ? *count * 2 : 1) * size);
		if (!entries)
			return NULL;
		*list = entries;
	}
	return (char *)*list + (*count)++ * size;
}

static uint8_t family_of(const struct nlmsghdr *n)
{
	return ((const struct nfgenmsg *)mnl_nlmsg_get_payload(n))->nfgen_family;
}

/* --- chains ----------------------------------------------------------------------------------- */

/* Of these devices, a set of ports; 0: the chain is of none of them. */
static uint32_t ports_of(const struct nft *nft, const struct nlattr *name)
{
	char text[IFNAMSIZ];
	uint32_t ports = 0;

	nft_text(name, text, sizeof(text));
	for (unsigned i = 0; i < nft->ports; i++) {
		if (strcmp(text, nft->port[i]) == 0)
			ports |= 1u << i;
	}
	return ports;
}

/* A chain of the families "netdev" and "inet" may be one of devices. */
static uint32_t ports_of_hook(const struct nft *nft, const struct nlattr *hook)
{
	const struct nlattr *all = nft_child(hook, NFTA_HOOK_DEVS);
	const struct nlattr *one = nft_child(hook, NFTA_HOOK_DEV), *a;
	uint32_t ports = one ? ports_of(nft, one) : 0;

	if (all) {
		mnl_attr_for_each_nested(a, all)
		{
			ports |= ports_of(nft, a);
		}
	}
	return ports;
}

static void take_hook(const struct nft *nft, struct nft_chain *c, const struct nlattr *hook)
{
	uint32_t number = nft_u32(nft_child(hook, NFTA_HOOK_HOOKNUM));
	bool of_bridge = c->family == NFPROTO_BRIDGE;
	uint32_t ports = of_bridge ? NFT_ANY : ports_of_hook(nft, hook);

	if (of_bridge) {
		c->knows_in = number == NF_BR_PRE_ROUTING || number == NF_BR_FORWARD;
		c->knows_out = number == NF_BR_POST_ROUTING || number == NF_BR_FORWARD;
	} else {
		c->knows_out = c->family == NFPROTO_NETDEV && number == NF_NETDEV_EGRESS;
		c->knows_in = !c->knows_out;
	}
	c->in = !c->knows_in && !c->knows_out ? 0 : c->knows_in ? ports : NFT_ANY;
	c->out = !c->knows_in && !c->knows_out ? 0 : c->knows_out ? ports : NFT_ANY;
}

static int take_table(const struct nlmsghdr *n, void *arg)
{
	uint32_t flags = nft_u32(nft_attr(n, NFTA_TABLE_FLAGS));

	*(bool *)arg |= flags != NFT_NO_U32 && flags & NFT_TABLE_F_DORMANT;
	return MNL_CB_OK;
}

/* Is the table switched off? */
static bool is_dormant(const struct nft_chain *c)
{
	_Alignas(struct nlmsghdr) char buf[ASK_MAX + NFT_TEXT_MAX] = {0};
	struct nlmsghdr *n = nft_question(buf, NFT_MSG_GETTABLE, NLM_F_ACK, c->family);
	bool dormant = false;

	mnl_attr_put_strz(n, NFTA_TABLE_NAME, c->table);
	rtlink_ask(NETLINK_NETFILTER, n, take_table, &dormant);
	return dormant;
}

/* Keeps those that guests' frames meet. */
static int take_chain(const struct nlmsghdr *n, void *arg)
{
	struct nft *nft = arg;
	const struct nlattr *hook = nft_attr(n, NFTA_CHAIN_HOOK);
	struct nft_chain c = {.family = family_of(n)}, *kept;

	if (!hook)
		return MNL_CB_OK;
	nft_text(nft_attr(n, NFTA_CHAIN_TABLE), c.table, sizeof(c.table));
	nft_text(nft_attr(n, NFTA_CHAIN_NAME), c.name, sizeof(c.name));
	c.policy_drops = nft_u32(nft_attr(n, NFTA_CHAIN_POLICY)) == NF_DROP;
	take_hook(nft, &c, hook);
	if (!nft_meets(nft, &c) || is_dormant(&c))
		return MNL_CB_OK;
	kept = more(&nft->chain, &nft->chains, sizeof(*kept));
	if (!kept)
		return MNL_CB_ERROR;
	*kept = c;
	return MNL_CB_OK;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* What an expression loaded into a register: a key of `meta`, or NFT_NO_U32. */
struct reading {
	const struct nft *nft;
	struct nft_rule *rule;
	uint32_t loaded, where;
};

static void take_ports(struct reading *r, uint32_t ports, bool inverted)
{
	ports = inverted ? NFT_ANY & ~ports : ports;
	if (nft_match_is_in(r->loaded))
		r->rule->in &= ports;
	else
		r->rule->out &= ports;
}

static void take_cmp(struct reading *r, const struct nlattr *data)
{
	const struct nlattr *value = nft_child(nft_child(data, NFTA_CMP_DATA), NFTA_DATA_VALUE);
	uint32_t op = nft_u32(nft_child(data, NFTA_CMP_OP));

	if (r->loaded == NFT_NO_U32 || !value ||
	    nft_u32(nft_child(data, NFTA_CMP_SREG)) != r->where ||
	    (op != NFT_CMP_EQ && op != NFT_CMP_NEQ))
		r->rule->always = false;
	else
		take_ports(r, nft_match_value(r->nft, r->loaded, value), op == NFT_CMP_NEQ);
}

/* Whether a value is in a set, or what a map of verdicts says of it. */
static void take_lookup(struct reading *r, const struct nlattr *data)
{
	uint32_t flags = nft_u32(nft_child(data, NFTA_LOOKUP_FLAGS)), ports;
	bool further = true, inverted = flags != NFT_NO_U32 && flags & NFT_LOOKUP_F_INV;

	if (nft_u32(nft_child(data, NFTA_LOOKUP_DREG)) == NFT_REG_VERDICT)
		r->rule->act = NFT_ACT_EITHER;
	if (r->loaded != NFT_NO_U32 && nft_u32(nft_child(data, NFTA_LOOKUP_SREG)) == r->where) {
		ports = nft_match_set(r->nft, r->rule, r->loaded, nft_child(data, NFTA_LOOKUP_SET),
				      &further);
		if (!inverted || !further)
			take_ports(r, ports, inverted);
	}
	if (further)
		r->rule->always = false;
}

static void take_verdict(struct nft_rule *rule, const struct nlattr *data)
{
	const struct nlattr *verdict =
		nft_child(nft_child(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
	uint32_t code = nft_u32(nft_child(verdict, NFTA_VERDICT_CODE));

	if (!verdict)
		return;
	if (code == NF_DROP)
		rule->act = NFT_ACT_DROP;
	else if (code == NF_ACCEPT)
		rule->act = NFT_ACT_ACCEPT;
	else if (code == (uint32_t)NFT_RETURN)
		rule->act = NFT_ACT_RETURN;
	else if (code == (uint32_t)NFT_JUMP)
		rule->act = NFT_ACT_JUMP;
	else if (code == (uint32_t)NFT_GOTO)
		rule->act = NFT_ACT_GOTO;
	nft_text(nft_child(verdict, NFTA_VERDICT_CHAIN), rule->to, sizeof(rule->to));
}

static void take_meta(struct reading *r, const struct nlattr *data)
{
	uint32_t key = nft_u32(nft_child(data, NFTA_META_KEY));

	if (!nft_match_is_in(key) && !nft_match_is_out(key))
		return;
	if (r->loaded != NFT_NO_U32) /* the second part of a key, of which the first one counts */
		return;
	r->loaded = key;
	r->where = nft_u32(nft_child(data, NFTA_META_DREG));
}

static void take_expression(struct reading *r, const struct nlattr *e)
{
	const struct nlattr *data = nft_child(e, NFTA_EXPR_DATA);
	char name[32];

	nft_text(nft_child(e, NFTA_EXPR_NAME), name, sizeof(name));
	if (strcmp(name, "meta") == 0)
		return take_meta(r, data);
	if (strcmp(name, "payload") == 0)
		return;
	if (strcmp(name, "immediate") == 0)
		take_verdict(r->rule, data);
	else if (strcmp(name, "reject") == 0)
		r->rule->act = NFT_ACT_DROP;
	else if (strcmp(name, "cmp") == 0)
		take_cmp(r, data);
	else if (strcmp(name, "lookup") == 0)
		take_lookup(r, data);
	else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0)
		r->rule->always = false;
	r->loaded = NFT_NO_U32;
}

/* Is it of a table with a chain that guests' frames meet? */
static bool is_needed(const struct nft *nft, const struct nft_rule *rule)
{
	for (unsigned i = 0; i < nft->chains; i++) {
		if (nft->chain[i].family == rule->family &&
		    strcmp(nft->chain[i].table, rule->table) == 0)
			return true;
	}
	return false;
}

static int take_rule(const struct nlmsghdr *n, void *arg)
{
	struct nft *nft = arg;
	const struct nlattr *handle = nft_attr(n, NFTA_RULE_HANDLE);
	const struct nlattr *all = nft_attr(n, NFTA_RULE_EXPRESSIONS), *e;
	struct nft_rule rule = {.family = family_of(n),
				.in = NFT_ANY,
				.out = NFT_ANY,
				.always = true};
	struct reading r = {nft, &rule, NFT_NO_U32, 0};
	struct nft_rule *kept;

	nft_text(nft_attr(n, NFTA_RULE_TABLE), rule.table, sizeof(rule.table));
	nft_text(nft_attr(n, NFTA_RULE_CHAIN), rule.chain, sizeof(rule.chain));
	if (!all || !is_needed(nft, &rule))
		return MNL_CB_OK;
	if (handle && mnl_attr_get_payload_len(handle) >= 8)
		rule.handle = be64toh(mnl_attr_get_u64(handle));
	mnl_attr_for_each_nested(e, all)
	{
		take_expression(&r, e);
	}
	kept = more(&nft->rule, &nft->rules, sizeof(*kept));
	if (!kept)
		return MNL_CB_ERROR;
	*kept = rule;
	return MNL_CB_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_all(struct nft *nft, uint16_t type, mnl_cb_t take)
{
	static const uint8_t families[] = {NFPROTO_BRIDGE, NFPROTO_NETDEV, NFPROTO_INET};
	int ret = 0;

	for (size_t i = 0; i < sizeof(families) && ret == 0; i++) {
		_Alignas(struct nlmsghdr) char buf[ASK_MAX] = {0};

		ret = rtlink_ask(NETLINK_NETFILTER,
				 nft_question(buf, type, NLM_F_DUMP, families[i]), take, nft);
	}
	return ret;
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

/* Half of the rules would tell of drops that there are none of. */
void nft_read(struct nft *nft)
{
	int ret = -EINTR;

	nft->chain = NULL;
	nft->rule = NULL;
	nft->chains = nft->rules = 0;
	if (!is_loaded())
		return;
	for (int i = 0; i < TRIES && ret == -EINTR; i++) { /* they change meanwhile */
		nft->chains = nft->rules = 0;
		ret = read_all(nft, NFT_MSG_GETCHAIN, take_chain);
		if (ret == 0 && nft->chains > 0)
			ret = read_all(nft, NFT_MSG_GETRULE, take_rule);
	}
	if (ret < 0)
		nft->chains = nft->rules = 0;
}

void nft_free(struct nft *nft)
{
	free(nft->chain);
	free(nft->rule);
}
