/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/remembered.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/table.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

bool remembered_dir(struct ctl *ctl, const char *uplink, char out[PATH_MAX])
{
	char dir[SCHEMA_PATH_MAX];

	if (ctl->backend_given)
		return false;
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) >= 0 &&
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_KEPT_PATH, out, PATH_MAX) > 0)
		return true;
	return kept_dir_path(out, KEPT_DIR_DEFAULT, uplink) == 0;
}

/* Those that have run since boot. */
static int each_in_xenstore(struct ctl *ctl, remembered_fn *fn, void *arg)
{
	char dir[PATH_MAX], **names;
	unsigned count;
	int ret = ctl_list_uplinks(ctl, &names, &count);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; ret == 0 && i < count; i++) {
		if (remembered_dir(ctl, names[i], dir))
			ret = fn(ctl, names[i], dir, arg);
	}
	free(names);
	return ret;
}

static bool is_in_xenstore(struct ctl *ctl, const char *uplink)
{
	char dir[SCHEMA_PATH_MAX];

	return schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0 ||
	       xs_conn_exists(ctl->xs, XS_NO_TXN, dir);
}

int remembered_each(struct ctl *ctl, remembered_fn *fn, void *arg)
{
	int ret = each_in_xenstore(ctl, fn, arg);
	struct dirent *e;
	char dir[PATH_MAX];
	DIR *d;

	if (ret != 0 || ctl->backend_given)
		return ret;
	d = opendir(KEPT_DIR_DEFAULT);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (ret == 0 && (e = readdir(d))) {
		if (e->d_name[0] != '.' && !is_in_xenstore(ctl, e->d_name) &&
		    remembered_dir(ctl, e->d_name, dir))
			ret = fn(ctl, e->d_name, dir, arg);
	}
	closedir(d);
	return ret;
}

#define LOCK_MS 10000u

int remembered_lock(const char *dir, int *lock)
{
	char err[KEPT_FILE_ERR_MAX];

	*lock = kept_dir_lock(dir, LOCK_MS, err);
	if (*lock >= 0 || *lock == -ENOENT)
		return 0;
	return ctl_fail(EXIT_FAILED, "%s: nothing is changed", err);
}

void remembered_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

static int forget(const char *dir, const char *uuid, unsigned id, char *err)
{
	struct kept k = {.count = 0};
	int ret = kept_file_read(dir, uuid, &k, err);

	if (ret == -ENOENT)
		return 0;
	if (ret == 0 && kept_drop(&k, id))
		ret = kept_file_write(dir, &k, err);
	if (ret == 0)
		ret = kept_dir_sync(dir, err);
	kept_clear(&k);
	return ret;
}

int remembered_forget(const char *dir, const char *uuid, unsigned id, char *err)
{
	int lock = kept_dir_lock(dir, LOCK_MS, err), ret;

	if (lock < 0)
		return lock == -ENOENT ? 0 : lock;
	ret = forget(dir, uuid, id, err);
	close(lock);
	return ret;
}

int remembered_has(const char *dir, const char *uuid, unsigned id, char *err)
{
	struct kept k = {.count = 0};
	int ret = kept_file_read(dir, uuid, &k, err);

	if (ret == 0)
		ret = kept_find(&k, id) != NULL;
	kept_clear(&k);
	return ret == -ENOENT ? 0 : ret;
}

/* --- at attach -------------------------------------------------------------------------------- */

static void add_one(struct settings *settings, enum schema_key key, const char *value, char *said)
{
	struct setting *s;
	size_t used = strlen(said);

	if (settings->count == SETTINGS_MAX || settings_find(settings, key))
		return;
	s = &settings->item[settings->count++];
	s->key = key;
	s->typed[0] = '\0';
	snprintf(s->value, sizeof(s->value), "%s", value);
	snprintf(said + used, REMEMBERED_MAX - used, " %s=%s", schema_name(key), value);
}

static void add_all(struct ctl *ctl, const char *uplink, const struct kept_device *d,
		    const struct policy_match *match, struct settings *settings, char *said)
{
	struct policy_capacity capacity = ctl_policy_capacity(ctl, uplink);

	for (int key = 0; key < KEY_COUNT; key++) {
		if (d->set[key] && policy_says_still(match->item[key], &capacity, d->policy[key]))
			add_one(settings, (enum schema_key)key, d->set[key], said);
	}
}

/* A device that is attached to another uplink than before. */
struct move {
	const char *dir, *uuid; /* of the uplink that it gets to */
	unsigned id;
	struct kept *found;
};

static int find_on_other(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	const struct move *m = arg;
	char err[KEPT_FILE_ERR_MAX];

	(void)ctl;
	(void)uplink;
	if (strcmp(dir, m->dir) != 0 && kept_file_read(dir, m->uuid, m->found, err) == 0 &&
	    kept_find(m->found, m->id))
		return 1;
	kept_clear(m->found);
	return 0;
}

int remembered_add(struct ctl *ctl, const char *uplink, const char *uuid, unsigned id,
		   const struct policy_match *match, struct settings *settings, char *said)
{
	char dir[PATH_MAX], err[KEPT_FILE_ERR_MAX];
	struct kept k = {.count = 0};
	const struct kept_device *d;
	int ret;

	said[0] = '\0';
	if (!remembered_dir(ctl, uplink, dir))
		return 0;
	ret = kept_file_read(dir, uuid, &k, err);
	if (ret == -EBADMSG)
		log_warning("%s", err);
	else if (ret < 0 && ret != -ENOENT)
		return ctl_fail(EXIT_FAILED, "%s: what was set before would be lost", err);
	d = kept_find(&k, id);
	if (!d && ret != -EBADMSG) {
		kept_clear(&k);
		remembered_each(ctl, find_on_other, &(struct move){dir, uuid, id, &k});
		d = kept_find(&k, id);
	}
	if (d)
		add_all(ctl, uplink, d, match, settings, said);
	kept_clear(&k);
	return 0;
}

struct search {
	const char *dir, *name, *uuid;
	char *found;
};

static int compare_name(const char *uuid, void *arg)
{
	const struct search *s = arg;
	struct kept k = {.count = 0};
	char err[KEPT_FILE_ERR_MAX];
	bool same = strcmp(uuid, s->uuid) != 0 && kept_file_read(s->dir, uuid, &k, err) == 0 &&
		    strcmp(k.name, s->name) == 0;

	if (same)
		memcpy(s->found, k.uuid, sizeof(k.uuid));
	kept_clear(&k);
	return same;
}

bool remembered_elsewhere(struct ctl *ctl, const char *uplink, const char *name, const char *uuid,
			  char other[UUID_TEXT_LEN + 1])
{
	char dir[PATH_MAX], err[KEPT_FILE_ERR_MAX];
	struct search s = {dir, name, uuid, other};

	return name[0] && remembered_dir(ctl, uplink, dir) &&
	       kept_file_each(dir, compare_name, &s, err) == 1;
}
