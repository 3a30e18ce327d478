/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a view is a copy of the values of all keys of the schema. Each value that is
 * shown is checked by the schema first; one that fails is shown in quotes with escapes, so that
 * nothing that a guest wrote reaches a terminal or a JSON reader unchanged. Only the backend knows
 * which value is in force; a view shows the value that a backend would use after a start.
 */
#include "backend/ctl/view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/target.h"
#include "common/quote.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

void view_free(struct view *view)
{
	for (int i = 0; i < KEY_COUNT; i++)
		free(view->value[i]);
	memset(view, 0, sizeof(*view));
}

static int read_key(struct ctl *ctl, const char *dir, enum schema_key key, struct view *out)
{
	bool guests = schema_entry(key)->area == SCHEMA_FRONT;
	size_t size = guests ? SCHEMA_GUEST_VALUE_MAX + 1 : SCHEMA_VALUE_MAX + 1;
	char value[SCHEMA_VALUE_MAX + 1];
	int ret = xskey_read(ctl->xs, XS_NO_TXN, dir, key, value, size);

	if (ret == -ENOENT)
		return 0;
	if (ret == -E2BIG)
		snprintf(value, sizeof(value), "(longer than %zu bytes)", size - 1);
	else if (ret == -EILSEQ)
		snprintf(value, sizeof(value), "(not a text)");
	else if (ret < 0)
		return ret;
	out->value[key] = strdup(value);
	return out->value[key] ? 0 : -ENOMEM;
}

int view_read(struct ctl *ctl, const char *dir, enum schema_area area, struct view *out)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		int ret = 0;

		if (schema_entry(key)->area == area)
			ret = read_key(ctl, dir, key, out);
		if (ret < 0) {
			view_free(out);
			return ret;
		}
	}
	return 0;
}

void ldp_view_free(struct ldp_view *view)
{
	view_free(&view->keys);
}

bool ldp_view_is_connected(const struct ldp_view *ldp)
{
	enum xenbus_state state = XenbusStateUnknown;

	if (ldp->keys.value[KEY_BACK_STATE])
		schema_parse_state(KEY_BACK_STATE, ldp->keys.value[KEY_BACK_STATE], &state, NULL);
	return state == XenbusStateConnected;
}

bool ldp_view_is_agentless(const struct ldp_view *view)
{
	const char *text = view->keys.value[KEY_BACK_VIA];
	unsigned via = SCHEMA_VIA_RING;

	if (text)
		schema_parse_enum(KEY_BACK_VIA, text, &via, NULL);
	return via == SCHEMA_VIA_VIF;
}

/* The address in force. */
static void take_mac_of_vif(struct view *keys)
{
	if (!keys->value[KEY_BACK_MAC] && keys->value[KEY_BACK_VIF_MAC])
		keys->value[KEY_BACK_MAC] = strdup(keys->value[KEY_BACK_VIF_MAC]);
}

/* The device's directories, and whose they are. */
static int find_ldp(struct ctl *ctl, unsigned domid, unsigned id, char back[SCHEMA_PATH_MAX],
		    char front[SCHEMA_PATH_MAX], struct ldp_view *out)
{
	int ret = schema_backend_dir(back, SCHEMA_PATH_MAX, ctl->backend_domid, domid, id);

	if (ret >= 0)
		ret = schema_frontend_dir(front, SCHEMA_PATH_MAX, domid, id);
	if (ret < 0)
		return ret;
	if (!xs_conn_exists(ctl->xs, XS_NO_TXN, back) && !xs_conn_exists(ctl->xs, XS_NO_TXN, front))
		return -ENOENT;
	memset(out, 0, sizeof(*out));
	out->backend_domid = ctl->backend_domid;
	out->domid = domid;
	out->id = id;
	target_identity(ctl, domid, out->name, out->uuid);
	return 0;
}

int ldp_view_read(struct ctl *ctl, unsigned domid, unsigned id, struct ldp_view *out)
{
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	int ret = find_ldp(ctl, domid, id, back, front, out);

	if (ret < 0)
		return ret;
	ret = view_read(ctl, back, SCHEMA_BACK, &out->keys);
	if (ret >= 0 && !ldp_view_is_agentless(out))
		ret = view_read(ctl, front, SCHEMA_FRONT, &out->keys);
	else if (ret >= 0)
		take_mac_of_vif(&out->keys);
	return ret;
}

