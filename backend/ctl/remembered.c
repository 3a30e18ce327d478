/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/remembered.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	char root[SCHEMA_PATH_MAX], dir[PATH_MAX], **names = NULL;
	unsigned count = 0;
	int ret = schema_uplink_root(root, sizeof(root), ctl->backend_domid);

	if (ret > 0)
		ret = xs_conn_list(ctl->xs, XS_NO_TXN, root, &names, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
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

int remembered_forget(const char *dir, const char *uuid, unsigned id, char *err)
{
	struct kept k = {.count = 0};
	int ret = kept_file_read(dir, uuid, &k, err);

	if (ret == -ENOENT)
		return 0;
	if (ret == 0 && kept_drop(&k, id))
		ret = kept_file_write(dir, &k, err);
	kept_clear(&k);
	return ret;
}
