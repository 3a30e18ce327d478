/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xenstore shows of LDPs and how often it is written, in virtual time: one LDP at most once a
 * second, all together no faster than the control thread answers, nothing twice, and in the end the
 * newest numbers.
 */
#include <stdlib.h>

#include "backend/datapath/outlook.h"
#include "backend/datapath/publish.h"
#include "tests/fake/bench.h"
#include "tests/unit/tap.h"

#define MANY 1000u

static struct bench *b;
static unsigned sent[MANY], answers_due, most_due;
static uint32_t unanswered[MANY];
static uint64_t last_ns[MANY], least_gap_ns;
static struct ldp_status seen[MANY];

static void begin(uint32_t ldps)
{
	memset(sent, 0, sizeof(sent));
	memset(last_ns, 0, sizeof(last_ns));
	least_gap_ns = UINT64_MAX;
	answers_due = most_due = 0;
	b = bench_new(ldps);
	bench_link(b, &(struct link_conf){.tx_capacity_bps = 1000000000,
					  .rx_capacity_bps = 500000000});
	for (uint32_t slot = 0; slot < ldps; slot++) {
		struct ldp *l = b->guest[slot].ldp;

		l->window.told_ns = 1;
		l->window.told.credit_bytes = 100000;
	}
}

/* The control thread takes all that there is. */
static void take(void)
{
	struct msg *m;

	while ((m = bench_mail(b))) {
		uint32_t slot = m->slot;

		if (sent[slot]++ && b->dp->now_ns - last_ns[slot] < least_gap_ns)
			least_gap_ns = b->dp->now_ns - last_ns[slot];
		last_ns[slot] = b->dp->now_ns;
		seen[slot] = m->status;
		unanswered[answers_due++] = slot;
		free(m);
	}
	most_due = answers_due > most_due ? answers_due : most_due;
}

static void answer_all(void)
{
	while (answers_due > 0)
		publish_answered(b->dp, unanswered[--answers_due]);
}

/* Steps for `seconds`, with `change` called before each; all is answered at once if `answer`. */
static bool steps(unsigned seconds, void (*change)(uint64_t n), bool answer)
{
	bool done = false;

	for (uint64_t n = 0; n < seconds * NS_PER_SEC / STATUS_STEP_NS; n++) {
		if (change)
			change(n);
		done = outlook_step(b->dp);
		done &= publish_step(b->dp);
		take();
		if (answer)
			answer_all();
		bench_pass(b, STATUS_STEP_NS);
	}
	return done;
}

static unsigned total(void)
{
	unsigned n = 0;

	for (uint32_t slot = 0; slot < MANY; slot++)
		n += sent[slot];
	return n;
}

static void log_grows(uint64_t n)
{
	for (uint32_t slot = 0; slot < b->dp->members.end; slot++)
		b->guest[slot].ldp->account[LDP_TX].log_offset = (n + 1) * 64;
}

static void test_one(void)
{
	struct ldp *l;

	begin(2);
	l = b->guest[0].ldp;
	l->account[LDP_TX].balance_bytes = -77;
	b->guest[1].ldp->window.told_ns = 0;
	ok(steps(3, NULL, true), "without a change no further step is wanted");
	is_int(sent[0], 1, "the status of an LDP whose numbers stay is written once");
	is_int(sent[1], 0, "the status of an LDP whose credit is not known yet is not written");
	ok(seen[0].credit_bytes == 100000 && seen[0].balance_bytes == -77 &&
		   seen[0].tx_rate_bps == 1000000000 && seen[0].rx_rate_bps == 500000000,
	   "a status has credit, balance and rates of its LDP");
	l->window.told.credit_bytes = 100900;
	steps(2, NULL, true);
	is_int(sent[0], 1, "a credit that grows by less than 1 %% is not written");
	l->window.told.credit_bytes = 102000;
	steps(2, NULL, true);
	is_int(sent[0], 2, "a credit that grows by 2 %% is written");
	is_int(seen[0].credit_bytes, 102000, "a status has the credit that has grown");
	groups_join(b->dp->flood.groups, 0, 0,
		    &(struct mcast_addr){{[10] = 0xff, 0xff, 239, 1, 2, 3}}, b->dp->now_ns);
	steps(2, NULL, true);
	is_int(seen[0].groups, 1, "a status has the number of groups");
	is_int(sent[0], 3, "a group that is joined is written");
	l->conf.tx.max_bps = 1000000;
	outlook_changed(b->dp);
	steps(2, NULL, true);
	is_int(seen[0].tx_rate_bps, 1000000, "a shown rate is no more than the maximum");
	steps(5, log_grows, true);
	ok(sent[0] >= 4 + 4 && sent[0] <= 4 + 6,
	   "a log that always grows is written once a second (%u)", sent[0]);
	ok(least_gap_ns >= NS_PER_SEC,
	   "a log that always grows is written no sooner than a second later");
	is_int(seen[0].log_offset % 64, 0, "a status has an offset of the log");
	bench_free(b);
}

