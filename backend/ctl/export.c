/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl export: prints all that was set for the devices of a guest, for dmvlctl import elsewhere.
 */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/account.h"
#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/ctl/travel.h"
#include "backend/ctl/view.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

struct exporting {
	struct ctl *ctl;
	struct kept k; /* what is exported; each device has the key uplink too */
};

/* One device that is attached. */
struct live {
	struct exporting *e;
	char dir[SCHEMA_PATH_MAX], uplink[SCHEMA_NAME_MAX + 1];
	char value[KEY_COUNT][SCHEMA_VALUE_MAX + 1];
	bool has[KEY_COUNT];
};

static bool copy_key(struct kept_device *d, enum schema_key key, const char *value)
{
	return kept_put(&d->set[key], value);
}

/* --- what is remembered ----------------------------------------------------------------------- */

/* What was set, or what the policy says by now. */
static bool copy_device(const struct kept_device *from, const char *uplink,
			const struct policy_match *match, const struct policy_capacity *capacity,
			struct kept_device *to)
{
	char policy[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const struct policy_item *item = match->item[key];
		bool said = item && policy_resolve(item, capacity, policy, err) == 0;
		const char *value = said ? policy : NULL;

		if (from->set[key] && policy_says_still(item, capacity, from->policy[key]))
			value = from->set[key];
		if (kept_is_key(key) && value && !copy_key(to, key, value))
			return false;
	}
	return copy_key(to, KEY_BACK_UPLINK, uplink) && kept_put(&to->account, from->account);
}

static int copy_guest(struct exporting *e, const char *uplink, const struct kept *k)
{
	struct policy_capacity capacity = ctl_policy_capacity(e->ctl, uplink);
	struct policy *policy = ctl_policy_load(e->ctl, uplink);
	struct policy_match match;
	char path[PATH_MAX];
	int ret = 0;

	if (!policy && ctl_policy_path(e->ctl, uplink, path, sizeof(path)))
		return ctl_fail(EXIT_FAILED, CTL_POLICY_UNKNOWN);
	if (!e->k.name[0])
		snprintf(e->k.name, sizeof(e->k.name), "%s", k->name);
	for (unsigned i = 0; i < k->count && ret == 0; i++) {
		struct kept_device *to = kept_add(&e->k, k->device[i].id);

		policy_find(policy, uplink, k->uuid, e->k.name, k->device[i].id, &match);
		if (!to || !copy_device(&k->device[i], uplink, &match, &capacity, to))
			ret = -ENOMEM;
	}
	policy_free(policy);
	return ret;
}

static int add_remembered(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	struct exporting *e = arg;
	char err[KEPT_FILE_ERR_MAX];
	struct kept k = {.count = 0};
	int ret = kept_file_read(dir, e->k.uuid, &k, err);

	(void)ctl;
	if (ret == 0)
		ret = copy_guest(e, uplink, &k);
	else if (ret == -ENOENT)
		ret = 0;
	else
		ret = ctl_fail(EXIT_FAILED, "%s", err);
	kept_clear(&k);
	return ret;
}

/* --- what is attached ------------------------------------------------------------------------- */

static int read_keys(struct ctl *ctl, uint32_t t, void *arg)
{
	struct live *l = arg;
	char value[SCHEMA_VALUE_MAX + 1], ignored[SCHEMA_ERR_MAX];
	int ret;

	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;

		l->has[key] = false;
		if (!kept_is_key(key) && key != KEY_BACK_UPLINK && key != KEY_BACK_SERVED_BY)
			continue;
		ret = xskey_read(ctl->xs, t, l->dir, key, value, sizeof(value));
		if (ret < 0 && ret != -ENOENT && ret != -E2BIG && ret != -EILSEQ)
			return ret;
		l->has[key] = ret >= 0 && setting_convert(key, value, l->value[key], ignored) == 0;
	}
	return 0;
}

/* A minimum that is above its maximum was not accepted: what was accepted before it counts. */
static void drop_contradictions(struct live *l)
{
	static const enum schema_key keys[4] = {KEY_BACK_TX_MIN, KEY_BACK_TX_MAX, KEY_BACK_RX_MIN,
						KEY_BACK_RX_MAX};
	const struct settings none = {.area = SCHEMA_BACK};
	const char *text[4];
	struct schema_limits limits;
	char ignored[SCHEMA_ERR_MAX];

	for (int i = 0; i < 4; i++)
		text[i] = l->has[keys[i]] ? l->value[keys[i]] : NULL;
	limits = settings_limits(&none, text);
	if (schema_cross_check(&limits, ignored) == 0)
		return;
	for (int i = 0; i < 4; i++)
		l->has[keys[i]] = false;
}

