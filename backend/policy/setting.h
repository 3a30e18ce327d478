/* SPDX-License-Identifier: GPL-2.0-or-later */
/* setting.h: KEY=VALUE as an operator types it, checked and in xenstore's notation. Pure. */
#ifndef DMVL_POLICY_SETTING_H
#define DMVL_POLICY_SETTING_H

#include "xenstore-schema/schema.h"

#define SETTING_TYPED_MAX 32

/* A key and its value for xenstore. */
struct setting {
	enum schema_key key;
	char typed[SETTING_TYPED_MAX]; /* as far as it fits, for messages; "": it was not */
	char value[SCHEMA_VALUE_MAX + 1];
};

#define SETTINGS_MAX 32

struct settings {
	enum schema_area area; /* of all keys */
	unsigned count;
	struct setting item[SETTINGS_MAX];
};

/* May the operator give this key, to a device at attach or later, or to an uplink? */
bool setting_is_given(enum schema_key key);

/*
 * Checks the value of any key as an operator writes it: rates and sizes may have units. `out` gets
 * xenstore's notation. 0, or -EINVAL with one sentence in err.
 */
int setting_convert(enum schema_key key, const char *text, char out[SCHEMA_VALUE_MAX + 1],
		    char err[SCHEMA_ERR_MAX]);

/*
 * Parses and checks KEY=VALUE: a key of the area that the operator may set, and a value in its
 * range. Rates and sizes may have units; the result is a plain integer. 0, or -EINVAL with one
 * sentence in err; *out is then undefined.
 */
int setting_parse(enum schema_area area, const char *arg, struct setting *out,
		  char err[SCHEMA_ERR_MAX]);

/*
 * The same for `count` arguments. A key given twice, or a minimum above its maximum, is an error.
 * 0, or -EINVAL with one sentence in err.
 */
int settings_parse(struct settings *out, enum schema_area area, int count, char *const *args,
		   char err[SCHEMA_ERR_MAX]);

/* The value given for a key, or NULL. */
const char *settings_find(const struct settings *settings, enum schema_key key);

/* tx-min, tx-max, rx-min and rx-max of the settings' area. */
#define SETTINGS_LIMITS 4
const enum schema_key *settings_limit_keys(const struct settings *settings);

/*
 * The limits after `settings` are written over the old values of these keys (NULL: missing). A
 * malformed old value counts as the default.
 */
struct schema_limits settings_limits(const struct settings *settings,
				     const char *const old[SETTINGS_LIMITS]);

/* 0, or -ERANGE with a sentence, in the units that were typed: a minimum is above its maximum. */
int settings_check_limits(const struct settings *settings, const char *const old[SETTINGS_LIMITS],
			  char err[SCHEMA_ERR_MAX]);

#endif