static void test_balance(void)
{
	struct ldp_status_shown a = {.status = {.balance_bytes = 1000000}, .shown_ns = 1};
	struct ldp_status now = {.balance_bytes = 1005000};
	uint64_t later = 2 * NS_PER_SEC;

	is_int(status_when(&a, &now, later), STATUS_NOT,
	       "a balance that changes by less than 1 %% is not written");
	now.balance_bytes = 1020000;
	is_int(status_when(&a, &now, later), STATUS_NOW,
	       "a balance that changes by 2 %% is written");
	is_int(status_when(&a, &now, NS_PER_SEC), STATUS_LATER,
	       "a balance that changes within the second is written later");
	a.status.balance_bytes = 700;
	now.balance_bytes = -700;
	is_int(status_when(&a, &now, later), STATUS_NOT,
	       "a balance about zero that changes by less than a frame is not written");
	now.balance_bytes = -900;
	is_int(status_when(&a, &now, later), STATUS_NOW,
	       "a balance about zero that changes by more than a frame is written");
	a.status.balance_bytes = INT64_MIN;
	now.balance_bytes = INT64_MAX;
	is_int(status_when(&a, &now, later), STATUS_NOW,
	       "a balance that goes from the least to the most is written");
}

/* A neighbour that sends now more, now less changes the rates of all others. */
static void test_rates(void)
{
	struct ldp_status_shown a = {.status = {.tx_rate_bps = 1000000}, .shown_ns = 1};
	struct ldp_status now = {.tx_rate_bps = 1005000};

	is_int(status_when(&a, &now, 9 * NS_PER_SEC), STATUS_NOT,
	       "a rate that changes by less than 1 %% is not written");
	now.tx_rate_bps = 1050000;
	is_int(status_when(&a, &now, 2 * NS_PER_SEC), STATUS_LATER,
	       "a rate that alone changes by 5 %% waits for more than a second");
	is_int(status_when(&a, &now, 6 * NS_PER_SEC), STATUS_NOW,
	       "a rate that alone changes by 5 %% is written after five seconds");
	now.tx_rate_bps = 1200000;
	is_int(status_when(&a, &now, 2 * NS_PER_SEC), STATUS_NOW,
	       "a rate that changes by 20 %% is written after a second");
	now.tx_rate_bps = 1050000;
	now.log_offset = 64;
	is_int(status_when(&a, &now, 2 * NS_PER_SEC), STATUS_NOW,
	       "a rate is written with what is written anyway");
}

static void test_many(void)
{
	unsigned least = UINT32_MAX, most = 0;

	begin(MANY);
	steps(60, log_grows, true);
	for (uint32_t slot = 0; slot < MANY; slot++) {
		least = sent[slot] < least ? sent[slot] : least;
		most = sent[slot] > most ? sent[slot] : most;
	}
	ok(total() <= 60 * 100 && total() > 59 * 100,
	   "1000 LDPs are written 100 times a second together (%u)", total());
	ok(most - least <= 1 && least >= 5,
	   "each of 1000 LDPs is written as often as the others: %u to %u times", least, most);
	is_int(most_due, STATUS_AT_ONCE, "no more than STATUS_AT_ONCE writes wait for an answer");
	bench_free(b);
}

/* Xenstored stands still: nothing is answered. */
static void test_stuck(void)
{
	unsigned before;

	begin(100);
	steps(5, log_grows, false);
	is_int(total(), STATUS_AT_ONCE,
	       "without answers no more than STATUS_AT_ONCE writes are made");
	answer_all();
	before = total();
	steps(4, NULL, true);
	is_int(total() - before, 100, "each LDP is written once when answers come again");
	is_int(seen[7].log_offset, 64 * 100,
	       "a status written after a wait has the newest numbers");
	ok(publish_step(b->dp), "no further step is wanted when the newest numbers are written");
	bench_free(b);
}

/* One LDP has one write under way; the next is made a second after its answer. */
static void test_late(void)
{
	begin(1);
	steps(5, log_grows, false);
	is_int(total(), 1, "one LDP has no more than one write under way");
	answer_all();
	steps(1, log_grows, true);
	is_int(total(), 1, "an LDP answered late is not written within the next second");
	steps(1, log_grows, true);
	is_int(total(), 2, "an LDP answered late is written a second later");
	steps(1, log_grows, false);
	b->guest[0].ldp->failed = true;
	answer_all();
	is_int(b->dp->publish.unanswered, 0,
	       "no write is under way after an answer for an LDP that failed");
	bench_free(b);
}

static void test_not_all(void)
{
	begin(3);
	b->guest[0].ldp->failed = true;
	b->guest[1].ldp->frozen = true;
	steps(2, log_grows, true);
	ok(sent[0] == 0 && sent[1] == 0 && sent[2] == 2,
	   "an LDP that failed or is frozen is not written");
	bench_free(b);
}

int main(void)
{
	test_one();
	test_balance();
	test_rates();
	test_many();
	test_stuck();
	test_late();
	test_not_all();
	return done_testing();
}
