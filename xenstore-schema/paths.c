/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xenstore-schema/paths.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "xenstore-schema/schema.h"

#define VCHAN  "vchan"
#define GROUPS "groups"

_Static_assert(sizeof("/local/domain/32751/device/" SCHEMA_DEVICE_TYPE "/65535/" VCHAN) - 1 <=
		       SCHEMA_VCHAN_PATH_MAX,
	       "libxenvchan would truncate the longest path");

__attribute__((format(printf, 3, 4))) static int path_printf(char *buf, size_t size,
							     const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len >= 0 && (size_t)len < size ? len : -ENAMETOOLONG;
}

int schema_backend_root(char *buf, size_t size, unsigned backend_domid)
{
	if (backend_domid > SCHEMA_DOMID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/backend/" SCHEMA_DEVICE_TYPE,
			   backend_domid);
}

int schema_backend_dir(char *buf, size_t size, unsigned backend_domid, unsigned domid, unsigned id)
{
	if (backend_domid > SCHEMA_DOMID_MAX || domid > SCHEMA_DOMID_MAX || id > SCHEMA_ID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/backend/" SCHEMA_DEVICE_TYPE "/%u/%u",
			   backend_domid, domid, id);
}

int schema_frontend_dir(char *buf, size_t size, unsigned domid, unsigned id)
{
	if (domid > SCHEMA_DOMID_MAX || id > SCHEMA_ID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/device/" SCHEMA_DEVICE_TYPE "/%u", domid,
			   id);
}

int schema_frontend_dir_relative(char *buf, size_t size, unsigned id)
{
	if (id > SCHEMA_ID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "device/" SCHEMA_DEVICE_TYPE "/%u", id);
}

int schema_uplink_root(char *buf, size_t size, unsigned backend_domid)
{
	if (backend_domid > SCHEMA_DOMID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/data/" SCHEMA_DEVICE_TYPE, backend_domid);
}

int schema_uplink_dir(char *buf, size_t size, unsigned backend_domid, const char *name)
{
	if (backend_domid > SCHEMA_DOMID_MAX || schema_check(KEY_BACK_UPLINK, name, NULL) < 0)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/data/" SCHEMA_DEVICE_TYPE "/%s",
			   backend_domid, name);
}

int schema_groups_root(char *buf, size_t size, unsigned backend_domid, const char *uplink)
{
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_uplink_dir(dir, sizeof(dir), backend_domid, uplink);

	return ret < 0 ? ret : path_printf(buf, size, "%s/" GROUPS, dir);
}

/* The key `group` may be empty, which names no group. */
static bool is_group_name(const char *name)
{
	return name[0] && schema_check(KEY_BACK_GROUP, name, NULL) == 0;
}

int schema_group_dir(char *buf, size_t size, unsigned backend_domid, const char *uplink,
		     const char *name)
{
	char root[SCHEMA_PATH_MAX];
	int ret = schema_groups_root(root, sizeof(root), backend_domid, uplink);

	if (!is_group_name(name))
		return -EINVAL;
	return ret < 0 ? ret : path_printf(buf, size, "%s/%s", root, name);
}

int schema_saved_root(char *buf, size_t size, unsigned backend_domid, const char *name,
		      const char *uuid_text)
{
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_uplink_dir(dir, sizeof(dir), backend_domid, name);

	return ret < 0 ? ret : path_printf(buf, size, "%s/saved/%.36s", dir, uuid_text);
}

int schema_saved_dir(char *buf, size_t size, unsigned backend_domid, const char *name,
		     const char *uuid_text, unsigned id)
{
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_saved_root(dir, sizeof(dir), backend_domid, name, uuid_text);

	return ret < 0 ? ret : path_printf(buf, size, "%s/%u", dir, id);
}

int schema_vchan_path(char *buf, size_t size, unsigned domid, unsigned id)
{
	if (domid > SCHEMA_DOMID_MAX || id > SCHEMA_ID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "/local/domain/%u/device/" SCHEMA_DEVICE_TYPE "/%u/" VCHAN,
			   domid, id);
}

int schema_vchan_path_relative(char *buf, size_t size, unsigned id)
{
	if (id > SCHEMA_ID_MAX)
		return -EINVAL;
	return path_printf(buf, size, "device/" SCHEMA_DEVICE_TYPE "/%u/" VCHAN, id);
}

int schema_key_path(char *buf, size_t size, const char *dir, enum schema_key key)
{
	return path_printf(buf, size, "%s/%s", dir, schema_name(key));
}

/* Parses a path component as an id up to max, and moves *text behind it. */
static bool take_id(const char **text, unsigned max, unsigned *out)
{
	const char *p = *text;
	unsigned value = 0;

	for (; *p >= '0' && *p <= '9' && value <= max; p++)
		value = value * 10 + (unsigned)(*p - '0');
	if (p == *text || value > max || (*p && *p != '/'))
		return false;
	*text = p;
	*out = value;
	return true;
}

/* The part behind "<root>/<domid>" of a path below schema_backend_root(); NULL: another path. */
static const char *below_domain(const char *path, unsigned backend_domid, unsigned *domid)
{
	char root[SCHEMA_PATH_MAX];
	int len = schema_backend_root(root, sizeof(root), backend_domid);

	if (len < 0 || strncmp(path, root, (size_t)len) != 0 || path[len] != '/')
		return NULL;
	path += len + 1;
	return take_id(&path, SCHEMA_DOMID_MAX, domid) ? path : NULL;
}

bool schema_split_backend_path(const char *path, unsigned backend_domid, unsigned *domid,
			       unsigned *id, const char **rest)
{
	path = below_domain(path, backend_domid, domid);
	if (!path || *path++ != '/' || !take_id(&path, SCHEMA_ID_MAX, id))
		return false;
	*rest = *path ? path + 1 : path;
	return true;
}

bool schema_split_backend_domain(const char *path, unsigned backend_domid, unsigned *domid)
{
	path = below_domain(path, backend_domid, domid);
	return path && *path == '\0';
}

bool schema_split_group_path(const char *path, const char *uplink_dir, char *name,
			     const char **rest)
{
	size_t len = strlen(uplink_dir);

	if (strncmp(path, uplink_dir, len) != 0 || path[len] != '/')
		return false;
	path += len + 1;
	if (strncmp(path, GROUPS, strlen(GROUPS)) != 0)
		return false;
	path += strlen(GROUPS);
	if (*path && *path != '/')
		return false;
	path += *path == '/';
	len = strcspn(path, "/");
	snprintf(name, SCHEMA_NAME_MAX + 1, "%.*s", len > SCHEMA_NAME_MAX ? 0 : (int)len, path);
	if (!is_group_name(name))
		name[0] = '\0';
	path += len;
	*rest = path + (*path == '/');
	return true;
}
