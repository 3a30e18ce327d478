/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xskey.h: reads and writes keys of the schema in a directory of xenstore. */
#ifndef DMVL_XSKEY_H
#define DMVL_XSKEY_H

#include "common/xs.h"
#include "xenstore-schema/schema.h"

/* Like xs_conn_read() and xs_conn_write(), for `key` in `dir`. */
int xskey_read(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, char *buf,
	       size_t size);
int xskey_write(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		const char *value);
int xskey_write_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		    uint64_t value);

/*
 * Finds out which keys of an area the directory has, with one request. 0, or -errno; -ENOENT: there
 * is no such directory.
 */
int xskey_list(struct xs_conn *c, uint32_t t, const char *dir, enum schema_area area,
	       bool present[KEY_COUNT]);

/*
 * Reads a value that an untrusted domain wrote; the default if the key is missing. 0, or an error
 * with a sentence in err (SCHEMA_ERR_MAX bytes): -ENOENT (missing, no default), -E2BIG (longer than
 * SCHEMA_GUEST_VALUE_MAX bytes), -EILSEQ (contains a NUL), -EINVAL or -ERANGE of the parser, or
 * -errno of xenstore.
 */
int xskey_read_u64(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		   uint64_t *out, char *err);
int xskey_read_bool(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key, bool *out,
		    char *err);

/* Reads a state; XenbusStateUnknown (0): missing or malformed. */
enum xenbus_state xskey_read_state(struct xs_conn *c, uint32_t t, const char *dir,
				   enum schema_key key);
int xskey_write_state(struct xs_conn *c, uint32_t t, const char *dir, enum schema_key key,
		      enum xenbus_state state);

#endif
