/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/check/nearest.h"
#include "backend/policy/setting.h"
#include "common/quote.h"

/* A directory whose keys are those of an area, and the command that sets them. */
struct keys_of {
	enum schema_area area;
	const char *dir, *command;
	const char *const *others; /* what else may stand there; NULL behind the last */
};

/* The value that was meant for the key, if it may stand there. */
static void do_set(struct look *look, struct finding_row *f, const struct keys_of *k,
		   const char *path, enum schema_key key)
{
	char value[SCHEMA_VALUE_MAX + 1], out[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	if (xs_conn_read(look->ctl->xs, XS_NO_TXN, path, value, sizeof(value)) < 0 ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:/-") !=
		    strlen(value) ||
	    schema_entry(key)->effect == SCHEMA_EFFECT_ATTACH ||
	    setting_convert(key, value, out, err) < 0)
		return;
	finding_do(f, "%s %s=%s", k->command, schema_name(key), value);
}

static void tell(struct look *look, const char *where, const struct keys_of *k, const char *name)
{
	struct finding_row *f = look_found(look);
	int key = nearest_key(k->area, name);
	char path[SCHEMA_PATH_MAX + 256], shown[QUOTE_MAX];

	finding_where(f, "%s", where);
	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	if (key >= 0) {
		finding_text(f, "there is no key %s, so it has no effect: is %s meant?",
			     quote_text(shown, name), schema_name((enum schema_key)key));
		do_set(look, f, k, path, (enum schema_key)key);
	} else {
		finding_text(f, "there is no key %s, so it has no effect", quote_text(shown, name));
	}
	finding_do(f, "xenstore-rm %s", path);
}

static bool is_among(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static void look_in(struct look *look, const char *where, const struct keys_of *k)
{
	unsigned count;
	char **names;

	if (xs_conn_list(look->ctl->xs, XS_NO_TXN, k->dir, &names, &count) < 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (schema_lookup(k->area, names[i]) < 0 && !is_among(k->others, names[i]))
			tell(look, where, k, names[i]);
	}
	free(names);
}

static void look_in_group(struct look *look, const char *group)
{
	const char *uplink = look->uplink->name;
	char dir[SCHEMA_PATH_MAX], command[128], where[128];
	const struct keys_of k = {SCHEMA_GROUP, dir, command, NULL};

	if (schema_group_dir(dir, sizeof(dir), look->ctl->backend_domid, uplink, group) < 0)
		return;
	snprintf(command, sizeof(command), "dmvlctl group --uplink %s %s", uplink, group);
	snprintf(where, sizeof(where), "group %s of uplink %s", group, uplink);
	look_in(look, where, &k);
}

bool look_uplink_keys(struct look *look)
{
	static const char *const others[] = {"groups", "saved", NULL};
	const char *uplink = look->uplink->name;
	char dir[SCHEMA_PATH_MAX], command[80], **groups;
	const struct keys_of k = {SCHEMA_UPLINK, dir, command, others};
	unsigned count;

	snprintf(command, sizeof(command), "dmvlctl uplink %s", uplink);
	if (schema_uplink_dir(dir, sizeof(dir), look->ctl->backend_domid, uplink) < 0)
		return true;
	look_in(look, look->where, &k);
	if (schema_groups_root(dir, sizeof(dir), look->ctl->backend_domid, uplink) < 0 ||
	    xs_conn_list(look->ctl->xs, XS_NO_TXN, dir, &groups, &count) < 0)
		return true;
	for (unsigned i = 0; i < count; i++)
		look_in_group(look, groups[i]);
	free(groups);
	return true;
}

bool look_device_keys(struct look *look)
{
	const struct ldp_view *d = look->device;
	char dir[SCHEMA_PATH_MAX], target[FINDING_WHERE_MAX], command[FINDING_WHERE_MAX + 16];
	const struct keys_of k = {SCHEMA_BACK, dir, command, NULL};

	look_target(d, target);
	snprintf(command, sizeof(command), "dmvlctl set %s", target);
	if (schema_backend_dir(dir, sizeof(dir), look->ctl->backend_domid, d->domid, d->id) >= 0)
		look_in(look, look->where, &k);
	return true;
}
