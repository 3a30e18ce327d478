/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mapguard.h"

/*
 * All disk space of a mapped file is allocated before it is used: otherwise a full disk would be
 * noticed long after the start. A new log is created under another name and renamed over the old
 * one; readers that have the old one mapped do not notice. What others do to the file, such as
 * cutting it, must not end the process that has it mapped: see common/mapguard.h.
 */

int logfile_path(char path[LOGFILE_PATH_MAX + 1], const char *run_dir, const char *name,
		 unsigned dir)
{
	int len = snprintf(path, LOGFILE_PATH_MAX + 1, "%s/%s.%s.log", run_dir, name,
			   dir == 0 ? "tx" : "rx");

	return len > LOGFILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

int logfile_boot_id(char *out, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	int ret = 0;

	memset(out, 0, size);
	if (!f)
		return -errno;
	if (!fgets(out, (int)size, f))
		ret = -EIO;
	fclose(f);
	out[strcspn(out, "\n")] = '\0';
	return ret;
}

static int map(struct logfile *f, int fd, int prot, int flags)
{
	struct stat st;
	void *mem;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)LDPLOG_HEADER_BYTES)
		return -EINVAL;
	mem = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED | flags, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	*f = (struct logfile){mem, NULL, (size_t)st.st_size, st.st_dev, st.st_ino};
	f->guard = mapguard_new(mem, f->bytes);
	if (f->guard)
		return 0;
	logfile_close(f);
	return -ENOMEM;
}

void logfile_close(struct logfile *f)
{
	mapguard_free(f->guard);
	if (f->mem)
		munmap(f->mem, f->bytes);
	*f = (struct logfile){0};
}

static int map_checked(struct logfile *f, int fd, int prot, int flags, const struct ldplog_id *id)
{
	int ret = map(f, fd, prot, flags);

	if (ret < 0)
		return ret;
	ret = ldplog_check(f->mem, f->bytes, id);
	if (ret < 0)
		logfile_close(f);
	return ret;
}

int logfile_map(struct logfile *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), ret;

	*f = (struct logfile){0};
	if (fd < 0)
		return -errno;
	ret = map_checked(f, fd, PROT_READ, 0, NULL);
	close(fd);
	return ret;
}

bool logfile_was_cut(const struct logfile *f)
{
	return mapguard_hit(f->guard);
}

bool logfile_replaced(const struct logfile *f, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_dev != f->dev || st.st_ino != f->ino);
}

bool logfile_is_whole(const struct logfile *f, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino &&
	       (uint64_t)st.st_size == f->bytes && ldplog_check(f->mem, f->bytes, NULL) == 0 &&
	       !logfile_was_cut(f);
}

/* 0 with the old log mapped, or -errno: why it cannot be used. */
static int open_old(struct logfile *f, const char *path, uint64_t ring_bytes,
		    const struct ldplog_id *id)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), ret;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != LDPLOG_HEADER_BYTES + ring_bytes)
		ret = -EINVAL;
	else
		ret = -posix_fallocate(fd, 0, st.st_size); /* it may have holes */
	if (ret == 0)
		ret = map_checked(f, fd, PROT_READ | PROT_WRITE, MAP_POPULATE, id);
	close(fd);
	return ret;
}

static int make_new(struct logfile *f, const char *path, uint64_t ring_bytes,
		    const struct ldplog_id *id)
{
	char fresh[LOGFILE_PATH_MAX + 8];
	int fd, ret;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = -posix_fallocate(fd, 0, (off_t)(LDPLOG_HEADER_BYTES + ring_bytes));
	if (ret == 0)
		ret = map(f, fd, PROT_READ | PROT_WRITE, MAP_POPULATE);
	close(fd);
	if (ret < 0)
		goto out_unlink;
	ldplog_format(f->mem, f->bytes, id);
	if (rename(fresh, path) == 0)
		return 0;
	ret = -errno;
	logfile_close(f);
out_unlink:
	unlink(fresh);
	return ret;
}

int logfile_renew(struct logfile *f, const char *path, uint64_t ring_bytes,
		  const struct ldplog_id *id, char *why)
{
	int ret;

	logfile_close(f);
	ret = make_new(f, path, ring_bytes, id);
	if (ret < 0)
		snprintf(why, LOGFILE_ERR_MAX, "%s: %s", path, strerror(-ret));
	return ret;
}

int logfile_open(struct logfile *f, const char *path, uint64_t ring_bytes,
		 const struct ldplog_id *id, char *why)
{
	int ret, old;

	*f = (struct logfile){0};
	why[0] = '\0';
	old = open_old(f, path, ring_bytes, id);
	if (old == 0)
		return 0;
	ret = logfile_renew(f, path, ring_bytes, id, why);
	if (ret < 0)
		return ret;
	if (old == -ESTALE)
		snprintf(why, LOGFILE_ERR_MAX, "%s is from another boot or has another epoch",
			 path);
	else if (old != -ENOENT)
		snprintf(why, LOGFILE_ERR_MAX, "%s cannot be used: %s", path,
			 old == -EINVAL ? "it is damaged or of another version" : strerror(-old));
	return 0;
}