int ldp_view_find(struct ctl *ctl, const char *text, struct ldp_view *out)
{
	struct target target;
	int ret = target_find(ctl, text, &target);

	if (ret)
		return ret;
	ret = ldp_view_read(ctl, target.domid, target.id, out);
	if (ret == -ENOENT)
		return target_missing(&target);
	return ret < 0 ? ctl_fail_xs(ret, "read", text) : 0;
}

int ldp_view_read_keys(struct ctl *ctl, unsigned domid, unsigned id, const enum schema_key *keys,
		       unsigned count, struct ldp_view *out)
{
	char back[SCHEMA_PATH_MAX], front[SCHEMA_PATH_MAX];
	int ret = find_ldp(ctl, domid, id, back, front, out);

	for (unsigned i = 0; i < count && ret >= 0; i++)
		ret = read_key(ctl, schema_entry(keys[i])->area == SCHEMA_BACK ? back : front,
			       keys[i], &out->keys);
	if (ret < 0 && ret != -ENOENT)
		view_free(&out->keys);
	return ret;
}

void ldp_views_free(struct ldp_view *views, int count)
{
	for (int i = 0; i < count; i++)
		ldp_view_free(&views[i]);
	free(views);
}

static int visit_guest(struct ctl *ctl, const char *root, unsigned domid, ldp_visit *visit,
		       void *arg)
{
	char dir[SCHEMA_PATH_MAX + 16];
	unsigned *ids = NULL;
	int n, ret = 0;

	snprintf(dir, sizeof(dir), "%s/%u", root, domid);
	n = ctl_list_ids(ctl, XS_NO_TXN, dir, SCHEMA_ID_MAX, &ids);
	if (n < 0)
		return n == -ENOENT ? 0 : n;
	for (int i = 0; i < n && ret == 0; i++)
		ret = visit(ctl, domid, ids[i], arg);
	free(ids);
	return ret;
}

int ldp_each(struct ctl *ctl, ldp_visit *visit, void *arg)
{
	char root[SCHEMA_PATH_MAX];
	unsigned *domids = NULL;
	int guests, ret = schema_backend_root(root, sizeof(root), ctl->backend_domid);

	if (ret < 0)
		return ret;
	guests = ctl_list_ids(ctl, XS_NO_TXN, root, SCHEMA_DOMID_MAX, &domids);
	if (guests < 0)
		return guests == -ENOENT ? 0 : guests;
	ret = 0;
	for (int i = 0; i < guests && ret == 0; i++)
		ret = visit_guest(ctl, root, domids[i], visit, arg);
	free(domids);
	return ret;
}

struct views {
	struct ldp_view *view;
	int count;
};

static int append(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	struct views *all = arg;
	struct ldp_view *more = realloc(all->view, ((size_t)all->count + 1) * sizeof(*more));
	int ret;

	if (!more)
		return -ENOMEM;
	all->view = more;
	ret = ldp_view_read(ctl, domid, id, &more[all->count]);
	if (ret == 0)
		all->count++;
	return ret == -ENOENT ? 0 : ret; /* removed since it was listed */
}

int ldp_views_read(struct ctl *ctl, struct ldp_view **out)
{
	struct views all = {0};
	int ret = ldp_each(ctl, append, &all);

	*out = NULL;
	if (ret < 0) {
		ldp_views_free(all.view, all.count);
		return ret;
	}
	*out = all.view;
	return all.count;
}

bool view_is_malformed(const struct view *view, enum schema_key key)
{
	return view->value[key] && schema_check(key, view->value[key], NULL) < 0;
}

uint64_t view_number(const struct view *view, enum schema_key key)
{
	uint64_t value = 0;

	if (view->value[key])
		schema_parse_u64(key, view->value[key], &value, NULL);
	return value;
}

const char *view_remark(const struct view *view, enum schema_key key)
{
	if (view_is_malformed(view, key))
		return "malformed";
	if (view->value[key])
		return "";
	return schema_entry(key)->dflt ? "default" : "missing";
}

/* A number in force: the value, or the default if it is missing or malformed. */
static uint64_t view_u64(const struct view *view, enum schema_key key)
{
	uint64_t value = schema_default(key);

	if (view->value[key])
		schema_parse_u64(key, view->value[key], &value, NULL);
	return value;
}

