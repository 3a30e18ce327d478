/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address table: own addresses stay, learnt ones are bounded, age and give way. LDPs 10 and 11
 * are of guest 1, 12 of guest 2, 13 of guest 3; each has the own address of its number.
 */
#include "backend/frame/fdb.h"

#include <errno.h>

#include "backend/frame/mac_owners.h"
#include "tests/unit/tap.h"

#define SEC 1000000000ull

static struct fdb *f;
static uint64_t now;

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

static void begin(void)
{
	static const uint32_t guest[] = {1, 1, 2, 3};

	now = 1000 * SEC;
	f = fdb_new(16, 1);
	for (uint32_t i = 0; i < 4; i++)
		fdb_add(f, mac(10 + i), 10 + i, guest[i]);
}

static enum fdb_use use(unsigned n, uint32_t slot)
{
	uint32_t from;

	return fdb_use(f, mac(n), slot, false, now, &from);
}

static enum fdb_use use_listed(unsigned n, uint32_t slot)
{
	uint32_t from;

	return fdb_use(f, mac(n), slot, true, now, &from);
}

static uint32_t at(unsigned n)
{
	return fdb_lookup(f, mac(n), now);
}

static uint32_t seen(unsigned n)
{
	return fdb_seen(f, mac(n), false, now);
}

static void test_own(void)
{
	begin();
	is_int(at(1), FDB_NONE, "an unknown address is not found");
	is_int(at(10), 10, "an own address is found");
	is_int(fdb_add(f, mac(10), 12, 2), -EEXIST, "an own address cannot be another LDP's");
	is_int(fdb_add(f, mac(10), 10, 1), 0, "an own address can be added again");
	is_int(use(10, 12), FDB_USE_GUEST, "an own address cannot be taken by another guest");
	is_int(use_listed(10, 12), FDB_USE_GUEST,
	       "an own address cannot be taken by another guest to which it is listed");
	is_int(seen(10), FDB_NONE, "an own address is not lost to the uplink");
	is_int(at(10), 10, "an own address stays when the uplink shows it");
	fdb_forget(f, 12, mac(10));
	is_int(at(10), 10, "an own address does not go with another LDP");
	fdb_forget(f, 10, mac(10));
	is_int(at(10), FDB_NONE, "an own address goes with its LDP");
	is_int(use(10, 12), FDB_USE_OK, "an address that was an LDP's own can be learnt");
	fdb_free(f);
}

/* A device that is not connected. */
static void test_reserved(void)
{
	begin();
	mac_owners_add(fdb_owners(f), mac(50), 2);
	is_int(use(50, 13), FDB_USE_GUEST,
	       "the address of a device that is not connected cannot be taken by another guest");
	is_int(use(50, 12), FDB_USE_OK,
	       "the address of a device that is not connected can be used by its guest");
	is_int(seen(50), FDB_NONE, "the address of a device is not lost to the uplink");
	is_int(at(50), 12, "the address of a device stays when the uplink shows it");
	is_int(fdb_add(f, mac(50), 15, 2), 0, "the device connects");
	is_int(at(50), 15, "the address is at the device once it connects");
	mac_owners_remove(fdb_owners(f), mac(50), 2);
	is_int(use(50, 13), FDB_USE_GUEST, "a connected device keeps its address by itself");
	fdb_free(f);
}

static void test_bounds(void)
{
	unsigned known = 0;

	begin();
	for (unsigned i = 0; i < 1000; i++)
		use(1000 + i, 12);
	for (unsigned i = 0; i < 1000; i++)
		known += at(1000 + i) == 12;
	is_int(known, FDB_LEARN_MAX,
	       "no more than FDB_LEARN_MAX addresses are learnt from one LDP");
	is_int(at(1999), 12, "the newest learnt address is known");
	is_int(at(1000), FDB_NONE, "the oldest learnt address is forgotten");
	for (unsigned i = 0; i < 100; i++) {
		use_listed(1999, 13);
		use_listed(1999, 12);
	}
	is_int(at(1998), 12, "an address that moves to and fro pushes no other out");
	use_listed(1999, 13);
	fdb_forget(f, 12, NULL);
	for (unsigned i = known = 0; i < 1000; i++)
		known += at(1000 + i) == 12;
	is_int(known, 0, "all learnt addresses are forgotten with their LDP");
	is_int(at(1999), 13, "a learnt address that moved on is not forgotten with its first LDP");
	is_int(fdb_add(f, mac(1999), 14, 4), 0, "an own address takes over a learnt one");
	fdb_forget(f, 13, NULL);
	is_int(at(1999), 14, "an own address stays when the LDP that it was learnt from goes");
	fdb_free(f);
}

