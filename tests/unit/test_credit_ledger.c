/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has lent how much to whom, what that does to the factors, and the bounds of both. */
#include "tests/unit/ledger_log.h"

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

int main(void)
{
	test_loans();
	test_capacity();
	test_slow();
	test_factor();
	test_long_frames();
	test_bounds();
	test_brought();
	return ledger_done();
}
