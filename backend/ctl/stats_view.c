/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/stats_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/clock.h"
#include "backend/ctl/daemon.h"
#include "backend/ctl/run_dir.h"

#define STALE_NS UINT64_C(3000000000)

static void find_path(struct ctl *ctl, struct stats_view *v)
{
	char dir[MAPFILE_PATH_MAX + 1];

	run_dir_of(ctl, v->uplink, dir);
	if (statsfile_path(v->path, dir, v->uplink) < 0)
		v->path[0] = '\0';
}

static int open_file(struct stats_view *v)
{
	int ret = statsfile_map(&v->file, v->path);

	if (ret < 0)
		return ret;
	ret = stats_check(v->file.mem, v->file.bytes, &v->header);
	if (ret < 0)
		return ret;
	v->record = malloc(v->header.record_bytes);
	return v->record ? 0 : -ENOMEM;
}

static const char *reason(struct ctl *ctl, const char *uplink, int err)
{
	if (err == -ENOENT && daemon_look(ctl, uplink) == DAEMON_RUNNING)
		return "there are no statistics: dmvlctl check says what to do";
	if (err == -ENOENT)
		return "there are no statistics: does its dmvl-back run?";
	if (err == -ENOTSUP)
		return "its dmvl-back is of another version";
	return err == -EINVAL ? "it is damaged" : strerror(-err);
}

/* One that rests has rates of 0. */
static bool is_stale(struct stats_view *v)
{
	return clock_now_ns() > v->header.written_ns + STALE_NS && stats_view_read(v, 0) &&
	       (stats_view_number(v, STATS_UPLINK, "tx-rate-10s") > 0 ||
		stats_view_number(v, STATS_UPLINK, "rx-rate-10s") > 0);
}

static void open_view(struct ctl *ctl, struct stats_view *v, const char *uplink)
{
	int ret;

	*v = (struct stats_view){0};
	snprintf(v->uplink, sizeof(v->uplink), "%s", uplink);
	if (ctl->backend_domid != ctl->own_domid) {
		v->why = "its numbers are in the domain that serves it: run dmvlctl there";
		return;
	}
	find_path(ctl, v);
	ret = open_file(v);
	if (ret == 0 && !is_stale(v))
		return;
	v->why = ret == 0 ? "its dmvl-back does not write any more: does it run?"
			  : reason(ctl, uplink, ret);
	mapfile_close(&v->file);
}

int stats_views_open(struct ctl *ctl, struct stats_view **out)
{
	char dir[SCHEMA_PATH_MAX], **names;
	unsigned count;
	int n = 0, ret = ctl_list_uplinks(ctl, &names, &count);

	*out = NULL;
	if (ret < 0)
		return ret;
	*out = calloc(count + 1, sizeof(**out));
	for (unsigned i = 0; *out && i < count; i++)
		if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, names[i]) > 0 &&
		    (!ctl->uplink || strcmp(ctl->uplink, names[i]) == 0))
			open_view(ctl, &(*out)[n++], names[i]);
	free(names);
	return *out ? n : -ENOMEM;
}

void stats_views_free(struct stats_view *views, int count)
{
	for (int i = 0; i < count; i++) {
		mapfile_close(&views[i].file);
		free(views[i].record);
	}
	free(views);
}

bool stats_view_read(struct stats_view *view, unsigned i)
{
	return stats_copy(view->file.mem, &view->header, i, view->record);
}

static bool find_record(struct stats_view *v, unsigned domid, unsigned id)
{
	for (unsigned i = 1; i < v->header.records; i++)
		if (stats_is_of(v->file.mem, &v->header, i, domid, id) && stats_view_read(v, i) &&
		    v->record->domid == domid && v->record->id == id)
			return true;
	return false;
}

struct stats_view *stats_views_find(struct stats_view *views, int count, unsigned domid,
				    unsigned id)
{
	for (int i = 0; i < count; i++)
		if (!views[i].why && find_record(&views[i], domid, id))
			return &views[i];
	return NULL;
}

const uint64_t *stats_view_get(const struct stats_view *view, enum stats_scope scope,
			       const char *name, unsigned *count)
{
	struct stats_field f;

	if (!stats_find(view->file.mem, &view->header, scope, name, &f))
		return NULL;
	*count = f.count;
	return view->record->value + f.first;
}

uint64_t stats_view_number(const struct stats_view *view, enum stats_scope scope, const char *name)
{
	unsigned count;
	const uint64_t *value = stats_view_get(view, scope, name, &count);

	return value ? *value : 0;
}
