/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has lent how much to whom, what becomes of balances when LDPs come and go, and that
 * the log, replayed, gives the same balances.
 */
#include <errno.h>
#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_priv.h"
#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define LDPS  8
#define RING  (64u << 10)
#define BYTES (LDPLOG_HEADER_BYTES + RING)
#define SEC   1000000000ull

static uint8_t mem[BYTES] __attribute__((aligned(64)));
static struct ledger *l;
static uint64_t now_ns;

static bool is_sound(void)
{
	uint64_t weights = 0;

	for (uint32_t slot = 0; slot < l->max_ldps; slot++) {
		const struct account *a = &l->account[slot];

		weights += a->weight;
		if (a->weight ? slot >= l->slots_end : a->balance != 0)
			return false;
	}
	return ledger_sum(l) == 0 && weights == l->weights;
}

static struct credit_id id_of(unsigned domid, uint64_t generation)
{
	struct credit_id id = {.generation = generation, .ldp = record_ldp(domid, 0)};

	memset(id.uuid, (int)domid, sizeof(id.uuid));
	return id;
}

static void attach(uint32_t slot, unsigned domid, uint64_t generation, uint32_t weight)
{
	struct credit_id id = id_of(domid, generation);

	ledger_attach(l, slot, &id, weight);
}

static void log_to(void)
{
	struct ldplog_writer w;

	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
}

static void begin(uint32_t repayment_ppm)
{
	struct ldplog_id id = {.boot = "boot"};

	ledger_free(l);
	l = ledger_new(LDPS, repayment_ppm);
	now_ns = SEC;
	ledger_set_time(l, now_ns, 0);
	ldplog_format(mem, sizeof(mem), &id);
	log_to();
}

/* An epoch in which the first three slots were charged this. */
static bool epoch(uint32_t a, uint32_t b, uint32_t c, uint64_t capacity)
{
	ledger_serve(l, 0, a);
	ledger_serve(l, 1, b);
	ledger_serve(l, 2, c);
	now_ns += 10000000;
	ledger_set_time(l, now_ns, now_ns);
	return ledger_epoch(l, 1, capacity);
}

/* All that the log has, replayed. */
static struct replay *replayed(void)
{
	static struct replay rp;
	struct ldplog_reader r;

	replay_free(&rp);
	replay_init(&rp);
	ldplog_reader_init(&r, mem);
	replay_log(&rp, &r);
	return &rp;
}

static const struct replay_account *account_of(const struct replay *rp, unsigned domid)
{
	for (uint32_t i = 0; i < rp->n; i++) {
		if (rp->account[i].live && record_domid(rp->account[i].id.ldp) == domid)
			return &rp->account[i];
	}
	return NULL;
}

/* The daemon is killed and started again. */
static void restart(void)
{
	ledger_free(l);
	l = ledger_new(LDPS, 250000);
	ledger_set_time(l, now_ns, 0);
	ledger_adopt(l, replayed());
	log_to();
}

/* The n-th record from the end, COMMIT not counted. */
static struct record newest(unsigned n)
{
	const struct ldplog_header *h = (const void *)mem;
	struct ldplog_reader r;
	struct record rec = {0};

	ldplog_reader_init(&r, mem);
	r.at = h->tail - (n + 2) * RECORD_BYTES;
	ldplog_read(&r, &rec);
	return rec;
}

