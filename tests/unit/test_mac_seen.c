/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the uplink: remembered for a time, and not pushed out by made-up ones. */
#include "backend/frame/mac_seen.h"

#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define SEC 1000000000ull

static const uint8_t gateway[6] = {2, 0, 0, 0, 0, 1};
static struct mac_seen *s;
static uint64_t now;

static void begin(void)
{
	now = 5 * SEC;
	s = mac_seen_new(42);
}

static bool known(void)
{
	return mac_seen_recently(s, gateway, now);
}

static void test_time(void)
{
	begin();
	ok(!known(), "an address that was not seen is not known");
	mac_seen_note(s, gateway, now);
	ok(known(), "an address that was seen is known");
	now += (MAC_SEEN_SECONDS - 1) * SEC;
	ok(known(), "an address is known for its time");
	mac_seen_note(s, gateway, now);
	now += (MAC_SEEN_SECONDS - 1) * SEC;
	ok(known(), "an address that is seen again is known for longer");
	now += SEC;
	ok(!known(), "an address expires");
	mac_seen_note(s, gateway, now);
	mac_seen_forget(s, gateway);
	ok(!known(), "an address that is elsewhere is forgotten");
	mac_seen_free(s);
}

/* Made-up addresses, many times what fits. */
static void flood(unsigned seed, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const uint8_t mac[6] = {6,
					(uint8_t)seed,
					(uint8_t)(i >> 24),
					(uint8_t)(i >> 16),
					(uint8_t)(i >> 8),
					(uint8_t)i};

		mac_seen_note(s, mac, now);
	}
}

static void test_flood(void)
{
	begin();
	mac_seen_note(s, gateway, now);
	flood(1, 10 * MAC_SEEN_MAX);
	ok(!known(), "an address that was seen in one second only gives way to a flood");
	mac_seen_note(s, gateway, now);
	ok(known(), "an address is remembered in spite of a flood");
	now += SEC;
	mac_seen_note(s, gateway, now);
	flood(2, 10 * MAC_SEEN_MAX);
	now += SEC;
	flood(3, 10 * MAC_SEEN_MAX);
	ok(known(), "an address that was seen in two seconds stays in a flood");
	mac_seen_free(s);
}

/* A flood of the same addresses again and again takes the places of none that has one. */
static void test_persistent_flood(void)
{
	begin();
	for (unsigned i = 0; i < 2; i++, now += SEC)
		mac_seen_note(s, gateway, now);
	for (unsigned i = 0; i < 5; i++, now += SEC)
		flood(1, 4 * MAC_SEEN_MAX);
	ok(known(), "an address stays when a flood repeats itself");
	mac_seen_free(s);
}

int main(void)
{
	test_time();
	test_flood();
	test_persistent_flood();
	return done_testing();
}
