/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dmvl-back and dmvlctl change what is remembered at the same time: neither loses what the other
 * wrote, and dmvl-back does not wait for a dmvlctl that stands still.
 */
#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/control/control_kept.h"
#include "backend/kept/kept_file.h"
#include "tests/fake/desk.h"
#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define GUEST "01010000-0000-0000-0000-000000000000"

static struct desk *k;
static char err[KEPT_FILE_ERR_MAX];

/* The other program. */
static int lock(void)
{
	int fd = kept_dir_lock(k->c.kept.dir, 60000, err);

	must(fd >= 0);
	return fd;
}

static void put(unsigned id, const char *weight)
{
	struct kept kept = {.count = 0};
	struct kept_device *d;
	int ret = kept_file_read(k->c.kept.dir, GUEST, &kept, err);

	must(ret == 0 || ret == -ENOENT);
	memcpy(kept.uuid, GUEST, sizeof(kept.uuid));
	d = kept_add(&kept, id);
	must(d && kept_put(&d->set[KEY_BACK_WEIGHT], weight));
	must(kept_file_write(k->c.kept.dir, &kept, err) == 0);
	kept_clear(&kept);
}

/* What the file says of a device; "": nothing. Good until the next call. */
static const char *weight_of(unsigned id)
{
	static char text[16];
	struct kept kept = {.count = 0};
	const struct kept_device *d;

	kept_file_read(k->c.kept.dir, GUEST, &kept, err);
	d = kept_find(&kept, id);
	snprintf(text, sizeof(text), "%s",
		 d && d->set[KEY_BACK_WEIGHT] ? d->set[KEY_BACK_WEIGHT] : "");
	kept_clear(&kept);
	return text;
}

static void set(const char *weight)
{
	desk_write(1, KEY_BACK_WEIGHT, weight);
	desk_turn(k);
}

static void begin(void)
{
	k = desk_new();
	desk_attach(k, 1);
	set("33");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_late(void)
{
	double since;
	int fd;

	begin();
	fd = lock();
	set("44");
	is_str(weight_of(0), "33", "nothing is written while another program has the lock");
	ok(strstr(k->c.kept.error, "another program"), "the error says so: %s", k->c.kept.error);
	since = seconds();
	for (int i = 0; i < 100; i++)
		set(i % 2 ? "55" : "66");
	ok(seconds() - since < 20, "a lock that stays is not waited for at each change");
	is_int(desk_state(1), 2, "the device goes on");
	put(1, "77");
	close(fd);
	desk_pass(k, DESK_SEC);
	is_str(weight_of(0), "55", "what was set meanwhile is written when the lock is free");
	is_str(weight_of(1), "77", "what the other program wrote is not lost");
	is_str(k->c.kept.error, "", "a lock that is free is no error");
	desk_free(k);
}

static void test_end(void)
{
	int fd;

	begin();
	fd = lock();
	set("44");
	put(1, "77");
	close(fd);
	control_kept_close(&k->c);
	is_str(weight_of(0), "44", "what was set is written at the daemon's end at last");
	desk_free(k);
}

/* The other program stands still. */
static void test_patience(void)
{
	int fd;

	begin();
	fd = lock();
	set("44");
	desk_end(1);
	desk_pass(k, DESK_SEC);
	desk_boot(9, 1);
	desk_pass(k, 8 * DESK_SEC);
	ok(!desk_device(k, 9) && strcmp(weight_of(0), "33") == 0,
	   "a program that keeps the lock is waited for");
	desk_pass(k, 4 * DESK_SEC);
	ok(desk_device(k, 9), "a guest that comes back does not wait for ever");
	is_str(weight_of(0), "44", "what was set is written at last without the lock");
	is_str(k->c.kept.error, "", "then nothing is wrong");
	close(fd);
	desk_write(9, KEY_BACK_TX_MAX, "7000000"); /* written with the lock */
	desk_turn(k);
	fd = lock();
	desk_write(9, KEY_BACK_WEIGHT, "66");
	desk_turn(k);
	is_str(weight_of(0), "44", "the next program that has the lock is waited for again");
	close(fd);
	desk_free(k);
}

/* Detached while another program has the lock: it does not come back. */
static void test_detached(void)
{
	int fd;

	begin();
	put(1, "77");
	fd = lock();
	desk_write(1, KEY_BACK_ONLINE, "0");
	desk_turn(k);
	is_str(weight_of(0), "33", "nothing is forgotten while another program has the lock");
	close(fd);
	desk_pass(k, DESK_SEC);
	is_str(weight_of(0), "", "a device that was detached is forgotten when the lock is free");
	is_str(weight_of(1), "77", "the guest's other device is not");
	desk_free(k);
}

/* Whoever imports has looked: the guest has no device. So none comes until all is written. */
static void test_import(void)
{
	int fd;

	k = desk_new();
	put(0, "33");
	fd = lock();
	desk_boot(1, 1);
	desk_turn(k);
	ok(!desk_device(k, 1), "a guest gets no device while its file may be replaced");
	put(0, "77");
	close(fd);
	desk_pass(k, 2 * DESK_SEC);
	ok(desk_device(k, 1), "a guest gets its device when its file was replaced");
	is_str(desk_read(1, KEY_BACK_WEIGHT), "77", "as the new file says");
	desk_free(k);
}

#define CHANGES 200

/* The other program writes device 1, again and again. Ends the process. */
static void write_all(void)
{
	char weight[16];

	for (unsigned n = 1; n <= CHANGES; n++) {
		int fd = lock();

		if (n > 1 && atoi(weight_of(1)) != (int)n - 1)
			_exit(1);
		snprintf(weight, sizeof(weight), "%u", n);
		put(1, weight);
		close(fd);
	}
	_exit(0);
}

static void test_both(void)
{
	char weight[16];
	unsigned lost = 0;
	int status;
	pid_t pid;

	begin();
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		write_all();
	for (unsigned n = 1; n <= CHANGES; n++) {
		snprintf(weight, sizeof(weight), "%u", n);
		set(weight);
		desk_pass(k, 20 * DESK_MS); /* not so long that it loses its patience */
		lost += strcmp(weight_of(0), weight) != 0 && !control_kept_is_late(&k->c, GUEST);
	}
	must(waitpid(pid, &status, 0) == pid);
	is_int(lost, 0, "dmvl-back loses nothing while another program writes");
	is_int(status, 0, "another program loses nothing while dmvl-back writes");
	desk_pass(k, DESK_SEC);
	snprintf(weight, sizeof(weight), "%u", CHANGES);
	is_str(weight_of(0), weight, "what dmvl-back wrote last counts");
	is_str(weight_of(1), weight, "so does what the other program wrote last");
	desk_free(k);
}

int main(void)
{
	test_late();
	test_end();
	test_patience();
	test_detached();
	test_import();
	test_both();
	return done_testing();
}
