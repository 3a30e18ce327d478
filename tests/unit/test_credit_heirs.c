/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of balances when LDPs come and go, reboot, or the daemon is started again. */
#include "tests/unit/ledger_log.h"

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

int main(void)
{
	test_identity();
	test_reboot();
	test_same_domain();
	test_restart();
	return ledger_done();
}
