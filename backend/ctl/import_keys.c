/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/import_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/frame/frame.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

const char *import_text(const struct kept_device *d, enum schema_key key)
{
	return d->set[key] ? d->set[key] : schema_entry(key)->dflt;
}

/* --- what each key will be -------------------------------------------------------------------- */

/* Keys that count at attach stay: the device would be another one. */
static bool is_replaced(enum schema_key key)
{
	return kept_is_key(key) && schema_entry(key)->effect != SCHEMA_EFFECT_ATTACH;
}

static bool is_agentless(const struct kept_device *d)
{
	unsigned via = SCHEMA_VIA_RING;

	return schema_parse_enum(KEY_BACK_VIA, import_text(d, KEY_BACK_VIA), &via, NULL) == 0 &&
	       via == SCHEMA_VIA_VIF;
}

/* What attach writes without anybody's word; NULL: nothing. */
static const char *by_attach(const struct import *im, const struct kept_device *d,
			     enum schema_key key, char mac[FRAME_MAC_STR])
{
	bool agentless = is_agentless(d);
	uint8_t uuid[16], addr[6];

	if (key == KEY_BACK_WEIGHT || (key == KEY_BACK_MTU && !agentless))
		return schema_entry(key)->dflt;
	if (key != KEY_BACK_MAC || agentless || !uuid_parse(im->k->uuid, uuid))
		return NULL;
	frame_mac_default(addr, uuid, d->id);
	return frame_mac_format(addr, mac);
}

/* False, with a warning: the policy says nothing, or a part of what is not known. */
static bool by_policy(const struct policy_item *item, const struct policy_capacity *capacity,
		      char out[SCHEMA_VALUE_MAX + 1])
{
	char err[SCHEMA_ERR_MAX];

	if (!item)
		return false;
	if (policy_resolve(item, capacity, out, err) == 0)
		return true;
	log_warning("%s:%u: %s", item->file, item->line, err);
	return false;
}

static bool fill_keys(const struct import *im, const struct kept_device *d,
		      const struct policy_match *match, struct kept_device *out)
{
	struct policy_capacity capacity =
		ctl_policy_capacity(im->ctl, import_text(d, KEY_BACK_UPLINK));
	char mac[FRAME_MAC_STR], text[SCHEMA_VALUE_MAX + 1];
	bool good = kept_put(&out->account, d->account);

	for (int i = 0; i < KEY_COUNT && good; i++) {
		enum schema_key key = (enum schema_key)i;

		if (!is_replaced(key))
			continue;
		if (d->set[key])
			good = kept_put(&out->set[key], d->set[key]);
		else if (by_policy(match->item[key], &capacity, text))
			good = kept_put(&out->set[key], text);
		else
			good = kept_put(&out->set[key], by_attach(im, d, key, mac));
	}
	return good;
}

