/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/syncdir.h"

#define DIR_MAX (PATH_MAX + sizeof(POLICY_DIR) + 1)

/* --- reading ---------------------------------------------------------------------------------- */

static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* A pipe that nobody writes into would be an empty file, and so take all settings away. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -ESPIPE;
}

int policy_file_read(const char *path, char **text, size_t *len)
{
	int fd = open_file(path);
	char *buf;
	ssize_t n;

	if (fd < 0)
		return fd;
	buf = malloc(POLICY_SIZE_MAX + 2);
	n = buf ? read_all(fd, buf, POLICY_SIZE_MAX + 1) : -ENOMEM;
	close(fd);
	if (n > (ssize_t)POLICY_SIZE_MAX)
		n = -EFBIG;
	if (n < 0) {
		free(buf);
		return (int)n;
	}
	buf[n] = '\0';
	*text = buf;
	*len = (size_t)n;
	return 0;
}

static unsigned complain(const char *path, int ret, policy_say *say, void *arg)
{
	char text[POLICY_SAID_MAX];

	snprintf(text, sizeof(text), "%.400s: cannot read it: %s", path,
		 ret == -ESPIPE ? "it is a pipe" : strerror(-ret));
	say(arg, text);
	return 1;
}

/* What is read, and into which policy. */
struct loading {
	struct policy *policy;
	const struct policy_draft *draft; /* may be NULL */
	policy_say *say;
	void *arg;
};

static bool is_draft(const struct loading *l, const char *path)
{
	return l->draft && strcmp(l->draft->path, path) == 0;
}

static unsigned parse_file(const struct loading *l, const char *path)
{
	unsigned mistakes;
	char *text;
	size_t len;
	int ret;

	if (is_draft(l, path))
		return policy_parse(l->policy, path, l->draft->text, l->draft->len, l->say, l->arg);
	ret = policy_file_read(path, &text, &len);
	if (ret < 0)
		return complain(path, ret, l->say, l->arg);
	mistakes = policy_parse(l->policy, path, text, len, l->say, l->arg);
	free(text);
	return mistakes;
}

/* Nothing of that name: a symbolic link that leads nowhere is a mistake, as its file was meant. */
static bool is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 && errno == ENOENT;
}

static int is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

/* By bytes, the same in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The directory beside the file. */
static void dir_path(const char *path, char out[DIR_MAX])
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(out, DIR_MAX, "%s/%s", dirname(copy), POLICY_DIR);
}

static unsigned parse_dir(const struct loading *l, const char *dir)
{
	char path[2 * PATH_MAX + NAME_MAX];
	struct dirent **entry;
	unsigned mistakes = 0;
	int n = scandir(dir, &entry, is_conf, by_name), ret = -errno;

	if (n < 0)
		return is_missing(dir) ? 0 : complain(dir, ret, l->say, l->arg);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		mistakes += parse_file(l, path);
		free(entry[i]);
	}
	free(entry);
	return mistakes;
}

static unsigned load(struct loading *l, const char *path, bool must, struct policy **out)
{
	unsigned mistakes = 0;
	char dir[DIR_MAX];

	*out = l->policy = policy_new();
	if (!l->policy)
		return complain(path, -ENOMEM, l->say, l->arg);
	if (must || is_draft(l, path) || !is_missing(path))
		mistakes += parse_file(l, path);
	dir_path(path, dir);
	mistakes += parse_dir(l, dir);
	return mistakes + policy_check(l->policy, l->say, l->arg);
}

unsigned policy_load(const char *path, bool must, struct policy **out, policy_say *say, void *arg)
{
	return load(&(struct loading){.say = say, .arg = arg}, path, must, out);
}

unsigned policy_load_draft(const char *path, const struct policy_draft *draft, struct policy **out,
			   policy_say *say, void *arg)
{
	return load(&(struct loading){.draft = draft, .say = say, .arg = arg}, path, false, out);
}

/* --- has anything changed? -------------------------------------------------------------------- */

/* FNV-1a. */
static void mix(uint64_t *stamp, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*stamp = (*stamp ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static void mix_file(uint64_t *stamp, const char *path)
{
	struct stat st;

	mix(stamp, path, strlen(path) + 1);
	if (stat(path, &st) < 0)
		return;
	mix(stamp, &st.st_ino, sizeof(st.st_ino));
	mix(stamp, &st.st_size, sizeof(st.st_size));
	mix(stamp, &st.st_mtim, sizeof(st.st_mtim));
	mix(stamp, &st.st_ctim, sizeof(st.st_ctim));
}

uint64_t policy_stamp(const char *path)
{
	char dir[DIR_MAX], file[2 * PATH_MAX + NAME_MAX];
	uint64_t stamp = 0xcbf29ce484222325;
	struct dirent **entry;
	int n;

	mix_file(&stamp, path);
	dir_path(path, dir);
	n = scandir(dir, &entry, is_conf, by_name);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, entry[i]->d_name);
		mix_file(&stamp, file);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return stamp;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The name is on the disk only when its directory is. */
static int keep_owner(int fd, const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) == 0 ? 0 : -errno;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 07777 : 0644;
}

static int fill(int fd, const char *path, const char *text, size_t len)
{
	int ret = write_all(fd, text, len);

	if (ret == 0)
		ret = keep_owner(fd, path);
	if (ret == 0 && fchmod(fd, mode_of(path)) < 0)
		ret = -errno;
	if (ret == 0 && fsync(fd) < 0)
		ret = -errno;
	return ret;
}

int policy_file_write(const char *path, const char *text, size_t len)
{
	char temp[PATH_MAX], real[PATH_MAX];
	int fd, ret;

	if (realpath(path, real)) /* a symbolic link stays one */
		path = real;
	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fill(fd, path, text, len);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(temp, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(temp);
	return ret < 0 ? ret : sync_dir(path);
}