static void test_age(void)
{
	begin();
	use(1, 12);
	now += (FDB_AGE_SECONDS - 1) * SEC;
	is_int(at(1), 12, "a learnt address is known for its time");
	is_int(use(1, 13), FDB_USE_GUEST, "a learnt address cannot be taken by another guest");
	use(1, 12);
	now += (FDB_AGE_SECONDS - 1) * SEC;
	is_int(at(1), 12, "a learnt address that is used is known for longer");
	now += SEC;
	is_int(at(1), FDB_NONE, "a learnt address that is not used is forgotten");
	is_int(use(1, 13), FDB_USE_OK, "an address that was forgotten can be taken");
	is_int(at(1), 13, "an address that was forgotten is learnt again");
	fdb_free(f);
}

static void test_uplink(void)
{
	uint32_t from = 7;

	begin();
	use(1, 12);
	is_int(seen(1), 12, "an address that the uplink shows is taken from its LDP");
	is_int(at(1), FDB_NONE, "an address that the uplink shows is unlearnt");
	is_int(seen(1), FDB_NONE, "an address that the uplink shows again is taken from nobody");
	is_int(use(1, 12), FDB_USE_UPLINK, "an address of the uplink cannot be taken");
	is_int(fdb_use(f, mac(1), 12, true, now, &from), FDB_USE_MOVED,
	       "an address of the uplink can be taken if it is listed");
	is_int(from, FDB_NONE, "an address that is taken from the uplink comes from no LDP");
	is_int(at(1), 12, "an address that is taken from the uplink is learnt");
	is_int(use(1, 12), FDB_USE_OK, "an address that was taken needs no list any more");
	seen(1);
	now += (FDB_AGE_SECONDS - 1) * SEC;
	is_int(use(1, 12), FDB_USE_UPLINK, "an address of the uplink stays so for its time");
	now += 2 * SEC;
	is_int(use(1, 12), FDB_USE_OK, "an address that left the uplink can be taken");
	is_int(fdb_seen(f, mac(1), true, now), FDB_NONE,
	       "an uplink that reflects does not take a learnt address");
	is_int(at(1), 12, "a learnt address stays when the uplink reflects it");
	is_int(fdb_seen(f, mac(2), true, now), FDB_NONE, "an uplink that reflects shows others");
	is_int(use(2, 12), FDB_USE_UPLINK, "what others use beyond a reflecting uplink is theirs");
	fdb_free(f);
}

static void test_guests(void)
{
	uint32_t from = 7;

	begin();
	use(1, 12);
	is_int(use(1, 13), FDB_USE_GUEST, "what another guest uses cannot be taken");
	is_int(fdb_use(f, mac(1), 13, true, now, &from), FDB_USE_MOVED,
	       "what another guest uses can be taken if it is listed");
	is_int(from, 12, "it is told who had the address");
	is_int(at(1), 13, "the address is with its taker");
	fdb_free(f);
}

/* Two devices of one guest, as in a bond. */
static void test_bond(void)
{
	uint32_t from = 7;

	begin();
	use(1, 10);
	is_int(use(1, 11), FDB_USE_MOVED, "a device may take what another of its guest uses");
	is_int(fdb_use(f, mac(10), 11, false, now, &from), FDB_USE_MOVED,
	       "a device may take another's own address");
	is_int(from, 10, "it is told from which device the address came");
	is_int(at(10), 11, "the last sender has the address");
	ok(fdb_has_moved(f), "an own address that is away is known to be");
	is_int(use(10, 12), FDB_USE_GUEST, "an own address that is away is no other guest's");
	is_int(use(10, 10), FDB_USE_MOVED, "a device takes its own address back");
	is_int(at(10), 10, "an own address that came back is found");
	ok(!fdb_has_moved(f), "no own address is away when the only one came back");
	use(10, 11);
	now += FDB_AGE_SECONDS * SEC;
	is_int(at(10), 10, "an own address that is not used elsewhere is at home");
	is_int(use(10, 10), FDB_USE_OK, "to use it at home is no move");
	ok(!fdb_has_moved(f), "an own address that aged elsewhere is not away");
	is_int(at(10), 10, "to use it at home does not send it back");
	use(10, 11);
	fdb_forget(f, 11, mac(11));
	is_int(at(10), 10, "an own address comes home from a device that goes");
	ok(!fdb_has_moved(f), "an own address is not away with a device that went");
	fdb_add(f, mac(11), 11, 1);
	use(10, 11);
	fdb_forget(f, 10, mac(10));
	is_int(at(10), 11, "an address stays with its user when its device goes");
	ok(!fdb_has_moved(f), "the address of a device that went is not away");
	fdb_free(f);
}

int main(void)
{
	test_own();
	test_reserved();
	test_bounds();
	test_age();
	test_uplink();
	test_guests();
	test_bond();
	return done_testing();
}
