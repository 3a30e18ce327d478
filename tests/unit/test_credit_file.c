/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a credit log: what is taken over, what is made anew, kill -9, and a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/logfile.h"
#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define RING	(64u << 10)
#define CRASHES 200

static char dir[] = "/tmp/dmvl-credit-XXXXXX", path[LOGFILE_PATH_MAX + 1];
static char said[LOGFILE_ERR_MAX];
static struct ldplog_id id = {.name = "test", .epoch_us = 10000};

static ino_t inode(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void write_at(off_t off, const char *text)
{
	int fd = open(path, O_WRONLY);

	ok(fd >= 0 && pwrite(fd, text, strlen(text), off) > 0, "the file is written over");
	close(fd);
}

/* Opens and closes; whether the old file went on. */
static bool goes_on(void)
{
	ino_t was = inode();
	struct logfile f;
	int ret = logfile_open(&f, path, RING, &id, said);

	is_int(ret, 0, "it opens");
	logfile_close(&f);
	return was == inode();
}

static void test_open(void)
{
	struct logfile f, reader;
	struct ldplog_writer w;
	struct stat st;
	char boot[40];

	is_int(logfile_boot_id(boot, sizeof(boot)), 0, "the boot id is read");
	is_int(strlen(boot), 36, "whole");
	is_int(logfile_open(&f, path, RING, &id, said), 0, "a log is made");
	is_str(said, "", "without a word");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "for its owner alone");
	ok((uint64_t)st.st_blocks * 512 >= LDPLOG_HEADER_BYTES + RING, "with all its space");
	ldplog_writer_init(&w, f.mem);
	ldplog_append(&w, &(struct record){.type = RECORD_COMMIT});
	is_int(logfile_map(&reader, path), 0, "it is read while it is written");
	ok(!logfile_replaced(&reader, path), "it is the one");
	logfile_close(&f);
	ok(goes_on(), "a log of ours goes on");
	is_str(said, "", "without a word");

	strcpy(id.boot, "another");
	ok(!goes_on(), "another boot: a fresh one");
	ok(strstr(said, "another boot"), "which is said");
	ok(logfile_replaced(&reader, path), "readers can see it");
	is_int(((const struct ldplog_header *)reader.mem)->tail, 64, "and keep what they had");
	logfile_close(&reader);
	write_at(20, "x");
	ok(!goes_on() && strstr(said, "damaged"), "damaged: a fresh one");
	is_int(truncate(path, 100), 0, "cut");
	ok(!goes_on() && strstr(said, "damaged"), "a cut one, too");
	unlink(path);
	is_int(symlink("/dev/null", path), 0, "a symlink");
	ok(!goes_on(), "is not followed");
	ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode), "but replaced");
	is_int(logfile_map(&reader, "/dev/null"), -EINVAL, "what is no file is no log");
	is_int(logfile_map(&reader, "/no/such"), -ENOENT, "nor what is not there");
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

static struct replay *replayed(const struct logfile *f)
{
	static struct replay rp;
	struct ldplog_reader r;

	replay_free(&rp);
	replay_init(&rp);
	ldplog_reader_init(&r, f->mem);
	replay_log(&rp, &r);
	return &rp;
}

/* What a daemon does, until it is killed: LDPs come and go, epoch after epoch. */
static void daemon_main(uint64_t seed)
{
	struct ledger *l = ledger_new(8, 250000);
	bool here[8] = {false};
	struct ldplog_writer w;
	struct logfile f;
	struct rng rng;

	rng_seed(&rng, seed);
	if (logfile_open(&f, path, RING, &id, said) < 0)
		_exit(1);
	ledger_adopt(l, replayed(&f));
	ldplog_writer_init(&w, f.mem);
	ledger_log_to(l, &w);
	for (uint64_t now_ns = 1;; now_ns += 10000000) {
		uint32_t slot = rng_below(&rng, 8);
		struct credit_id who = {.ldp = slot, .generation = rng_below(&rng, 2)};

		ledger_set_time(l, now_ns, now_ns);
		if (rng_below(&rng, 4) == 0) {
			if (here[slot])
				ledger_detach(l, slot);
			else
				ledger_attach(l, slot, &who, 1 + rng_below(&rng, 1000));
			here[slot] = !here[slot];
		}
		for (slot = 0; slot < 8; slot++)
			ledger_serve(l, slot, rng_below(&rng, 100000));
		ledger_epoch(l, 1, 0);
	}
}

/* Kills it when it has written some more; what is left must be whole up to the last COMMIT. */
static bool crash(struct rng *rng, uint64_t *epoch)
{
	struct logfile f;
	const struct ldplog_header *h;
	struct replay *rp;
	uint64_t until;
	int64_t sum;
	pid_t pid;
	int status;

	if (logfile_map(&f, path) < 0)
		return false;
	h = f.mem;
	until = h->tail + RECORD_BYTES * (1 + rng_below(rng, 3000));
	pid = fork();
	if (pid == 0)
		daemon_main(rng_next(rng));
	while (__atomic_load_n(&h->tail, __ATOMIC_RELAXED) < until) {
		if (waitpid(pid, &status, WNOHANG) != 0)
			return false;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	rp = replayed(&f);
	sum = rp->pool;
	for (uint32_t i = 0; i < rp->n; i++)
		sum += rp->account[i].balance;
	logfile_close(&f);
	if (!rp->synced || sum != 0 || rp->epoch < *epoch)
		diag("synced %d sum %lld epoch %llu after %llu", rp->synced, (long long)sum,
		     (unsigned long long)rp->epoch, (unsigned long long)*epoch);
	else
		*epoch = rp->epoch;
	return rp->synced && sum == 0 && rp->epoch == *epoch;
}

static void test_crashes(void)
{
	uint64_t epoch = 0;
	int good = 0;
	struct logfile f;
	struct rng rng;

	unlink(path);
	is_int(logfile_open(&f, path, RING, &id, said), 0, "a log");
	logfile_close(&f);
	rng_seed(&rng, 11);
	for (int i = 0; i < CRASHES; i++)
		good += crash(&rng, &epoch);
	is_int(good, CRASHES, "killed at %d points: readable to the last COMMIT, sum 0", CRASHES);
	diag("%llu epochs", (unsigned long long)epoch);
	ok(epoch > CRASHES, "each went on where the last one had been");
}

/* --- no space --------------------------------------------------------------------------------- */

static void test_full(void)
{
	struct logfile f;
	struct stat st;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("dmvl", dir, "tmpfs", 0, "size=32k") < 0) {
		tap_skip("a full disk", "no permission to mount");
		return;
	}
	is_int(logfile_open(&f, path, RING, &id, said), -ENOSPC, "a full disk is found at once");
	ok(strstr(said, "No space left") && strstr(said, path), "and said");
	ok(!f.mem, "nothing is mapped");
	ok(stat(path, &st) < 0, "no log");
	is_int(mount("dmvl", dir, "tmpfs", MS_REMOUNT, "size=1m"), 0, "there is room again");
	is_int(logfile_open(&f, path, RING, &id, said), 0, "and a log");
	logfile_close(&f);
	is_int(mount("dmvl", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0, "read-only");
	is_int(logfile_open(&f, path, RING, &id, said), -EROFS, "is said, too");
	umount(dir);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	logfile_path(path, dir, "test", 0);
	test_open();
	test_crashes();
	unlink(path);
	test_full();
	rmdir(dir);
	return done_testing();
}
