/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the credit log and the ring they lie in: what a reader gets, and notices. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "backend/credit/batch.h"
#include "backend/credit/ldplog.h"
#include "tests/unit/tap.h"

#define BYTES (LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN)
#define SLOTS (LDPLOG_RING_MIN / RECORD_BYTES)

static uint8_t mem[BYTES] __attribute__((aligned(64)));
static const struct ldplog_id us = {.boot = "boot", .name = "default", .dir = 0, .epoch_us = 10000};
static struct ldplog_writer w;
static struct ldplog_reader r;

static void begin(void)
{
	ldplog_format(mem, sizeof(mem), &us);
	ldplog_writer_init(&w, mem);
	ldplog_reader_init(&r, mem);
}

static uint64_t write_one(uint64_t bytes)
{
	return ldplog_append(&w, &(struct record){.type = RECORD_WEIGHT, .bytes = bytes});
}

static struct record *at(uint64_t offset)
{
	return (struct record *)(void *)(mem + LDPLOG_HEADER_BYTES + offset % LDPLOG_RING_MIN);
}

/* RFC 3720, B.4, and the check value of the catalogues. */
typedef uint32_t crc_fn(const void *p, size_t len);

static void test_crc(crc_fn *record_crc, const char *how)
{
	uint8_t b[32] = {0};

	diag("%s", how);
	is_int(record_crc("123456789", 9), 0xe3069283, "the crc of 123456789 is right %s", how);
	is_int(record_crc(b, 32), 0x8a9136aa, "the crc of 32 zeros is right %s", how);
	memset(b, 0xff, 32);
	is_int(record_crc(b, 32), 0x62a8ab43, "the crc of 32 ones is right %s", how);
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	is_int(record_crc(b, 32), 0x46dd794e, "the crc of 32 ascending bytes is right %s", how);
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)(31 - i);
	is_int(record_crc(b, 32), 0x113fdb5c, "the crc of 32 descending bytes is right %s", how);
	is_int(record_crc(b, 0), 0, "the crc of nothing is 0 %s", how);
}

static void test_seal(void)
{
	struct record rec = {.type = RECORD_LOAN, .ldp = record_ldp(7, 3), .bytes = 5};
	uint64_t word[RECORD_WORDS];
	bool found = true;

	rec.flags = RECORD_F_TAKEN;
	rec.epoch = rec.peer = rec.t_ns = UINT64_MAX;
	rec.balance_after = -7;
	record_seal(&rec, 640, word);
	rec.seq = 10;
	rec.version = RECORD_VERSION;
	rec.crc = record_crc32c(&rec, offsetof(struct record, crc));
	ok(memcmp(word, &rec, sizeof(rec)) == 0, "a sealed record is as the layout says");
	ok(record_is_sealed(&rec, 640), "a sealed record is one where it was written");
	ok(!record_is_sealed(&rec, 704), "a sealed record is none at another offset");
	for (unsigned bit = 0; bit < 8 * sizeof(rec); bit++) {
		uint8_t *p = (uint8_t *)&rec + bit / 8;

		*p ^= (uint8_t)(1u << bit % 8);
		found &= !record_is_sealed(&rec, 640);
		*p ^= (uint8_t)(1u << bit % 8);
	}
	ok(found, "each bit of a record that differs is found");
	is_int(record_domid(rec.ldp), 7, "a record tells the domid");
	is_int(record_id(rec.ldp), 3, "a record tells the device id");
	is_str(record_type_name(RECORD_RESTART), "restart", "the last record type has a name");
	is_str(record_type_name(RECORD_TYPES), "?", "a number that is no record type has no name");
}

