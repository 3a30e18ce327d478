/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of a run directory, as dmvl-back makes them, and as others do: each is read whole, or left
 * out with the reason.
 */
#include "backend/exporter/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/exporter/complaints.h"
#include "tests/fake/must.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

#define RECORDS 8u

static const struct stats_def defs[] = {
	{"connected", "", STATS_UPLINK, STATS_GAUGE, 1},
	{"tx-bytes", "bytes", STATS_UPLINK, STATS_COUNTER, 1},
	{"tx-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"drop-flood", "frames", STATS_LDP, STATS_COUNTER, 1},
	{"drop-mtu", "frames", STATS_LDP, STATS_COUNTER, 1},
};

#define DEFS (sizeof(defs) / sizeof(defs[0]))

static const char *dir;
static char mem[1 << 16];
static struct stats_header layout;
static struct sources sources;

static const char *path_of(const char *name, const char *ending)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, ending);
	return path;
}

static size_t bytes(void)
{
	return stats_bytes(defs, DEFS, RECORDS);
}

/* A file in `mem` with the uplink's record. */
static void format(void)
{
	memset(mem, 0, sizeof(mem));
	stats_format(mem, defs, DEFS, RECORDS, 100, &layout);
	stats_record(mem, &layout, 0)->used = 1;
	stats_record(mem, &layout, 0)->value[0] = 2;
}

static struct stats_record *add(unsigned i, uint32_t domid, uint8_t uuid)
{
	struct stats_record *r = stats_record(mem, &layout, i);

	r->used = 1;
	r->domid = domid;
	memset(r->uuid, uuid, sizeof(r->uuid));
	r->value[0] = 100 * i;
	return r;
}

