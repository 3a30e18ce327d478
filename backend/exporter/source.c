/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/exporter/alive.h"
#include "backend/stats/statsfile.h"
#include "common/uuid.h"

/*
 * Theory of operation
 *
 * Files are opened for each answer and closed again, so daemons may begin and end in between. What
 * a file says of itself is checked before it is believed, and bounds the work: a directory that
 * somebody else filled costs time and memory in proportion to the limits in source.h.
 */
#define ENDING ".stats"

static enum source_problem problem_of(int err)
{
	switch (err) {
	case 0:
		return SOURCE_FINE;
	case -ENOENT:
		return SOURCE_STOPPED;
	case -ENOTSUP:
		return SOURCE_VERSION;
	case -EINVAL:
	case -ELOOP:
	case -ENAMETOOLONG:
		return SOURCE_FOREIGN;
	default:
		return SOURCE_UNREADABLE;
	}
}

/* --- the statistics --------------------------------------------------------------------------- */

/* The file, and what its header says, within the limits. 0 or -errno. */
static int open_file(struct mapfile *f, const char *path, struct stats_header *h)
{
	int ret = statsfile_map(f, path);

	if (ret < 0)
		return ret;
	ret = f->bytes > SOURCE_BYTES_MAX ? -EINVAL : stats_check(f->mem, f->bytes, h);
	if (ret == 0 && (h->fields > SOURCE_FIELDS_MAX || h->record_bytes > SOURCE_RECORD_MAX))
		ret = -EINVAL;
	return ret;
}

