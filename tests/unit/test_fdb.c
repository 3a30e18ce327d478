/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address table: own addresses stay, learnt ones are bounded and give way. */
#include "backend/frame/fdb.h"

#include <errno.h>

#include "tests/unit/tap.h"

static uint8_t *mac(unsigned n)
{
	static uint8_t m[8][6];
	static unsigned next;
	uint8_t *p = m[next++ % 8];

	p[0] = 2;
	p[1] = 0;
	p[2] = (uint8_t)(n >> 24);
	p[3] = (uint8_t)(n >> 16);
	p[4] = (uint8_t)(n >> 8);
	p[5] = (uint8_t)n;
	return p;
}

/* Addresses that one LDP learns again, or gets as its own. */
static void test_again(void)
{
	struct fdb *f = fdb_new(16);

	fdb_learn(f, mac(1), 12);
	for (unsigned i = 0; i < 1000; i++)
		fdb_learn(f, mac(2), 12);
	is_int(fdb_lookup(f, mac(1)), 12, "one address, seen often, pushes no other out");
	is_int(fdb_add(f, mac(2), 12), 0, "an address that an LDP has learnt becomes its own");
	fdb_forget(f, 12, NULL);
	is_int(fdb_lookup(f, mac(1)), FDB_NONE,
	       "an address that an LDP has learnt is forgotten with it");
	is_int(fdb_lookup(f, mac(2)), 12, "an own address is not forgotten with what was learnt");
	fdb_learn(f, mac(3), 12);
	fdb_forget(f, 12, mac(3));
	is_int(fdb_lookup(f, mac(3)), FDB_NONE, "a learnt address is forgotten by its name");
	fdb_free(f);
}

int main(void)
{
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1};
	struct fdb *f = fdb_new(16);
	unsigned known = 0;

	is_int(fdb_lookup(f, mac(1)), FDB_NONE, "an unknown address is not found");
	is_int(fdb_add(f, mac(1), 10), 0, "an own address is added");
	is_int(fdb_lookup(f, mac(1)), 10, "an own address is found");
	is_int(fdb_add(f, mac(1), 11), -EEXIST, "an own address cannot be another LDP's");
	is_int(fdb_add(f, mac(1), 10), 0, "an own address can be added again");
	fdb_learn(f, mac(1), 12);
	is_int(fdb_lookup(f, mac(1)), 10, "an own address cannot be learnt away");
	fdb_learn(f, group, 12);
	is_int(fdb_lookup(f, group), FDB_NONE, "group addresses are not learnt");

	for (unsigned i = 0; i < 1000; i++)
		fdb_learn(f, mac(1000 + i), 12);
	for (unsigned i = 0; i < 1000; i++)
		known += fdb_lookup(f, mac(1000 + i)) == 12;
	is_int(known, FDB_LEARN_MAX,
	       "no more than FDB_LEARN_MAX addresses are learnt from one LDP");
	is_int(fdb_lookup(f, mac(1999)), 12, "the newest learnt address is known");
	is_int(fdb_lookup(f, mac(1000)), FDB_NONE, "the oldest learnt address is forgotten");
	fdb_learn(f, mac(1999), 13);
	is_int(fdb_lookup(f, mac(1999)), 13, "a learnt address may move to another LDP");
	fdb_forget(f, 12, NULL);
	for (unsigned i = known = 0; i < 1000; i++)
		known += fdb_lookup(f, mac(1000 + i)) == 12;
	is_int(known, 0, "all learnt addresses are forgotten with their LDP");
	is_int(fdb_lookup(f, mac(1999)), 13,
	       "a learnt address that moved on is not forgotten with its first LDP");
	is_int(fdb_add(f, mac(1999), 14), 0, "an own address takes over a learnt one");
	is_int(fdb_lookup(f, mac(1999)), 14, "an own address that was learnt before is found");
	fdb_forget(f, 13, NULL);
	is_int(fdb_lookup(f, mac(1999)), 14,
	       "an own address stays when the LDP that it was learnt from goes");
	fdb_forget(f, 10, mac(1));
	is_int(fdb_lookup(f, mac(1)), FDB_NONE, "an own address goes with its LDP");
	fdb_forget(f, 10, mac(1999));
	is_int(fdb_lookup(f, mac(1999)), 14, "an own address does not go with another LDP");
	fdb_free(f);

	test_again();
	return done_testing();
}