/* What is in xenstore counts; a key that has no good value there is as it is remembered. */
static int take_keys(struct live *l, unsigned id)
{
	struct kept_device *d = kept_add(&l->e->k, id);
	enum schema_key by = l->has[KEY_BACK_SERVED_BY] ? KEY_BACK_SERVED_BY : KEY_BACK_UPLINK;
	const char *dflt = schema_entry(KEY_BACK_UPLINK)->dflt;
	bool good = d;

	for (int i = 0; i < KEY_COUNT && good; i++) {
		if (kept_is_key((enum schema_key)i) && l->has[i])
			good = copy_key(d, (enum schema_key)i, l->value[i]);
	}
	good = good && copy_key(d, KEY_BACK_UPLINK, l->has[by] ? l->value[by] : dflt);
	return good ? 0 : -ENOMEM;
}

static int add_attached(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	static struct live l; /* static: values are large */
	struct exporting *e = arg;
	char uuid[UUID_TEXT_LEN + 1];
	int ret = schema_backend_dir(l.dir, sizeof(l.dir), ctl->backend_domid, domid, id);

	l.e = e;
	if (ret < 0 || !travel_is_of(ctl, domid, id, e->k.uuid, uuid))
		return 0;
	ret = ctl_transaction(ctl, read_keys, &l);
	if (ret < 0)
		return ret;
	drop_contradictions(&l);
	return take_keys(&l, id);
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool keeps_balance(const struct kept_device *d)
{
	const char *text = d->set[KEY_BACK_KEEP_BALANCE];

	return !text || strcmp(text, "0") != 0;
}

static int add_accounts(struct exporting *e)
{
	char text[KEPT_ACCOUNT_MAX];
	struct kept_account a;
	bool good = true;

	for (unsigned i = 0; i < e->k.count && good; i++) {
		struct kept_device *d = &e->k.device[i];

		if (!keeps_balance(d))
			good = kept_put(&d->account, NULL);
		else if (account_find(e->ctl, d->set[KEY_BACK_UPLINK], e->k.uuid, d->id, &a)) {
			kept_account_format(&a, text);
			good = kept_put(&d->account, text);
		}
	}
	return good ? 0 : -ENOMEM;
}

/* The guest's UUID and name. A guest that is not there has its UUID as its name. */
static int find_guest(struct exporting *e, const char *word)
{
	char err[SCHEMA_ERR_MAX], name[TARGET_NAME_MAX];
	struct target target;
	int ret;

	if (target_parse(word, &target, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	if (target.id_given)
		return ctl_fail(EXIT_WRONG_USE,
				"%s: the devices of a guest travel together: leave "
				"out the id",
				word);
	if (target.kind == TARGET_UUID) {
		memcpy(e->k.uuid, target.dom, sizeof(e->k.uuid));
		return ctl_connect(e->ctl);
	}
	ret = target_find(e->ctl, word, &target);
	if (ret)
		return ret;
	target_identity(e->ctl, target.domid, name, e->k.uuid);
	policy_guest_name(name, e->k.name, sizeof(e->k.name));
	if (!kept_is_uuid(e->k.uuid))
		return ctl_fail(EXIT_FAILED, "xenstore does not tell the UUID of domain %u",
				target.domid);
	return 0;
}

static int collect(struct exporting *e)
{
	int ret;

	if (e->ctl->backend_given)
		return ctl_fail(EXIT_FAILED, "what is remembered is in the backend's domain: run "
					     "dmvlctl export there");
	ret = remembered_each(e->ctl, add_remembered, e);
	if (ret == 0)
		ret = ldp_each(e->ctl, add_attached, e);
	if (ret == 0)
		ret = add_accounts(e);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	if (ret == 0 && e->k.count == 0)
		ret = ctl_fail(EXIT_FAILED,
			       "nothing is attached to the guest %s, and nothing is remembered",
			       e->k.uuid);
	return ret;
}

static int print(const struct exporting *e)
{
	char *text;

	if (e->ctl->json)
		return json_print(travel_json(&e->k));
	text = travel_format(&e->k);
	if (!text)
		return ctl_fail(EXIT_FAILED, "out of memory");
	fputs(text, stdout);
	free(text);
	return output_end();
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct exporting e;
	int ret;

	(void)argc;
	e.ctl = ctl;
	ret = find_guest(&e, argv[0]);
	if (!ret)
		ret = collect(&e);
	if (!ret)
		ret = print(&e);
	kept_clear(&e.k);
	return ret;
}

const struct command export_command = {
	.name = "export",
	.args = "DOM",
	.summary = "print what was set for a guest, for dmvlctl import",
	.details = "DOM may be the UUID of a guest that is not there, but remembered.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
