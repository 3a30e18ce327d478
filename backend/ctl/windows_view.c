/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/windows_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/daemon.h"
#include "backend/ctl/stats_view.h"
#include "common/uuid.h"

#define STATS_ENDING   ".stats"
#define WINDOWS_ENDING ".windows"

/* It lies beside the statistics. */
static void set_path(struct windows_view *v, const char *stats)
{
	size_t len = strlen(stats);

	if (len > strlen(STATS_ENDING))
		len -= strlen(STATS_ENDING);
	snprintf(v->path, sizeof(v->path), "%.*s" WINDOWS_ENDING, (int)len, stats);
}

static const char *reason(struct ctl *ctl, const char *uplink, int err)
{
	switch (err) {
	case -ENOENT:
		return daemon_look(ctl, uplink) == DAEMON_RUNNING
			       ? "nothing is recorded: dmvlctl check says what to do"
			       : "nothing is recorded: does its dmvl-back run?";
	case -ENOTSUP:
		return "its dmvl-back is of another version";
	case -EINVAL:
		return "it is damaged";
	case -EACCES:
		return "no permission: run as root, or as a member of the group dmvl";
	default:
		return strerror(-err);
	}
}

static void open_view(struct ctl *ctl, struct windows_view *v, const struct stats_view *stats)
{
	int ret;

	*v = (struct windows_view){0};
	memcpy(v->uplink, stats->uplink, sizeof(v->uplink));
	set_path(v, stats->path);
	ret = mapfile_read(&v->file, v->path, sizeof(struct windows_header));
	if (ret == 0)
		ret = windows_file_check(v->file.mem, v->file.bytes, NULL);
	if (ret == 0)
		return;
	v->why = reason(ctl, v->uplink, ret);
	mapfile_close(&v->file);
}

int windows_views_open(struct ctl *ctl, struct windows_view **out)
{
	struct stats_view *stats;
	int count = stats_views_open(ctl, &stats);

	*out = NULL;
	if (count < 0)
		return count;
	*out = calloc((size_t)count + 1, sizeof(**out));
	for (int i = 0; *out && i < count; i++)
		open_view(ctl, &(*out)[i], &stats[i]);
	stats_views_free(stats, count);
	return *out ? count : -ENOMEM;
}

void windows_views_free(struct windows_view *views, int count)
{
	for (int i = 0; i < count; i++)
		mapfile_close(&views[i].file);
	free(views);
}

bool windows_view_read(struct ctl *ctl, const struct windows_view *view, unsigned i,
		       struct windows_device *out)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];

	if (!view->file.mem || !windows_file_copy(view->file.mem, i, &out->record))
		return false;
	uuid_format(out->record.uuid, out->uuid);
	target_identity(ctl, out->record.domid, name, uuid);
	out->there = strcmp(uuid, out->uuid) == 0;
	snprintf(out->name, sizeof(out->name), "%s",
		 out->there && name[0] ? name : out->record.guest);
	return true;
}

/* Looks at the guest of one record; *newest_ms is of the one found before. */
static void look_at(const struct windows_record *r, unsigned domid, char name[TARGET_NAME_MAX],
		    uint64_t *newest_ms)
{
	bool had = r->domid == domid;

	for (unsigned i = 0; i < WINDOWS_DOMIDS; i++)
		had |= r->before[i] && r->before[i] == domid;
	if (!had || !r->guest[0] || r->last_ms < *newest_ms)
		return;
	*newest_ms = r->last_ms;
	snprintf(name, TARGET_NAME_MAX, "%s", r->guest);
}

void windows_view_name(struct ctl *ctl, unsigned domid, char name[TARGET_NAME_MAX])
{
	struct windows_record *r = malloc(sizeof(*r));
	struct windows_view *views = NULL;
	int count = r ? windows_views_open(ctl, &views) : 0;
	uint64_t newest_ms = 0;

	name[0] = '\0';
	for (int i = 0; i < count; i++) {
		for (unsigned n = 0; views[i].file.mem && n < WINDOWS_FILE_RECORDS; n++) {
			if (windows_file_copy(views[i].file.mem, n, r))
				look_at(r, domid, name, &newest_ms);
		}
	}
	windows_views_free(views, count);
	free(r);
}

bool windows_device_is(const struct windows_device *d, const struct target *target)
{
	if (target->id_given && d->record.id != target->id)
		return false;
	switch (target->kind) {
	case TARGET_DOMID:
		return d->record.domid == target->domid;
	case TARGET_UUID:
		return strcmp(d->uuid, target->dom) == 0;
	default:
		return strcmp(d->name, target->dom) == 0;
	}
}
