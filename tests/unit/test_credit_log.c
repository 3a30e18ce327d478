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
	is_int(record_crc("123456789", 9), 0xe3069283, "crc of 123456789");
	is_int(record_crc(b, 32), 0x8a9136aa, "of 32 zeros");
	memset(b, 0xff, 32);
	is_int(record_crc(b, 32), 0x62a8ab43, "of 32 ones");
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)i;
	is_int(record_crc(b, 32), 0x46dd794e, "ascending");
	for (int i = 0; i < 32; i++)
		b[i] = (uint8_t)(31 - i);
	is_int(record_crc(b, 32), 0x113fdb5c, "descending");
	is_int(record_crc(b, 0), 0, "of nothing");
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
	ok(memcmp(word, &rec, sizeof(rec)) == 0, "sealed as the layout says");
	ok(record_is_sealed(&rec, 640), "a record is one where it was written");
	ok(!record_is_sealed(&rec, 704), "and nowhere else");
	for (unsigned bit = 0; bit < 8 * sizeof(rec); bit++) {
		uint8_t *p = (uint8_t *)&rec + bit / 8;

		*p ^= (uint8_t)(1u << bit % 8);
		found &= !record_is_sealed(&rec, 640);
		*p ^= (uint8_t)(1u << bit % 8);
	}
	ok(found, "each bit that differs is found");
	is_int(record_domid(rec.ldp), 7, "domid");
	is_int(record_id(rec.ldp), 3, "device id");
	is_str(record_type_name(RECORD_RESTART), "restart", "the last type has a name");
	is_str(record_type_name(RECORD_TYPES), "?", "what is none has none");
}

static void test_decay(void)
{
	int64_t one_by_one = 1000000, steps = 0;
	bool exact = true, off = true;

	for (int64_t b = -3000; b <= 3000; b++) {
		int64_t size = b < 0 ? -b : b, want = size - (size + 127) / 128;

		exact &= record_decayed(b, 1) == (b < 0 ? -want : want);
	}
	ok(exact, "an epoch takes ceil(|b| / 128) off");
	for (; one_by_one; steps++) {
		int64_t at_once = record_decayed(1000000, (uint64_t)steps);

		off &= at_once >= one_by_one && at_once - one_by_one <= 128;
		one_by_one = record_decayed(one_by_one, 1);
	}
	ok(off, "many at once take off the same, to rounding");
	is_int(record_decayed(1000000, 0), 1000000, "none take nothing");
	is_int(record_decayed(INT64_MAX, 1u << 20), 0, "and all is gone in the end");
	is_int(record_decayed(INT64_MIN, 0), INT64_MIN, "the least");
}

static void test_check(void)
{
	struct ldplog_id other = us;

	begin();
	is_int(ldplog_check(mem, BYTES, &us), 0, "it is our log");
	is_int(ldplog_check(mem, BYTES, NULL), 0, "and a log");
	strcpy(other.boot, "boot2");
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "another boot");
	other = us;
	other.dir = 1;
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "the other direction");
	other = us;
	other.epoch_us++;
	is_int(ldplog_check(mem, BYTES, &other), -ESTALE, "another epoch");
	is_int(ldplog_check(mem, BYTES - RECORD_BYTES, &us), -EINVAL, "cut");
	is_int(ldplog_check(mem, 100, &us), -EINVAL, "cut in the header");
	w.header->tail = 63;
	is_int(ldplog_check(mem, BYTES, &us), -EINVAL, "an impossible tail");
	begin();
	mem[70] ^= 1;
	is_int(ldplog_check(mem, BYTES, &us), -EINVAL, "a bit of the header differs");
}

static void test_read(void)
{
	struct record rec;

	begin();
	is_int(ldplog_read(&r, &rec), 0, "nothing yet");
	is_int(write_one(11), 0, "the first record's offset");
	is_int(write_one(22), 64, "the second's");
	is_int(ldplog_read(&r, &rec), 1, "the first is read");
	is_int(rec.bytes, 11, "as written");
	is_int(ldplog_read(&r, &rec), 1, "the second");
	is_int(rec.seq, 1, "its number");
	is_int(ldplog_read(&r, &rec), 0, "no more");
	at(128)->bytes = 1;
	write_one(33);
	at(128)->bytes ^= 4;
	write_one(44);
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a record with a wrong crc");
	is_int(r.damaged, 1, "is counted");
	is_int(ldplog_read(&r, &rec), 1, "the next one is good");
	is_int(rec.bytes, 44, "and the right one");
	/* Torn: half of it is of another turn of the ring. */
	write_one(55);
	memset(at(256), 0, 32);
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a torn record");
	w.header->tail = 64;
	is_int(ldplog_read(&r, &rec), -EBADMSG, "a tail that went back");
	is_int(r.damaged, 2, "is not counted again and again");
	ldplog_writer_init(&w, mem);
	is_int(write_one(66), 64, "a writer goes on at the tail");
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
	is_int(rec.bytes, 0, "from the beginning");
	write_one(SLOTS - 1);
	is_int(ldplog_read(&r, &rec), 1, "one record more");
	is_int(rec.bytes, 1, "takes nothing yet");
	write_one(SLOTS);
	write_one(SLOTS + 1);
	is_int(ldplog_read(&r, &rec), 1, "two more");
	is_int(r.missed + 2, rec.bytes, "and it was overtaken, and knows by how many");
	ok(r.missed > 0, "which is more than none");
	ldplog_reader_init(&late, mem);
	is_int(late.at, 3 * 64, "a new one begins with the oldest that is safe");
	while (ldplog_read(&late, &rec) == 1)
		n++;
	is_int(n, SLOTS - 1, "and gets all");
	is_int(late.missed + late.damaged, 0, "without a loss");
}

static void test_batch(void)
{
	struct batch b = {0};

	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), 0, "a record waits");
	is_int(batch_add(&b, &(struct record){.type = RECORD_COMMIT}), 1, "until its COMMIT");
	is_int(b.n, 2, "and is there with it");
	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), 0, "the next one begins anew");
	is_int(batch_add(&b, &(struct record){.type = RECORD_RESTART}), 1, "a restart");
	ok(b.n == 1 && b.record[0].type == RECORD_RESTART, "makes what waited void");
	batch_add(&b, &(struct record){.type = RECORD_LOAN});
	batch_drop(&b);
	batch_add(&b, &(struct record){.type = RECORD_COMMIT});
	is_int(b.n, 1, "what is dropped is gone");
	batch_free(&b);
	for (uint32_t i = 0; i < BATCH_MAX; i++)
		batch_add(&b, &(struct record){.type = RECORD_LOAN});
	is_int(batch_add(&b, &(struct record){.type = RECORD_LOAN}), -E2BIG, "one without end");
	is_int(b.n, 0, "is dropped");
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
	is_int(got + r.missed, RACE, "and misses none that it does not count");
}

/* Who always reads the oldest record there is has it overwritten under his eyes. */
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