/* It goes into the page as it is, and each once. */
static bool is_good_name(const struct source *s, const struct stats_field *f)
{
	if (f->name[0] == '\0' || f->name[strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return false;
	for (unsigned i = 0; i < s->fields; i++)
		if (s->field[i].scope == f->scope && strcmp(s->field[i].name, f->name) == 0)
			return false;
	return true;
}

static int copy_fields(struct source *s, const void *mem, const struct stats_header *h)
{
	s->field = calloc(h->fields + 1, sizeof(*s->field));
	if (!s->field)
		return -ENOMEM;
	for (unsigned i = 0; i < h->fields; i++)
		if (stats_field(mem, h, i, &s->field[s->fields]) &&
		    is_good_name(s, &s->field[s->fields]))
			s->fields++;
	return 0;
}

static unsigned count_used(const void *mem, const struct stats_header *h)
{
	unsigned n = 0;

	for (unsigned i = 1; i < h->records && n <= SOURCE_LDPS_MAX; i++)
		n += stats_is_used(mem, h, i);
	return n;
}

/* A domain without a UUID is only known by its domid. */
static bool is_same(const struct stats_record *a, const struct stats_record *b)
{
	return a->id == b->id && memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0 &&
	       (!uuid_is_null(a->uuid) || a->domid == b->domid);
}

static bool is_known(const struct source *s, const struct stats_record *r)
{
	for (unsigned i = 0; i < s->ldps; i++)
		if (is_same(s->ldp[i].record, r))
			return true;
	return false;
}

/* Into the next place. False: there is nothing more to take from this file. */
static bool copy_ldp(struct source *s, const void *mem, const struct stats_header *h, unsigned i)
{
	struct stats_record *r =
		(struct stats_record *)(s->records + (size_t)(1 + s->ldps) * h->record_bytes);

	switch (stats_look(mem, h, i, r)) {
	case STATS_USED:
		if (!is_known(s, r))
			s->ldp[s->ldps++].record = r;
		return true;
	case STATS_TORN:
		return ++s->torn < SOURCE_TORN_MAX;
	case STATS_UNUSED:
		break;
	}
	return true;
}

static int copy_records(struct source *s, const void *mem, const struct stats_header *h)
{
	unsigned used = count_used(mem, h);

	if (used > SOURCE_LDPS_MAX)
		return -EINVAL;
	s->records = calloc(used + 1, h->record_bytes);
	s->ldp = calloc(used + 1, sizeof(*s->ldp));
	if (!s->records || !s->ldp)
		return -ENOMEM;
	if (stats_copy(mem, h, 0, (struct stats_record *)s->records))
		s->own = (const struct stats_record *)s->records;
	for (unsigned i = 1; i < h->records && s->ldps < used; i++)
		if (stats_is_used(mem, h, i) && !copy_ldp(s, mem, h, i))
			break;
	return 0;
}

static int read_stats(struct source *s, const char *run_dir)
{
	char path[MAPFILE_PATH_MAX + 1];
	struct mapfile f = {0};
	struct stats_header h;
	int ret = statsfile_path(path, run_dir, s->uplink);

	if (ret == 0)
		ret = open_file(&f, path, &h);
	if (ret == 0)
		ret = copy_fields(s, f.mem, &h);
	if (ret == 0)
		ret = copy_records(s, f.mem, &h);
	if (ret == 0 && mapfile_was_cut(&f))
		ret = -EINVAL;
	mapfile_close(&f);
	return ret;
}

/* --- how guarantees were kept ----------------------------------------------------------------- */

static bool is_of(const struct windows_record *w, const struct stats_record *r)
{
	return w->id == r->id && memcmp(w->uuid, r->uuid, sizeof(w->uuid)) == 0 &&
	       (!uuid_is_null(r->uuid) || w->domid == r->domid);
}

static bool is_sound(const struct windows_record *w)
{
	for (unsigned dir = 0; dir < WINDOWS_DIRS; dir++)
		if (windows_broken(w->dir[dir].broken) > w->dir[dir].judged)
			return false;
	return true;
}

static void take_kept(struct source *s, const struct windows_record *w)
{
	for (unsigned i = 0; i < s->ldps; i++) {
		struct source_kept *k = &s->ldp[i].kept;

		if (k->known || !is_of(w, s->ldp[i].record) || !is_sound(w))
			continue;
		k->known = true;
		memcpy(k->guest, w->guest, sizeof(k->guest));
		for (unsigned dir = 0; dir < WINDOWS_DIRS; dir++) {
			k->judged[dir] = w->dir[dir].judged;
			memcpy(k->broken[dir], w->dir[dir].broken, sizeof(k->broken[dir]));
		}
		return;
	}
}

static int read_windows(struct source *s, const char *run_dir)
{
	struct windows_record *w = malloc(sizeof(*w));
	char path[MAPFILE_PATH_MAX + 1];
	struct mapfile f = {0};
	int ret = w ? statsfile_windows_path(path, run_dir, s->uplink) : -ENOMEM;

	if (ret == 0)
		ret = mapfile_read(&f, path, sizeof(struct windows_header));
	if (ret == 0)
		ret = windows_file_check(f.mem, f.bytes, NULL);
	for (unsigned i = 0; ret == 0 && i < WINDOWS_FILE_RECORDS; i++)
		if (windows_file_copy(f.mem, i, w))
			take_kept(s, w);
	mapfile_close(&f);
	free(w);
	return ret;
}

/* --- uplinks ---------------------------------------------------------------------------------- */

static void source_free(struct source *s)
{
	free(s->field);
	free(s->records);
	free(s->ldp);
	s->field = NULL;
	s->records = NULL;
	s->ldp = NULL;
	s->own = NULL;
	s->fields = 0;
	s->ldps = 0;
}

/* Its name is there already. */
static void read_source(struct source *s, const char *run_dir)
{
	int ret = read_stats(s, run_dir);

	s->problem = problem_of(ret);
	s->error = ret;
	if (s->problem == SOURCE_FINE && s->torn >= SOURCE_TORN_MAX)
		s->problem = SOURCE_TORN;
	if (s->problem == SOURCE_FINE && !alive_daemon(run_dir, s->uplink))
		s->problem = SOURCE_STOPPED;
	if (s->problem != SOURCE_FINE) {
		source_free(s);
		return;
	}
	s->kept_error = read_windows(s, run_dir);
	s->kept_problem = problem_of(s->kept_error);
}

/* An orderly end between two looks: the uplink has no file any more. */
static void drop_ended(struct sources *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->count; i++)
		if (s->at[i].error != -ENOENT)
			s->at[kept++] = s->at[i];
	s->count = kept;
}

/* "NAME.stats", with a name. */
static bool is_stats(const char *name, size_t *len)
{
	size_t all = strlen(name), ending = strlen(ENDING);

	*len = all > ending ? all - ending : 0;
	return *len > 0 && strcmp(name + *len, ENDING) == 0;
}

static void add_name(struct sources *s, const char *name, size_t len)
{
	struct source *source;

	if (s->count == SOURCES_MAX) {
		s->left_out++;
		return;
	}
	source = &s->at[s->count++];
	*source = (struct source){0};
	memcpy(source->uplink, name, len < NAME_MAX ? len : NAME_MAX);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->uplink, ((const struct source *)b)->uplink);
}

static int list(struct sources *s, const char *run_dir)
{
	DIR *dir = opendir(run_dir);
	struct dirent *entry;
	size_t len;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir)))
		if (is_stats(entry->d_name, &len))
			add_name(s, entry->d_name, len);
	closedir(dir);
	qsort(s->at, s->count, sizeof(s->at[0]), by_name);
	return 0;
}

int sources_read(struct sources *s, const char *run_dir, const char *only)
{
	int ret = 0;

	s->count = 0;
	s->left_out = 0;
	if (only)
		add_name(s, only, strlen(only));
	else
		ret = list(s, run_dir);
	for (unsigned i = 0; i < s->count; i++)
		read_source(&s->at[i], run_dir);
	if (!only)
		drop_ended(s);
	return ret;
}

void sources_free(struct sources *s)
{
	for (unsigned i = 0; i < s->count; i++)
		source_free(&s->at[i]);
	s->count = 0;
}

const uint64_t *source_get(const struct source *s, const struct stats_record *record,
			   enum stats_scope scope, const char *name,
			   const struct stats_field **field)
{
	for (unsigned i = 0; i < s->fields; i++) {
		const struct stats_field *f = &s->field[i];

		if (f->scope != scope || strcmp(f->name, name) != 0)
			continue;
		*field = f;
		return record->value + f->first;
	}
	return NULL;
}
