/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups in the ledger: what their members are rated at, who lends to whom first, and what a tenant
 * has of its number of LDPs: nothing.
 */
#include <math.h>
#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "backend/credit/ledger_priv.h"
#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define LDPS	 12
#define GROUPS	 4 /* the property's, 1..3; 0: none */
#define RING	 (256u << 10)
#define BYTES	 (LDPLOG_HEADER_BYTES + RING)
#define EPOCH_NS 10000000u

static uint8_t mem[BYTES] __attribute__((aligned(64)));
static struct ledger *l;
static uint64_t now_ns;

static void begin(uint32_t repayment_ppm)
{
	struct ldplog_writer w;

	ledger_free(l);
	l = ledger_new(LDPS, repayment_ppm);
	now_ns = 1000 * (uint64_t)EPOCH_NS;
	ledger_set_time(l, now_ns, now_ns);
	ldplog_format(mem, sizeof(mem), &(struct ldplog_id){.boot = "boot"});
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
}

static void attach(uint32_t slot, uint32_t weight, uint32_t group)
{
	struct credit_id id = {.generation = 1, .ldp = record_ldp(slot + 1, 0)};

	ledger_attach(l, slot, &id, weight);
	ledger_set_group(l, slot, group);
}

/* An epoch in which the first n slots were charged this. */
static void epoch(const uint32_t *bytes, uint32_t n, uint64_t capacity)
{
	for (uint32_t slot = 0; slot < n; slot++)
		ledger_serve(l, slot, bytes[slot]);
	now_ns += EPOCH_NS;
	ledger_set_time(l, now_ns, now_ns);
	ledger_epoch(l, 1, capacity);
}

#define EPOCH(capacity, ...)                                               \
	do {                                                               \
		const uint32_t served[] = {__VA_ARGS__};                   \
		epoch(served, sizeof(served) / sizeof(*served), capacity); \
	} while (0)

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

/* Every sum that the ledger keeps is the sum of its parts. */
static bool is_sound(void)
{
	uint64_t top = 0, in[LEDGER_GROUP_MAX + 1] = {0};
	uint32_t listed = 0, members = 0;

	for (uint32_t slot = 0; slot < l->max_ldps; slot++) {
		const struct account *a = &l->account[slot];

		*(a->group ? &in[a->group] : &top) += a->weight;
		members += a->group > 0;
	}
	for (uint32_t i = 1; i <= LEDGER_GROUP_MAX; i++) {
		const struct ledger_group *g = &l->group[i];

		if (in[i] != g->weights || (in[i] == 0) != (g->first == 0) ||
		    (in[i] && i >= l->groups_end))
			return false;
		top += in[i] ? g->weight : 0;
		for (uint32_t at = g->first; at; at = l->account[at - 1].next)
			listed += l->account[at - 1].group == i;
	}
	return ledger_sum(l) == 0 && top == l->weights && listed == members;
}

static void test_rated(void)
{
	begin(250000);
	attach(0, 256, 0);
	attach(1, 100, 7);
	attach(2, 300, 7);
	EPOCH(0, 2000, 500, 1500);
	for (uint32_t slot = 0; slot < 3; slot++)
		is_int(ledger_balance(l, slot), 0,
		       "slot %u, which has its part of its group's half, lends nothing", slot);
	ledger_set_group_weight(l, 7, 768);
	EPOCH(0, 1000, 750, 2250);
	is_int(ledger_balance(l, 0), 0,
	       "a group of three times the weight is rated at three times");
	ledger_set_group(l, 2, 0);
	ledger_set_group_weight(l, 7, 144);
	EPOCH(0, 2560, 1440, 3000);
	is_int(ledger_balance(l, 2), 0, "an LDP that left its group competes by its own weight");
	is_int(ledger_balance(l, 1), 0, "the one that stays has all that its group has");
	ok(is_sound(), "all sums are right after groups were changed");
}

