/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs of version 1, from before there were groups: tests/unit/credit-v1.tx.log was written by that
 * version's ledger, in write_golden() below. It is still replayed, and dmvlctl still tells of it.
 * Without groups today's ledger gives the same results as that one did with today's bounds.
 */
#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/logfile.h"
#include "backend/ctl/logtext.h"
#include "backend/sched/rng.h"
#include "tests/fake/store.h"
#include "tests/unit/tap.h"

#define GOLDEN	 "tests/unit/credit-v1.tx.log"
#define EPOCH_NS 10000000u
#define RING	 (64u << 10)
#define BYTES	 (LDPLOG_HEADER_BYTES + RING)

static uint8_t mem[BYTES] __attribute__((aligned(64)));

static struct credit_id id_of(uint32_t domid, uint32_t device, uint64_t generation)
{
	struct credit_id id = {.generation = generation, .ldp = record_ldp(domid, device)};

	memset(id.uuid, (int)domid, sizeof(id.uuid));
	return id;
}

static struct ledger *begin(uint32_t ldps, size_t bytes)
{
	struct ldplog_id id = {.boot = "boot", .name = "default", .epoch_us = 10000};
	struct ledger *l = ledger_new(ldps, 250000);
	struct ldplog_writer w;

	ledger_set_time(l, EPOCH_NS, EPOCH_NS);
	ldplog_format(mem, bytes, &id);
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
	return l;
}

/* --- the golden log --------------------------------------------------------------------------- */

static void golden_epoch(struct ledger *l, uint64_t n, uint32_t a, uint32_t b, uint32_t c)
{
	ledger_set_time(l, n * EPOCH_NS, 1700000000000000000u + n * EPOCH_NS);
	ledger_serve(l, 0, a);
	ledger_serve(l, 1, b);
	ledger_serve(l, 2, c);
	ledger_epoch(l, 1, 0);
}

/* Three LDPs; one is gone at the end, and its account kept. */
static void write_golden(void)
{
	struct ledger *l = begin(4, LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN);
	const struct credit_id id[3] = {id_of(1, 0, 11), id_of(2, 0, 22), id_of(3, 1, 33)};

	for (uint32_t i = 0; i < 3; i++)
		ledger_attach(l, i, &id[i], 128u << i);
	golden_epoch(l, 2, 4000, 3000, 0);
	golden_epoch(l, 3, 0, 3000, 4000);
	ledger_set_weight(l, 1, 512);
	golden_epoch(l, 4, 100, 200, 6000);
	ledger_detach(l, 0);
	golden_epoch(l, 5, 0, 1000, 2000);
	ledger_free(l);
}

static bool read_golden(void)
{
	const size_t bytes = LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN;
	struct mapfile f;

	if (logfile_map(&f, GOLDEN) < 0 || f.bytes != bytes)
		return false;
	memcpy(mem, f.mem, bytes);
	mapfile_close(&f);
	return true;
}

static void replay_all(struct replay *rp)
{
	struct ldplog_reader r;

	replay_init(rp);
	ldplog_reader_init(&r, mem);
	replay_log(rp, &r);
	is_int(r.damaged + r.missed, 0, "no record of a log with version 1 is refused");
}

static const int64_t golden_balance[3] = {-1349, 1119, 231};

static void test_replay(void)
{
	struct replay rp;

	ok(read_golden(), "a log of version 1 is mapped");
	replay_all(&rp);
	ok(rp.synced, "a log of version 1 is replayed");
	is_int(rp.n, 3, "a log of version 1 has its accounts");
	for (uint32_t i = 0; i < 3; i++) {
		is_int(rp.account[i].balance, golden_balance[i],
		       "account %u of version 1 has its balance", i);
		is_int(rp.account[i].group, 0, "account %u of version 1 is in no group", i);
	}
	replay_free(&rp);
}

/* A daemon of today takes the log over and writes on behind version 1. */
static void test_go_on(void)
{
	const struct credit_id id = id_of(1, 0, 11);
	struct ldplog_writer w;
	struct replay rp;
	struct ledger *l = ledger_new(4, 250000);

	read_golden();
	replay_all(&rp);
	ledger_adopt(l, &rp);
	replay_free(&rp);
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
	ledger_attach(l, 0, &id, 128);
	is_int(ledger_balance(l, 0), golden_balance[0],
	       "an LDP gets the balance that a log of version 1 had of it");
	ledger_serve(l, 0, 100);
	ledger_epoch(l, 1, 0);
	replay_all(&rp);
	ok(rp.synced && rp.epoch > 5, "a log that version 2 went on with is replayed to its end");
	is_int(rp.account[0].balance, ledger_balance(l, 0),
	       "a log that version 2 went on with has the newest balance");
	replay_free(&rp);
	ledger_free(l);
}

/* --- what dmvlctl says ------------------------------------------------------------------------ */

