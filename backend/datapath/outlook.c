/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/outlook.h"

#include <stdlib.h>

#include "backend/datapath/core.h"
#include "backend/datapath/link_rate.h"

/*
 * What a neighbour wants is what it sent over the uplink of late, or, if its frames were waiting
 * most of the time, all it can get. From that follows what each LDP would get (prospect.h). It is
 * worked out four times a second while frames pass or settings change, and some looks longer, until
 * all rates are settled. Then no timer runs.
 */
#define LOOK_NS (250 * NS_PER_MS)
#define BUSY	128u /* in 256ths */

struct outlook_work {
	struct prospects *prospects;
	struct prospect_claim claim[LDP_SLOTS];
	struct prospect out[LDP_SLOTS];
	const struct sched_rule *group[SCHED_GROUPS + 1];
};

bool outlook_init(struct dpath *dp)
{
	dp->outlook.work = calloc(1, sizeof(*dp->outlook.work));
	if (!dp->outlook.work)
		return false;
	dp->outlook.work->prospects = prospects_new(LDP_SLOTS, SCHED_GROUPS);
	return dp->outlook.work->prospects;
}

void outlook_fini(struct dpath *dp)
{
	if (dp->outlook.work)
		prospects_free(dp->outlook.work->prospects);
	free(dp->outlook.work);
}

void outlook_ask(struct ldp *l)
{
	l->outlook[LDP_TX].asked++;
	l->outlook[LDP_TX].waited += l->head == LDP_HEAD_UPLINK;
	l->outlook[LDP_RX].asked++;
	l->outlook[LDP_RX].waited += !flowq_empty(l->rxq);
}

void outlook_changed(struct dpath *dp)
{
	dp->outlook.changed = true;
}

bool outlook_is_known(const struct dpath *dp, const struct ldp *l)
{
	return l->outlook_looks > 0 && l->outlook_looks <= dp->outlook.looks;
}

static uint64_t bps_since(uint64_t bytes, uint64_t then_bytes, uint64_t ns)
{
	return ns ? (uint64_t)((double)(bytes - then_bytes) * 8e9 / (double)ns) : 0;
}

static void settle_busy(struct ldp_outlook *o)
{
	uint32_t part = o->asked ? o->waited * 256 / o->asked : 0;

	o->busy = (o->busy + part + 1) / 2;
	o->asked = o->waited = 0;
}

/* The claim of one direction, and a sample for later ones. */
static struct prospect_claim claim(const struct dpath *dp, struct ldp *l, enum ldp_dir dir)
{
	struct ldp_outlook *o = &l->outlook[dir];
	unsigned at = dp->outlook.looks % OUTLOOK_LOOKS;
	uint64_t ns = dp->now_ns - dp->outlook.ns[at];
	uint64_t all = dir == LDP_TX ? l->count.tx_bytes : l->count.rx_bytes;
	uint64_t link = dir == LDP_TX ? l->count.tx_uplink_bytes : l->rx_delivered_bytes;
	uint64_t link_bps = bps_since(link, o->link_bytes[at], ns);
	uint64_t all_bps = bps_since(all, o->all_bytes[at], ns);

	o->link_bytes[at] = link;
	o->all_bytes[at] = all;
	settle_busy(o);
	return (struct prospect_claim){
		.rule = dir == LDP_TX ? &l->conf.tx : &l->conf.rx,
		.group = l->conf.group,
		.wants_bps = o->busy >= BUSY ? PROSPECT_ALL : link_bps,
		.elsewhere_bps = all_bps > link_bps ? all_bps - link_bps : 0,
	};
}

static void name_groups(const struct dpath *dp, enum ldp_dir dir)
{
	for (uint32_t g = 1; g <= SCHED_GROUPS; g++) {
		const struct group_conf *conf = &dp->tenants.conf[g];
		const struct sched_rule *rule = dir == LDP_TX ? &conf->tx : &conf->rx;

		dp->outlook.work->group[g] = dp->tenants.on[g] ? rule : NULL;
	}
}

static void look(struct dpath *dp, enum ldp_dir dir)
{
	struct outlook_work *w = dp->outlook.work;
	struct prospect_link link = {.group = w->group};
	uint32_t n = 0;
	struct ldp *l;

	link.capacity_bps = dir == LDP_TX ? link_rate_bps(dp) : dp->rx.rate_bps;
	name_groups(dp, dir);
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		if (ldp_is_active(l))
			w->claim[n++] = claim(dp, l, dir);
	prospects_fill(w->prospects, &link, w->claim, n, w->out);
	n = 0;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		if (ldp_is_active(l))
			l->outlook[dir].prospect = w->out[n++];
}

/* Of all that counts in a claim. */
static uint64_t bytes_of_all(const struct dpath *dp)
{
	const struct ldp *l;
	uint64_t sum = 0;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		sum += l->count.tx_bytes + l->count.rx_bytes;
	return sum;
}

static void look_again(struct dpath *dp)
{
	struct dpath_outlook *o = &dp->outlook;
	uint64_t sum = bytes_of_all(dp);
	struct ldp *l;

	look(dp, LDP_TX);
	look(dp, LDP_RX);
	o->ns[o->looks % OUTLOOK_LOOKS] = dp->now_ns;
	o->looks++;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		l->outlook_looks = ldp_is_active(l) ? o->looks : 0;
	o->still = sum == o->sum && !o->changed ? o->still + 1 : 0;
	o->sum = sum;
	o->changed = false;
	o->looked_ns = dp->now_ns;
}

/* As many looks without change as the oldest sample and the last of `busy` live. */
#define SETTLED (2 * OUTLOOK_LOOKS)

bool outlook_step(struct dpath *dp)
{
	struct dpath_outlook *o = &dp->outlook;

	if (!o->changed && o->still >= SETTLED)
		return true;
	if (o->looked_ns == 0 || dp->now_ns - o->looked_ns >= LOOK_NS)
		look_again(dp);
	return o->still >= SETTLED;
}
