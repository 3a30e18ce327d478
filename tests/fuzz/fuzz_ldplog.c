/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The credit log: what a ledger writes, what others write over it, and who reads it meanwhile.
 *
 * Input: orders, a byte of enum order and what belongs to it.
 */
#include <errno.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "backend/credit/ledger_priv.h"
#include "tests/fuzz/fuzz.h"

#define LDPS   4u
#define RING   (8 * LDPLOG_RING_MIN) /* a checkpoint and the events of EVENTS fit half of it */
#define BYTES  (LDPLOG_HEADER_BYTES + RING)
#define EVENTS 24

enum order {
	ORDER_LEDGER, /* u8 what, and its arguments */
	ORDER_RECORD, /* 64 bytes, which are sealed and appended, as version 1 if they say so */
	ORDER_FLIP,   /* u16 where, u8 which bits */
	ORDER_TAIL,   /* u16, and u8: 0: times 64 */
	ORDER_FOLLOW, /* a reader reads on */
	ORDERS,
};

static uint8_t mem[BYTES] __attribute__((aligned(64)));
static struct ledger *l;
static struct ldplog_writer w;
static uint64_t now_ns;
static bool here[LDPS], touched;
static unsigned events; /* since the last epoch */

/* 0..4; 5 and 6, which are groups, for the last numbers only: so older inputs mean what they did.
 */
static uint8_t ledger_order(uint8_t b)
{
	return b < 250 ? b % 5 : 5 + b % 2;
}

/* Few, with the last one among them. */
static uint32_t group_of(uint8_t b)
{
	return b % 4 == 3 ? LEDGER_GROUP_MAX : b % 4;
}

static void order_ledger(struct fuzz_in *in)
{
	uint8_t what = ledger_order(fuzz_u8(in)), a = fuzz_u8(in), b = fuzz_u8(in);
	struct credit_id id = {.ldp = a % 8, .generation = b % 2};
	uint32_t slot = a % LDPS;

	ledger_set_time(l, now_ns, now_ns);
	if (what == 3 || ++events > EVENTS) {
		ledger_epoch(l, a + 1u, b * 1000u);
		events = 0;
	}
	switch (what) {
	case 0:
	case 1:
		if (here[slot])
			ledger_detach(l, slot);
		else
			ledger_attach(l, slot, &id, b + 1u);
		here[slot] = !here[slot];
		break;
	case 2:
		ledger_serve(l, slot, a * 997u);
		ledger_serve(l, b % LDPS, b * 101u);
		break;
	case 3:
		now_ns += 10000000;
		break;
	case 4:
		now_ns += b * 1000000000ull;
		if (here[slot])
			ledger_set_weight(l, slot, b * 7u + 1);
		break;
	case 5:
		ledger_set_group(l, slot, group_of(b));
		break;
	case 6:
		ledger_set_group_weight(l, group_of(a) + (group_of(a) == 0), b + 1u);
	}
	must(ledger_sum(l) == 0);
}

static void make_old(struct record *r)
{
	r->version = RECORD_VERSION_MIN;
	r->crc = record_crc32c(r, offsetof(struct record, crc));
}

static void order_record(struct fuzz_in *in)
{
	struct ldplog_writer other;
	struct record r;
	uint64_t at;

	fuzz_copy(in, &r, sizeof(r));
	ldplog_writer_init(&other, mem);
	other.tail = other.tail / RECORD_BYTES * RECORD_BYTES;
	other.ring_bytes = RING;
	at = ldplog_append(&other, &r);
	if (r.version == RECORD_VERSION_MIN)
		make_old((struct record *)(void *)(mem + LDPLOG_HEADER_BYTES + at % RING));
	touched = true;
}

static void order_tail(struct fuzz_in *in)
{
	uint64_t tail = fuzz_u16(in);

	w.header->tail = fuzz_u8(in) ? tail << 48 | tail : tail * RECORD_BYTES;
	touched = true;
}

static void order_flip(struct fuzz_in *in)
{
	uint32_t at = fuzz_u16(in) % BYTES;

	mem[at] ^= fuzz_u8(in);
	touched = true;
}

/* Reads what there is. Each record comes from where the reader was, and is one. */
static void follow(struct ldplog_reader *r)
{
	struct record rec;
	uint64_t at = r->at, missed = r->missed, damaged = r->damaged, n = 0;

	for (int ret; (ret = ldplog_read(r, &rec)) != 0;) {
		if (ret > 0) {
			must(record_is_sealed(&rec, r->at - RECORD_BYTES));
			n++;
		} else {
			must(ret == -EBADMSG);
			if (r->damaged - damaged + r->missed - missed + n == (r->at - at) / 64 &&
			    r->at != w.header->tail && w.header->tail % 64 == 0 &&
			    w.header->tail > r->at)
				continue;
			break;
		}
	}
	must(r->at - at == (n + r->missed - missed + r->damaged - damaged) * RECORD_BYTES);
}

static void check_replay(void)
{
	struct ldplog_reader r;
	struct replay rp;
	int64_t sum;
	uint32_t live = 0;

	replay_init(&rp);
	ldplog_reader_init(&r, mem);
	must(replay_log(&rp, &r) == 0);
	if (rp.synced) {
		sum = rp.pool;
		for (uint32_t i = 0; i < rp.n; i++)
			sum += rp.account[i].balance;
		must(sum == 0);
	}
	if (!touched) {
		must(rp.synced && rp.pool == l->pool);
		for (uint32_t i = 0; i < rp.n; i++) {
			live += rp.account[i].live && !rp.account[i].kept;
			must(rp.account[i].group <= LEDGER_GROUP_MAX);
		}
		for (uint32_t slot = 0; slot < LDPS; slot++)
			live -= here[slot];
		must(live == 0);
	}
	replay_free(&rp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ldplog_id id = {.boot = "boot", .name = "fuzz"};
	struct fuzz_in in = {data, size};
	struct ldplog_reader reader;

	l = ledger_new(LDPS, 250000);
	must(l);
	now_ns = 1;
	touched = false;
	events = 0;
	memset(here, 0, sizeof(here));
	ldplog_format(mem, sizeof(mem), &id);
	ldplog_writer_init(&w, mem);
	ledger_set_time(l, now_ns, now_ns);
	ledger_log_to(l, &w);
	ldplog_reader_init(&reader, mem);
	while (in.left > 0) {
		switch (fuzz_u8(&in) % ORDERS) {
		case ORDER_LEDGER:
			order_ledger(&in);
			break;
		case ORDER_RECORD:
			order_record(&in);
			break;
		case ORDER_FLIP:
			order_flip(&in);
			break;
		case ORDER_TAIL:
			order_tail(&in);
			break;
		case ORDER_FOLLOW:
			follow(&reader);
			break;
		}
	}
	ledger_epoch(l, 1, 0);
	if (ldplog_check(mem, sizeof(mem), &id) == 0)
		check_replay();
	else
		must(touched);
	ledger_free(l);
	return 0;
}