static const char *const golden_words[] = {
	"00:00:00.010 dmvl-back was started",
	"00:00:00.010 1/0 is there with weight 128 and is owed 0 bytes",
	"00:00:00.010 2/0 is there with weight 256 and is owed 0 bytes",
	"00:00:00.010 3/1 is there with weight 512 and is owed 0 bytes",
	"22:13:20.020 3/1 lent 3,000 bytes to 1/0",
	"22:13:20.020 3/1 lent 1,000 bytes to 2/0",
	"22:13:20.030 1/0 lent 1,000 bytes to 2/0",
	"22:13:20.030 2/0 has weight 512",
	"22:13:20.040 1/0 paid 600 bytes back to 3/1",
	"22:13:20.040 2/0 paid 2,600 bytes back to 3/1",
	"22:13:20.040 1/0 is gone and owes 1,360 bytes",
	"22:13:20.050 2/0 paid 500 bytes back to 3/1",
};

static void test_words(void)
{
	const size_t n = sizeof(golden_words) / sizeof(*golden_words);
	struct logtext text = {0};
	struct ctl ctl = {0};
	struct ldplog_reader r;
	char words[LOGTEXT_MAX];
	struct record rec;
	size_t at = 0;

	setenv("TZ", "UTC", 1);
	store_clear();
	is_int(xs_conn_open(&ctl.xs), 0, "a xenstore in memory opens");
	text.ctl = &ctl;
	read_golden();
	ldplog_reader_init(&r, mem);
	while (ldplog_read(&r, &rec) > 0) {
		if (!logtext_words(&text, &rec, 0, words))
			continue;
		is_str(words, at < n ? golden_words[at] : "",
		       "line %zu of a log of version 1 is right", at + 1);
		at++;
	}
	is_int(at, n, "no line of a log of version 1 is missing");
	logtext_free(&text);
	xs_conn_close(ctl.xs);
}

/* --- without groups --------------------------------------------------------------------------- */

static uint64_t hash_of(uint64_t hash, uint64_t v)
{
	return (hash ^ v) * 0x100000001b3u;
}

/* All records that are still in the ring, but for what depends on the version. */
static uint64_t hash_log(uint64_t hash)
{
	struct ldplog_reader r;
	struct record rec;

	ldplog_reader_init(&r, mem);
	while (ldplog_read(&r, &rec) > 0) {
		hash = hash_of(hash, rec.type | (uint64_t)rec.ldp << 32);
		hash = hash_of(hash, rec.bytes);
		hash = hash_of(hash, rec.peer);
		hash = hash_of(hash, (uint64_t)rec.balance_after);
		hash = hash_of(hash, rec.flags);
	}
	return hash;
}

#define HISTORY_LDPS 8u

static void change(struct ledger *l, bool here[HISTORY_LDPS], struct rng *rng)
{
	uint32_t slot = rng_below(rng, HISTORY_LDPS);
	struct credit_id id = id_of(slot + 1, 0, rng_below(rng, 2));

	switch (rng_below(rng, 200)) {
	case 0:
	case 1:
		if (here[slot])
			ledger_detach(l, slot);
		else
			ledger_attach(l, slot, &id, 1 + rng_below(rng, 65535));
		here[slot] = !here[slot];
		break;
	case 2:
		if (here[slot])
			ledger_set_weight(l, slot, 1 + rng_below(rng, 1000));
		break;
	}
}

/* What a ledger had in 50000 epochs of LDPs that come, go and change, in one number. */
static uint64_t history(void)
{
	struct ledger *l = begin(HISTORY_LDPS, BYTES);
	bool here[HISTORY_LDPS] = {false};
	uint64_t hash = 0xcbf29ce484222325u;
	struct rng rng;

	rng_seed(&rng, 99);
	for (uint64_t n = 2; n < 50000; n++) {
		change(l, here, &rng);
		for (uint32_t slot = 0; slot < HISTORY_LDPS; slot++) {
			if (rng_below(&rng, 3))
				ledger_serve(l, slot, rng_below(&rng, 1u << rng_below(&rng, 20)));
		}
		ledger_set_time(l, n * EPOCH_NS, n * EPOCH_NS);
		ledger_epoch(l, 1 + rng_below(&rng, 2), rng_below(&rng, 2) * 1000000u);
		for (uint32_t slot = 0; slot < HISTORY_LDPS; slot++)
			hash = hash_of(hash, (uint64_t)ledger_balance(l, slot));
		if (n % 64 == 0)
			hash = hash_log(hash);
	}
	ledger_free(l);
	return hash;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "write") == 0) {
		write_golden();
		return fwrite(mem, LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN, 1, stdout) != 1;
	}
	test_replay();
	test_go_on();
	test_words();
	ok(history() == 1776190833132071094u,
	   "without groups all balances and records are as in version 1");
	return done_testing();
}
