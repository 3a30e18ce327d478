/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/repay.h"

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "backend/sched/sched_group.h"

#define EPOCHS_PER_SECOND (1000000000ull / REPAY_EPOCH_NS)

static void end_epochs(struct repay *r, uint64_t epochs, uint64_t now_ns)
{
	uint64_t carries = r->capacity_bps / 8 / EPOCHS_PER_SECOND * epochs;

	ledger_set_time(r->ledger, now_ns, now_ns);
	ledger_epoch(r->ledger, epochs, r->idled ? carries : 0);
	r->idled = false;
	for (uint32_t i = 0; i < r->ldps; i++)
		sched_set_factor(r->sched, i, ledger_factor(r->ledger, i));
	for (uint32_t g = 1; g <= r->groups; g++)
		sched_set_group_factor(r->sched, g, ledger_group_factor(r->ledger, g));
}

void repay_served(struct repay *r, uint32_t id, uint32_t charge_bytes, uint64_t now_ns)
{
	uint64_t epochs;

	ledger_serve(r->ledger, id, charge_bytes);
	if (now_ns < r->end_ns)
		return;
	epochs = 1 + (now_ns - r->end_ns) / REPAY_EPOCH_NS;
	r->end_ns += epochs * REPAY_EPOCH_NS;
	end_epochs(r, epochs, now_ns);
}
