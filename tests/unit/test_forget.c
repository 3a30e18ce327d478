/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was set for guests that do not come back is forgotten after some days, and no other. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "backend/kept/kept_file.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define DAY  (86400 * DESK_SEC)
#define GONE "02010000-0000-0000-0000-000000000000"
#define HERE "01010000-0000-0000-0000-000000000000"

static struct desk *k;
static char err[KEPT_FILE_ERR_MAX];

/* By the clock, its guest was seen this number of days ago. */
static void age(const char *uuid, int days)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - days * 86400}};
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", k->c.kept.dir, uuid);
	must(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static bool is_kept(const char *uuid)
{
	struct kept kept = {.count = 0};
	int ret = kept_file_read(k->c.kept.dir, uuid, &kept, err);

	kept_clear(&kept);
	return ret == 0;
}

/* A guest that is there, and one that has gone; both files are old. */
static void begin(uint32_t days)
{
	struct kept gone = {.uuid = GONE, .name = "web"};

	k = desk_new();
	k->c.conf.forget_after_days = days;
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	must(kept_add(&gone, 0));
	must(kept_file_write(k->c.kept.dir, &gone, err) == 0);
	kept_clear(&gone);
	desk_turn(k);
	age(GONE, 40);
	age(HERE, 40);
	k->c.forget.next_ns = 0; /* the daemon has just started */
}

static void test_days(void)
{
	begin(40);
	is_int(kept_file_days(k->c.kept.dir, GONE), 40, "a file tells when its guest was seen");
	age(GONE, -2);
	is_int(kept_file_days(k->c.kept.dir, GONE), 0, "a file of the future is not old");
	kept_file_touch(k->c.kept.dir, HERE);
	is_int(kept_file_days(k->c.kept.dir, HERE), 0, "a guest that is seen is not old");
	kept_file_touch(k->c.kept.dir, "03010000-0000-0000-0000-000000000000");
	ok(!is_kept("03010000-0000-0000-0000-000000000000"), "no file is made for a guest seen");
	desk_free(k);
}

static void test_forgotten(void)
{
	begin(40);
	desk_pass(k, DAY - DESK_SEC);
	ok(is_kept(GONE), "nothing is forgotten in the first day after a start");
	age(HERE, 40);
	desk_pass(k, 2 * DESK_SEC);
	ok(!is_kept(GONE), "a guest that was not seen for long is forgotten");
	ok(is_kept(HERE), "a guest that is there is not forgotten");
	is_int(kept_file_days(k->c.kept.dir, HERE), 0, "a guest that is there counts as seen");
	desk_free(k);
}

static void test_not_forgotten(void)
{
	begin(41);
	desk_pass(k, DAY + DESK_SEC);
	ok(is_kept(GONE), "a guest that was seen lately is not forgotten");
	age(GONE, 41);
	hyp_fail(EIO);
	desk_pass(k, DAY);
	ok(is_kept(GONE), "none is forgotten while the hypervisor does not tell which there are");
	hyp_fail(0);
	desk_pass(k, DAY);
	ok(!is_kept(GONE), "each day is another chance to be forgotten");
	desk_free(k);

	begin(0);
	desk_pass(k, 100 * DAY);
	ok(is_kept(GONE), "none is forgotten where that is off");
	desk_free(k);
}

/* Its age counts from when it was there, and not from when something was set. */
static void test_leaving(void)
{
	begin(40);
	desk_end(1);
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	desk_turn(k);
	is_int(kept_file_days(k->c.kept.dir, HERE), 0, "a guest that goes was seen until then");
	desk_free(k);
}

int main(void)
{
	test_days();
	test_forgotten();
	test_not_forgotten();
	test_leaving();
	return done_testing();
}
