/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame loop's epochs: when one begins and ends, and that what was charged reaches the ledger,
 * the LDPs' accounts and the schedulers. The loop never runs: the test says what time it is.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/datapath/core.h"
#include "backend/msg/msg.h"
#include "backend/datapath/epoch.h"
#include "tests/unit/fake_vchan.h"
#include "tests/unit/tap.h"

#define EPOCH_NS (10 * NS_PER_MS)

static char run_dir[] = "/tmp/dmvl-epoch-XXXXXX";
static struct loop *loop;
static struct mbox *to_loop, *to_control;
static struct uplink up;
static struct dpath *dp;
static struct ldp ldps[2];

static void begin(const char *dir)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	loop = loop_new();
	to_loop = mbox_new();
	to_control = mbox_new();
	up = (struct uplink){.fd = ends[0], .kind = UPLINK_TAP, .ifname = "test"};
	dp = dpath_new(loop, &up, to_loop, to_control,
		       &(struct dpath_conf){.epoch_ns = EPOCH_NS,
					    .repayment_ppm = 500000,
					    .name = "test",
					    .run_dir = dir});
	close(ends[1]);
}

static void end(void)
{
	struct mbox_msg *m;

	dp->members.end = 0; /* the LDPs are the test's */
	dpath_free(dp);
	while ((m = mbox_get(to_control)))
		free(m);
	mbox_free(to_loop);
	mbox_free(to_control);
	close(up.fd);
	loop_free(loop);
}

/* A device of domain 5 or 6, as add_ldp() would leave it. */
static void add(uint32_t slot, uint64_t generation)
{
	struct ldp *l = &ldps[slot];
	struct sched_rule rule = {.weight = 256};

	*l = (struct ldp){.slot = slot, .dp = dp};
	l->id = (struct credit_id){.generation = generation, .ldp = record_ldp(5 + slot, 0)};
	l->conf.tx = l->conf.rx = rule;
	sched_add(dp->tx_sched, slot, &rule);
	sched_add(dp->rx_sched, slot, &rule);
	sched_add(dp->local_sched, slot, &rule);
	dp->members.ldp[slot] = l;
	dp->members.end = slot + 1;
	epoch_account_open(dp, l);
}

static void served(struct sched *s, uint32_t slot, uint32_t bytes)
{
	epoch_charge(dp, s, &ldps[slot], bytes, bytes, false);
}

static void epoch(void)
{
	dp->now_ns += EPOCH_NS;
	epoch_end(dp);
}

