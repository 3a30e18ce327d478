/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domid is used again, by another guest, before the control thread has looked: neither settings
 * nor rings nor the account go from one guest to the other, and no nodes that are not its own.
 */
#include <limits.h>
#include <unistd.h>

#include "backend/control/device.h"
#include "backend/xen/nodes.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

static struct desk *k;

/* What is remembered of a guest, read as a text; "": nothing. */
static const char *file(uint8_t guest)
{
	static char text[1024];
	char path[PATH_MAX + 64], uuid[UUID_TEXT_LEN + 1];
	size_t n = 0;
	FILE *f;

	uuid_format((uint8_t[16]){guest, 1}, uuid);
	snprintf(path, sizeof(path), "%s/%s", k->c.kept.dir, uuid);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

/* Guest 1, as domain 1, has a device of weight 33. */
static void begin(bool connected)
{
	k = desk_new();
	if (connected)
		desk_connect(k, 1);
	else
		desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_turn(k);
	desk_said(k);
}

/* Its domain ends, and its nodes with it; guest 4 gets the domid and a device of weight 77. */
static void replace(void)
{
	store_remove(desk_dir(1, SCHEMA_BACK));
	store_remove("/local/domain/1");
	desk_boot(1, 4);
	must(nodes_create(k->c.xs, 0, 1, 0,
			  (const struct node_value[]){{KEY_BACK_WEIGHT, "77"},
						      {KEY_BACK_MAC, "00:16:3e:00:00:04"},
						      {KEY_BACK_GUEST_UUID,
						       "04010000-0000-0000-0000-000000000000"}},
			  3) == 0);
}

static char generation[32];

static void note_generation(void)
{
	snprintf(generation, sizeof(generation), "%s", desk_read(1, KEY_BACK_GENERATION));
}

static void test_settings(void)
{
	begin(false);
	replace();
	note_generation();
	desk_turn(k);
	ok(strstr(file(1), "weight = 33\n") && !strstr(file(1), "77"),
	   "what was set for the guest that had the domid stays remembered as it was");
	ok(strstr(file(4), "weight = 77\n"), "what was set for the new guest is remembered as its");
	ok(strstr(file(1), "# guest: guest1\n") && strstr(file(4), "# guest: guest4\n"),
	   "each is remembered by its own name");
	is_str(desk_read(1, KEY_BACK_GENERATION), generation, "the new guest's nodes stay");
	ok(desk_device(k, 1) && desk_device(k, 1)->uuid[0] == 4 &&
		   desk_device(k, 1)->settings.weight == 77,
	   "the new guest's device is known as its");
	is_int(desk_state(1), 2, "the new guest's device is offered");
	desk_free(k);
}

static void test_connected(void)
{
	begin(true);
	replace();
	note_generation();
	desk_turn(k);
	is_str(desk_said(k), "D",
	       "the old guest's LDP is deleted, and hears nothing of the new one's settings");
	desk_deleted(k, 0);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_GENERATION), generation,
	       "the nodes of the new guest stay when the old one's device goes");
	is_int(desk_state(1), 2, "the new guest is offered then");
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "the new guest connects");
	ok(k->added.id.uuid[0] == 4 && k->added.conf.tx.weight == 77 &&
		   k->added.id.generation == strtoull(generation, NULL, 16),
	   "it has an account and a weight of its own");
	desk_free(k);
}

/* No event of the change was taken yet when the new guest's agent is ready. */
static void test_rings(void)
{
	begin(false);
	replace();
	desk_lose_events(k);
	desk_write(1, KEY_BACK_STATE, "2");
	desk_serve(k, 1, 12);
	desk_look(k);
	is_str(desk_said(k), "", "rings of another guest are not connected to the old device");
	desk_turn(k);
	ok(!k->added.name[0] || k->added.id.uuid[0] == 4,
	   "no rings are connected but as those of the new guest");
	is_int(desk_device(k, 1)->uuid[0], 4, "the old device goes when that is noticed");
	desk_free(k);
}

/* The nodes are still the old guest's when the domid is another one's, which has rings there. */
static void test_owner(void)
{
	begin(false);
	hyp_domain(1)->uuid[0] = 4;
	desk_serve(k, 1, 12);
	desk_look(k);
	is_str(desk_said(k), "", "rings of a domain with another UUID are not connected");
	desk_turn(k);
	ok(!desk_device(k, 1) && !store_read(desk_dir(1, SCHEMA_BACK)),
	   "the device and its nodes go when the domain turns out to be another guest");
	ok(strstr(file(1), "weight = 33\n"), "its guest is remembered");
	desk_free(k);
}

/* It was detached, and attached again to the same guest, within one look. */
static void test_same_guest(void)
{
	begin(true);
	nodes_remove(k->c.xs, 0, 1, 0, NULL);
	desk_attach(k, 1);
	note_generation();
	desk_turn(k);
	is_str(desk_said(k), "D", "a device that was attached again connects again");
	desk_deleted(k, 0);
	desk_turn(k);
	is_str(desk_read(1, KEY_BACK_GENERATION), generation, "its new nodes stay");
	ok(!strstr(file(1), "weight"), "what was set before it was detached is not remembered");
	desk_free(k);
}

/* Somebody detaches what is left of a guest whose domid another one has. */
static void test_detached(void)
{
	begin(false);
	hyp_domain(1)->uuid[0] = 4;
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(strstr(file(1), "weight = 33\n"),
	   "a guest is not forgotten because the next one with its domid has something detached");
	desk_free(k);
}

int main(void)
{
	test_settings();
	test_connected();
	test_rings();
	test_owner();
	test_same_guest();
	test_detached();
	return done_testing();
}
