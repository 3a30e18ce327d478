/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was set for guests that do not come back is forgotten after some days, and no other. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backend/kept/kept_unseen.h"
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

static unsigned days(const char *uuid)
{
	struct kept_unseen *u = kept_unseen_read(k->c.kept.dir);
	unsigned n = kept_unseen_days(u, uuid);

	kept_unseen_free(u);
	return n;
}

static void leave(void)
{
	desk_end(1);
	desk_turn(k);
	desk_said(k);
	desk_deleted(k, 0);
	desk_turn(k);
}

/* A guest that is there, and one that has gone. */
static void begin(uint32_t forget_after)
{
	struct kept gone = {.uuid = GONE, .name = "web"};

	k = desk_new();
	k->c.conf.forget_after_days = forget_after;
	desk_connect(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	must(kept_add(&gone, 0));
	must(kept_file_write(k->c.kept.dir, &gone, err) == 0);
	kept_clear(&gone);
	desk_turn(k);
	k->c.forget.next_ns = 0; /* the daemon has just started */
	desk_turn(k);
}

/* The first look only notes what to compare with. */
static void pass_days(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		desk_pass(k, DAY);
}

static void test_forgotten(void)
{
	begin(3);
	pass_days(3);
	is_int(days(GONE), 2, "days in which a guest was not seen are counted");
	is_int(days(HERE), 0, "a guest that is there counts as seen");
	ok(is_kept(GONE), "a guest that was seen lately is not forgotten");
	pass_days(1);
	ok(!is_kept(GONE), "a guest that was not seen for long is forgotten");
	pass_days(10);
	ok(is_kept(HERE), "a guest that is there is not forgotten");
	leave();
	is_int(days(HERE), 0, "a guest that goes was seen until then");
	pass_days(3);
	ok(is_kept(HERE), "a guest that went lately is not forgotten");
	pass_days(1);
	ok(!is_kept(HERE), "a guest that went long ago is forgotten");
	desk_free(k);
}

/* The clock of the host jumps, forwards and back: files are as old, or as young, as can be. */
static void test_clock(void)
{
	static const int jumps[] = {20000, 40, -2, -20000};

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		begin(3);
		age(GONE, jumps[i]);
		pass_days(3);
		ok(is_kept(GONE), "a file that the clock calls %d days old is not forgotten",
		   jumps[i]);
		pass_days(1);
		ok(!is_kept(GONE), "a file that the clock calls %d days old is forgotten in time",
		   jumps[i]);
		desk_free(k);
	}
	begin(3);
	pass_days(3);
	age(GONE, 7); /* it was there, when the clock was wrong */
	pass_days(3);
	ok(is_kept(GONE), "a guest that was seen before the clock jumped back was seen");
	is_int(days(GONE), 2, "its days are counted from then on");
	desk_free(k);
}

/* The daemon is started again; its days count on. */
static void test_restart(void)
{
	begin(3);
	pass_days(3);
	k->c.forget.next_ns = 0;
	desk_pass(k, DAY - DESK_SEC);
	ok(is_kept(GONE), "nothing is forgotten in the first day after a start");
	desk_pass(k, 2 * DESK_SEC);
	ok(!is_kept(GONE), "days that an earlier daemon counted count");
	desk_free(k);
}

static void test_not_forgotten(void)
{
	begin(2);
	pass_days(2);
	hyp_fail(EIO);
	pass_days(5);
	ok(is_kept(GONE),
	   "no day counts in which the hypervisor does not tell which guests are there");
	hyp_fail(0);
	pass_days(1);
	ok(!is_kept(GONE), "each day is another chance to be forgotten");
	desk_free(k);

	begin(0);
	pass_days(100);
	ok(is_kept(GONE), "none is forgotten where that is off");
	desk_free(k);
}

static void test_file(void)
{
	char path[PATH_MAX + 64];
	FILE *f;

	begin(2);
	kept_file_touch(k->c.kept.dir, "03010000-0000-0000-0000-000000000000");
	ok(!is_kept("03010000-0000-0000-0000-000000000000"), "no file is made for a guest seen");
	pass_days(2);
	snprintf(path, sizeof(path), "%s/.unseen", k->c.kept.dir);
	f = fopen(path, "w");
	fprintf(f, "nonsense\n" GONE " 500 1.5\n" GONE);
	fclose(f);
	pass_days(2);
	ok(is_kept(GONE), "what is damaged of the days does not count");
	pass_days(1);
	ok(!is_kept(GONE), "days are counted from the start after that");
	desk_free(k);
}

static const char *unseen(const char *suffix)
{
	static char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/.unseen%s", k->c.kept.dir, suffix);
	return path;
}

/* Only root can put something there; the daemon does not stand still for that. */
static void test_strange_file(void)
{
	char old[PATH_MAX + 16];
	struct stat st;

	begin(3);
	unlink(unseen(""));
	must(mkfifo(unseen(""), 0600) == 0 && mkfifo(unseen(".new"), 0600) == 0);
	alarm(60); /* a pipe that is waited for ends the test */
	is_int(days(GONE), 0, "a pipe in place of the counted days is not waited for");
	pass_days(2);
	alarm(0);
	is_int(days(GONE), 1, "days are counted again in a file of their own");
	ok(lstat(unseen(""), &st) == 0 && S_ISREG(st.st_mode), "the pipe has gone");
	must(symlink("/dev/full", unseen(".new")) == 0);
	pass_days(1);
	is_int(days(GONE), 2, "a link in place of the new file is not followed");
	snprintf(old, sizeof(old), "%s", unseen(".old"));
	must(rename(unseen(""), old) == 0 && symlink(old, unseen("")) == 0);
	is_int(days(GONE), 0, "a link in place of the counted days is not followed");
	desk_free(k);
}

int main(void)
{
	test_strange_file();
	test_forgotten();
	test_clock();
	test_restart();
	test_not_forgotten();
	test_file();
	return done_testing();
}
