/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ledger_log.h: a ledger, `l`, with its log in memory, for tests of credits: LDPs attach, epochs
 * pass, and the log is replayed.
 */
#ifndef DMVL_TESTS_LEDGER_LOG_H
#define DMVL_TESTS_LEDGER_LOG_H

#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_priv.h"
#include "tests/unit/tap.h"

#define LDPS  8
#define RING  (64u << 10)
#define BYTES (LDPLOG_HEADER_BYTES + RING)
#define SEC   1000000000ull

static uint8_t mem[BYTES] __attribute__((aligned(64))); /* the log */
static struct ledger *l;
static uint64_t now_ns;

static inline bool is_sound(void)
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

static inline struct credit_id id_of(unsigned domid, uint64_t generation)
{
	struct credit_id id = {.generation = generation, .ldp = record_ldp(domid, 0)};

	memset(id.uuid, (int)domid, sizeof(id.uuid));
	return id;
}

static inline void attach(uint32_t slot, unsigned domid, uint64_t generation, uint32_t weight)
{
	struct credit_id id = id_of(domid, generation);

	ledger_attach(l, slot, &id, weight);
}

static inline void log_to(void)
{
	struct ldplog_writer w;

	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
}

static inline void begin(uint32_t repayment_ppm)
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
static inline bool epoch(uint32_t a, uint32_t b, uint32_t c, uint64_t capacity)
{
	ledger_serve(l, 0, a);
	ledger_serve(l, 1, b);
	ledger_serve(l, 2, c);
	now_ns += 10000000;
	ledger_set_time(l, now_ns, now_ns);
	return ledger_epoch(l, 1, capacity);
}

/* All that the log has, replayed. */
static inline struct replay *replayed(void)
{
	static struct replay rp;
	struct ldplog_reader r;

	replay_free(&rp);
	replay_init(&rp);
	ldplog_reader_init(&r, mem);
	replay_log(&rp, &r);
	return &rp;
}

/* The daemon is killed and started again. */
static inline void restart(void)
{
	ledger_free(l);
	l = ledger_new(LDPS, 250000);
	ledger_set_time(l, now_ns, 0);
	ledger_adopt(l, replayed());
	log_to();
}

static inline int ledger_done(void)
{
	ledger_free(l);
	replayed(); /* the last one is freed */
	return done_testing();
}

#endif
