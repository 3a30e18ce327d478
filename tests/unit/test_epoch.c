/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame loop's epochs: when one begins and ends, and that what was charged reaches the ledger,
 * the LDPs' accounts and the schedulers. The loop never runs: the test says what time it is.
 */
#include <stdlib.h>

#include "backend/datapath/epoch.h"
#include "tests/fake/bench.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

static struct bench *b;

static void begin(const char *dir)
{
	b = bench_new_with(3,
			   &(struct dpath_conf){.epoch_ns = BENCH_EPOCH_NS,
						.repayment_ppm = 500000,
						.name = "test",
						.run_dir = dir},
			   NULL);
}

/* A device of domain 5 or 6. */
static void add(uint32_t slot, uint64_t generation)
{
	bench_add_as(b, slot,
		     &(struct credit_id){.generation = generation, .ldp = record_ldp(5 + slot, 0)});
}

static const struct ldp_account *account(uint32_t slot, enum ldp_dir dir)
{
	return &b->guest[slot].ldp->account[dir];
}

static void served(struct sched *s, uint32_t slot, uint32_t bytes)
{
	epoch_charge(b->dp, s, b->guest[slot].ldp, bytes, bytes, false);
}

static void epoch(void)
{
	bench_pass(b, BENCH_EPOCH_NS);
	epoch_end(b->dp);
}

/* How many messages of a type came, the offset of the last. */
static unsigned told(uint64_t *offset)
{
	struct msg *m;
	unsigned n = 0;

	while ((m = bench_mail(b))) {
		if (m->type == MSG_LOGGED) {
			*offset = m->offset;
			n++;
		}
		free(m);
	}
	return n;
}

static void test_idle(void)
{
	begin(NULL);
	ok(!b->dp->epoch.running, "without LDPs no epoch runs");
	is_str(dpath_log_path(b->dp), "", "without a run directory there is no log");
	is_str(dpath_log_error(b->dp), "", "without a run directory there is no error");
	add(0, 1);
	add(1, 1);
	ok(b->dp->epoch.running, "an LDP that comes begins an epoch");
	epoch();
	ok(b->dp->epoch.running, "an epoch in which an LDP came is followed by another");
	epoch();
	ok(!b->dp->epoch.running, "an epoch with nothing in it is the last");
	bench_pass(b, NS_PER_SEC);
	served(b->dp->local_sched, 0, 1000);
	ok(b->dp->epoch.running,
	   "a frame from LDP to LDP begins an epoch, as the guest's window follows it");
	epoch();
	ok(!b->dp->epoch.running, "an epoch with frames from LDP to LDP only is the last");
	served(b->dp->tx_sched, 0, 1000);
	ok(b->dp->epoch.running, "a frame onto the uplink begins an epoch");
	epoch();
	is_int(account(0, LDP_TX)->balance_bytes, -500,
	       "what an LDP is charged beyond its share is borrowed");
	is_int(account(1, LDP_TX)->balance_bytes, 500, "what one LDP borrows the other lends");
	is_int(account(1, LDP_RX)->balance_bytes, 0, "a loan in transmission is none in reception");
	bench_pass(b, 5 * NS_PER_SEC);
	served(b->dp->rx_sched, 1, 64);
	epoch();
	is_int(account(0, LDP_TX)->balance_bytes, -500,
	       "a frame in reception changes no balance in transmission");
	is_int(account(1, LDP_RX)->balance_bytes, -32,
	       "a frame in reception changes a balance in reception");
	served(b->dp->tx_sched, 0, 0);
	served(b->dp->tx_sched, 1, 2);
	epoch();
	ok(account(0, LDP_TX)->balance_bytes > -20,
	   "idle epochs count: most of a balance is forgotten");
	bench_free(b);
}

static void test_due(void)
{
	begin(NULL);
	ok(!epoch_is_due(b->dp), "without an epoch none is due");
	add(0, 1);
	bench_pass(b, BENCH_EPOCH_NS - 1);
	ok(!epoch_is_due(b->dp), "an epoch is not due before its time is over");
	bench_pass(b, 1);
	ok(epoch_is_due(b->dp), "an epoch is due when its time is over, whatever the timer says");
	epoch_end(b->dp);
	ok(b->dp->epoch.running && !epoch_is_due(b->dp), "the next epoch is not due at once");
	epoch();
	bench_pass(b, NS_PER_SEC);
	ok(!epoch_is_due(b->dp), "after the last epoch none is due");
	bench_free(b);
}