static void write_file(const char *name, const char *ending, const void *data, size_t len)
{
	int fd = open(path_of(name, ending), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

/* As while a dmvl-back lives. */
static int lock(const char *name)
{
	int fd = open(path_of(name, "lock"), O_RDWR | O_CREAT, 0600);

	must(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
	return fd;
}

static const struct source *read_one(const char *name)
{
	must(sources_read(&sources, dir, name) == 0 && sources.count == 1);
	return &sources.at[0];
}

/* What is wrong with the file of `mem`, written with that length. */
static void problem_is(size_t len, enum source_problem want, const char *what)
{
	write_file("up", "stats", mem, len);
	is_int(read_one("up")->problem, want, "%s", what);
	sources_free(&sources);
}

static void test_good(void)
{
	const struct stats_field *f;
	const struct source *s;

	format();
	add(1, 7, 1);
	add(3, 8, 2);
	add(4, 9, 2);
	write_file("up", "stats", mem, bytes());
	s = read_one("up");
	is_int(s->problem, SOURCE_FINE, "a file of dmvl-back's is read");
	is_int(s->ldps, 2, "two records with the same UUID and id are one LDP");
	is_int(s->ldp[1].record->domid, 8, "the first of two is taken");
	is_int(*source_get(s, s->own, STATS_UPLINK, "connected", &f), 2, "a field of the uplink");
	is_int(*source_get(s, s->ldp[1].record, STATS_LDP, "tx-bytes", &f), 300, "one of an LDP");
	ok(!source_get(s, s->own, STATS_UPLINK, "drop-flood", &f), "a field has a scope");
	ok(!s->ldp[0].kept.known, "without a file of windows nothing is known of them");
	sources_free(&sources);
}

static void test_damaged(void)
{
	struct stats_header *h = (struct stats_header *)mem;

	format();
	problem_is(bytes() - 1, SOURCE_FOREIGN, "a file that is too short");
	problem_is(10, SOURCE_FOREIGN, "a file that ends in its header");
	problem_is(0, SOURCE_FOREIGN, "an empty file");
	h->version++;
	problem_is(bytes(), SOURCE_VERSION, "a file of another version");
	format();
	h->magic[0] = 'x';
	problem_is(bytes(), SOURCE_FOREIGN, "another file");
	format();
	h->records = UINT32_MAX;
	problem_is(bytes(), SOURCE_FOREIGN, "records beyond the file");
	format();
	h->fields = UINT32_MAX;
	problem_is(bytes(), SOURCE_FOREIGN, "fields beyond the file");
	format();
	h->record_bytes = 3;
	problem_is(bytes(), SOURCE_FOREIGN, "records too short for their head");
	format();
	((struct stats_field *)(h + 1))[0].first = 1000;
	problem_is(bytes(), SOURCE_FINE, "a field that is elsewhere is one that is not there");
}

static void test_torn(void)
{
	const struct source *s;

	format();
	add(1, 7, 1)->seq = 1;
	add(2, 8, 2);
	write_file("up", "stats", mem, bytes());
	s = read_one("up");
	is_int(s->problem, SOURCE_FINE, "beside a torn record the others are read");
	is_int(s->ldps, 1, "the torn one is left out");
	is_int(s->torn, 1, "it is counted");
	sources_free(&sources);
}

/* All that is in the file may be anything. */
static void test_noise(void)
{
	unsigned fine = 0;

	srandom(1);
	for (unsigned round = 0; round < 2000; round++) {
		format();
		add(1, 7, 1);
		for (unsigned n = 0; n < 1 + round % 8; n++)
			mem[(size_t)random() % (round % 2 ? bytes()
							  : sizeof(struct stats_header) +
								    sizeof(struct stats_field))] =
				(char)random();
		write_file("up", "stats", mem, bytes() - (size_t)random() % 2);
		fine += read_one("up")->problem == SOURCE_FINE;
		sources_free(&sources);
	}
	ok(fine > 0 && fine < 2000, "noise in 2000 files: %u could be read", fine);
}

static void test_others(void)
{
	struct stat st;

	must(symlink("up.stats", path_of("link", "stats")) == 0);
	is_int(read_one("link")->problem, SOURCE_FOREIGN, "a symbolic link is not followed");
	must(mkfifo(path_of("fifo", "stats"), 0600) == 0);
	is_int(read_one("fifo")->problem, SOURCE_FOREIGN, "a FIFO is not waited for");
	must(mkdir(path_of("dir", "stats"), 0700) == 0);
	is_int(read_one("dir")->problem, SOURCE_FOREIGN, "a directory is no file");
	is_int(read_one("absent")->problem, SOURCE_STOPPED, "what is not there is stopped");
	must(sources_read(&sources, dir, NULL) == 0);
	is_int(sources.count, 4, "all files of statistics are found");
	is_str(sources.at[0].uplink, "dir", "they are sorted");
	sources_free(&sources);
	must(truncate(path_of("up", "stats"), (off_t)SOURCE_BYTES_MAX + 1) == 0);
	is_int(read_one("up")->problem, SOURCE_FOREIGN, "a file that is too large is left alone");
	must(stat(dir, &st) == 0);
	is_int(sources_read(&sources, "/nonexistent", NULL), 0, "without a directory: no uplink");
	is_int(sources_read(&sources, path_of("up", "stats"), NULL), -ENOTDIR, "a file is none");
}

/* The text, ended by NUL. */
static const char *metrics(bool per_ldp)
{
	static char out[1 << 16];
	struct metrics_self self = {.scrapes = 1};
	struct page p = {0};

	must(sources_read(&sources, dir, "up") == 0);
	metrics_write(&p, &sources, &self, per_ldp);
	must(!p.failed && p.len < sizeof(out));
	memcpy(out, p.text, p.len);
	out[p.len] = '\0';
	page_free(&p);
	sources_free(&sources);
	return out;
}

static void test_windows(void)
{
	char *windows = calloc(1, windows_file_bytes());
	uint8_t uuid[16];
	struct windows_record *r;
	const char *text;

	memset(uuid, 1, sizeof(uuid));
	windows_file_format(windows, "boot");
	r = windows_file_take(windows, uuid, 7, 0);
	snprintf(r->guest, sizeof(r->guest), "we\"b\xff");
	r->dir[0].judged = 10;
	r->dir[0].broken[WINDOWS_LATE] = 3;
	write_file("up", "windows", windows, windows_file_bytes());
	free(windows);
	format();
	add(1, 7, 1)->value[1] = 5;
	stats_record(mem, &layout, 1)->value[2] = 6;
	write_file("up", "stats", mem, bytes());
	text = metrics(false);
	ok(strstr(text, ",domid=\"7\",name=\"we\\\"b\xef\xbf\xbd\"} 1\n"), "a hostile name");
	ok(strstr(text, "dmvl_ldp_kept_windows_total{uplink=\"up\",uuid=\"01010101-0101-0101-0101-"
			"010101010101\",id=\"0\",direction=\"tx\"} 7\n"),
	   "windows that were kept");
	ok(strstr(text, ",id=\"0\"} 11\n"), "drops of an LDP are added up");
	ok(!strstr(text, "reason=\"loop-late\""), "they have no reasons");
	text = metrics(true);
	ok(strstr(text, "direction=\"tx\",reason=\"loop-late\"} 3\n"), "with --per-ldp they have");
	ok(strstr(text, "id=\"0\",reason=\"mtu\"} 6\n"), "and so have drops");
}

static void test_life(int fd)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/up.lock", dir);
	ok(unlink(path) == 0, "the lock's file is deleted");
	is_int(read_one("up")->problem, SOURCE_FINE, "while its lock is held dmvl-back runs");
	sources_free(&sources);
	close(fd);
	is_int(read_one("up")->problem, SOURCE_STOPPED, "without its lock dmvl-back does not run");
	ok(strstr(metrics(false), "dmvl_uplink_up{uplink=\"up\"} 0\n"), "its uplink is not up");
	sources_free(&sources);
}

static void test_complaints(void)
{
	static struct complaints c;
	uint64_t count[SOURCE_PROBLEMS] = {0};

	write_file("up", "stats", "junk", 4);
	for (unsigned i = 0; i < 3; i++) {
		read_one("up");
		complaints_tell(&c, dir, &sources, 0, count);
		sources_free(&sources);
	}
	is_int(count[SOURCE_FOREIGN], 3, "a foreign file is counted at each look");
	is_int(c.count, 1, "it is known to have been told");
	must(sources_read(&sources, "/nonexistent", NULL) == 0);
	complaints_tell(&c, dir, &sources, -EACCES, count);
	is_int(c.count, 0, "files that are gone are forgotten");
	is_int(count[SOURCE_UNREADABLE], 1, "a directory that cannot be read is counted");
}

/* The name of a field that is there once becomes another one. */
static void rename_field(const char *name, const char *now)
{
	char *at = memmem(mem, bytes(), name, strlen(name) + 1);

	must(at && strlen(now) <= strlen(name));
	memset(at, 0, strlen(name));
	memcpy(at, now, strlen(now));
}

static unsigned fields_with(const char *name, const char *now)
{
	unsigned n;

	format();
	add(1, 7, 1);
	rename_field(name, now);
	write_file("up", "stats", mem, bytes());
	n = read_one("up")->fields;
	sources_free(&sources);
	return n;
}

/* What would spoil the page for all uplinks. */
static void test_names(void)
{
	is_int(fields_with("drop-flood", "drop-flood"), DEFS, "all fields are read");
	is_int(fields_with("drop-flood", "drop-\"x"), DEFS - 1, "a name with a quote is left out");
	is_int(fields_with("drop-flood", "drop-\n"), DEFS - 1, "a name with a newline is left out");
	is_int(fields_with("drop-flood", "drop-\xff"), DEFS - 1, "a name of no text is left out");
	is_int(fields_with("drop-flood", ""), DEFS - 1, "an empty name is left out");
	is_int(fields_with("drop-flood", "drop-mtu"), DEFS - 1,
	       "a name that is there twice is taken once");
}

int main(void)
{
	int fd;

	dir = scratch_dir();
	fd = lock("up");
	test_good();
	test_names();
	test_damaged();
	test_torn();
	test_noise();
	test_others();
	test_windows();
	test_life(fd);
	test_complaints();
	return done_testing();
}
