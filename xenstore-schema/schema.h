/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every xenstore key of dmvl: what it means, what it may hold, where it stands. Pure: no I/O. */
#ifndef DMVL_SCHEMA_H
#define DMVL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xen/io/xenbus.h>

#include "schema_keys.h"

/* Xen's device type: the word between backend/ or device/ and the ids. */
#define SCHEMA_DEVICE_TYPE "dmvl"
/* Ids of devices and of domains (DOMID_FIRST_RESERVED - 1) end here. */
#define SCHEMA_ID_MAX	 65535u
#define SCHEMA_DOMID_MAX 32751u
/* libxenvchan truncates longer paths without a word. */
#define SCHEMA_VCHAN_PATH_MAX 49
/* Every path made here, with its NUL, fits. */
#define SCHEMA_PATH_MAX 160
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

/* The default of a number, bool or enum (its index), from the table; 0 where it has none. */
uint64_t schema_default(enum schema_key key);

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

/* Check a value of any key as its parser would. */
int schema_check(enum schema_key key, const char *text, char *err);

/* The range check alone, for a number that was given in another notation: 0 or -ERANGE. */
int schema_check_u64(enum schema_key key, uint64_t value, char *err);

/* "initialising" .. "closed"; "unknown" for 0 and for what is no XenbusState. */
const char *schema_state_name(enum xenbus_state state);

/* Limits of one device in bits per second, 0 = none. */
struct schema_limits {
	uint64_t tx_min_bps, tx_max_bps, rx_min_bps, rx_max_bps;
};

/* Rules across keys: a minimum above its maximum is refused with -ERANGE and a sentence in err. */
int schema_cross_check(const struct schema_limits *limits, char *err);

/*
 * Paths. Each returns the length written, -EINVAL for an id, domid or name out of range, or
 * -ENAMETOOLONG when size is too small (SCHEMA_PATH_MAX never is).
 */

/* Directory of all LDPs that backend domain B serves: /local/domain/B/backend/dmvl */
int schema_backend_root(char *buf, size_t size, unsigned backend_domid);

/* Backend directory of one LDP: /local/domain/B/backend/dmvl/<domid>/<id> */
int schema_backend_dir(char *buf, size_t size, unsigned backend_domid, unsigned domid, unsigned id);

/* Frontend directory of one LDP: /local/domain/<domid>/device/dmvl/<id> */
int schema_frontend_dir(char *buf, size_t size, unsigned domid, unsigned id);

/* The same as the agent says it, so that it stays right over save and restore: device/dmvl/<id> */
int schema_frontend_dir_relative(char *buf, size_t size, unsigned id);

/* Directory of all uplinks of a backend domain: /local/domain/B/data/dmvl */
int schema_uplink_root(char *buf, size_t size, unsigned backend_domid);

/* Directory of one uplink: /local/domain/B/data/dmvl/<name> */
int schema_uplink_dir(char *buf, size_t size, unsigned backend_domid, const char *name);

/*
 * Settings of a guest that is away, saved or rebooting, by its UUID: <uplink
 * directory>/saved/<uuid> and <uplink directory>/saved/<uuid>/<id>, with the keys of the backend
 * directory in it.
 */
int schema_saved_root(char *buf, size_t size, unsigned backend_domid, const char *name,
		      const char *uuid_text);
int schema_saved_dir(char *buf, size_t size, unsigned backend_domid, const char *name,
		     const char *uuid_text, unsigned id);

/* The path that libxenvchan takes: <frontend directory>/vchan, absolute for the client. */
int schema_vchan_path(char *buf, size_t size, unsigned domid, unsigned id);

/* And relative, for the server in the guest. */
int schema_vchan_path_relative(char *buf, size_t size, unsigned id);

/* <dir>/<name of key> */
int schema_key_path(char *buf, size_t size, const char *dir, enum schema_key key);

/*
 * Take a path of a watch event apart. True when it lies in an LDP's directory below
 * schema_backend_root(backend_domid); *rest then points into path, at the part behind "<id>/", or
 * at its end when path is the directory itself.
 */
bool schema_split_backend_path(const char *path, unsigned backend_domid, unsigned *domid,
			       unsigned *id, const char **rest);

/* True when it is the directory right above: that of all LDPs of one domain. */
bool schema_split_backend_domain(const char *path, unsigned backend_domid, unsigned *domid);

#endif
