/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log, replayed, gives the balances that the ledger has, whatever happened. */
#include <errno.h>

#include "backend/sched/rng.h"
#include "tests/unit/ledger_log.h"

static const struct replay_account *account_of(const struct replay *rp, unsigned domid)
{
	for (uint32_t i = 0; i < rp->n; i++) {
		if (rp->account[i].live && record_domid(rp->account[i].id.ldp) == domid)
			return &rp->account[i];
	}
	return NULL;
}

/* An epoch without COMMIT counts for nothing; a log that contradicts itself is not believed. */
static void test_replay(void)
{
	struct ldplog_header *h = (void *)mem;
	struct replay *rp;
	uint64_t tail;

	begin(250000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	epoch(8000, 0, 0, 0);
	tail = h->tail;
	h->tail -= RECORD_BYTES;
	rp = replayed();
	ok(rp->synced && !account_of(rp, 2), "an epoch without its COMMIT is not replayed");
	h->tail = tail;
	rp = replayed();
	is_int(account_of(rp, 2)->balance, 4000, "an epoch with its COMMIT is replayed");
	is_int(account_of(rp, 2)->id.generation, 1, "a replayed account has its generation");
	is_int(account_of(rp, 2)->id.uuid[15], 2, "a replayed account has its UUID");
	((struct record *)(void *)(mem + LDPLOG_HEADER_BYTES + tail - 3 * RECORD_BYTES))->bytes++;
	ok(!replayed()->synced, "nothing is known after a damaged record");
	for (int i = 0; i < 1000; i++)
		epoch(8000, 0, 0, 0);
	ok(replayed()->synced, "a checkpoint after a damaged record makes all known");
	rp = replayed();
	is_int(replay_add(rp, &(struct record){.type = RECORD_LOAN,
					       .ldp = record_ldp(2, 0),
					       .bytes = 5,
					       .balance_after = 6}),
	       0, "a replayed record waits for its COMMIT");
	is_int(replay_add(rp, &(struct record){.type = RECORD_COMMIT}), -EBADMSG,
	       "a record that contradicts its account is refused with its COMMIT");
	ok(!rp->synced, "nothing is known after a record that contradicts its account");
	rp = replayed();
	ok(rp->synced, "a log is replayed as well after a refused record");
	replay_add(rp, &(struct record){.type = RECORD_LOAN,
					.ldp = record_ldp(2, 0),
					.bytes = 5,
					.balance_after = account_of(rp, 2)->balance + 5});
	is_int(replay_add(rp, &(struct record){.type = RECORD_COMMIT,
					       .epoch = rp->epoch,
					       .peer = (uint64_t)rp->pool}),
	       -EBADMSG, "a loan that nobody borrowed is refused: the sum is not zero");
}

static uint64_t follow(struct replay *rp, struct ldplog_reader *r, const uint32_t domid[LDPS])
{
	uint64_t wrong = 0;

	replay_log(rp, r);
	for (uint32_t slot = 0; slot < LDPS; slot++) {
		const struct replay_account *a = domid[slot] ? account_of(rp, domid[slot]) : NULL;

		wrong += domid[slot] && (!a || a->balance != ledger_balance(l, slot));
	}
	return wrong + !rp->synced + (rp->pool != l->pool);
}

/* LDPs come, go and change; epochs are busy, quiet and far apart; a reader follows. */
static void test_property(void)
{
	uint32_t domid[LDPS] = {0};
	uint64_t unsound = 0, wrong = 0, factors = 0, epochs = 0;
	struct ldplog_reader r;
	struct replay rp;
	struct rng rng;

	begin(1000000);
	rng_seed(&rng, 5);
	replay_init(&rp);
	ldplog_reader_init(&r, mem);
	while (epochs < 1000000) {
		uint32_t slot = rng_below(&rng, LDPS);

		switch (rng_below(&rng, 400)) {
		case 0:
			if (domid[slot])
				ledger_detach(l, slot);
			domid[slot] = domid[slot] ? 0 : 1 + slot;
			if (domid[slot])
				attach(slot, domid[slot], rng_below(&rng, 2),
				       1 + rng_below(&rng, 65535));
			break;
		case 1:
			if (domid[slot])
				ledger_set_weight(l, slot, 1 + rng_below(&rng, 1000));
			break;
		case 2:
			now_ns += LEDGER_KEEP_NS / 4;
			break;
		}
		for (slot = 0; slot < LDPS; slot++) {
			if (rng_below(&rng, 3))
				ledger_serve(l, slot, rng_below(&rng, 1u << rng_below(&rng, 28)));
		}
		ledger_set_time(l, now_ns += 10000000, 0);
		epochs += ledger_epoch(l, 1 + rng_below(&rng, 2) * rng_below(&rng, 50),
				       rng_below(&rng, 2) ? rng_below(&rng, 1u << 30) : 0);
		slot = rng_below(&rng, LDPS);
		factors += ledger_factor(l, slot) < 32768 || ledger_factor(l, slot) > 131072;
		if (epochs % 256 == 0 || r.at + RING / 2 < ledger_log_end(l)) {
			unsound += !is_sound();
			wrong += follow(&rp, &r, domid);
		}
	}
	is_int(unsound, 0, "in a million epochs all sums are exactly zero");
	is_int(factors, 0, "in a million epochs all factors are in range");
	is_int(wrong, 0, "a reader that follows the log has the ledger's balances");
	is_int(r.missed + r.damaged, 0, "a reader that follows the log misses nothing");
	replay_free(&rp);
}

int main(void)
{
	test_replay();
	test_property();
	return ledger_done();
}
