/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE as an operator types it, checked and in xenstore's notation. Pure. */
#ifndef DMVL_CTL_SETTING_H
#define DMVL_CTL_SETTING_H

#include "xenstore-schema/schema.h"

/* One key and the value to write. */
struct setting {
	enum schema_key key;
	char value[SCHEMA_VALUE_MAX + 1];
};

#define SETTINGS_MAX 32

struct settings {
	unsigned count;
	struct setting item[SETTINGS_MAX];
};

/*
 * Take KEY=VALUE apart and check it: a key of the backend directory that an operator may give, a
 * value in range; rates and sizes may carry units and come out as plain integers. Returns 0 or
 * -EINVAL with one sentence in err; *out is then undefined.
 */
int setting_parse(const char *arg, struct setting *out, char err[SCHEMA_ERR_MAX]);

/*
 * The same for count arguments; each key at most once, no minimum above its maximum among them.
 * Returns 0 or -EINVAL with one sentence in err.
 */
int settings_parse(struct settings *out, int count, char *const *args, char err[SCHEMA_ERR_MAX]);

/* The value given for key, or NULL. */
const char *settings_find(const struct settings *settings, enum schema_key key);

/*
 * The limits that hold once settings are written over the texts of old (KEY_BACK_TX_MIN, .._TX_MAX,
 * .._RX_MIN, .._RX_MAX; NULL: missing). What is malformed counts as the default.
 */
struct schema_limits settings_limits(const struct settings *settings, const char *const old[4]);

#endif
