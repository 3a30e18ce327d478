/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_rules.h"

#include <inttypes.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/check/ask.h"
#include "backend/ctl/check/look_port.h"
#include "backend/ctl/check/nft_read.h"
#include "backend/uplink/qdisc.h"

/* --- nftables --------------------------------------------------------------------------------- */

static bool is_plain(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
	       strlen(name);
}

static void do_chain(struct finding_row *f, const struct nft_chain *c, const struct nft_rule *r)
{
	const char *family = nft_family(c->family);

	if (!is_plain(c->table) || !is_plain(r ? r->chain : c->name)) {
		finding_do(f, "nft -a list ruleset %s", family);
		return;
	}
	finding_do(f, "nft -a list table %s %s", family, c->table);
	if (r)
		finding_do(f, "nft delete rule %s %s %s handle %" PRIu64 "    # if it is not meant",
			   family, c->table, r->chain, r->handle);
	else
		finding_do(f, "nft chain %s %s %s '{ policy accept; }'    # if it is not meant",
			   family, c->table, c->name);
}

static void tell_chain(struct look *look, const struct nft_chain *c, enum nft_drops drops,
		       const struct nft_rule *r)
{
	struct finding_row *f = look_found(look);

	if (drops == NFT_DROPS_SOME)
		f->gravity = GRAVITY_NOTE;
	finding_text(f, "the nftables chain %s of table %s %s %s guests' frames, by %s", c->name,
		     nft_family(c->family), c->table,
		     drops == NFT_DROPS_ALL ? "drops all" : "may drop some",
		     r ? "a rule" : "its policy");
	do_chain(f, c, r);
}

static void take_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
		      void *arg)
{
	struct nft *nft = arg;

	(void)look;
	(void)tap;
	(void)bridge;
	if (nft->ports < NFT_PORTS)
		snprintf(nft->port[nft->ports++], IFNAMSIZ, "%.*s", IFNAMSIZ - 1, exit);
}

static void look_at_nft(struct look *look, const char *tap, const char *bridge)
{
	struct nft nft = {.ports = 0};
	const struct nft_rule *rule;

	take_exit(look, tap, bridge, tap, &nft);
	take_exit(look, tap, bridge, bridge, &nft);
	look_each_exit(look, tap, bridge, take_exit, &nft);
	nft_read(&nft);
	for (unsigned i = 0; i < nft.chains; i++) {
		enum nft_drops drops = nft_judge(&nft, &nft.chain[i], &rule);

		if (drops != NFT_DROPS_NONE)
			tell_chain(look, &nft.chain[i], drops, rule);
	}
	nft_free(&nft);
}

/* --- the TAP ---------------------------------------------------------------------------------- */

static void look_at_filters(struct look *look, const char *tap, const char *hook, uint16_t which)
{
	struct finding_row *f;

	if (!ask_filter(if_nametoindex(tap), which))
		return;
	f = look_found(look);
	f->gravity = GRAVITY_NOTE;
	finding_text(f, "%s has filters of tc at its %s, which may drop guests' frames", tap, hook);
	finding_do(f, "tc -s filter show dev %s %s", tap, hook);
	finding_do(f, "tc filter del dev %s %s    # all of them, if they are not meant", tap, hook);
}

/* Those that neither limit a rate nor lose frames on purpose. The kernel's default has no handle.
 */
static bool is_harmless(const struct qdiscs *q)
{
	static const char *const kinds[] = {
		"noqueue", "pfifo_fast", "pfifo",  "bfifo", "pfifo_head_drop",
		"fq",	   "fq_codel",	 "fq_pie", "sfq",   "codel",
		"pie",	   "cake",	 "hhf",	   "mq",    "mqprio",
		"multiq",  "prio",	 "ets",	   "drr"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(q->root, kinds[i]) == 0)
			return true;
	}
	return !q->root[0] || q->root_handle == 0;
}

/* What leaves the bridge through the TAP is what guests receive. */
static void look_at_qdisc(struct look *look, const char *tap)
{
	struct finding_row *f;
	struct qdiscs q;

	if (qdisc_read(if_nametoindex(tap), &q) < 0 || is_harmless(&q))
		return;
	f = look_found(look);
	f->gravity = GRAVITY_NOTE;
	finding_text(f,
		     "%s has the queueing discipline %s, which may hold up or drop frames for "
		     "guests",
		     tap, q.root);
	finding_do(f, "tc -s qdisc show dev %s", tap);
	finding_do(f, "tc qdisc del dev %s root    # %s limits what a guest receives", tap,
		   schema_name(KEY_BACK_RX_MAX));
}

static void look_at_xdp(struct look *look, const char *port)
{
	struct ask_port p;
	struct finding_row *f;

	ask_port(if_nametoindex(port), &p);
	if (!p.xdp)
		return;
	f = look_found(look);
	f->gravity = GRAVITY_NOTE;
	finding_text(f, "%s has an XDP program, which may drop frames of guests", port);
	finding_do(f, "ip -d link show dev %s", port);
	finding_do(f, "ip link set dev %s %s off    # if it is not meant", port, p.xdp);
}

/* There, filters may be the host's own affair as long as they drop nothing. */
static void look_at_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
			 void *arg)
{
	uint32_t ifindex = if_nametoindex(exit), drops;
	char kind[ASK_KIND_MAX] = "";
	struct finding_row *f;

	(void)tap;
	(void)bridge;
	(void)arg;
	if (!ifindex)
		return;
	look_at_xdp(look, exit);
	drops = ask_filter_drops(ifindex, kind);
	if (drops == 0)
		return;
	f = look_found(look);
	f->gravity = GRAVITY_NOTE;
	finding_text(f,
		     "%s, by which frames leave the host, has filters of tc that have dropped "
		     "%" PRIu32 " frames, maybe of guests",
		     exit, drops);
	finding_do(f, "tc -s qdisc show dev %s", exit);
	finding_do(f, "tc qdisc del dev %s %s    # with all its filters, if they are not meant",
		   exit, kind);
}

bool look_rules(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];

	if (!look_bridge_of(look, device, bridge) || !if_nametoindex(device))
		return true;
	look_at_nft(look, device, bridge);
	look_at_filters(look, device, "ingress", TC_H_MIN_INGRESS);
	look_at_filters(look, device, "egress", TC_H_MIN_EGRESS);
	look_at_qdisc(look, device);
	look_at_xdp(look, device);
	look_each_exit(look, device, bridge, look_at_exit, NULL);
	return true;
}
