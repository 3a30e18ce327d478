/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The copy of a bridge's forwarding table: which port an address is behind. */
#include "backend/uplink/portmap.h"

#include <stddef.h>
#include <string.h>

#include "tests/unit/tap.h"

static const uint8_t a[6] = {2, 0, 0, 0, 0, 1}, b[6] = {2, 0, 0, 0, 0, 2};

static const uint8_t *numbered(uint32_t n)
{
	static uint8_t mac[6] = {2};

	memcpy(mac + 2, &n, sizeof(n));
	return mac;
}

static void test_entries(void)
{
	struct portmap *m = portmap_new();

	is_int(portmap_find(m, a, 0), PORTMAP_NONE, "an address that nobody set is behind no port");
	portmap_set(m, a, 0, 7);
	is_int(portmap_find(m, a, 0), 7, "an address is behind the port that was set");
	is_int(portmap_find(m, b, 0), PORTMAP_NONE, "another address is behind no port");
	portmap_set(m, a, 0, 9);
	is_int(portmap_find(m, a, 0), 9, "an address that moves is behind its new port");
	portmap_remove(m, a, 0);
	is_int(portmap_find(m, a, 0), PORTMAP_NONE, "a removed address is behind no port");
	portmap_remove(m, a, 0);
	is_int(portmap_find(m, a, 0), PORTMAP_NONE, "an address may be removed twice");
	portmap_free(m);
}

static void test_vlans(void)
{
	struct portmap *m = portmap_new();

	portmap_set(m, a, 10, 3);
	portmap_set(m, a, 20, 4);
	is_int(portmap_find(m, a, 10), 3, "an address in VLAN 10 is behind the port of VLAN 10");
	is_int(portmap_find(m, a, 20), 4, "an address in VLAN 20 is behind the port of VLAN 20");
	ok(portmap_find(m, a, 0) != PORTMAP_NONE, "an untagged frame finds an entry of any VLAN");
	portmap_remove(m, a, 10);
	is_int(portmap_find(m, a, 10), 4, "without its VLAN's entry a frame finds another one");
	portmap_free(m);
}

static void test_full(void)
{
	struct portmap *m = portmap_new();
	uint32_t found = 0;

	for (uint32_t n = 0; n < PORTMAP_MAX + 100; n++)
		portmap_set(m, numbered(n), 0, 5);
	for (uint32_t n = 0; n < PORTMAP_MAX + 100; n++)
		found += portmap_find(m, numbered(n), 0) == 5;
	is_int(found, PORTMAP_MAX, "a full table keeps what it has and takes no more");
	portmap_set(m, numbered(0), 0, 6);
	is_int(portmap_find(m, numbered(0), 0), 6, "in a full table an address still moves");
	portmap_clear(m);
	is_int(portmap_find(m, numbered(0), 0), PORTMAP_NONE, "a cleared table is empty");
	portmap_set(m, a, 0, 5);
	is_int(portmap_find(m, a, 0), 5, "a cleared table takes entries again");
	portmap_free(m);
}

int main(void)
{
	test_entries();
	test_vlans();
	test_full();
	return done_testing();
}
