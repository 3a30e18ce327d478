/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was set for guests, on a real disk: modes, whole files, and disks that refuse. */
#include "backend/kept/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define A "00000000-0000-0000-0000-00000000000a"
#define B "00000000-0000-0000-0000-00000000000b"

static char top[] = "/tmp/dmvl-kept-XXXXXX";
static char dir[PATH_MAX], path[PATH_MAX + 64], err[KEPT_FILE_ERR_MAX];

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int write_guest(const char *uuid, const char *weight)
{
	struct kept k = {.count = 0};
	int ret;

	snprintf(k.uuid, sizeof(k.uuid), "%s", uuid);
	if (weight)
		kept_put(&kept_add(&k, 0)->set[KEY_BACK_WEIGHT], weight);
	ret = kept_file_write(dir, &k, err);
	kept_clear(&k);
	return ret;
}

static const char *weight_of(const char *uuid)
{
	static char text[16];
	struct kept k = {.count = 0};
	int ret = kept_file_read(dir, uuid, &k, err);

	snprintf(text, sizeof(text), "%s", ret < 0 ? "failed" : k.device[0].set[KEY_BACK_WEIGHT]);
	kept_clear(&k);
	return text;
}

static void put_text(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	fputs(text, f);
	fclose(f);
}

static unsigned mode(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void test_paths(void)
{
	char out[PATH_MAX], longest[PATH_MAX];

	is_int(kept_dir_path(out, "/var/lib/dmvl", "default"), 0, "an uplink has a directory");
	is_str(out, "/var/lib/dmvl/default", "an uplink's directory has its name");
	is_int(kept_dir_path(out, "/var/lib/dmvl", ".."), -EINVAL, "no directory is called ..");
	memset(longest, 'x', sizeof(longest));
	longest[PATH_MAX - 1] = '\0';
	is_int(kept_dir_path(out, longest, "a"), -EINVAL, "a path that is too long is refused");
}

static void test_good(void)
{
	umask(0);
	is_int(write_guest(A, NULL), 0, "nothing is written before there is a directory");
	is_int(write_guest(A, "300"), 0, "the directory is made when it is missing");
	is_int(mode(top), 0700, "the state directory is root's");
	is_int(mode(dir), 0700, "an uplink's directory is root's");
	is_int(mode(in_dir(A)), 0600, "a guest's file is root's");
	is_str(weight_of(A), "300", "what was written is read");
	is_int(write_guest(A, "301"), 0, "a file is replaced");
	is_str(weight_of(A), "301", "the last that was written is read");
	ok(access(in_dir(A ".new"), F_OK) < 0, "nothing is left beside a file");
	is_int(write_guest(A, NULL), 0, "a guest without devices is written");
	ok(access(in_dir(A), F_OK) < 0, "a guest without devices has no file");
}

static int collect(const char *uuid, void *arg)
{
	strcat(arg, uuid + 35);
	return 0;
}

static void test_each(void)
{
	char seen[16] = "";

	write_guest(B, "2");
	write_guest(A, "1");
	put_text("README", "");
	put_text(A ".new", "");
	is_int(kept_file_each(dir, collect, seen, err), 0, "the files are listed");
	is_str(seen, "ab", "the files of guests are listed, and no others");
	is_int(kept_file_each("/nowhere", collect, seen, err), 0, "no directory is no files");
	unlink(in_dir("README"));
	unlink(in_dir(A ".new"));
}

/* No file may grow: neither may this test's output, so nothing is said meanwhile. */
static int write_to_full_disk(void)
{
	struct rlimit none = {0, RLIM_INFINITY}, old;
	int ret;

	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	ret = write_guest(A, "7");
	setrlimit(RLIMIT_FSIZE, &old);
	return ret;
}

static void test_refused(void)
{
	is_int(write_to_full_disk(), -EFBIG, "a disk that is full takes no file");
	ok(strstr(err, in_dir(A)) && strstr(err, strerror(EFBIG)),
	   "the file that a disk does not take is named: %s", err);
	is_str(weight_of(A), "1", "the old file stays when the disk takes no new one");
	ok(access(in_dir(A ".new"), F_OK) < 0, "no part of a file that was not taken is left");
	is_int(write_guest(A, "8"), 0, "a disk that takes it again is written to");
	is_str(weight_of(A), "8", "what a disk takes again is read");
}

static void test_damaged(void)
{
	struct kept k;

	put_text(A, "[" A "]\nweight = 300\n");
	is_int(kept_file_read(dir, A, &k, err), -EBADMSG, "a file that is cut off is refused");
	ok(strstr(err, in_dir(A)) && strstr(err, ": line 2: it is cut off"),
	   "a file that is cut off is named: %s", err);
	is_str(k.device[0].set[KEY_BACK_WEIGHT], "300", "its good lines count");
	kept_clear(&k);
	put_text(A, "[" B "]\nweight = 3\n# end\n");
	is_int(kept_file_read(dir, A, &k, err), -EBADMSG, "another guest's file is refused");
	is_int(k.count, 0, "nothing of another guest's file counts");
	put_text(A, "[" B "]\nweight = 3\n");
	is_int(kept_file_read(dir, A, &k, err), -EBADMSG, "nor if it is cut off");
	is_int(k.count, 0, "nothing of it counts then");
	unlink(in_dir(A));
	is_int(symlink("/etc/passwd", in_dir(A)), 0, "a link is in the place of a file");
	is_int(kept_file_read(dir, A, &k, err), -ELOOP, "a link is not followed");
	is_int(write_guest(A, "9"), 0, "a link is replaced");
	is_str(weight_of(A), "9", "the file in the place of a link is read");
	unlink(in_dir(A));
	mkdir(in_dir(A), 0700);
	is_int(kept_file_read(dir, A, &k, err), -EISDIR, "a directory is no file");
	rmdir(in_dir(A));
	is_int(kept_file_read(dir, A, &k, err), -ENOENT, "no file is no error");
	is_int(kept_file_remove(dir, A, err), -ENOENT, "no file is not removed");
	is_int(kept_file_remove(dir, B, err), 0, "a file is removed");
}

static int count_one(const char *name, void *arg)
{
	*(unsigned *)arg += strncmp(name, A KEPT_DAMAGED, strlen(A KEPT_DAMAGED)) == 0;
	return 0;
}

static void test_put_aside(void)
{
	unsigned aside = 0;

	put_text(A, "[" A "]\nweight = x\n# end\n");
	is_int(kept_file_put_aside(dir, A, err), 0, "a damaged file is put aside");
	is_int(write_guest(A, "3"), 0, "and replaced");
	put_text(A, "second");
	is_int(kept_file_put_aside(dir, A, err), 0, "another one is put aside too");
	is_int(kept_file_each_damaged(dir, count_one, &aside, err), 0, "both are listed");
	is_int(aside, 2, "there are two");
	is_int(kept_file_remove(dir, A, err), 0, "the guest is forgotten");
	is_int(unlink(in_dir(A KEPT_DAMAGED)), 0, "the first one is still there");
	is_int(unlink(in_dir(A KEPT_DAMAGED "2")), 0, "and so is the second");
	ok(kept_file_put_aside(dir, A, err) == -ENOENT && strstr(err, A),
	   "what is not there is named: %s", err);
}

static int note_other(const char *uplink, const char *where, void *arg)
{
	char *seen = arg, *name = strrchr(where, '/');

	snprintf(seen + strlen(seen), 100 - strlen(seen), " %s", uplink);
	return !name || strcmp(name + 1, uplink) != 0;
}

static void test_others(void)
{
	char other[PATH_MAX + 64], seen[100] = "";

	is_int(kept_dir_each_other(dir, note_other, seen), 0, "an uplink may be the only one");
	is_str(seen, "", "it is not beside itself");
	snprintf(other, sizeof(other), "%s/second", top);
	mkdir(other, 0700);
	is_int(kept_dir_each_other(dir, note_other, seen), 0, "other uplinks are listed");
	is_str(seen, " second", "by their names");
	rmdir(other);
	is_int(kept_dir_each_other("/proc/nowhere/x", note_other, seen), 0,
	       "there may be no directory");
}

static void test_no_directory(void)
{
	rmdir(dir);
	is_int(kept_dir_make(dir, err), 0, "a directory is made");
	is_int(kept_dir_make(dir, err), 0, "a directory may be there");
	rmdir(dir);
	snprintf(dir, sizeof(dir), "%s/file/sub", top);
	snprintf(path, sizeof(path), "%s/file", top);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	is_int(kept_dir_make(dir, err), -ENOTDIR, "a file is in the place of the directory");
	ok(strstr(err, dir), "the directory is named: %s", err);
	is_int(write_guest(A, "1"), -ENOTDIR, "without a directory a write is refused");
	unlink(path);
	rmdir(top);
}

int main(void)
{
	if (!mkdtemp(top))
		return 1;
	snprintf(dir, sizeof(dir), "%s/default", top);
	test_paths();
	test_good();
	test_each();
	test_refused();
	test_damaged();
	test_put_aside();
	test_others();
	test_no_directory();
	return done_testing();
}
