/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that xl gives away to another host is forgotten when its domain ends, and at no other
 * time.
 */
#include "backend/control/control_find.h"
#include "backend/control/device_list.h"
#include "backend/kept/kept_file.h"
#include "tests/fake/desk.h"
#include "tests/unit/tap.h"

#define UUID "01010000-0000-0000-0000-000000000000"

static struct desk *k;

/* Guest 1, as domain 1, with a device that is connected. */
static void begin(void)
{
	k = desk_new();
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_turn(k);
	desk_said(k);
}

static void rename_to(const char *name)
{
	store_write("/local/domain/1/name", name);
	desk_turn(k);
}

static void end(void)
{
	desk_end(1);
	desk_turn(k);
	if (strchr(desk_said(k), 'D'))
		desk_deleted(k, 0);
	desk_turn(k);
}

/* What is remembered of guest 1; clear it. */
static struct kept remembered(void)
{
	struct kept kept = {.count = 0};
	char err[KEPT_FILE_ERR_MAX];

	kept_file_read(k->c.kept.dir, UUID, &kept, err);
	return kept;
}

static bool is_remembered(void)
{
	struct kept kept = remembered();
	bool is = kept.count == 1;

	kept_clear(&kept);
	return is;
}

/* --- who has left ----------------------------------------------------------------------------- */

static void test_left(void)
{
	begin();
	rename_to("guest1--migratedaway");
	ok(is_remembered(), "a guest that is given away is remembered while its domain is there");
	end();
	ok(!is_remembered(), "a guest that was given away is forgotten when its domain ends");
	desk_free(k);

	begin();
	end();
	ok(is_remembered(), "a guest that ends under its own name is remembered");
	desk_free(k);
}

static void test_names(void)
{
	static const char *const names[] = {"--migratedaway", "guest1--migratedaway2",
					    "guest1--incoming", "migratedaway"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		begin();
		rename_to(names[i]);
		end();
		ok(is_remembered(), "a guest called %s has not been given away", names[i]);
		desk_free(k);
	}
}

static void test_failed_migration(void)
{
	begin();
	rename_to("guest1--migratedaway");
	rename_to("guest1");
	end();
	ok(is_remembered(), "a guest that gets its name back has not left");
	desk_free(k);
}

/* A migration within the host. */
static void test_same_host(void)
{
	begin();
	desk_boot(9, 1);
	rename_to("guest1--migratedaway");
	end();
	ok(is_remembered(), "a guest that has another domain here is not forgotten");
	is_str(desk_read(9, KEY_BACK_WEIGHT), "33", "and the other domain gets the device");
	desk_free(k);

	begin();
	desk_boot(9, 1);
	hyp_domain(9)->dying = true;
	rename_to("guest1--migratedaway");
	end();
	ok(!is_remembered(), "a domain that is dying keeps no guest here");
	desk_free(k);
}

/* The daemon was away when the domain got its name. */
static void test_restart(void)
{
	begin();
	store_write("/local/domain/1/name", "guest1--migratedaway");
	desk_lose_events(k);
	desk_deleted(k, 0);
	device_free_all(&k->c);
	control_find_devices(&k->c);
	desk_turn(k);
	end();
	ok(!is_remembered(), "a daemon that starts later sees that a guest was given away");
	desk_free(k);
}

static void test_silence(void)
{
	begin();
	rename_to("guest1--migratedaway");
	store_remove("/local/domain/1");
	hyp_domain(1)->exists = false;
	desk_turn(k);
	end();
	ok(!is_remembered(), "a name that goes with its domain does not undo what it said");
	desk_free(k);
}

int main(void)
{
	test_left();
	test_names();
	test_failed_migration();
	test_same_host();
	test_restart();
	test_silence();
	return done_testing();
}
