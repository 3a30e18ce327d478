/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a device, with a disk that refuses, and with files that are damaged. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/kept/kept_file.h"
#include "tests/fake/must.h"
#include "tests/unit/kept_guest.h"

/* No file may grow: neither may this test's output, so nothing is said meanwhile. */
static void pass_on_full_disk(uint64_t ns)
{
	struct rlimit none = {0, RLIM_INFINITY}, old;

	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	desk_pass(k, ns);
	setrlimit(RLIMIT_FSIZE, &old);
}

static void test_disk_refuses(void)
{
	k = desk_new();
	desk_attach(k, 1);
	desk_write(1, KEY_BACK_WEIGHT, "33");
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	pass_on_full_disk(0);
	ok(strstr(k->c.kept.error, "File too large") && k->c.due.link,
	   "a disk that refuses is reported: %s", k->c.kept.error);
	is_int(desk_state(1), 2, "the device goes on when the disk refuses");
	desk_end(1);
	desk_boot(9, 1);
	pass_on_full_disk(0);
	ok(is_back(9), "what the disk refused is remembered as long as the daemon lives");
	pass_on_full_disk(30 * DESK_SEC);
	ok(k->c.kept.error[0], "a disk that still refuses is still reported");
	desk_pass(k, 30 * DESK_SEC);
	is_str(k->c.kept.error, "", "a disk that takes it again is no error");
	ok(has("weight = 33\n"), "what the disk refused is written when it takes it");
	desk_free(k);
}

/* A directory is in the place of its file, so it can be neither read nor replaced. */
static void test_unforgotten(void)
{
	begin();
	must(unlink(file_path("")) == 0 && mkdir(file_path(""), 0700) == 0);
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	ok(desk_device(k, 1)->unforgotten, "what cannot be forgotten is told");
	rmdir(file_path(""));
	desk_free(k);
}

/* False: there is no damaged file beside that of guest 1. */
static bool remove_aside(void)
{
	return unlink(file_path(KEPT_DAMAGED)) == 0;
}

static void write_file(const char *text)
{
	FILE *f = fopen(file_path(""), "w");

	must(f);
	fputs(text, f);
	fclose(f);
}

static void test_damaged(void)
{
	begin();
	desk_end(1);
	end();
	write_file("[01010000-0000-0000-0000-000000000000]\nweight = 3");
	again(9);
	ok(!desk_device(k, 9), "a file that is damaged gives no device, and no part of one");
	desk_attach(k, 1);
	desk_turn(k);
	ok(has("mac = 00:16:3e:00:00:01\n# end\n"), "a file that is damaged is replaced");
	remove_aside();
	desk_free(k);
}

/* The guest has its device, so what was set is known, and the file's good lines say the same. */
static void test_damaged_there(void)
{
	char text[1024];

	begin();
	snprintf(text, sizeof(text), "%s", file());
	must(strlen(text) > 1);
	text[strlen(text) - 1] = '\0'; /* the end of the last line */
	write_file(text);
	desk_end(1);
	end();
	ok(has("# end\n") && remove_aside(),
	   "a file that is damaged while its guest runs is whole when that ends");
	again(9);
	ok(is_back(9), "a guest comes back whole when its file was damaged while it ran");
	desk_free(k);
}

/* Half of the file is damaged, while a key is refused of which only the file knows the value. */
static void test_damaged_refused(void)
{
	begin();
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_write(1, KEY_BACK_TX_MAX, "banana");
	desk_turn(k);
	ok(has("tx-max = 7000000\n"), "a refused key stays remembered");
	write_file("[01010000-0000-0000-0000-000000000000]\nwei@ht = 33\ntx-max = 7000000\n# e");
	desk_write(1, KEY_BACK_WEIGHT, "44");
	desk_turn(k);
	ok(has("tx-max = 7000000\n") && has("weight = 44\n"),
	   "a refused key stays remembered when other lines of the file are damaged");
	ok(remove_aside(), "the damaged file stays beside the new one");
	desk_free(k);
}

/* The disk does not give the file while a key is set, and then does. */
static void test_unreadable_refused(void)
{
	char aside[PATH_MAX + 64];

	begin();
	desk_write(1, KEY_BACK_TX_MAX, "7000000");
	desk_turn(k);
	desk_write(1, KEY_BACK_TX_MAX, "banana");
	desk_turn(k);
	snprintf(aside, sizeof(aside), "%s/aside", k->c.kept.dir);
	must(rename(file_path(""), aside) == 0 && mkdir(file_path(""), 0700) == 0);
	desk_write(1, KEY_BACK_WEIGHT, "44");
	desk_turn(k);
	ok(k->c.kept.error[0], "a file that cannot be read is told of: %s", k->c.kept.error);
	must(rmdir(file_path("")) == 0 && rename(aside, file_path("")) == 0);
	desk_pass(k, 30 * DESK_SEC);
	ok(has("tx-max = 7000000\n") && has("weight = 44\n"),
	   "a refused key is not lost when the file could not be read for a while");
	desk_free(k);
}

int main(void)
{
	test_unforgotten();
	test_disk_refuses();
	test_damaged();
	test_damaged_there();
	test_damaged_refused();
	test_unreadable_refused();
	return done_testing();
}
