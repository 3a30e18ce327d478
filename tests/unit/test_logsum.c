/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second of a credit log in few lines. */
#include "backend/ctl/logsum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/store.h"
#include "tests/unit/tap.h"

#define SECOND UINT64_C(1000000000)

static struct ctl ctl;
static struct logtext text = {.ctl = &ctl};
static struct logsum sum;
static char said[4096];

static bool all(void *arg, uint32_t ldp)
{
	return arg != NULL && ldp != RECORD_NO_LDP;
}

/* Device 2/0 only. */
static bool one(void *arg, uint32_t ldp)
{
	return arg != NULL && ldp == record_ldp(2, 0);
}

static void line(void *arg, const char *words, struct json_object *o)
{
	size_t at = strlen(said);

	snprintf(said + at, sizeof(said) - at, "%s\n",
		 arg && o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) : words);
	json_object_put(o);
}

static const char *print(bool json, bool (*wanted)(void *arg, uint32_t ldp), unsigned dir)
{
	said[0] = '\0';
	logsum_print(&sum, &(struct logsum_to){.text = &text,
					       .uplink = "default",
					       .dir = dir,
					       .json = json,
					       .wanted = wanted,
					       .line = line,
					       .arg = &sum});
	return said;
}

static void transfer(enum record_type type, unsigned giver, unsigned taker, uint64_t bytes)
{
	struct record r = {.type = (uint16_t)type,
			   .ldp = record_ldp(giver, 0),
			   .peer = record_ldp(taker, 0),
			   .bytes = bytes,
			   .t_ns = 5 * SECOND};

	logsum_add(&sum, &r);
	r.type = type == RECORD_LOAN ? RECORD_BORROW : type;
	r.flags = RECORD_F_TAKEN;
	r.ldp = record_ldp(taker, 0);
	r.peer = record_ldp(giver, 0);
	logsum_add(&sum, &r);
}

static void limit(unsigned ldp, enum record_limit by, uint64_t bytes)
{
	struct record r = {.type = RECORD_LIMIT,
			   .ldp = record_ldp(ldp, 0),
			   .peer = by,
			   .bytes = bytes,
			   .t_ns = 5 * SECOND};

	logsum_add(&sum, &r);
}

static void test_loans(void)
{
	for (unsigned i = 0; i < 100; i++) {
		transfer(RECORD_LOAN, 1, 2, 100);
		transfer(RECORD_LOAN, 1, 3, 50);
	}
	transfer(RECORD_REPAY, 2, 1, 7);
	is_str(print(false, all, 0),
	       "00:00:05 1/0 lent 15,000 bytes in all: 10,000 bytes to 2/0, 5,000 bytes to 3/0\n"
	       "00:00:05 2/0 paid back 7 bytes to 1/0\n",
	       "loans of a second are added up, each once, the largest first");
	is_str(print(false, all, 0), "", "what was printed is gone");
	transfer(RECORD_LOAN, 1, 2, 1);
	transfer(RECORD_LOAN, 1, 3, 1);
	is_str(print(false, one, 1), "00:00:05 1/0 lent 1 byte to 2/0 (receiving)\n",
	       "what concerns no wanted device is left out");
}

static void test_many(void)
{
	for (unsigned i = 2; i < 12; i++)
		transfer(RECORD_LOAN, 1, i, i);
	is_str(print(false, all, 0),
	       "00:00:05 1/0 lent 65 bytes in all: 11 bytes to 11/0, 10 bytes to 10/0, 9 bytes to "
	       "9/0, 8 bytes to 8/0 and to 6 more\n",
	       "of many takers the largest are named");
}

static void test_limits(void)
{
	limit(2, RECORD_LIMIT_MAX, 1250000);
	limit(3, (enum record_limit)77, 0);
	is_str(print(false, all, 0),
	       "00:00:05 2/0 had 10.00mbit, limited by its maximum\n"
	       "00:00:05 3/0 had 0, limited by what this dmvlctl does not know\n",
	       "limits are told");
}

static void test_json(void)
{
	transfer(RECORD_LOAN, 1, 2, 5);
	limit(2, RECORD_LIMIT_LINK, 9);
	is_str(print(true, all, 1),
	       "{\"time\":\"1970-01-01T00:00:05.000+00:00\",\"uplink\":\"default\",\"direction\":"
	       "\"rx\",\"type\":\"lent\",\"domain\":null,\"domid\":1,\"id\":0,\"bytes\":5,\"to\":[{"
	       "\"domain\":null,\"domid\":2,\"id\":0,\"bytes\":5}]}\n"
	       "{\"time\":\"1970-01-01T00:00:05.000+00:00\",\"uplink\":\"default\",\"direction\":"
	       "\"rx\",\"type\":\"limited\",\"domain\":null,\"domid\":2,\"id\":0,\"bytes\":9,"
	       "\"by\":"
	       "\"link\"}\n",
	       "as JSON a second has the same");
}

static void test_over(void)
{
	const struct record other = {.type = RECORD_COMMIT, .t_ns = 5 * SECOND};

	ok(!logsum_is_over(&sum, 9 * SECOND), "without a record no second is over");
	ok(!logsum_add(&sum, &other), "other records are not added up");
	transfer(RECORD_LOAN, 1, 2, 5);
	ok(!logsum_is_over(&sum, 6 * SECOND - 1), "a second is not over in it");
	ok(logsum_is_over(&sum, 6 * SECOND), "a second is over at its end");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	store_clear();
	is_int(xs_conn_open(&ctl.xs), 0, "a xenstore in memory opens");
	test_loans();
	test_many();
	test_limits();
	test_json();
	test_over();
	logsum_free(&sum);
	logtext_free(&text);
	xs_conn_close(ctl.xs);
	return done_testing();
}