static void test_decay(void)
{
	int64_t one_by_one = 1000000, steps = 0;
	bool exact = true, off = true;

	for (int64_t b = -3000; b <= 3000; b++) {
		int64_t size = b < 0 ? -b : b, want = size - (size + 127) / 128;

		exact &= record_decayed(b, 1) == (b < 0 ? -want : want);
	}
	ok(exact, "an epoch takes ceil(|b| / 128) off a balance b");
	for (; one_by_one; steps++) {
		int64_t at_once = record_decayed(1000000, (uint64_t)steps);

		off &= at_once >= one_by_one && at_once - one_by_one <= 128;
		one_by_one = record_decayed(one_by_one, 1);
	}
	ok(off, "many epochs at once take off as many single ones do, to rounding");
	is_int(record_decayed(1000000, 0), 1000000, "no epochs take nothing off a balance");
	is_int(record_decayed(INT64_MAX, 1u << 20), 0,
	       "many epochs take off all of the largest balance");
	is_int(record_decayed(INT64_MIN, 0), INT64_MIN,
	       "no epochs take nothing off the least balance");
}

static void test_check(void)
{
	struct ldplog_id other = us;

	begin();
	is_int(ldplog_check(mem, BYTES, &us), 0, "a log of our identity is our log");
	is_int(ldplog_check(mem, BYTES, NULL), 0, "a log of any identity is a log");
	strcpy(other.boot, "boot2");
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "a log of another boot is stale");
	other = us;
	other.dir = 1;
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "a log of the other direction is stale");
	other = us;
	other.epoch_us++;
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "a log of another epoch is stale");
	is_int(ldplog_check(mem, BYTES - RECORD_BYTES, &us), -EINVAL,
	       "a log cut at its end is invalid");
	is_int(ldplog_check(mem, 100, &us), -EINVAL, "a log cut in its header is invalid");
	w.header->tail = 63;
	is_int(ldplog_check(mem, BYTES, &us), -EINVAL, "a log with an impossible tail is invalid");
	begin();
	mem[70] ^= 1;
	is_int(ldplog_check(mem, BYTES, &us), -EINVAL,
	       "a log with a wrong bit in its header is invalid");
}

static void test_read(void)
{
	struct record rec;

	begin();
	is_int(ldplog_read(&r, &rec), 0, "an empty log has nothing to read");
	is_int(write_one(11), 0, "the first record is written at offset 0");
	is_int(write_one(22), 64, "the second record is written at offset 64");
	is_int(ldplog_read(&r, &rec), 1, "the first record is read");
	is_int(rec.bytes, 11, "the first record is read as written");
	is_int(ldplog_read(&r, &rec), 1, "the second record is read");
	is_int(rec.seq, 1, "the second record has number 1");
	is_int(ldplog_read(&r, &rec), 0, "nothing is read behind the second record");
	at(128)->bytes = 1;
	write_one(33);
	at(128)->bytes ^= 4;
	write_one(44);
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a record with a wrong crc is refused");
	is_int(r.damaged, 1, "a record with a wrong crc is counted");
	is_int(ldplog_read(&r, &rec), 1, "the record behind one with a wrong crc is read");
	is_int(rec.bytes, 44, "the record behind one with a wrong crc is read as written");
	/* Torn: half of the record is from another turn of the ring. */
	write_one(55);
	memset(at(256), 0, 32);
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a torn record is refused");
	w.header->tail = 64;
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a tail that went back is refused");
	is_int(r.damaged, 2, "a tail that went back is not counted as damage again");
	ldplog_writer_init(&w, mem);
	is_int(write_one(66), 64, "a new writer goes on at the tail");
}

