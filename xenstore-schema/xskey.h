/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xskey.h: keys of the schema, read from and written to a directory of xenstore. */
#ifndef DMVL_XSKEY_H
#define DMVL_XSKEY_H

#include "common/xs.h"
#include "xenstore-schema/schema.h"

/* As xs_conn_read() and xs_conn_write(), for `key` below `dir`. */
int xskey_read(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, char *buf,
	       size_t size);
int xskey_write(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		const char *value);
int xskey_write_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		    uint64_t value);

/*
 * Which keys of an area the directory has: one request where most of many are missing. -ENOENT:
 * there is no such directory.
 */
int xskey_list(struct xs_conn *c, uint32_t t, const char *dir, enum schema_area area,
	       bool present[KEY_COUNT]);

/*
 * What a domain that is not trusted wrote: at most SCHEMA_GUEST_VALUE_MAX bytes, and of the key's
 * type and range, else -EINVAL or -ERANGE with a sentence in err (SCHEMA_ERR_MAX bytes). -ENOENT:
 * missing; the default where it has one, as 0.
 */
int xskey_read_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		   uint64_t *out, char *err);
int xskey_read_bool(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, bool *out,
		    char *err);

/* XenbusStateUnknown (0): missing or malformed. */
enum xenbus_state xskey_read_state(struct xs_conn *c, uint32_t t, const char *dir,
				   enum schema_key key);
int xskey_write_state(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		      enum xenbus_state state);

#endif