static void test_late(void)
{
	uint64_t begin_ns;

	begin(NULL);
	add(0, 1);
	begin_ns = b->dp->epoch.begin_ns;
	bench_pass(b, 7 * BENCH_EPOCH_NS / 2);
	epoch_end(b->dp);
	is_int(b->dp->epoch.begin_ns, begin_ns + 3 * BENCH_EPOCH_NS,
	       "an epoch that ends late keeps to the grid");
	bench_pass(b, BENCH_EPOCH_NS / 4);
	epoch_end(b->dp);
	is_int(b->dp->epoch.begin_ns, begin_ns + 4 * BENCH_EPOCH_NS,
	       "an epoch that ends early keeps to the grid");
	add(1, 1);
	served(b->dp->tx_sched, 0, 200000);
	epoch();
	bench_pass(b, BENCH_EPOCH_NS - 1000);
	epoch_end(b->dp);
	ok(!b->dp->epoch.running && b->dp->epoch.begin_ns > b->dp->now_ns,
	   "the last epoch ends early");
	served(b->dp->tx_sched, 0, 1);
	epoch();
	ok(account(1, LDP_TX)->balance_bytes > 90000,
	   "an epoch that begins before the last one's end forgets nothing");
	bench_free(b);
}

/* What one of two LDPs that both send always gets, in per mille. */
static unsigned share_of(uint32_t slot)
{
	uint64_t sent[2] = {0};

	sched_wake(b->dp->tx_sched, 0, b->dp->now_ns);
	sched_wake(b->dp->tx_sched, 1, b->dp->now_ns);
	for (int i = 0; i < 10000; i++) {
		uint32_t id = sched_draw(b->dp->tx_sched, b->dp->now_ns);

		sched_served(b->dp->tx_sched, id, 1000, 1000, true, b->dp->now_ns);
		sent[id] += 1000;
	}
	return (unsigned)(sent[slot] * 1000 / (sent[0] + sent[1]));
}

static void test_factor(void)
{
	unsigned share;

	begin(NULL);
	add(0, 1);
	add(1, 1);
	ok(share_of(0) >= 499 && share_of(0) <= 501, "without balances two LDPs get halves");
	add(2, 1); /* its part is what the factors divide */
	for (int i = 0; i < 100; i++) {
		/* In the ledger alone: in the lottery it would be ahead. */
		ledger_serve(b->dp->epoch.ledger[LDP_TX], 0, 100000);
		epoch();
	}
	share = share_of(1);
	ok(share > 573 && share < 593, "an LDP that lent all has 3 of 4 of an idle one's part (%u)",
	   share);
	bench_free(b);
}

/* How the balance of the second LDP stands when the log is closed. */
static int64_t test_log(void)
{
	uint64_t offset = 0, committed;
	int64_t had;

	begin(scratch_dir());
	is_str(dpath_log_error(b->dp), "", "a log in the run directory gives no error");
	ok(strstr(dpath_log_path(b->dp), "/test.tx.log"), "the log of transmission is named");
	add(0, 7);
	add(1, 7);
	served(b->dp->tx_sched, 0, 3000);
	epoch();
	had = account(1, LDP_TX)->balance_bytes;
	is_int(had, 1500, "an LDP that sends nothing has a balance");
	committed = account(1, LDP_TX)->log_offset;
	ok(committed > 0 && committed < ledger_log_end(b->dp->epoch.ledger[LDP_TX]),
	   "an account has the offset of its record");
	is_int(told(&offset), 1, "the control thread is told where the log ends");
	for (int i = 0; i < 99; i++) {
		served(b->dp->tx_sched, 0, 3000);
		epoch();
	}
	is_int(told(&offset), 0, "the control thread is not told within a second");
	served(b->dp->tx_sched, 0, 3000);
	epoch();
	is_int(told(&offset), 1, "the control thread is told once a second");
	is_int(offset, ledger_log_end(b->dp->epoch.ledger[LDP_TX]),
	       "the control thread is told the true end of the log");
	had = account(1, LDP_TX)->balance_bytes;
	bench_free(b);
	return had;
}

static void test_log_again(int64_t had)
{
	begin(scratch_dir());
	add(0, 7);
	add(1, 8);
	is_int(account(1, LDP_TX)->balance_bytes, 0,
	       "another attachment inherits nothing after a restart");
	bench_delete(b, 0);
	add(0, 7);
	is_int(account(0, LDP_TX)->balance_bytes, -had,
	       "an attachment that comes back after a restart has its balance");
	bench_free(b);
}

static void test_no_log(void)
{
	begin("/proc/no/such/directory");
	ok(strstr(dpath_log_error(b->dp), "no credit log") && strlen(dpath_log_error(b->dp)) < 256,
	   "a directory that cannot be written is an error to be shown");
	add(0, 1);
	add(1, 1);
	served(b->dp->tx_sched, 0, 3000);
	epoch();
	is_int(account(1, LDP_TX)->balance_bytes, 1500, "accounts go on without a log");
	bench_free(b);
}

int main(void)
{
	test_idle();
	test_due();
	test_late();
	test_factor();
	test_log_again(test_log());
	test_no_log();
	return done_testing();
}
