/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schema.h: every xenstore key of dmvl: its meaning, its type and range, its parsers. Pure. */
#ifndef DMVL_SCHEMA_H
#define DMVL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xenbus.h>

#include "schema_keys.h"
#include "xenstore-schema/check.h"
#include "xenstore-schema/paths.h"

/* A guest's value is at most this long, without the NUL. */
#define SCHEMA_GUEST_VALUE_MAX 64
/* Any value is at most this long, without the NUL. */
#define SCHEMA_VALUE_MAX 1023
/* Bytes that hold any sentence of the functions below and of check.h. */
#define SCHEMA_ERR_MAX 256

enum schema_area {
	SCHEMA_BACK,
	SCHEMA_FRONT,
	SCHEMA_UPLINK,
	SCHEMA_GROUP,
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
	SCHEMA_EFFECT_NONE, /* written for others to read, not an input */
	SCHEMA_EFFECT_ATTACH,
	SCHEMA_EFFECT_RECONNECT,
	SCHEMA_EFFECT_LIVE,
};

struct schema_entry {
	const char *name;
	enum schema_area area;
	enum schema_owner owner;
	enum schema_type type;
	uint64_t min, max; /* of a number; of any other type: of its length in bytes */
	const char *dflt;  /* the value in force while the key is missing; NULL: none */
	enum schema_effect effect;
	const char *values; /* SCHEMA_ENUM: the words, separated by spaces; else NULL */
	const char *doc;    /* one sentence */
};

/* The description of a key; never NULL. key must be below KEY_COUNT. */
const struct schema_entry *schema_entry(enum schema_key key);

/* The key's name, for messages and tables. */
const char *schema_name(enum schema_key key);

/* The enum schema_key of the key called `name` in an area, or -ENOENT. */
int schema_lookup(enum schema_area area, const char *name);

/*
 * Parsers of a value as it was read. Each returns 0, -EINVAL (not of this type) or -ERANGE (of the
 * type, but out of range). On error *out is untouched, and err (SCHEMA_ERR_MAX bytes, or NULL) gets
 * one sentence with key, value and range:
 *     weight "banana": expected an integer 1..65535
 * They are strict: decimal digits only, no sign, space, unit, line end or empty value. The key must
 * be of the parser's type.
 */

/* U64, BYTES and RATE. */
int schema_parse_u64(enum schema_key key, const char *text, uint64_t *out, char *err);

/* S64: like U64, with an optional '-'. */
int schema_parse_s64(enum schema_key key, const char *text, int64_t *out, char *err);

/* FRACTION: a decimal number with at most six digits behind the point, in millionths. */
int schema_parse_fraction(enum schema_key key, const char *text, uint32_t *out_ppm, char *err);

/* BOOL: 0 or 1. */
int schema_parse_bool(enum schema_key key, const char *text, bool *out, char *err);

/* ENUM: the index of the word, one of the generated SCHEMA_<KEY>_<WORD>. Case matters. */
int schema_parse_enum(enum schema_key key, const char *text, unsigned *out, char *err);

/* STATE: 1..6; dmvl does not use the states 7 and 8 (reconfiguring, reconfigured). */
int schema_parse_state(enum schema_key key, const char *text, enum xenbus_state *out, char *err);

/* MAC: six colon-separated pairs of hex digits, neither multicast nor all zero. */
int schema_parse_mac(enum schema_key key, const char *text, uint8_t out[6], char *err);

/*
 * NAME, PATH, LIST, TEXT and NONCE: checks length and characters and copies the value to `out`.
 * -ENOBUFS: `size` is less than the value's length + 1. To only check, pass NULL and size 0. Other
 * modules parse the entries of lists.
 */
int schema_parse_text(enum schema_key key, const char *text, char *out, size_t size, char *err);

/* Checks only the range, for a number from another notation: 0 or -ERANGE. */
int schema_check_u64(enum schema_key key, uint64_t value, char *err);

#endif
