/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/kept/kept_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lockwait.h"
#include "common/syncdir.h"

#define FILE_MAX_BYTES (1u << 20)
#define NEW_SUFFIX     ".new"
#define ASIDE_MAX      100u /* damaged files of a guest */

static int fail(int ret, const char *doing, const char *path, char *err)
{
	snprintf(err, KEPT_FILE_ERR_MAX, "cannot %s %s: %s", doing, path, strerror(-ret));
	return ret;
}

int kept_dir_path(char out[PATH_MAX], const char *state_dir, const char *uplink)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", state_dir, uplink);

	/* Room for a file's name behind it. */
	if (n >= PATH_MAX - 64 || strcmp(uplink, ".") == 0 || strcmp(uplink, "..") == 0)
		return -EINVAL;
	return 0;
}

static int make_one(const char *dir, char *err)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return fail(-errno, "create", dir, err);
	return 0;
}

int kept_dir_make(const char *dir, char *err)
{
	char above[PATH_MAX];
	int ret;

	snprintf(above, sizeof(above), "%s", dir);
	*strrchr(above, '/') = '\0';
	ret = above[0] ? make_one(above, err) : 0;
	if (ret == 0)
		ret = make_one(dir, err);
	if (ret == 0 && access(dir, R_OK | W_OK | X_OK) < 0)
		ret = fail(-errno, "write to", dir, err);
	return ret;
}

/* The directory's own lock: a file for it could not be made when the disk is full. */
int kept_dir_lock(const char *dir, unsigned wait_ms, char *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : fail(-errno, "lock", dir, err);
	ret = lock_wait(fd, wait_ms);
	if (ret == 0)
		return fd;
	close(fd);
	if (ret != -EWOULDBLOCK)
		return fail(ret, "lock", dir, err);
	snprintf(err, KEPT_FILE_ERR_MAX,
		 "cannot lock %s: another program (dmvlctl or dmvl-back) keeps it locked", dir);
	return ret;
}

