/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/ctl_policy.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/policy/policy_file.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

bool ctl_policy_path(struct ctl *ctl, const char *uplink, char *path, size_t size)
{
	char dir[SCHEMA_PATH_MAX];

	if (ctl->backend_given)
		return false;
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0 ||
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_UPLINK_POLICY, path, size) <= 0)
		snprintf(path, size, "%s", POLICY_FILE);
	return true;
}

static void warn(void *arg, const char *sentence)
{
	(void)arg;
	log_warning("%s", sentence);
}

struct policy *ctl_policy_load(struct ctl *ctl, const char *uplink)
{
	struct policy *policy;
	char path[PATH_MAX];

	if (!ctl_policy_path(ctl, uplink, path, sizeof(path)))
		return NULL;
	if (policy_load(path, false, &policy, warn, NULL) == 0)
		return policy;
	log_warning("%s: the policy has mistakes and is not applied", path);
	policy_free(policy);
	return NULL;
}

static uint64_t read_rate(struct ctl *ctl, const char *dir, enum schema_key key)
{
	char text[SCHEMA_VALUE_MAX + 1];
	uint64_t bps = 0;

	if (xskey_read(ctl->xs, XS_NO_TXN, dir, key, text, sizeof(text)) > 0)
		schema_parse_u64(key, text, &bps, NULL);
	return bps;
}

struct policy_capacity ctl_policy_capacity(struct ctl *ctl, const char *uplink)
{
	char dir[SCHEMA_PATH_MAX];

	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) < 0)
		return (struct policy_capacity){0};
	return (struct policy_capacity){
		.tx_bps = read_rate(ctl, dir, KEY_UPLINK_TX_CAPACITY),
		.rx_bps = read_rate(ctl, dir, KEY_UPLINK_RX_CAPACITY),
	};
}

void ctl_policy_add(struct ctl *ctl, const struct policy_match *match, struct settings *settings)
{
	struct policy_capacity capacity = ctl_policy_capacity(ctl, policy_uplink(match));

	for (int key = 0; key < KEY_COUNT && settings->count < SETTINGS_MAX; key++) {
		const struct policy_item *item = match->item[key];
		struct setting *s = &settings->item[settings->count];
		char err[SCHEMA_ERR_MAX];

		if (!item || settings_find(settings, (enum schema_key)key))
			continue;
		s->key = (enum schema_key)key;
		s->typed[0] = '\0';
		if (policy_resolve(item, &capacity, s->value, err) == 0)
			settings->count++;
		else
			log_warning("%s:%u: %s", item->file, item->line, err);
	}
}
