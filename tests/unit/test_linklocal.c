/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Link-local addresses: the first to use one has it, for a time. LDPs 0 and 1 are of guest 7, LDP 2
 * of guest 8.
 */
#include "backend/frame/linklocal.h"

#include <string.h>

#include "backend/frame/mac_owners.h"
#include "tests/unit/tap.h"

#define SEC 1000000000ull

static struct linklocal *t;
static struct mac_owners *owners;
static uint64_t now;

static void begin(void)
{
	now = 1000 * SEC;
	owners = mac_owners_new();
	t = linklocal_new(3, owners);
}

static void end(void)
{
	linklocal_free(t);
	mac_owners_free(owners);
}

static const uint8_t *addr(unsigned n)
{
	static uint8_t a[16] = {0xfe, 0x80, [8] = 0x5a, [9] = 0x11};

	a[14] = (uint8_t)(n >> 8);
	a[15] = (uint8_t)n;
	return a;
}

static struct linklocal_user user(uint32_t slot)
{
	return (struct linklocal_user){t, slot, slot < 2 ? 7 : 8, now};
}

static bool claim(uint32_t slot, unsigned n)
{
	struct linklocal_user u = user(slot);

	return linklocal_claim(&u, addr(n));
}

static void note(uint32_t slot, unsigned n)
{
	struct linklocal_user u = user(slot);

	linklocal_note(&u, addr(n));
}

static void test_first(void)
{
	begin();
	ok(claim(0, 1), "an address that nobody uses is granted");
	ok(claim(0, 1), "an address is granted to its user again");
	ok(!claim(2, 1), "an address in use is not granted to another guest");
	ok(claim(1, 1), "an address moves to another device of its guest");
	ok(claim(0, 1), "an address moves back to the first device of its guest");
	now += (LINKLOCAL_SECONDS - 1) * SEC;
	ok(!claim(2, 1), "an address is kept for its time");
	now += SEC;
	ok(claim(2, 1), "an address that was not used for its time is granted to another");
	ok(!claim(0, 1), "an address that another guest took is lost");
	linklocal_forget(t, 2);
	ok(claim(0, 1), "an address is free when its user goes");
	end();
}

static void test_bound(void)
{
	begin();
	for (unsigned i = 0; i < LINKLOCAL_MAX; i++)
		ok(claim(0, i), "address %u of an LDP is granted", i + 1);
	ok(!claim(0, 99), "an address beyond LINKLOCAL_MAX is not granted");
	ok(claim(2, 99), "an address that was not granted to one is granted to another");
	ok(claim(0, 0), "an address within the bound stays granted");
	now += LINKLOCAL_SECONDS * SEC;
	claim(0, 3);
	ok(claim(0, 100), "an address that was not used for its time makes room");
	ok(claim(0, 3), "an address that was used keeps its place");
	end();
}

static void test_note(void)
{
	begin();
	note(2, 1);
	ok(!claim(0, 1), "what a guest that is not checked uses is not granted to another");
	note(2, 2);
	claim(0, 5);
	note(2, 5);
	ok(claim(0, 5), "a guest that is not checked takes nobody's address");
	for (unsigned i = 10; i < 10 + LINKLOCAL_MAX; i++) {
		now += SEC;
		note(2, i);
	}
	ok(claim(0, 1), "a guest that is not checked keeps its newest addresses only");
	ok(!claim(0, 10), "the oldest of its newest addresses is kept");
	end();
}

static void test_eui(void)
{
	static const uint8_t mac[6] = {0, 0x16, 0x3e, 1, 2, 3};
	static const uint8_t made[16] = {0xfe, 0x80, 0,	   0,	 0,    0, 0, 0,
					 2,    0x16, 0x3e, 0xff, 0xfe, 1, 2, 3};
	struct linklocal_user u0, u2;

	begin();
	u0 = user(0);
	u2 = user(2);
	ok(linklocal_claim(&u0, made), "an address made from nobody's MAC is granted");
	linklocal_forget(t, 0);
	mac_owners_add(owners, mac, 8);
	ok(!linklocal_claim(&u0, made), "an address made from another guest's MAC is not granted");
	ok(linklocal_claim(&u2, made), "an address made from an own MAC is granted");
	end();
}

static void test_is(void)
{
	ok(linklocal_is(addr(1)), "fe80::/64 is link-local");
	ok(!linklocal_is((const uint8_t *)"\xfe\x80\0\0\0\0\0\1\0\0\0\0\0\0\0\1"),
	   "fe80:0:0:1::1 is not");
	ok(!linklocal_is((const uint8_t *)"\xfd\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
	   "fd80::1 is not");
}

int main(void)
{
	test_first();
	test_bound();
	test_note();
	test_eui();
	test_is();
	return done_testing();
}
