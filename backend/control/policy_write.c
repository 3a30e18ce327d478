/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/policy_write.h"

#include <errno.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

bool policy_value_of(const struct policy_item *item, const struct policy_capacity *of, bool log,
		     char out[SCHEMA_VALUE_MAX + 1])
{
	char err[SCHEMA_ERR_MAX];

	out[0] = '\0';
	if (!item)
		return false;
	if (policy_resolve(item, of, out, err) == 0)
		return true;
	if (log)
		log_warning("%s:%u: %s", item->file, item->line, err);
	return false;
}

/* Back to what holds where nobody says anything. */
static void write_default(struct control *c, const char *dir, const char *what, enum schema_key key)
{
	const char *dflt = schema_entry(key)->dflt;
	char path[SCHEMA_PATH_MAX];
	int ret;

	schema_key_path(path, sizeof(path), dir, key);
	if (dflt)
		ret = xskey_write(c->xs, XS_NO_TXN, dir, key, dflt);
	else
		ret = xs_conn_rm(c->xs, XS_NO_TXN, path);
	if (ret == 0 || ret == -ENOENT)
		log_info("%s: the policy says nothing of %s any more: it has its default", what,
			 schema_name(key));
	else
		log_warning("%s: the policy says nothing of %s any more, but it cannot have its "
			    "default: %s",
			    what, schema_name(key), strerror(-ret));
}

void policy_write(struct control *c, const char *dir, const char *what, enum schema_key key,
		  const struct policy_item *was, const struct policy_capacity *was_of,
		  const struct policy_item *now)
{
	char before[SCHEMA_VALUE_MAX + 1], value[SCHEMA_VALUE_MAX + 1];
	bool had = policy_value_of(was, was_of, false, before);

	if (!now) {
		if (had)
			write_default(c, dir, what, key);
		return;
	}
	if (!policy_value_of(now, &c->policy.capacity, true, value) ||
	    (had && strcmp(before, value) == 0))
		return;
	if (xskey_write(c->xs, XS_NO_TXN, dir, key, value) == 0)
		log_info("%s: %s is %s by the policy (%s:%u)", what, schema_name(key), value,
			 now->file, now->line);
	else
		log_warning("%s: cannot write %s of %s:%u", what, schema_name(key), now->file,
			    now->line);
}
