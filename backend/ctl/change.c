/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/change.h"

#include <errno.h>

#include "xenstore-schema/xskey.h"

/* The resulting limits must agree, so the old ones are read in the same transaction. */
static int check_limits(struct ctl *ctl, uint32_t t, struct change *change)
{
	const enum schema_key *keys = settings_limit_keys(change->settings);
	char text[SETTINGS_LIMITS][32];
	const char *old[SETTINGS_LIMITS] = {NULL};

	for (int i = 0; i < SETTINGS_LIMITS; i++) {
		int ret = xskey_read(ctl->xs, t, change->dir, keys[i], text[i], sizeof(text[i]));

		if (ret >= 0)
			old[i] = text[i];
		else if (ret != -ENOENT && ret != -E2BIG && ret != -EILSEQ)
			return ret;
	}
	return settings_check_limits(change->settings, old, change->err);
}

enum schema_key change_judge(enum schema_area area)
{
	return area == SCHEMA_BACK    ? KEY_BACK_JUDGE
	       : area == SCHEMA_GROUP ? KEY_GROUP_JUDGE
				      : KEY_UPLINK_JUDGE;
}

int change_write(struct ctl *ctl, uint32_t t, struct change *change)
{
	int ret;

	change->err[0] = '\0';
	ret = check_limits(ctl, t, change);
	for (unsigned i = 0; i < change->settings->count && ret >= 0; i++) {
		const struct setting *s = &change->settings->item[i];

		ret = xskey_write(ctl->xs, t, change->dir, s->key, s->value);
	}
	if (ret >= 0 && change->asked[0])
		ret = xskey_write(ctl->xs, t, change->dir, change_judge(change->settings->area),
				  change->asked);
	return ret;
}