/* How many messages of a type came, the offset of the last. */
static unsigned told(uint64_t *offset)
{
	struct mbox_msg *link;
	unsigned n = 0;

	while ((link = mbox_get(to_control))) {
		struct msg *m = (struct msg *)link;

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
	ok(!dp->epoch.running, "without LDPs no epoch runs");
	is_str(dpath_log_path(dp), "", "without a run directory there is no log");
	is_str(dpath_log_error(dp), "", "without a run directory there is no error");
	add(0, 1);
	add(1, 1);
	ok(dp->epoch.running, "an LDP that comes begins an epoch");
	epoch();
	ok(dp->epoch.running, "an epoch in which an LDP came is followed by another");
	epoch();
	ok(!dp->epoch.running, "an epoch with nothing in it is the last");
	dp->now_ns += NS_PER_SEC;
	served(dp->local_sched, 0, 1000);
	ok(dp->epoch.running,
	   "a frame from LDP to LDP begins an epoch, as the guest's window follows it");
	epoch();
	ok(!dp->epoch.running, "an epoch with frames from LDP to LDP only is the last");
	served(dp->tx_sched, 0, 1000);
	ok(dp->epoch.running, "a frame onto the uplink begins an epoch");
	epoch();
	is_int(ldps[0].account[LDP_TX].balance_bytes, -500,
	       "what an LDP is charged beyond its share is borrowed");
	is_int(ldps[1].account[LDP_TX].balance_bytes, 500, "what one LDP borrows the other lends");
	is_int(ldps[1].account[LDP_RX].balance_bytes, 0,
	       "a loan in transmission is none in reception");
	dp->now_ns += 5 * NS_PER_SEC;
	served(dp->rx_sched, 1, 64);
	epoch();
	is_int(ldps[0].account[LDP_TX].balance_bytes, -500,
	       "a frame in reception changes no balance in transmission");
	is_int(ldps[1].account[LDP_RX].balance_bytes, -32,
	       "a frame in reception changes a balance in reception");
	served(dp->tx_sched, 0, 0);
	served(dp->tx_sched, 1, 2);
	epoch();
	ok(ldps[0].account[LDP_TX].balance_bytes > -20,
	   "idle epochs count: most of a balance is forgotten");
	end();
}

static void test_late(void)
{
	uint64_t begin_ns;

	begin(NULL);
	add(0, 1);
	begin_ns = dp->epoch.begin_ns;
	dp->now_ns += 7 * EPOCH_NS / 2;
	epoch_end(dp);
	is_int(dp->epoch.begin_ns, begin_ns + 3 * EPOCH_NS,
	       "an epoch that ends late keeps to the grid");
	dp->now_ns += EPOCH_NS / 4;
	epoch_end(dp);
	is_int(dp->epoch.begin_ns, begin_ns + 4 * EPOCH_NS,
	       "an epoch that ends early keeps to the grid");
	add(1, 1);
	served(dp->tx_sched, 0, 200000);
	epoch();
	dp->now_ns += EPOCH_NS - 1000;
	epoch_end(dp);
	ok(!dp->epoch.running && dp->epoch.begin_ns > dp->now_ns, "the last epoch ends early");
	served(dp->tx_sched, 0, 1);
	epoch();
	ok(ldps[1].account[LDP_TX].balance_bytes > 90000,
	   "an epoch that begins before the last one's end forgets nothing");
	end();
}

/* What one of two LDPs that both send always gets, in per mille. */
static unsigned share_of(uint32_t slot)
{
	uint64_t sent[2] = {0};

	sched_wake(dp->tx_sched, 0, dp->now_ns);
	sched_wake(dp->tx_sched, 1, dp->now_ns);
	for (int i = 0; i < 10000; i++) {
		uint32_t id = sched_draw(dp->tx_sched, dp->now_ns);

		sched_served(dp->tx_sched, id, 1000, 1000, true, dp->now_ns);
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
	for (int i = 0; i < 20; i++) {
		/* In the ledger alone: in the lottery it would be ahead. */
		ledger_serve(dp->epoch.ledger[LDP_TX], 0, 100000);
		epoch();
	}
	share = share_of(1);
	ok(share > 740 && share < 760, "an LDP that lent all it could gets 1.5 : .5 (%u)", share);
	end();
}

static void test_log(void)
{
	uint64_t offset = 0, committed;
	int64_t had;

	begin(run_dir);
	is_str(dpath_log_error(dp), "", "a log in the run directory gives no error");
	ok(strstr(dpath_log_path(dp), "/test.tx.log"), "the log of transmission is named");
	add(0, 7);
	add(1, 7);
	served(dp->tx_sched, 0, 3000);
	epoch();
	had = ldps[1].account[LDP_TX].balance_bytes;
	is_int(had, 1500, "an LDP that sends nothing has a balance");
	committed = ldps[1].account[LDP_TX].log_offset;
	ok(committed > 0 && committed < ledger_log_end(dp->epoch.ledger[LDP_TX]),
	   "an account has the offset of its record");
	is_int(told(&offset), 1, "the control thread is told where the log ends");
	for (int i = 0; i < 99; i++) {
		served(dp->tx_sched, 0, 3000);
		epoch();
	}
	is_int(told(&offset), 0, "the control thread is not told within a second");
	served(dp->tx_sched, 0, 3000);
	epoch();
	is_int(told(&offset), 1, "the control thread is told once a second");
	is_int(offset, ledger_log_end(dp->epoch.ledger[LDP_TX]),
	       "the control thread is told the true end of the log");
	had = ldps[1].account[LDP_TX].balance_bytes;
	end();

	begin(run_dir);
	add(0, 7);
	add(1, 8);
	is_int(ldps[1].account[LDP_TX].balance_bytes, 0,
	       "another attachment inherits nothing after a restart");
	epoch_account_close(dp, &ldps[0]);
	add(0, 7);
	is_int(ldps[0].account[LDP_TX].balance_bytes, -had,
	       "an attachment that comes back after a restart has its balance");
	end();

	begin("/proc/no/such/directory");
	ok(strstr(dpath_log_error(dp), "no credit log") && strlen(dpath_log_error(dp)) < 256,
	   "a directory that cannot be written is an error to be shown");
	add(0, 1);
	add(1, 1);
	served(dp->tx_sched, 0, 3000);
	epoch();
	is_int(ldps[1].account[LDP_TX].balance_bytes, 1500, "accounts go on without a log");
	end();
}

static void clean_up(void)
{
	char path[LOGFILE_PATH_MAX + 1];

	for (unsigned dir = 0; dir < LDP_DIRS; dir++) {
		logfile_path(path, run_dir, "test", dir);
		unlink(path);
	}
	rmdir(run_dir);
}

int main(void)
{
	log_init("test", LOG_ERROR);
	if (!mkdtemp(run_dir))
		return 1;
	test_idle();
	test_late();
	test_factor();
	test_log();
	clean_up();
	return done_testing();
}
