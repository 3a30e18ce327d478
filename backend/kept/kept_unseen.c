/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/kept/kept_unseen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A line of the file: "UUID DAYS SECONDS.NANOSECONDS". */
#define NAME	 ".unseen"
#define NEW_NAME ".unseen.new"

struct entry {
	char uuid[UUID_TEXT_LEN + 1];
	unsigned days;
	int64_t sec; /* of the guest's file, when it was counted */
	uint32_t nsec;
};

struct kept_unseen {
	char dir[PATH_MAX];
	struct entry *entry; /* sorted by uuid */
	size_t count, room;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->uuid, ((const struct entry *)b)->uuid);
}

static void sort(struct kept_unseen *u)
{
	if (u->count)
		qsort(u->entry, u->count, sizeof(*u->entry), compare);
}

static bool add(struct kept_unseen *u, const struct entry *e)
{
	if (u->count == u->room) {
		size_t room = 2 * u->room + 64;
		struct entry *more = realloc(u->entry, room * sizeof(*more));

		if (!more)
			return false;
		u->entry = more;
		u->room = room;
	}
	u->entry[u->count++] = *e;
	return true;
}

static struct entry *find(const struct kept_unseen *u, const char *uuid)
{
	struct entry key = {.days = 0};

	if (!u->count)
		return NULL;
	snprintf(key.uuid, sizeof(key.uuid), "%s", uuid);
	return bsearch(&key, u->entry, u->count, sizeof(key), compare);
}

/* False: the file is not there any more. */
static bool look_at(const char *dir, const char *uuid, struct entry *out)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 64, dir, uuid);
	if (lstat(path, &st) < 0)
		return false;
	*out = (struct entry){.sec = st.st_mtim.tv_sec, .nsec = (uint32_t)st.st_mtim.tv_nsec};
	snprintf(out->uuid, sizeof(out->uuid), "%s", uuid);
	return true;
}

static bool is_same_time(const struct entry *a, const struct entry *b)
{
	return a->sec == b->sec && a->nsec == b->nsec;
}

/* --- the file --------------------------------------------------------------------------------- */

static bool parse_line(const char *line, struct entry *e)
{
	return sscanf(line, "%36[0-9a-f-] %u %" SCNd64 ".%" SCNu32, e->uuid, &e->days, &e->sec,
		      &e->nsec) == 4 &&
	       kept_is_uuid(e->uuid);
}

static void read_lines(struct kept_unseen *u, FILE *f)
{
	char line[128];
	struct entry e;

	while (fgets(line, sizeof(line), f)) {
		if (parse_line(line, &e) && !add(u, &e))
			return;
	}
}

/* Whatever has its name, a pipe or a link, it is not waited for, and not followed. */
static FILE *open_old(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		f = fdopen(fd, "r");
	if (!f)
		close(fd);
	return f;
}

static FILE *open_new(const char *path)
{
	int fd;
	FILE *f;

	unlink(path); /* of one that was killed here */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

struct kept_unseen *kept_unseen_read(const char *dir)
{
	struct kept_unseen *u = calloc(1, sizeof(*u));
	char path[PATH_MAX];
	FILE *f;

	if (!u)
		return NULL;
	snprintf(u->dir, sizeof(u->dir), "%s", dir);
	snprintf(path, sizeof(path), "%.*s/" NAME, PATH_MAX - 64, dir);
	f = open_old(path);
	if (f) {
		read_lines(u, f);
		fclose(f);
	}
	sort(u);
	return u;
}

void kept_unseen_free(struct kept_unseen *u)
{
	if (!u)
		return;
	free(u->entry);
	free(u);
}

unsigned kept_unseen_days(const struct kept_unseen *u, const char *uuid)
{
	const struct entry *e = find(u, uuid);
	struct entry now;

	return e && look_at(u->dir, uuid, &now) && is_same_time(e, &now) ? e->days : 0;
}

/* --- counting --------------------------------------------------------------------------------- */

struct counting {
	const struct kept_unseen *was;
	struct kept_unseen *now;
};

static int count_one(const char *uuid, void *arg)
{
	const struct counting *c = arg;
	const struct entry *was = find(c->was, uuid);
	struct entry now;

	if (!look_at(c->was->dir, uuid, &now))
		return 0;
	if (was && is_same_time(was, &now))
		now.days = was->days + 1;
	return add(c->now, &now) ? 0 : -ENOMEM;
}

static bool print(const struct kept_unseen *u, FILE *f)
{
	bool good;

	for (size_t i = 0; i < u->count; i++) {
		const struct entry *e = &u->entry[i];

		fprintf(f, "%s %u %" PRId64 ".%09" PRIu32 "\n", e->uuid, e->days, e->sec, e->nsec);
	}
	good = !ferror(f);
	return fclose(f) == 0 && good;
}

/* Not synced: after a power cut a day may not count. */
static int save(const struct kept_unseen *u, char *err)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%.*s/" NAME, PATH_MAX - 64, u->dir);
	snprintf(fresh, sizeof(fresh), "%.*s/" NEW_NAME, PATH_MAX - 64, u->dir);
	f = open_new(fresh);
	errno = f ? 0 : errno;
	if (f && print(u, f) && rename(fresh, path) == 0)
		return 0;
	snprintf(err, KEPT_FILE_ERR_MAX, "cannot write %s: %s", path,
		 strerror(errno ? errno : EIO));
	return -EIO;
}

int kept_unseen_count(struct kept_unseen *u, char *err)
{
	struct kept_unseen now = {.count = 0};
	int ret;

	memcpy(now.dir, u->dir, sizeof(now.dir));
	ret = kept_file_each(u->dir, count_one, &(struct counting){u, &now}, err);
	if (ret == -ENOMEM)
		snprintf(err, KEPT_FILE_ERR_MAX, "%s", strerror(ENOMEM));
	if (ret < 0) {
		free(now.entry);
		return ret;
	}
	free(u->entry);
	*u = now;
	sort(u);
	return save(u, err);
}
