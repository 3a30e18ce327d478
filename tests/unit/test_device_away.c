/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that xl gives away to another host is forgotten when its domain ends, and at no other
 * time; what its account held elsewhere comes along, once.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/control/control_find.h"
#include "backend/control/device_list.h"
#include "backend/kept/kept_account.h"
#include "backend/kept/kept_file.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
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

/* --- accounts --------------------------------------------------------------------------------- */

static const char *account(int64_t tx, int64_t rx, int ago_ms)
{
	static char text[KEPT_ACCOUNT_MAX];
	struct timespec now;
	struct kept_account a = {.tx = tx, .rx = rx};

	clock_gettime(CLOCK_REALTIME, &now);
	a.at_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	a.at_ms -= (uint64_t)(int64_t)ago_ms;
	kept_account_format(&a, text);
	return text;
}

static void test_brought(void)
{
	begin();
	k->c.conf.epoch_us = 1000000;
	desk_write(1, KEY_BACK_ACCOUNT_BROUGHT, account(-128000, 64000, 2000));
	desk_turn(k);
	is_str(desk_said(k), "B", "an account that was brought goes to the frame loop");
	is_int(k->brought.brought.tx, record_decayed(-128000, 2), "it has faded since then");
	is_int(k->brought.brought.rx, record_decayed(64000, 2), "in both directions");
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT), "it is taken once");
	desk_write(1, KEY_BACK_ACCOUNT_BROUGHT, "tx=1 rx=many at=3.000");
	desk_turn(k);
	is_str(desk_said(k), "", "a malformed account is not taken");
	desk_write(1, KEY_BACK_KEEP_BALANCE, "0");
	desk_write(1, KEY_BACK_ACCOUNT_BROUGHT, account(-128000, 0, 0));
	desk_turn(k);
	ok(!strchr(desk_said(k), 'B') && !desk_read(1, KEY_BACK_ACCOUNT_BROUGHT),
	   "with keep-balance=0 no account comes along");
	desk_free(k);
}

/* It is imported before the guest comes. */
static void import(const char *text)
{
	struct kept kept = {.uuid = UUID};
	struct kept_device *d = kept_add(&kept, 0);
	char err[KEPT_FILE_ERR_MAX];

	k = desk_new();
	k->c.conf.epoch_us = 1000000;
	kept_put(&d->set[KEY_BACK_WEIGHT], "33");
	kept_put(&d->account, text);
	must(kept_file_write(k->c.kept.dir, &kept, err) == 0);
	kept_clear(&kept);
	desk_boot(1, 1);
	desk_turn(k);
}

static bool remembers_account(void)
{
	struct kept kept = remembered();
	bool has = kept.count == 1 && kept.device[0].account;

	kept_clear(&kept);
	return has;
}

static void test_imported(void)
{
	import(account(5000, 0, 0));
	is_str(desk_read(1, KEY_BACK_WEIGHT), "33", "a guest that was imported gets its device");
	ok(desk_read(1, KEY_BACK_ACCOUNT_BROUGHT), "its account waits until it is connected");
	ok(remembers_account(), "and stays remembered until then");
	desk_said(k);
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "AB", "a guest that connects gets its account");
	is_int(k->brought.brought.tx, 5000, "all of it");
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT) && !remembers_account(),
	   "an account that was taken is not remembered any more");
	desk_free(k);
}

/* Another program has the lock of the files: this daemon may be killed before it is written. */
static void test_not_written(void)
{
	char err[KEPT_FILE_ERR_MAX];
	int lock;

	import(account(5000, 0, 0));
	lock = kept_dir_lock(k->c.kept.dir, 0, err);
	must(lock >= 0);
	desk_said(k);
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "an account that is still remembered is not taken");
	ok(desk_read(1, KEY_BACK_ACCOUNT_BROUGHT), "it waits");
	close(lock);
	desk_pass(k, 5 * DESK_SEC);
	is_str(desk_said(k), "B", "it is taken when the file does not have it any more, once");
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT) && !remembers_account(),
	   "then it is nowhere any more");
	desk_free(k);
}

/* The file, which has the account, cannot be read. */
static void test_unreadable(void)
{
	char path[PATH_MAX + 64], aside[PATH_MAX + 64];

	import(account(5000, 0, 0));
	snprintf(path, sizeof(path), "%s/" UUID, k->c.kept.dir);
	snprintf(aside, sizeof(aside), "%s/aside", k->c.kept.dir);
	must(rename(path, aside) == 0 && mkdir(path, 0700) == 0);
	desk_said(k);
	desk_serve(k, 1, 12);
	desk_turn(k);
	is_str(desk_said(k), "A", "an account is not taken while the file cannot be read");
	must(rmdir(path) == 0 && rename(aside, path) == 0);
	desk_pass(k, 15 * DESK_SEC);
	is_str(desk_said(k), "B", "it is taken when the file can be read");
	ok(!remembers_account(), "and is not remembered then");
	desk_free(k);
}

/* The guest ends before it has connected. */
static void test_never_connected(void)
{
	import(account(-128000, 0, 0));
	desk_end(1);
	desk_turn(k);
	ok(!desk_device(k, 1) && remembers_account(),
	   "the account of a guest that ends before it connects is not lost");
	desk_boot(9, 1);
	desk_turn(k);
	desk_said(k);
	desk_serve(k, 9, 12);
	desk_turn(k);
	is_str(desk_said(k), "AB", "a guest that comes back and connects gets its account");
	is_int(k->brought.brought.tx, -128000, "its debt is as it was");
	desk_free(k);
}

static void test_faded(void)
{
	import(account(-128000, 64000, 10000000));
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT) && !remembers_account(),
	   "an account that has faded goes without a connection");
	desk_free(k);

	import(account(-128000, 64000, -3600000)); /* the other host's clock is ahead */
	desk_pass(k, 30 * DESK_SEC);
	ok(desk_read(1, KEY_BACK_ACCOUNT_BROUGHT), "an account waits while something is left");
	desk_pass(k, 7200 * DESK_SEC);
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT) && !remembers_account(),
	   "it does not wait for ever, whatever the clock of the other host says");
	desk_free(k);

	import("tx=1 rx=0 at=1.000");
	desk_write(1, KEY_BACK_ACCOUNT_BROUGHT, "tx=1 rx=many at=3.000");
	desk_turn(k);
	ok(!desk_read(1, KEY_BACK_ACCOUNT_BROUGHT) && !remembers_account(),
	   "a malformed account goes without a connection");
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
	test_brought();
	test_imported();
	test_not_written();
	test_unreadable();
	test_never_connected();
	test_faded();
	return done_testing();
}
