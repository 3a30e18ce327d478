/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/sums.h"

#include "backend/datapath/core.h"

static void add_waits(uint64_t to[STATS_BUCKETS], const uint64_t from[STATS_BUCKETS])
{
	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		to[i] += from[i];
}

static void add(struct ldp_sums *to, const struct ldp *l)
{
	add_waits(to->wait[LDP_TX], l->count.tx_wait);
	add_waits(to->wait[LDP_RX], l->count.rx_wait);
	for (unsigned i = 0; i < LDP_DROPS; i++)
		to->drops[i] += l->count.drops[i];
	to->drops[LDP_DROP_VIF_FULL] += l->vif.missed;
}

void sums_begin(struct dpath *dp)
{
	dp->sums.round = dp->sums.gone;
}

void sums_add(struct dpath *dp, const struct ldp *l)
{
	add(&dp->sums.round, l);
}

void sums_leave(struct dpath *dp, const struct ldp *l, bool counted)
{
	add(&dp->sums.gone, l);
	if (!counted)
		add(&dp->sums.round, l);
}