/* Adds to *out what the keys of an attached device will be. 0 or an exit status. */
static int fill_device(const struct import *im, unsigned i, struct kept *out)
{
	const struct kept_device *d = &im->k->device[i];
	const char *uplink = import_text(d, KEY_BACK_UPLINK);
	char path[PATH_MAX], name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	struct policy *policy = ctl_policy_load(im->ctl, uplink);
	struct kept_device *to = kept_add(out, d->id);
	struct policy_match match;
	bool good;

	if (!policy && ctl_policy_path(im->ctl, uplink, path, sizeof(path)))
		return ctl_fail(EXIT_FAILED, CTL_POLICY_UNKNOWN);
	target_identity(im->ctl, (unsigned)im->domid[i], name, uuid);
	policy_find(policy, uplink, im->k->uuid, name, d->id, &match);
	good = to && fill_keys(im, d, &match, to);
	policy_free(policy);
	return good ? 0 : ctl_fail(EXIT_FAILED, "out of memory");
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writing {
	struct import *im;
	struct kept full; /* all keys of the devices that are attached */
};

static int refuse(struct import *im, int ret, unsigned id, const char *why)
{
	snprintf(im->err, sizeof(im->err), "device %u: %.200s", id, why);
	return ret;
}

static int check_limits(struct import *im, const struct kept_device *d)
{
	const struct settings none = {.area = SCHEMA_BACK};
	const char *now[4] = {d->set[KEY_BACK_TX_MIN], d->set[KEY_BACK_TX_MAX],
			      d->set[KEY_BACK_RX_MIN], d->set[KEY_BACK_RX_MAX]};
	struct schema_limits limits = settings_limits(&none, now);
	char why[SCHEMA_ERR_MAX];

	return schema_cross_check(&limits, why) < 0 ? refuse(im, -ERANGE, d->id, why) : 0;
}

/* Is it still there, the guest's, and wanted? */
static int check_device(struct import *im, uint32_t t, const char *dir, unsigned id)
{
	char online[4], whose[UUID_TEXT_LEN + 1];
	int ret = xskey_read(im->ctl->xs, t, dir, KEY_BACK_ONLINE, online, sizeof(online));

	if (ret < 0)
		return ret;
	if (strcmp(online, "0") == 0)
		return refuse(im, -ESHUTDOWN, id, "it is being detached");
	ret = xskey_read(im->ctl->xs, t, dir, KEY_BACK_GUEST_UUID, whose, sizeof(whose));
	if (ret >= 0 && strcmp(whose, im->k->uuid) != 0)
		return refuse(im, -ESTALE, id, "it is another guest's by now");
	return 0;
}

static int write_key(struct import *im, uint32_t t, const char *dir, enum schema_key key,
		     const char *value)
{
	char path[SCHEMA_PATH_MAX];
	int ret;

	if (value)
		return xskey_write(im->ctl->xs, t, dir, key, value);
	ret = schema_key_path(path, sizeof(path), dir, key);
	if (ret >= 0)
		ret = xs_conn_rm(im->ctl->xs, t, path);
	return ret == -ENOENT ? 0 : ret;
}

static int write_device(struct import *im, uint32_t t, unsigned domid, const struct kept_device *d)
{
	char dir[SCHEMA_PATH_MAX];
	int ret = schema_backend_dir(dir, sizeof(dir), im->ctl->backend_domid, domid, d->id);

	if (ret >= 0)
		ret = check_device(im, t, dir, d->id);
	if (ret == 0)
		ret = check_limits(im, d);
	for (int i = 0; i < KEY_COUNT && ret >= 0; i++) {
		enum schema_key key = (enum schema_key)i;

		if (is_replaced(key))
			ret = write_key(im, t, dir, key, d->set[key]);
	}
	if (ret >= 0 && d->account)
		ret = xskey_write(im->ctl->xs, t, dir, KEY_BACK_ACCOUNT_BROUGHT, d->account);
	return ret;
}

static int write_devices(struct ctl *ctl, uint32_t t, void *arg)
{
	struct writing *w = arg;
	struct import *im = w->im;
	int ret = 0;

	(void)ctl;
	im->err[0] = '\0';
	for (unsigned i = 0; i < im->k->count && ret >= 0; i++) {
		const struct kept_device *d = kept_find(&w->full, im->k->device[i].id);

		if (d)
			ret = write_device(im, t, (unsigned)im->domid[i], d);
	}
	return ret < 0 ? ret : 0;
}

int import_keys_write(struct import *im)
{
	struct writing w = {.im = im};
	int ret = 0;

	for (unsigned i = 0; i < im->k->count && !ret; i++) {
		if (im->domid[i] >= 0)
			ret = fill_device(im, i, &w.full);
	}
	if (!ret) {
		ret = ctl_transaction(im->ctl, write_devices, &w);
		if (ret < 0)
			ret = im->err[0] ? ctl_fail(EXIT_FAILED, "%s", im->err)
					 : ctl_fail_xs(ret, "write", "the devices");
	}
	kept_clear(&w.full);
	return ret;
}