static void test_overrun(void)
{
	struct ldplog_reader late;
	struct record rec;
	uint64_t n = 0;

	begin();
	for (uint64_t i = 0; i < SLOTS - 1; i++)
		write_one(i);
	is_int(ldplog_read(&r, &rec), 1, "a ring that is all but full is read");
	is_int(rec.bytes, 0, "a ring that is all but full is read from the beginning");
	write_one(SLOTS - 1);
	is_int(ldplog_read(&r, &rec), 1, "a ring with one record more is read");
	is_int(rec.bytes, 1, "one record more takes nothing from the reader");
	write_one(SLOTS);
	write_one(SLOTS + 1);
	is_int(ldplog_read(&r, &rec), 1, "a reader that was overtaken reads on");
	is_int(r.missed + 2, rec.bytes, "a reader that was overtaken knows by how many records");
	ok(r.missed > 0, "a reader that was overtaken has missed some");
	ldplog_reader_init(&late, mem);
	is_int(late.at, 3 * 64, "a new reader begins with the oldest record that is safe");
	while (ldplog_read(&late, &rec) == 1)
		n++;
	is_int(n, SLOTS - 1, "a new reader gets all records from the oldest safe one");
	is_int(late.missed + late.damaged, 0, "a new reader misses none");
}

static void test_batch(void)
{
	struct batch b = {0};

	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), 0,
	       "a batched record waits for its COMMIT");
	is_int(batch_add(&b, &(struct record){.type = RECORD_COMMIT}), 1, "a COMMIT ends a batch");
	is_int(b.n, 2, "a batch has its record and its COMMIT");
	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), 0,
	       "a record behind a COMMIT begins another batch");
	is_int(batch_add(&b, &(struct record){.type = RECORD_RESTART}), 1,
	       "a RESTART ends a batch");
	ok(b.n == 1 && b.record[0].type == RECORD_RESTART,
	   "a RESTART makes void what waited before it");
	batch_add(&b, &(struct record){.type = RECORD_LOAN});
	batch_drop(&b);
	batch_add(&b, &(struct record){.type = RECORD_COMMIT});
	is_int(b.n, 1, "a dropped record is not in the batch");
	batch_free(&b);
	for (uint32_t i = 0; i < BATCH_MAX; i++)
		batch_add(&b, &(struct record){.type = RECORD_LOAN});
	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), -E2BIG,
	       "a batch without end is refused");
	is_int(b.n, 0, "a batch without end is dropped");
	batch_free(&b);
}

#define RACE 400000u

static void *race(void *arg)
{
	struct ldplog_writer *mine = arg;

	for (uint64_t i = 0; i < RACE; i++)
		ldplog_append(mine, &(struct record){.type = RECORD_WEIGHT, .bytes = i});
	return NULL;
}

/* A ring so small that the reader is overtaken all the time: never a wrong record. */
static void test_race(void)
{
	struct record rec;
	pthread_t thread;
	uint64_t got = 0, wrong = 0;

	begin();
	pthread_create(&thread, NULL, race, &w);
	for (int ret; got + r.missed < RACE;) {
		ret = ldplog_read(&r, &rec);
		wrong +=
			ret < 0 || (ret > 0 && (rec.bytes != rec.seq || rec.seq * 64 + 64 != r.at));
		got += ret > 0;
	}
	pthread_join(thread, NULL);
	diag("read %llu, missed %llu", (unsigned long long)got, (unsigned long long)r.missed);
	is_int(wrong, 0, "a reader that is overtaken reads nothing wrong");
	is_int(got + r.missed, RACE, "a reader that is overtaken counts all that it misses");
}

/* A reader of the oldest record has it overwritten while it reads. */
static void test_edge(void)
{
	struct ldplog_reader edge;
	struct record rec;
	pthread_t thread;
	uint64_t wrong = 0;

	begin();
	pthread_create(&thread, NULL, race, &w);
	while (__atomic_load_n(&w.header->tail, __ATOMIC_RELAXED) < RACE * RECORD_BYTES) {
		ldplog_reader_init(&edge, mem);
		wrong += ldplog_read(&edge, &rec) < 0;
	}
	pthread_join(thread, NULL);
	is_int(wrong, 0, "the oldest record is never taken for a damaged one");
}

int main(void)
{
	test_crc(record_crc32c, "by what is best here");
	test_crc(record_crc32c_by_table, "by table");
	test_seal();
	test_decay();
	test_check();
	test_read();
	test_overrun();
	test_batch();
	test_race();
	test_edge();
	return done_testing();
}