static void test_inside(void)
{
	begin(250000);
	attach(0, 100, 0);
	attach(1, 100, 0);
	attach(2, 50, 3);
	attach(3, 50, 3);
	ledger_set_group_weight(l, 3, 100);
	EPOCH(0, 400, 800, 600, 0);
	is_int(ledger_balance(l, 2), -300, "a member that takes all its group has borrows half");
	is_int(ledger_balance(l, 3), 300, "its neighbour in the group lends all of that");
	is_int(ledger_balance(l, 0), 200,
	       "an LDP outside lends nothing to a group that needs it not");
	is_int(newest(3).type, RECORD_LOAN, "the loan inside the group is the first");
	is_int(record_group(&(struct record){.flags = newest(3).flags}), 3,
	       "the lender's record of a loan inside a group names the group");
	is_int(record_group(&(struct record){.flags = newest(2).flags}), 3,
	       "the borrower's record of a loan inside a group names the group");
	is_int(record_group(&(struct record){.flags = newest(1).flags}), 0,
	       "a loan between LDPs in no group names none");
	EPOCH(0, 0, 600, 600, 600);
	is_int(newest(1).type, RECORD_LOAN, "an LDP in no group lends to a group");
	is_int(record_group(&(struct record){.flags = newest(1).flags}), 0,
	       "a loan to a group from outside names none");
	ok(is_sound(), "all sums are right after loans inside a group");
}

/* Lenders of a group that has more than its borrowers need lend the rest to others. */
static void test_outside(void)
{
	begin(0);
	attach(0, 100, 0);
	attach(1, 25, 1);
	attach(2, 25, 1);
	attach(3, 50, 1);
	ledger_set_group_weight(l, 1, 100);
	EPOCH(8000, 5000, 1600, 400, 200);
	/* rated 4000, 1000, 1000, 2000: the group's over is 600, its spare 600 + 1800 */
	is_int(ledger_balance(l, 0), -1000,
	       "an LDP that sends 1000 more than it is rated owes 1000");
	is_int(ledger_balance(l, 1), -600,
	       "a member that sends 600 more than it is rated owes 600");
	is_int(ledger_balance(l, 2), 400, "a member lends by what it has to spare: a fourth");
	is_int(ledger_balance(l, 3), 1200, "a member lends by what it has to spare: three fourths");
	begin(0);
	attach(0, 100, 0);
	attach(1, 25, 1);
	attach(2, 75, 1);
	ledger_set_group_weight(l, 1, 100);
	EPOCH(8000, 1000, 1500, 3500);
	/* rated 4000, 1000, 3000: both members are over */
	is_int(ledger_balance(l, 0), 1000, "an LDP in no group lends what a group is over");
	is_int(ledger_balance(l, 1), -500, "each member owes what it is over itself");
}

/* What there is beside a tenant, and of it, at some time. */
struct seen {
	int64_t others[2];
	uint32_t factor[3]; /* the others', and the tenant's */
};

/*
 * A tenant that sends the same from any number of devices: each frame from another one, or all of
 * an epoch from the one that sent nothing for the longest time.
 */
static void with_devices(uint32_t devices, uint32_t group, bool in_turn, struct seen *seen, int n)
{
	struct rng rng;

	begin(1000000);
	rng_seed(&rng, 3);
	attach(0, 256, 0);
	attach(1, 512, 0);
	for (uint32_t i = 0; i < devices; i++)
		attach(2 + i, 256, group);
	for (int i = 0; i < n; i++) {
		uint32_t served[LDPS] = {0}, quiet = rng_below(&rng, 60) < 20;

		served[0] = rng_below(&rng, 2) * 20000;
		served[1] = rng_below(&rng, 40000);
		for (uint32_t part = 0; part < 10; part++) {
			uint32_t bytes = 100 * rng_below(&rng, quiet ? 10 : 60);

			served[2 + (in_turn ? (uint32_t)i : part) % devices] += bytes;
		}
		epoch(served, 2 + devices, 50000);
	}
	*seen = (struct seen){{ledger_balance(l, 0), ledger_balance(l, 1)},
			      {ledger_factor(l, 0), ledger_factor(l, 1),
			       group ? ledger_group_factor(l, group) : ledger_factor(l, 2)}};
}

