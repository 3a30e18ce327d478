/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/uplink_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_one(struct ctl *ctl, const char *name, struct uplink_view *out)
{
	char dir[SCHEMA_PATH_MAX];

	/* dmvl-back creates no directory of such a name. */
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, name) < 0)
		return -ENOENT;
	snprintf(out->name, sizeof(out->name), "%s", name);
	out->backend_domid = ctl->backend_domid;
	out->life = daemon_look(ctl, name);
	return view_read(ctl, dir, SCHEMA_UPLINK, &out->keys);
}

static int read_all(struct ctl *ctl, char **names, unsigned count, struct uplink_view *views)
{
	int read = 0;

	for (unsigned i = 0; i < count; i++) {
		int ret = read_one(ctl, names[i], &views[read]);

		if (ret < 0 && ret != -ENOENT) {
			uplink_views_free(views, read);
			return ret;
		}
		read += ret == 0;
	}
	return read;
}

int uplink_views_read(struct ctl *ctl, struct uplink_view **out)
{
	char **names;
	unsigned count;
	int ret = ctl_list_uplinks(ctl, &names, &count);

	*out = NULL;
	if (ret < 0)
		return ret;
	*out = calloc(count + 1, sizeof(**out));
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	ret = *out ? read_all(ctl, names, count, *out) : -ENOMEM;
	free(names);
	if (ret < 0)
		*out = NULL;
	return ret;
}

void uplink_views_free(struct uplink_view *views, int count)
{
	for (int i = 0; i < count; i++)
		view_free(&views[i].keys);
	free(views);
}

struct json_object *uplink_view_json(const struct uplink_view *view)
{
	struct json_object *object = json_object_new_object(), *malformed = json_object_new_array();

	json_object_object_add(object, "name", json_object_new_string(view->name));
	json_object_object_add(object, "backend-domid", json_object_new_int64(view->backend_domid));
	json_object_object_add(object, "daemon", json_object_new_string(daemon_word(view->life)));
	view_json_area(&view->keys, SCHEMA_UPLINK, object, "", malformed);
	json_object_object_add(object, "malformed", malformed);
	return object;
}