const char *view_text(const struct view *view, enum schema_key key, char *out, size_t size)
{
	const struct schema_entry *e = schema_entry(key);
	const char *text = view->value[key] ? view->value[key] : e->dflt;
	enum xenbus_state state;
	char shown[QUOTE_MAX];

	if (view_is_malformed(view, key)) {
		snprintf(out, size, "%s", quote_text(shown, text));
		return out;
	}
	if (!text || !*text) {
		snprintf(out, size, "-");
		return out;
	}
	switch (e->type) {
	case SCHEMA_RATE:
		if (e->owner == SCHEMA_BY_OPERATOR)
			return units_format_rate(out, size, view_u64(view, key));
		return units_format_rate_short(out, size, view_u64(view, key));
	case SCHEMA_BYTES:
		return units_format_size(out, size, view_u64(view, key));
	case SCHEMA_STATE:
		if (schema_parse_state(key, text, &state, NULL) == 0)
			text = schema_state_name(state);
		break;
	default:
		break;
	}
	snprintf(out, size, "%s", text);
	return out;
}

/* One that was never written says that nothing is wrong. */
static bool is_error(enum schema_key key)
{
	return key == KEY_BACK_ERROR || key == KEY_FRONT_ERROR || key == KEY_UPLINK_ERROR ||
	       key == KEY_GROUP_ERROR;
}

/*
 * A value for programs: an integer, boolean or string; a malformed value as a string with escapes;
 * null for a missing one without a default. The caller owns the object.
 */
static struct json_object *view_json(const struct view *view, enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);
	const char *text = view->value[key] ? view->value[key] : e->dflt;
	enum xenbus_state state = XenbusStateUnknown;
	char shown[QUOTE_MAX];
	uint32_t ppm = 0;
	int64_t s64 = 0;
	bool flag = false;

	if (!text)
		return is_error(key) ? json_object_new_string("") : NULL;
	if (view_is_malformed(view, key))
		return json_object_new_string(quote_text(shown, text));
	switch (e->type) {
	case SCHEMA_U64:
	case SCHEMA_BYTES:
	case SCHEMA_RATE:
		return json_object_new_uint64(view_u64(view, key));
	case SCHEMA_S64:
		schema_parse_s64(key, text, &s64, NULL);
		return json_object_new_int64(s64);
	case SCHEMA_BOOL:
		schema_parse_bool(key, text, &flag, NULL);
		return json_object_new_boolean(flag);
	case SCHEMA_FRACTION:
		schema_parse_fraction(key, text, &ppm, NULL);
		return json_object_new_double(ppm / 1e6);
	case SCHEMA_STATE:
		schema_parse_state(key, text, &state, NULL);
		return json_object_new_string(schema_state_name(state));
	default:
		return json_object_new_string(text);
	}
}

void view_json_area(const struct view *view, enum schema_area area, struct json_object *object,
		    const char *prefix, struct json_object *malformed)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);
		char name[64];

		if (e->area != area)
			continue;
		json_object_object_add(object, e->name, view_json(view, (enum schema_key)i));
		if (!view_is_malformed(view, (enum schema_key)i))
			continue;
		snprintf(name, sizeof(name), "%s%s", prefix, e->name);
		json_object_array_add(malformed, json_object_new_string(name));
	}
}

struct json_object *ldp_view_json(const struct ldp_view *view)
{
	struct json_object *ldp = json_object_new_object(), *malformed = json_object_new_array();
	struct json_object *back = json_object_new_object(), *front = NULL;

	json_object_object_add(ldp, "domain",
			       view->name[0] ? json_object_new_string(view->name) : NULL);
	json_object_object_add(ldp, "domid", json_object_new_int64(view->domid));
	json_object_object_add(ldp, "uuid",
			       view->uuid[0] ? json_object_new_string(view->uuid) : NULL);
	json_object_object_add(ldp, "id", json_object_new_int64(view->id));
	json_object_object_add(ldp, "backend-domid", json_object_new_int64(view->backend_domid));
	view_json_area(&view->keys, SCHEMA_BACK, back, "backend/", malformed);
	json_object_object_add(ldp, "backend", back);
	if (!ldp_view_is_agentless(view)) {
		front = json_object_new_object();
		view_json_area(&view->keys, SCHEMA_FRONT, front, "frontend/", malformed);
	}
	json_object_object_add(ldp, "frontend", front);
	json_object_object_add(ldp, "malformed", malformed);
	return ldp;
}