static bool is_near(int64_t a, int64_t b, int64_t by, const char *what, int n)
{
	if (llabs(a - b) <= by)
		return true;
	diag("%s after %d epochs: %lld, %lld", what, n, (long long)a, (long long)b);
	return false;
}

/* With ten devices in a group, as with one device in none, to some bytes of rounding. */
static void test_devices(void)
{
	bool others = true, factors = true;
	struct seen one, ten;

	for (int n = 1; n < 400; n += 7) {
		for (int in_turn = 0; in_turn < 2; in_turn++) {
			with_devices(1, 0, in_turn, &one, n);
			with_devices(10, 5, in_turn, &ten, n);
			for (int i = 0; i < 2; i++)
				others &= is_near(one.others[i], ten.others[i], 500, "others", n);
			for (int i = 0; i < 3; i++)
				factors &= is_near(one.factor[i], ten.factor[i], 512, "factor", n);
		}
	}
	ok(others,
	   "LDPs beside a tenant with ten devices have the balances that they have with one");
	ok(factors,
	   "a tenant has the same factor with ten devices as with one, and so have others");
}

static void test_life(void)
{
	begin(250000);
	attach(0, 100, 1024);
	attach(1, 100, 0);
	ok(is_sound(), "the last group's number can be used");
	EPOCH(0, 0, 1000);
	is_int(ledger_balance(l, 0), 719, "a member lends to an LDP outside");
	ledger_set_group(l, 0, 1);
	is_int(ledger_balance(l, 0), 719, "a balance stays with an LDP that goes to another group");
	ok(is_sound(), "all sums are right when a group lost its last member");
	ledger_detach(l, 0);
	ok(is_sound(), "all sums are right when a member was detached");
	ledger_set_group(l, 0, 3);
	ok(is_sound(), "a free slot is put into no group");
	attach(0, 100, 0);
	is_int(ledger_balance(l, 0), 719, "an LDP that comes back into no group has its balance");
	ledger_set_group_weight(l, 2, 1000);
	ok(is_sound(), "a group without members has no weight among others");
	ledger_set_group(l, 0, 2);
	is_int(l->weights, 1100, "a group that gets a member has the weight that it was given");
	ledger_set_group_weight(l, 2, 10);
	is_int(l->weights, 110, "a group with members gets another weight at once");
	ledger_set_weight(l, 0, 7);
	is_int(l->group[2].weights, 7, "a member's weight is one in its group");
	ok(is_sound(), "all sums are right after changes of weights");
}

/* --- any groups ------------------------------------------------------------------------------- */

/* The rules once more, in doubles. */
struct model {
	double gap[LDPS], over[GROUPS], spare[GROUPS], part[LDPS];
};

static void model_rate(struct model *m, double all)
{
	memset(m, 0, sizeof(*m));
	for (uint32_t slot = 0; slot < LDPS; slot++) {
		const struct account *a = &l->account[slot];
		const struct ledger_group *g = &l->group[a->group];

		if (!a->weight)
			continue;
		m->part[slot] = a->weight / (double)l->weights;
		if (a->group)
			m->part[slot] *= (double)g->weight / (double)g->weights;
		m->gap[slot] = (double)a->served - all * m->part[slot];
		m->over[a->group] += fmax(m->gap[slot], 0);
		m->spare[a->group] += fmax(-m->gap[slot], 0);
	}
}