static void file_path(char out[PATH_MAX], const char *dir, const char *uuid, const char *suffix)
{
	snprintf(out, PATH_MAX, "%.*s/%s%s", PATH_MAX - 64, dir, uuid, suffix);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The whole file, allocated. Its length, or -errno. */
static ssize_t slurp(int fd, char **out)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (st.st_size > FILE_MAX_BYTES)
		return -EFBIG;
	*out = malloc((size_t)st.st_size + 1);
	if (!*out)
		return -ENOMEM;
	while (n > 0 && len < (size_t)st.st_size) {
		n = read(fd, *out + len, (size_t)st.st_size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : (ssize_t)len;
}

static int parse(const char *path, const char *uuid, const char *text, size_t len, struct kept *out,
		 char *err)
{
	char why[KEPT_ERR_MAX];
	int ret = kept_parse(text, len, out, why);

	if ((ret == 0 || out->uuid[0]) && strcmp(out->uuid, uuid) != 0) {
		kept_clear(out);
		snprintf(why, sizeof(why), "it is not about this UUID");
		ret = -EBADMSG;
	}
	if (ret == -EBADMSG)
		snprintf(err, KEPT_FILE_ERR_MAX, "%s: %s: the file is damaged", path, why);
	else if (ret < 0)
		fail(ret, "read", path, err);
	return ret;
}

int kept_file_read(const char *dir, const char *uuid, struct kept *out, char *err)
{
	char path[PATH_MAX], *text = NULL;
	ssize_t len;
	int fd, ret;

	file_path(path, dir, uuid, "");
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : fail(-errno, "read", path, err);
	len = slurp(fd, &text);
	close(fd);
	if (len < 0)
		ret = fail((int)len, "read", path, err);
	else
		ret = parse(path, uuid, text, (size_t)len, out, err);
	free(text);
	return ret;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The old file is replaced when the new one is whole, and on the disk. */
static int replace(const char *path, const char *fresh, const char *text)
{
	int fd, ret;

	unlink(fresh); /* of one that was killed here */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text);
	close(fd);
	if (ret == 0 && rename(fresh, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(fresh);
	return ret;
}

int kept_file_write(const char *dir, const struct kept *k, char *err)
{
	char path[PATH_MAX], fresh[PATH_MAX], *text;
	int ret;

	if (k->count == 0) {
		ret = kept_file_remove(dir, k->uuid, err);
		return ret == -ENOENT ? 0 : ret;
	}
	file_path(path, dir, k->uuid, "");
	file_path(fresh, dir, k->uuid, NEW_SUFFIX);
	text = kept_format(k);
	ret = text ? replace(path, fresh, text) : -ENOMEM;
	if (ret == -ENOENT && kept_dir_make(dir, err) == 0) /* somebody removed it */
		ret = replace(path, fresh, text);
	free(text);
	return ret < 0 ? fail(ret, "write", path, err) : 0;
}

/* The old file is there under one of the two names at any moment. */
int kept_file_put_aside(const char *dir, const char *uuid, char *err)
{
	char path[PATH_MAX], aside[PATH_MAX], suffix[sizeof(KEPT_DAMAGED) + 8] = KEPT_DAMAGED;
	unsigned next = 2;
	int ret;

	file_path(path, dir, uuid, "");
	do {
		file_path(aside, dir, uuid, suffix);
		ret = link(path, aside) < 0 ? -errno : 0;
		snprintf(suffix, sizeof(suffix), KEPT_DAMAGED "%u", next);
	} while (ret == -EEXIST && next++ <= ASIDE_MAX);
	return ret < 0 ? fail(ret, "copy to", aside, err) : 0;
}

int kept_file_remove(const char *dir, const char *uuid, char *err)
{
	char path[PATH_MAX];
	int ret;

	file_path(path, dir, uuid, "");
	ret = unlink(path) < 0 ? -errno : 0;
	return ret < 0 && ret != -ENOENT ? fail(ret, "remove", path, err) : ret;
}

int kept_dir_sync(const char *dir, char *err)
{
	char path[PATH_MAX];
	int ret;

	file_path(path, dir, ".", "");
	ret = sync_dir(path);
	return ret < 0 ? fail(ret, "sync", dir, err) : 0;
}

void kept_file_touch(const char *dir, const char *uuid)
{
	char path[PATH_MAX];

	file_path(path, dir, uuid, "");
	utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

static int is_file_of_guest(const struct dirent *e)
{
	return kept_is_uuid(e->d_name);
}

static int is_damaged_file(const struct dirent *e)
{
	char uuid[UUID_TEXT_LEN + 1];

	snprintf(uuid, sizeof(uuid), "%.*s", UUID_TEXT_LEN, e->d_name);
	return kept_is_uuid(uuid) &&
	       strncmp(e->d_name + UUID_TEXT_LEN, KEPT_DAMAGED, strlen(KEPT_DAMAGED)) == 0;
}

static int each(const char *dir, int (*is_wanted)(const struct dirent *), kept_file_fn *fn,
		void *arg, char *err)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, is_wanted, alphasort), ret = 0;
	if (n < 0)
		return errno == ENOENT ? 0 : fail(-errno, "list", dir, err);
	for (int i = 0; i < n; i++) {
		if (ret == 0)
			ret = fn(entry[i]->d_name, arg);
		free(entry[i]);
	}
	free(entry);
	return ret;
}

int kept_file_each(const char *dir, kept_file_fn *fn, void *arg, char *err)
{
	return each(dir, is_file_of_guest, fn, arg, err);
}

int kept_file_each_damaged(const char *dir, kept_file_fn *fn, void *arg, char *err)
{
	return each(dir, is_damaged_file, fn, arg, err);
}

int kept_dir_each_other(const char *dir, kept_dir_fn *fn, void *arg)
{
	char above[PATH_MAX], other[PATH_MAX];
	const char *name = strrchr(dir, '/');
	struct dirent *e;
	int ret = 0;
	DIR *d;

	if (!name)
		return 0;
	snprintf(above, sizeof(above), "%.*s/", (int)(name - dir), dir);
	d = opendir(above);
	while (d && ret == 0 && (e = readdir(d))) {
		if (e->d_name[0] != '.' && strcmp(e->d_name, name + 1) != 0 &&
		    kept_dir_path(other, above, e->d_name) == 0)
			ret = fn(e->d_name, other, arg);
	}
	if (d)
		closedir(d);
	return ret;
}
