/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/group_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pairs of an uplink and a group, each once; of an uplink alone, with an empty group. */
struct pair {
	char uplink[SCHEMA_NAME_MAX + 1], group[SCHEMA_NAME_MAX + 1];
};

struct pairs {
	struct pair *at;
	int count;
};

static int add(struct pairs *p, const char *uplink, const char *group)
{
	struct pair *more;

	for (int i = 0; i < p->count; i++) {
		if (strcmp(p->at[i].uplink, uplink) == 0 && strcmp(p->at[i].group, group) == 0)
			return 0;
	}
	more = realloc(p->at, ((size_t)p->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	p->at = more;
	snprintf(more[p->count].uplink, sizeof(more->uplink), "%s", uplink);
	snprintf(more[p->count].group, sizeof(more->group), "%s", group);
	p->count++;
	return 0;
}

/* The name in force; "": none, or a malformed one. */
static void name_in(const struct view *view, enum schema_key key, char out[SCHEMA_NAME_MAX + 1])
{
	const char *text = view->value[key] ? view->value[key] : schema_entry(key)->dflt;

	if (schema_parse_text(key, text, out, SCHEMA_NAME_MAX + 1, NULL) < 0)
		out[0] = '\0';
}

bool group_view_has(const struct group_view *g, const struct ldp_view *device)
{
	char uplink[SCHEMA_NAME_MAX + 1], group[SCHEMA_NAME_MAX + 1];

	name_in(&device->keys, KEY_BACK_UPLINK, uplink);
	name_in(&device->keys, KEY_BACK_GROUP, group);
	return strcmp(uplink, g->uplink) == 0 && strcmp(group, g->name) == 0;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* Of a directory, the children that may be what `path_of` makes a path of. */
static int add_children(struct ctl *ctl, const char *dir, const char *uplink, struct pairs *p)
{
	char path[SCHEMA_PATH_MAX], **names = NULL;
	unsigned count = 0;
	int ret = xs_conn_list(ctl->xs, XS_NO_TXN, dir, &names, &count);

	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	for (unsigned i = 0; i < count && ret >= 0; i++) {
		bool fits = uplink ? schema_group_dir(path, sizeof(path), 0, uplink, names[i]) >= 0
				   : schema_uplink_dir(path, sizeof(path), 0, names[i]) >= 0;

		if (fits)
			ret = uplink ? add(p, uplink, names[i]) : add(p, names[i], "");
	}
	free(names);
	return ret < 0 ? ret : 0;
}

/* Those that have a directory. */
static int add_with_keys(struct ctl *ctl, const char *uplink, struct pairs *p)
{
	char root[SCHEMA_PATH_MAX];
	struct pairs uplinks = {0};
	int ret = schema_uplink_root(root, sizeof(root), ctl->backend_domid);

	if (ret >= 0)
		ret = uplink ? add(&uplinks, uplink, "") : add_children(ctl, root, NULL, &uplinks);
	for (int i = 0; i < uplinks.count && ret >= 0; i++) {
		ret = schema_groups_root(root, sizeof(root), ctl->backend_domid,
					 uplinks.at[i].uplink);
		if (ret >= 0)
			ret = add_children(ctl, root, uplinks.at[i].uplink, p);
	}
	free(uplinks.at);
	return ret < 0 ? ret : 0;
}

/* Those that a device names. */
static int add_named(const struct devices *devices, const char *uplink, struct pairs *p)
{
	char of[SCHEMA_NAME_MAX + 1], group[SCHEMA_NAME_MAX + 1];
	int ret = 0;

	for (int i = 0; i < devices->count && ret == 0; i++) {
		name_in(&devices->view[i].keys, KEY_BACK_UPLINK, of);
		name_in(&devices->view[i].keys, KEY_BACK_GROUP, group);
		if (of[0] && group[0] && (!uplink || strcmp(of, uplink) == 0))
			ret = add(p, of, group);
	}
	return ret;
}

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcmp(x->uplink, y->uplink);

	return order ? order : strcmp(x->group, y->group);
}

/* --- reading ---------------------------------------------------------------------------------- */

static uint64_t rate_of(const struct ldp_view *device, enum schema_key key)
{
	enum xenbus_state state = XenbusStateUnknown;
	const char *text = device->keys.value[KEY_BACK_STATE];
	uint64_t bps = 0;

	if (text)
		schema_parse_state(KEY_BACK_STATE, text, &state, NULL);
	text = device->keys.value[key];
	if (state == XenbusStateConnected && text)
		schema_parse_u64(key, text, &bps, NULL);
	return bps;
}

static void take_number(struct group_view *g, const struct view *keys)
{
	const char *text = keys->value[KEY_BACK_GROUP_NUMBER];

	if (text && g->number == 0)
		schema_parse_u64(KEY_BACK_GROUP_NUMBER, text, &g->number, NULL);
}

static void raise_to(uint64_t *bps, uint64_t other_bps)
{
	if (*bps < other_bps)
		*bps = other_bps;
}

static void count_members(struct group_view *g)
{
	for (int i = 0; i < g->of->count; i++) {
		const struct ldp_view *device = &g->of->view[i];

		if (!group_view_has(g, device))
			continue;
		g->members++;
		take_number(g, &device->keys);
		raise_to(&g->rate_bps[0], rate_of(device, KEY_BACK_TX_RATE));
		raise_to(&g->rate_bps[1], rate_of(device, KEY_BACK_RX_RATE));
	}
}

static int read_one(struct ctl *ctl, const struct pair *pair, const struct devices *devices,
		    struct group_view *g)
{
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_group_dir(dir, sizeof(dir), ctl->backend_domid, pair->uplink, pair->group);

	memset(g, 0, sizeof(*g));
	memcpy(g->uplink, pair->uplink, sizeof(g->uplink));
	memcpy(g->name, pair->group, sizeof(g->name));
	g->of = devices;
	if (ret >= 0)
		ret = view_read(ctl, dir, SCHEMA_GROUP, &g->keys);
	count_members(g);
	return ret;
}

static bool is_one(const struct group_view *g)
{
	for (int key = 0; key < KEY_COUNT; key++) {
		if (g->keys.value[key] &&
		    schema_entry((enum schema_key)key)->owner == SCHEMA_BY_OPERATOR)
			return true;
	}
	return g->members > 0;
}

static int read_all(struct ctl *ctl, const struct pairs *p, const struct devices *devices,
		    struct group_view *views)
{
	int ret = 0, count = 0;

	for (int i = 0; i < p->count && ret >= 0; i++) {
		ret = read_one(ctl, &p->at[i], devices, &views[count]);
		if (ret >= 0 && is_one(&views[count]))
			count++;
		else
			view_free(&views[count].keys);
	}
	if (ret >= 0)
		return count;
	group_views_free(views, count);
	return ret;
}

int group_views_read(struct ctl *ctl, const char *uplink, const struct devices *devices,
		     struct group_view **out)
{
	struct pairs p = {0};
	int ret = add_with_keys(ctl, uplink, &p);

	*out = NULL;
	if (ret == 0)
		ret = add_named(devices, uplink, &p);
	if (ret == 0 && p.count > 0) {
		qsort(p.at, (size_t)p.count, sizeof(*p.at), by_name);
		*out = calloc((size_t)p.count, sizeof(**out));
		ret = *out ? read_all(ctl, &p, devices, *out) : -ENOMEM;
	}
	free(p.at);
	if (ret < 0)
		*out = NULL;
	return ret;
}

void group_views_free(struct group_view *views, int count)
{
	for (int i = 0; i < count; i++)
		view_free(&views[i].keys);
	free(views);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct json_object *member_json(const struct ldp_view *device)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "domain",
			       device->name[0] ? json_object_new_string(device->name) : NULL);
	json_object_object_add(o, "domid", json_object_new_int64(device->domid));
	json_object_object_add(o, "id", json_object_new_int64(device->id));
	return o;
}

struct json_object *group_view_json(const struct group_view *g)
{
	struct json_object *o = json_object_new_object(), *malformed = json_object_new_array();
	struct json_object *members = json_object_new_array();

	json_object_object_add(o, schema_name(KEY_BACK_UPLINK), json_object_new_string(g->uplink));
	json_object_object_add(o, schema_name(KEY_BACK_GROUP), json_object_new_string(g->name));
	view_json_area(&g->keys, SCHEMA_GROUP, o, "", malformed);
	for (int i = 0; i < g->of->count; i++) {
		if (group_view_has(g, &g->of->view[i]))
			json_object_array_add(members, member_json(&g->of->view[i]));
	}
	json_object_object_add(o, schema_name(KEY_BACK_GROUP_NUMBER),
			       g->number ? json_object_new_uint64(g->number) : NULL);
	json_object_object_add(o, schema_name(KEY_BACK_TX_RATE),
			       json_object_new_uint64(g->rate_bps[0]));
	json_object_object_add(o, schema_name(KEY_BACK_RX_RATE),
			       json_object_new_uint64(g->rate_bps[1]));
	json_object_object_add(o, "members", members);
	json_object_object_add(o, "malformed", malformed);
	return o;
}
