/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xenstore-schema/xskey.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int xskey_read(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, char *buf,
	       size_t size)
{
	char path[SCHEMA_PATH_MAX];
	int ret = schema_key_path(path, sizeof(path), dir, key);

	return ret < 0 ? ret : xs_conn_read(c, t, path, buf, size);
}

int xskey_list(struct xs_conn *c, uint32_t t, const char *dir, enum schema_area area,
	       bool present[KEY_COUNT])
{
	char **names;
	unsigned count;
	int ret = xs_conn_list(c, t, dir, &names, &count), key;

	memset(present, 0, KEY_COUNT * sizeof(present[0]));
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < count; i++) {
		key = schema_lookup(area, names[i]);
		if (key >= 0)
			present[key] = true;
	}
	free(names);
	return 0;
}

int xskey_write(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		const char *value)
{
	char path[SCHEMA_PATH_MAX];
	int ret = schema_key_path(path, sizeof(path), dir, key);

	return ret < 0 ? ret : xs_conn_write(c, t, path, value);
}

int xskey_write_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		    uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return xskey_write(c, t, dir, key, text);
}

/* Reads a guest's value, or the key's default if it is missing. */
static int read_guest(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		      char buf[SCHEMA_GUEST_VALUE_MAX + 1], char *err)
{
	int ret = xskey_read(c, t, dir, key, buf, SCHEMA_GUEST_VALUE_MAX + 1);

	if (ret == -ENOENT && schema_entry(key)->dflt) {
		snprintf(buf, SCHEMA_GUEST_VALUE_MAX + 1, "%s", schema_entry(key)->dflt);
		return 0;
	}
	if (ret < 0)
		snprintf(err, SCHEMA_ERR_MAX, "%s: %s", schema_name(key),
			 ret == -ENOENT	  ? "missing"
			 : ret == -E2BIG  ? "longer than 64 bytes"
			 : ret == -EILSEQ ? "not a text"
					  : "cannot be read");
	return ret < 0 ? ret : 0;
}

int xskey_read_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		   uint64_t *out, char *err)
{
	char buf[SCHEMA_GUEST_VALUE_MAX + 1];
	int ret = read_guest(c, t, dir, key, buf, err);

	return ret < 0 ? ret : schema_parse_u64(key, buf, out, err);
}

int xskey_read_bool(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, bool *out,
		    char *err)
{
	char buf[SCHEMA_GUEST_VALUE_MAX + 1];
	int ret = read_guest(c, t, dir, key, buf, err);

	return ret < 0 ? ret : schema_parse_bool(key, buf, out, err);
}

enum xenbus_state xskey_read_state(struct xs_conn *c, uint32_t t, const char *dir,
				   enum schema_key key)
{
	enum xenbus_state state = XenbusStateUnknown;
	char buf[SCHEMA_GUEST_VALUE_MAX + 1];

	if (xskey_read(c, t, dir, key, buf, sizeof(buf)) < 0)
		return XenbusStateUnknown;
	schema_parse_state(key, buf, &state, NULL);
	return state;
}

int xskey_write_state(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		      enum xenbus_state state)
{
	return xskey_write_u64(c, t, dir, key, (uint64_t)state);
}
