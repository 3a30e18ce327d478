/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a credit log: what goes on, what is replaced, kill -9, and a full disk. */
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

	ok(fd >= 0 && pwrite(fd, text, strlen(text), off) > 0, "the log is written over");
	close(fd);
}

/* Opens and closes the log; true if the old file goes on. */
static bool goes_on(const char *what)
{
	ino_t was = inode();
	struct mapfile f;
	int ret = logfile_open(&f, path, RING, &id, said);

	is_int(ret, 0, "%s opens", what);
	mapfile_close(&f);
	return was == inode();
}

static void test_open(void)
{
	struct mapfile f, reader;
	struct ldplog_writer w;
	struct stat st;
	char boot[40];

	is_int(logfile_boot_id(boot, sizeof(boot)), 0, "the boot id is read");
	is_int(strlen(boot), 36, "the boot id has all its characters");
	is_int(logfile_open(&f, path, RING, &id, said), 0, "a log is made");
	is_str(said, "", "a new log gives no message");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "a new log is for its owner alone");
	ok((uint64_t)st.st_blocks * 512 >= LDPLOG_HEADER_BYTES + RING,
	   "a new log has all its space");
	ldplog_writer_init(&w, f.mem);
	ldplog_append(&w, &(struct record){.type = RECORD_COMMIT});
	is_int(logfile_map(&reader, path), 0, "a log is mapped while it is written");
	ok(!mapfile_replaced(&reader, path),
	   "a log that stays in its place is not taken for replaced");
	mapfile_close(&f);
	ok(goes_on("a log of ours"), "a log of ours goes on");
	is_str(said, "", "a log of ours gives no message");

	strcpy(id.boot, "another");
	ok(!goes_on("a log of another boot"), "a log of another boot is replaced");
	ok(strstr(said, "another boot"), "the message about another boot's log says so");
	ok(mapfile_replaced(&reader, path), "a reader sees that its log was replaced");
	is_int(((const struct ldplog_header *)reader.mem)->tail, 64,
	       "a reader keeps what it had of a replaced log");
	mapfile_close(&reader);
	write_at(20, "x");
	ok(!goes_on("a damaged log") && strstr(said, "damaged"),
	   "a damaged log is replaced with a message");
	is_int(truncate(path, 100), 0, "the log is cut to 100 bytes");
	ok(!goes_on("a cut log") && strstr(said, "damaged"),
	   "a cut log is replaced with a message");
	unlink(path);
	is_int(symlink("/dev/null", path), 0, "a symlink takes the place of the log");
	ok(!goes_on("a symlink for a log"), "a symlink for a log is not followed");
	ok(lstat(path, &st) == 0 && S_ISREG(st.st_mode),
	   "a symlink for a log is replaced by a file");
	is_int(logfile_map(&reader, "/dev/null"), -EINVAL, "a device is no log");
	is_int(logfile_map(&reader, "/no/such"), -ENOENT, "a file that is not there is no log");
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

static struct replay *replayed(const struct mapfile *f)
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
	struct mapfile f;
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

/* Kills a daemon when it has written some more; what is left must be whole up to the last COMMIT.
 */
static bool crash(struct rng *rng, uint64_t *epoch)
{
	struct mapfile f;
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
	mapfile_close(&f);
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
	struct mapfile f;
	struct rng rng;

	unlink(path);
	is_int(logfile_open(&f, path, RING, &id, said), 0, "a log for the crashes is made");
	mapfile_close(&f);
	rng_seed(&rng, 11);
	for (int i = 0; i < CRASHES; i++)
		good += crash(&rng, &epoch);
	is_int(good, CRASHES,
	       "a log killed at %d points is readable to the last COMMIT, with sum 0", CRASHES);
	diag("%llu epochs", (unsigned long long)epoch);
	ok(epoch > CRASHES, "each daemon goes on where the one before was killed");
}

/* --- no space --------------------------------------------------------------------------------- */

static void test_full(void)
{
	struct mapfile f;
	struct stat st;

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("dmvl", dir, "tmpfs", 0, "size=32k") < 0) {
		tap_skip("a full disk is found at once", "no permission to mount");
		return;
	}
	is_int(logfile_open(&f, path, RING, &id, said), -ENOSPC, "a full disk is found at once");
	ok(strstr(said, "No space left") && strstr(said, path),
	   "the message about a full disk names the path");
	ok(!f.mem, "nothing is mapped on a full disk");
	ok(stat(path, &st) < 0, "no log is left on a full disk");
	is_int(mount("dmvl", dir, "tmpfs", MS_REMOUNT, "size=1m"), 0,
	       "the full disk becomes larger");
	is_int(logfile_open(&f, path, RING, &id, said), 0, "a log is made on the larger disk");
	mapfile_close(&f);
	is_int(mount("dmvl", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0,
	       "the disk becomes read-only");
	is_int(logfile_open(&f, path, RING, &id, said), -EROFS,
	       "a log on a read-only disk is refused");
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
