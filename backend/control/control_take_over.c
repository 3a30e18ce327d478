/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_take_over.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/control_state.h"
#include "backend/kept/kept.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/* Of a key: 0, or -errno: it is not known what was kept. */
static int take_over_key(struct control *c, const char *dir, enum schema_key key,
			 struct kept_device *out)
{
	const char *dflt = schema_entry(key)->dflt;
	char value[SCHEMA_VALUE_MAX + 1];
	int ret = xskey_read(c->xs, XS_NO_TXN, dir, key, value, sizeof(value));

	if (ret == -ENOENT || ret == -E2BIG || ret == -EILSEQ)
		return 0;
	if (ret < 0)
		return ret;
	if ((dflt && strcmp(value, dflt) == 0) || schema_check(key, value, NULL) < 0)
		return 0;
	return kept_put(&out->set[key], value) ? 0 : -ENOMEM;
}

static int take_over_device(struct control *c, const char *uuid, unsigned id, struct kept *out)
{
	struct kept_device *d = kept_add(out, id);
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_saved_dir(dir, sizeof(dir), c->domid, c->conf.name, uuid, id);

	if (ret >= 0 && !d)
		ret = -ENOMEM;
	for (int key = 0; key < KEY_COUNT && ret >= 0; key++) {
		if (kept_is_key((enum schema_key)key))
			ret = take_over_key(c, dir, (enum schema_key)key, d);
	}
	return ret;
}

/* What is in the file is newer, so that is left alone. 0: all is in a file. */
static int take_over_guest(struct control *c, const char *uuid)
{
	char root[SCHEMA_PATH_MAX], **ids;
	struct kept k = {.count = 0};
	unsigned count;
	int ret;

	if (!kept_is_uuid(uuid) ||
	    schema_saved_root(root, sizeof(root), c->domid, c->conf.name, uuid) < 0)
		return 0;
	ret = control_kept_read(c, uuid, &k);
	kept_clear(&k);
	if (ret != -ENOENT)
		return ret;
	ret = xs_conn_list(c->xs, XS_NO_TXN, root, &ids, &count);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	snprintf(k.uuid, sizeof(k.uuid), "%s", uuid);
	for (unsigned i = 0; i < count && ret >= 0; i++)
		ret = take_over_device(c, uuid, (unsigned)strtoul(ids[i], NULL, 10), &k);
	free(ids);
	if (ret >= 0)
		control_kept_write(c, &k);
	kept_clear(&k);
	if (ret < 0)
		return ret;
	return control_kept_is_late(c, uuid) ? -EIO : 0;
}

/* Each guest's whole, or it stays in xenstore until the next start. */
void control_take_over(struct control *c)
{
	char root[SCHEMA_PATH_MAX], **uuids;
	int ret = 0, one;
	unsigned count;

	if (schema_saved_root(root, sizeof(root), c->domid, c->conf.name, "") < 0)
		return;
	*strrchr(root, '/') = '\0';
	if (xs_conn_list(c->xs, XS_NO_TXN, root, &uuids, &count) < 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		one = take_over_guest(c, uuids[i]);
		ret = one < 0 ? one : ret;
	}
	free(uuids);
	if (ret == 0)
		ret = xs_conn_rm(c->xs, XS_NO_TXN, root);
	if (ret == 0)
		log_notice("uplink %s: what an earlier dmvl-back kept in %s is now in %s",
			   c->conf.name, root, c->kept.dir);
	else
		log_warning("uplink %s: what an earlier dmvl-back kept in %s stays there until the "
			    "next start: %s",
			    c->conf.name, root, strerror(-ret));
}
