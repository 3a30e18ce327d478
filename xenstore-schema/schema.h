/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every xenstore key of dmvl: what it means, what it may hold, where it stands. Pure: no I/O. */
#ifndef DMVL_SCHEMA_H
#define DMVL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xenbus.h>

#include "schema_keys.h"
#include "xenstore-schema/check.h"
#include "xenstore-schema/paths.h"

/* Values longer than this, without NUL, are never read from a guest. */
#define SCHEMA_GUEST_VALUE_MAX 64
/* Values longer than this, without NUL, are refused from anyone. */
#define SCHEMA_VALUE_MAX 1023
/* Room for any sentence that the functions below make, with its NUL. */
#define SCHEMA_ERR_MAX 256

enum schema_area {
	SCHEMA_BACK,
	SCHEMA_FRONT,
	SCHEMA_UPLINK,
};

enum schema_owner {
	SCHEMA_BY_CONVENTION,
	SCHEMA_BY_ATTACH,
	SCHEMA_BY_OPERATOR,
	SCHEMA_BY_BACKEND,
	SCHEMA_BY_FRONTEND,
	SCHEMA_BY_LIBXENVCHAN,
};

enum schema_type {
	SCHEMA_U64,
	SCHEMA_S64,
	SCHEMA_BYTES,	 /* u64 */
	SCHEMA_RATE,	 /* u64, bits per second */
	SCHEMA_FRACTION, /* decimal, parsed into millionths */
	SCHEMA_BOOL,
	SCHEMA_ENUM,
	SCHEMA_STATE,
	SCHEMA_MAC,
	SCHEMA_NONCE,
	SCHEMA_NAME,
	SCHEMA_PATH,
	SCHEMA_LIST,
	SCHEMA_TEXT,
};

enum schema_effect {
	SCHEMA_EFFECT_NONE, /* announced for others to read, not an input */
	SCHEMA_EFFECT_ATTACH,
	SCHEMA_EFFECT_RECONNECT,
	SCHEMA_EFFECT_LIVE,
};

struct schema_entry {
	const char *name;
	enum schema_area area;
	enum schema_owner owner;
	enum schema_type type;
	uint64_t min, max; /* of a number's value, of any other type's length in bytes */
	const char *dflt;  /* the value in force when the key is missing; NULL: none */
	enum schema_effect effect;
	const char *values; /* SCHEMA_ENUM: its words, separated by spaces; else NULL */
	const char *doc;    /* one sentence */
};

/* The description of a key; never NULL. key must be below KEY_COUNT. */
const struct schema_entry *schema_entry(enum schema_key key);

/* Just the name, for messages and tables. */
const char *schema_name(enum schema_key key);

/* The key called name in an area: its enum schema_key, or -ENOENT. */
int schema_lookup(enum schema_area area, const char *name);

/*
 * Parsers. Each takes a value as it was read and returns 0, -EINVAL (not of this type) or -ERANGE
 * (of the type, but outside of the range). On error *out is untouched and err, which has
 * SCHEMA_ERR_MAX bytes or is NULL, gets one sentence with key, value and range:
 *     weight "banana": expected an integer 1..65535
 * They are strict: decimal digits only, no sign, space, unit, line end or empty value. Calling one
 * for a key of another type is a bug and asserts.
 */

/* U64, BYTES and RATE. */
int schema_parse_u64(enum schema_key key, const char *text, uint64_t *out, char *err);

/* S64: as above, with an optional '-'. */
int schema_parse_s64(enum schema_key key, const char *text, int64_t *out, char *err);

/* FRACTION: decimal with at most six digits behind the point, into millionths. */
int schema_parse_fraction(enum schema_key key, const char *text, uint32_t *out_ppm, char *err);

/* BOOL: 0 or 1. */
int schema_parse_bool(enum schema_key key, const char *text, bool *out, char *err);

/* ENUM: the index of the word, one of the generated SCHEMA_<KEY>_<WORD>. Case matters. */
int schema_parse_enum(enum schema_key key, const char *text, unsigned *out, char *err);

/* STATE: 1..6; reconfiguring is not spoken here. */
int schema_parse_state(enum schema_key key, const char *text, enum xenbus_state *out, char *err);

/* MAC: six colon-separated pairs of hex digits, neither multicast nor all zero. */
int schema_parse_mac(enum schema_key key, const char *text, uint8_t out[6], char *err);

/*
 * NAME, PATH, LIST, TEXT and NONCE: check length and characters, then copy. Lists are taken apart
 * by the module that uses them. -ENOBUFS when size is below the value's length + 1; out may be NULL
 * with size 0 to check only.
 */
int schema_parse_text(enum schema_key key, const char *text, char *out, size_t size, char *err);

/* The range check alone, for a number that was given in another notation: 0 or -ERANGE. */
int schema_check_u64(enum schema_key key, uint64_t value, char *err);

#endif
