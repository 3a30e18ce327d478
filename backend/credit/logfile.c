/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/logfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Leaves *f open if that holds a log, of `id` if that is not NULL. */
static int check(struct mapfile *f, const struct ldplog_id *id)
{
	int ret = ldplog_check(f->mem, f->bytes, id);

	if (ret < 0)
		mapfile_close(f);
	return ret;
}

int logfile_map(struct mapfile *f, const char *path)
{
	int ret = mapfile_read(f, path, LDPLOG_HEADER_BYTES);

	return ret < 0 ? ret : check(f, NULL);
}

bool logfile_is_whole(const struct mapfile *f, const char *path)
{
	return mapfile_is_whole(f, path) && ldplog_check(f->mem, f->bytes, NULL) == 0 &&
	       !mapfile_was_cut(f);
}

static int make_new(struct mapfile *f, const char *path, uint64_t ring_bytes,
		    const struct ldplog_id *id)
{
	int ret = mapfile_make(f, path, LDPLOG_HEADER_BYTES + ring_bytes, MAPFILE_NOBODY);

	if (ret < 0)
		return ret;
	ldplog_format(f->mem, f->bytes, id);
	return mapfile_publish(f, path);
}

int logfile_renew(struct mapfile *f, const char *path, uint64_t ring_bytes,
		  const struct ldplog_id *id, char *why)
{
	int ret;

	mapfile_close(f);
	ret = make_new(f, path, ring_bytes, id);
	if (ret < 0)
		snprintf(why, LOGFILE_ERR_MAX, "%s: %s", path, strerror(-ret));
	return ret;
}

int logfile_open(struct mapfile *f, const char *path, uint64_t ring_bytes,
		 const struct ldplog_id *id, char *why)
{
	int ret, old;

	why[0] = '\0';
	old = mapfile_reopen(f, path, LDPLOG_HEADER_BYTES + ring_bytes, MAPFILE_NOBODY);
	if (old == 0)
		old = check(f, id);
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