static void test_loans(void)
{
	begin(250000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	attach(2, 3, 1, 200);
	ok(epoch(1000, 1000, 2000, 0), "an epoch in which all get their shares is an epoch");
	is_int(ledger_balance(l, 0), 0, "an epoch in which all get their shares lends nothing");
	ok(epoch(0, 2000, 2000, 0), "an epoch in which one takes an idle one's part is an epoch");
	is_int(ledger_balance(l, 0), 1000, "an idle LDP lends its part");
	is_int(ledger_balance(l, 1), -1000, "an LDP that takes an idle one's part borrows it");
	is_int(ledger_balance(l, 2), 0, "an LDP that takes its own part has no part in a loan");
	is_int(newest(1).type, RECORD_LOAN, "the lender's record is a loan");
	is_int(newest(1).bytes, 1000, "the lender's record has the bytes");
	is_int(newest(1).peer, record_ldp(2, 0), "the lender's record names the borrower");
	is_int(newest(0).type, RECORD_BORROW, "the borrower's record is a borrow");
	is_int(newest(0).ldp, record_ldp(2, 0), "the borrower's record names the borrower");
	is_int(newest(0).balance_after, -1000, "the borrower's record has its balance");
	is_int(ledger_offset(l, 1), newest(0).seq * 64,
	       "a borrower's offset is that of its newest record");
	is_int(ledger_factor(l, 0), 65536, "a loan in one epoch changes no factor yet");

	/* Balances are 992 and -992 after the decay; the lender takes 500 of the borrower's part.
	 */
	ok(epoch(1500, 500, 2000, 0), "an epoch in which the borrower gives back is an epoch");
	is_int(ledger_balance(l, 0), 992 - 500, "a lender that is paid back is owed less");
	is_int(ledger_balance(l, 1), -992 + 500, "a borrower that pays back owes less");
	is_int(newest(1).type, RECORD_REPAY, "the payer's record is a repay");
	is_int(newest(1).ldp, record_ldp(2, 0), "the payer's record names the payer");
	ok(!(newest(1).flags & RECORD_F_TAKEN), "the payer's record is not marked as taken");
	is_int(newest(0).type, RECORD_REPAY, "the record of who is paid is a repay");
	ok(newest(0).flags & RECORD_F_TAKEN, "the record of who is paid is marked as taken");
	ok(epoch(3000, 0, 1000, 0),
	   "an epoch in which the lender takes more than it is owed is an epoch");
	is_int(newest(0).type, RECORD_BORROW,
	       "what a lender takes beyond what it is owed is a loan");
	ok(!epoch(0, 0, 0, 0), "an epoch without traffic is none");
	ok(is_sound(), "all sums are right after loans and repayments");
}

/* With a known capacity nobody lends what the link had left over. */
static void test_capacity(void)
{
	begin(0);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	attach(2, 3, 1, 100);
	epoch(1000, 0, 0, 30000);
	is_int(ledger_balance(l, 1), 0, "on a link with room nothing is borrowed");
	epoch(12000, 0, 6000, 30000);
	is_int(ledger_balance(l, 0), -2000, "2000 bytes above the rated 10000 are borrowed");
	is_int(ledger_balance(l, 1), 1428, "an LDP with 10000 bytes to spare lends pro rata");
	is_int(ledger_balance(l, 2), 572, "an LDP with 4000 bytes to spare lends pro rata");
	is_int(ledger_factor(l, 0), 65536, "without repayment there is no factor");
	begin(0);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	epoch(1000, 0, 0, 0);
	is_int(ledger_balance(l, 1), 500,
	       "without a known capacity half of what an LDP takes is another's");
}

/*
 * Three LDPs that always send, each its share exactly, on a link of 3 Mbit/s: two or three frames
 * an epoch. On average nobody is paid back anything.
 */
static void test_slow(void)
{
	static const uint32_t turn[7] = {2, 1, 2, 0, 2, 1, 2};
	uint64_t sent = 0, factor[3] = {0};
	const uint32_t frame = 1514, epochs = 7000;

	begin(250000);
	for (uint32_t slot = 0; slot < 3; slot++)
		attach(slot, slot + 1, 1, 100u << slot);
	for (uint64_t n = 1; n <= epochs; n++) {
		for (; sent * frame < n * 3750; sent++)
			ledger_serve(l, turn[sent % 7], frame);
		epoch(0, 0, 0, 3750);
		for (uint32_t slot = 0; slot < 3; slot++)
			factor[slot] += ledger_factor(l, slot);
	}
	for (uint32_t slot = 0; slot < 3; slot++) {
		int off = (int)(factor[slot] * 1000 / epochs / LEDGER_FACTOR_ONE) - 1000;

		ok(off >= -10 && off <= 10,
		   "frames longer than an epoch's credit pay nothing back to device %u", slot) ||
			(diag("off by %d per mille", off), 0);
	}
}

static bool is_factor(uint32_t slot, double factor)
{
	double is = (double)ledger_factor(l, slot) / LEDGER_FACTOR_ONE;

	if (is > factor - .004 && is < factor + .004)
		return true;
	diag("factor %f, want %f", is, factor);
	return false;
}

/* The factor follows the mean of the balance, and a long pause takes from it as from the balance.
 */
static void test_factor(void)
{
	double mean = 0;
	bool right = true;

	begin(1000000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	for (int i = 0; i < 120; i++) {
		epoch(i < 30 ? 700 : 1000, i < 30 ? 1300 : 1000, 0, 0);
		mean += ((double)ledger_balance(l, 0) - mean) / 32;
		right &= is_factor(0, 1 + mean / 20000) && is_factor(1, 1 - mean / 20000);
	}
	ok(right, "a factor follows the mean of a balance, by a twentieth for each rated epoch");
	ok(mean > 3000, "a factor stays for a while after a loan");
	ledger_serve(l, 0, 1000);
	ledger_serve(l, 1, 1000);
	ledger_epoch(l, 1000, 0);
	ok(is_factor(0, 1) && is_factor(1, 1), "a long pause forgets the factor with the balance");
}

/* One sends a long frame each 12th epoch, another as much in short ones, beside one that is idle.
 */
static void test_long_frames(void)
{
	double most = 0, least = 2;

	begin(1000000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	attach(2, 3, 1, 40);
	for (int i = 1; i < 2000; i++) {
		double ratio = (double)ledger_factor(l, 0) / ledger_factor(l, 1);

		if (i > 1000) {
			most = ratio > most ? ratio : most;
			least = ratio < least ? ratio : least;
		}
		epoch(i % 12 == 0 ? 12600 : 0, 1050, 0, 2100);
	}
	diag("factor with long frames by that with short ones: %.3f to %.3f", least, most);
	ok(most < 1.04 && least > .96, "long frames have the factor that short ones have");
	ok(ledger_factor(l, 1) < LEDGER_FACTOR_ONE * 9 / 10, "both have borrowed");
}

static void test_bounds(void)
{
	begin(1000000);
	attach(0, 1, 1, 1);
	attach(1, 2, 1, 3);
	for (int i = 0; i < 1000; i++)
		epoch(4000, 0, 0, 0);
	is_int(ledger_balance(l, 0), -128000, "no more than 128 epochs of rated credit is owed");
	ok(ledger_balance(l, 1) > 380000 && ledger_balance(l, 1) <= 384000,
	   "no more than 128 epochs of rated credit is held");
	is_int(l->pool, 128000 - ledger_balance(l, 1), "the pool has what is beyond the bounds");
	is_int(ledger_factor(l, 0), 32768, "the least factor is a half");
	is_int(ledger_factor(l, 1), 131072, "the largest factor is two");
	for (int i = 0; i < 3000; i++)
		epoch(1, 3, 0, 0);
	is_int(ledger_balance(l, 0), 0, "a debt is forgotten in time");
	is_int(ledger_balance(l, 1), 0, "a claim is forgotten in time");
	is_int(l->pool, 0, "the pool is empty when all is forgotten");
	ledger_serve(l, 0, 1000);
	ledger_epoch(l, 1, 0);
	ledger_serve(l, 0, 1);
	ledger_epoch(l, 1u << 20, 0);
	ok(ledger_balance(l, 1) <= 1, "many idle epochs at once forget a claim");
}

static void test_identity(void)
{
	begin(250000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	epoch(8000, 0, 0, 0);
	is_int(ledger_balance(l, 1), 4000, "an LDP that sends nothing lends");
	ledger_detach(l, 1);
	is_int(ledger_balance(l, 1), 0, "a slot whose LDP goes has no balance");
	attach(3, 2, 1, 50);
	is_int(ledger_balance(l, 3), 4000,
	       "an LDP that comes back in another slot has its balance");
	ledger_detach(l, 3);
	attach(2, 2, 2, 100);
	is_int(ledger_balance(l, 2), 0,
	       "another attachment of the same device does not inherit its balance");
	is_int(l->pool, 4000, "the pool inherits the balance of a replaced attachment");
	ledger_detach(l, 2);
	attach(1, 2, 1, 100);
	is_int(ledger_balance(l, 1), 0, "a replaced attachment that comes back has no balance");
	epoch(8000, 0, 0, 0);
	ledger_detach(l, 1);
	ledger_set_time(l, now_ns + LEDGER_KEEP_NS - 1, 0);
	attach(1, 2, 1, 100);
	ok(ledger_balance(l, 1) > 0, "an LDP that comes back within a minute has its balance");
	ledger_detach(l, 1);
	ledger_set_time(l, now_ns += 2 * LEDGER_KEEP_NS, 0);
	attach(1, 2, 1, 100);
	is_int(ledger_balance(l, 1), 0, "an LDP that comes back after a minute has no balance");
	ok(is_sound(), "all sums are right after LDPs came and went");
	epoch(1, 1, 0, 0);
	ok(replayed()->synced, "the log tells of all LDPs that came and went");
}

/* Guest 2 has another domid and another attachment; its UUID is the same. */
static void attach_rebooted(uint32_t slot, unsigned domid, unsigned device, enum credit_heir heir)
{
	struct credit_id id = id_of(2, 9);

	id.ldp = record_ldp(domid, device);
	id.heir = heir;
	ledger_attach(l, slot, &id, 100);
}

static void owe(void)
{
	begin(250000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	epoch(0, 8000, 0, 0);
	ledger_detach(l, 1);
}

static void test_reboot(void)
{
	owe();
	attach_rebooted(1, 7, 0, CREDIT_HEIR_OF_GUEST);
	is_int(ledger_balance(l, 1), -4000, "a guest that reboots owes what it owed");
	is_int(l->pool, 0, "what a guest owes over a reboot is not the pool's");
	ok(is_sound(), "all sums are right after a reboot");
	epoch(1, 1, 0, 0);
	ok(replayed()->synced, "the log tells of a reboot");
	restart();
	attach(0, 1, 1, 100);
	attach_rebooted(1, 7, 0, CREDIT_HEIR_OF_GUEST);
	ok(ledger_balance(l, 1) < -3000, "what a guest owes outlives a restart of the daemon too");

	owe();
	attach_rebooted(1, 7, 0, CREDIT_HEIR_OF_DOMAIN);
	is_int(ledger_balance(l, 1), 0, "a guest whose balance is not kept owes nothing after it");
	owe();
	attach_rebooted(1, 7, 1, CREDIT_HEIR_OF_GUEST);
	is_int(ledger_balance(l, 1), 0, "another device of the guest inherits nothing");
	owe();
	attach(1, 3, 1, 100);
	is_int(ledger_balance(l, 1), 0, "another guest inherits nothing");
}

/* Guest 2 is attached again in its domain, whose number is 2. */
static void test_same_domain(void)
{
	struct credit_id id = id_of(2, 1);

	owe();
	attach_rebooted(1, 2, 0, CREDIT_HEIR_OF_DOMAIN);
	is_int(ledger_balance(l, 1), -4000,
	       "a guest whose balance is not kept over a reboot owes on in the same domain");
	ok(is_sound(), "all sums are right after another attachment in the same domain");
	owe();
	id.generation = 5;
	ledger_close(l, &id);
	attach_rebooted(1, 2, 0, CREDIT_HEIR_OF_DOMAIN);
	is_int(ledger_balance(l, 1), -4000, "the end of another attachment changes nothing");
	owe();
	id.generation = 1;
	ledger_close(l, &id);
	attach_rebooted(1, 2, 0, CREDIT_HEIR_OF_GUEST);
	is_int(ledger_balance(l, 1), 0, "nobody inherits an account that was ended");
	is_int(l->pool, -4000, "what an account that was ended held is the pool's");
	ok(is_sound(), "all sums are right after an account was ended");
	epoch(1, 1, 0, 0);
	ok(replayed()->synced, "the log tells of an account that was ended");
}

/* What it held on another host comes from the pool, and goes into the log. */
static void test_brought(void)
{
	begin(500000);
	attach(0, 1, 1, 100);
	attach(1, 2, 1, 100);
	ledger_grant(l, 0, -5000);
	ledger_grant(l, 1, 7000);
	ledger_grant(l, 1, 0);
	is_int(ledger_balance(l, 0), -5000, "an account that comes along owes what it owed");
	is_int(ledger_balance(l, 1), 7000, "an account that comes along is owed what it was owed");
	ok(is_sound(), "the pool gives it: all accounts and the pool are 0 together");
	epoch(100000, 100000, 0, 200000);
	ok(ledger_balance(l, 0) < -4900 && ledger_balance(l, 1) > 6900 && is_sound(),
	   "it lasts as any balance does");
}

static void test_restart(void)
{
	int64_t had;

	begin(250000);
	attach(0, 1, 7, 100);
	attach(1, 2, 7, 300);
	for (int i = 0; i < 5; i++)
		epoch(9000, 1000, 0, 0);
	had = ledger_balance(l, 1);
	ok(had > 0, "an LDP that sends little has a balance before the restart");
	ledger_detach(l, 0); /* not committed */
	restart();
	is_int(ledger_balance(l, 1), 0, "nobody has a balance right after a restart");
	attach(0, 2, 7, 300);
	is_int(ledger_balance(l, 0), had, "an LDP that attaches after a restart has its balance");
	attach(1, 1, 8, 100);
	is_int(ledger_balance(l, 1), 0,
	       "another generation that attaches after a restart has no balance");
	restart();
	attach(1, 2, 7, 300);
	is_int(ledger_balance(l, 1), had, "an LDP has its balance after a second restart at once");
	epoch(0, 10, 0, 0);
	ok(ledger_balance(l, 1) > had / 2,
	   "a quiet epoch after a restart does not lower the bound of a balance");
	ok(is_sound(), "all sums are right after restarts");
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
	test_loans();
	test_capacity();
	test_slow();
	test_factor();
	test_long_frames();
	test_bounds();
	test_identity();
	test_reboot();
	test_same_domain();
	test_brought();
	test_restart();
	test_replay();
	test_property();
	ledger_free(l);
	replayed(); /* the last one is freed */
	return done_testing();
}