/* What each LDP's balance will be, in `want`. */
static void model_epoch(double want[LDPS])
{
	double sum = 0, over = 0, spare = 0, peak;
	struct model m;

	for (uint32_t slot = 0; slot < LDPS; slot++)
		sum += (double)l->account[slot].served;
	model_rate(&m, sum);
	peak = fmax(sum, (double)record_decayed((int64_t)l->peak, 1));
	for (uint32_t i = 0; i < GROUPS; i++) {
		double inside = i ? fmin(m.over[i], m.spare[i]) : 0;

		over += m.over[i] - inside;
		spare += m.spare[i] - inside;
	}
	for (uint32_t slot = 0; slot < LDPS; slot++) {
		const struct account *a = &l->account[slot];
		uint32_t g = a->group;
		double lends = fmax(-m.gap[slot], 0), part;
		double bound = LEDGER_BOUND_EPOCHS * peak * m.part[slot];

		part = g && m.spare[g] > 0 ? fmin(m.over[g], m.spare[g]) / m.spare[g] : 0;
		part += spare > 0 ? (1 - part) * over / spare : 0;
		want[slot] =
			(double)record_decayed(a->balance, 1) - fmax(m.gap[slot], 0) + lends * part;
		want[slot] = fmax(-bound, fmin(bound, want[slot]));
	}
}

static uint32_t model_misses(struct rng *rng)
{
	double want[LDPS];
	uint32_t wrong = 0;

	for (uint32_t slot = 0; slot < LDPS; slot++) {
		if (rng_below(rng, 3))
			ledger_serve(l, slot, rng_below(rng, 1u << rng_below(rng, 20)));
	}
	model_epoch(want);
	ledger_set_time(l, now_ns += EPOCH_NS, 0);
	if (!ledger_epoch(l, 1, 0))
		return 0;
	for (uint32_t slot = 0; slot < LDPS; slot++)
		wrong += fabs((double)ledger_balance(l, slot) - want[slot]) > 40;
	return wrong;
}

static void change(struct rng *rng)
{
	uint32_t slot = rng_below(rng, LDPS), group = rng_below(rng, GROUPS);

	switch (rng_below(rng, 40)) {
	case 0:
		if (l->account[slot].weight)
			ledger_detach(l, slot);
		else
			attach(slot, 1 + rng_below(rng, 65535), group);
		break;
	case 1:
		ledger_set_group(l, slot, group);
		break;
	case 2:
		if (group)
			ledger_set_group_weight(l, group, 1 + rng_below(rng, 65535));
		break;
	case 3:
		if (l->account[slot].weight)
			ledger_set_weight(l, slot, 1 + rng_below(rng, 1000));
		break;
	}
}

/* A reader of the log knows all balances and who is in which group. */
static uint32_t follow(struct replay *rp, struct ldplog_reader *r)
{
	uint32_t wrong = 0, live = 0;

	replay_log(rp, r);
	for (uint32_t i = 0; i < rp->n; i++) {
		const struct replay_account *a = &rp->account[i];
		uint32_t slot = record_domid(a->id.ldp) - 1;

		if (!a->live || a->kept)
			continue;
		live++;
		wrong += a->balance != l->account[slot].balance ||
			 a->group != l->account[slot].group || a->weight != l->account[slot].weight;
	}
	for (uint32_t slot = 0; slot < LDPS; slot++)
		live -= l->account[slot].weight > 0;
	return wrong + live + !rp->synced;
}

static void test_property(void)
{
	uint32_t unsound = 0, wrong = 0, off = 0;
	struct ldplog_reader r;
	struct replay rp;
	struct rng rng;

	begin(1000000);
	rng_seed(&rng, 21);
	replay_init(&rp);
	ldplog_reader_init(&r, mem);
	for (int n = 0; n < 300000; n++) {
		change(&rng);
		off += model_misses(&rng);
		if (n % 32 == 0) {
			unsound += !is_sound();
			wrong += follow(&rp, &r);
		}
	}
	is_int(unsound, 0, "with groups that come and go all sums stay exactly right");
	is_int(off, 0, "with groups that come and go each balance is what the rules say");
	is_int(wrong, 0, "a reader that follows the log knows balances, groups and weights");
	is_int(r.missed + r.damaged, 0, "a reader that follows the log misses nothing");
	replay_free(&rp);
}

int main(void)
{
	test_rated();
	test_inside();
	test_outside();
	test_devices();
	test_life();
	test_property();
	ledger_free(l);
	return done_testing();
}
