/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl set: changes keys of a device while it runs. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/change.h"
#include "backend/ctl/ctl_save.h"
#include "backend/ctl/device_json.h"
#include "backend/ctl/slow_rate.h"
#include "backend/ctl/table.h"
#include "backend/ctl/verdict.h"
#include "backend/ctl/view.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

static int apply(struct ctl *ctl, uint32_t t, void *arg)
{
	struct change *change = arg;
	char online[4];
	int ret;

	change->err[0] = '\0';
	ret = xskey_read(ctl->xs, t, change->dir, KEY_BACK_ONLINE, online, sizeof(online));
	if (ret < 0)
		return ret;
	if (strcmp(online, "0") == 0) {
		snprintf(change->err, sizeof(change->err), "the device is being detached");
		return -ESHUTDOWN;
	}
	return change_write(ctl, t, change);
}

/* Refuses keys that take effect only at attach; reports those that wait for a reconnect. */
static int check_effects(const struct settings *settings)
{
	for (unsigned i = 0; i < settings->count; i++) {
		const char *name = schema_name(settings->item[i].key);

		if (schema_entry(settings->item[i].key)->effect == SCHEMA_EFFECT_ATTACH)
			return ctl_fail(EXIT_WRONG_USE,
					"%s takes effect at attach only: detach the device and "
					"attach it again",
					name);
	}
	return 0;
}

/* dmvl-back connects a device that stands for a vif again by itself. */
static bool is_agentless(struct ctl *ctl, const char *dir)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	unsigned via;

	return xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_VIA, text, sizeof(text)) >= 0 &&
	       schema_parse_enum(KEY_BACK_VIA, text, &via, why) == 0 && via == SCHEMA_VIA_VIF;
}

static int report(struct ctl *ctl, const struct target *target, const struct change *change)
{
	const struct settings *settings = change->settings;
	bool agentless = is_agentless(ctl, change->dir);

	slow_rate_hint(settings);
	for (unsigned i = 0; i < settings->count && !agentless; i++)
		if (schema_entry(settings->item[i].key)->effect == SCHEMA_EFFECT_RECONNECT)
			log_notice("%s takes effect when the device connects again",
				   schema_name(settings->item[i].key));
	return ctl->json ? device_print_json(ctl, target->domid, target->id) : 0;
}

/* Whose daemon serves the device. */
static void find_uplink(struct ctl *ctl, const char *dir, char out[SCHEMA_GUEST_VALUE_MAX])
{
	if (xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_SERVED_BY, out, SCHEMA_GUEST_VALUE_MAX) <
		    0 &&
	    xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_UPLINK, out, SCHEMA_GUEST_VALUE_MAX) < 0)
		snprintf(out, SCHEMA_GUEST_VALUE_MAX, "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
}

/* 0, or an exit status with the reason on stderr. */
static int change_keys(struct ctl *ctl, const struct target *target, struct change *change)
{
	char uplink[SCHEMA_GUEST_VALUE_MAX];
	int ret = schema_backend_dir(change->dir, sizeof(change->dir), ctl->backend_domid,
				     target->domid, target->id);

	if (ret >= 0 && !xs_conn_exists(ctl->xs, XS_NO_TXN, change->dir))
		ret = -ENOENT;
	if (ret >= 0) {
		find_uplink(ctl, change->dir, uplink);
		verdict_ask(ctl, change, uplink);
		ret = ctl_transaction(ctl, apply, change);
	}
	if (ret == 0)
		return verdict_wait(ctl, change, uplink, "the device");
	if (ret == -ENOENT)
		return target_missing(target);
	/* A minimum above its maximum is wrong use, also if one of them was set before. */
	if (change->err[0])
		return ctl_fail(ret == -ERANGE ? EXIT_WRONG_USE : EXIT_FAILED, "%s", change->err);
	return ctl_fail_xs(ret, "write", change->dir);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct settings settings;
	struct change change = {.settings = &settings};
	struct ctl_save save = CTL_SAVE_NONE;
	struct target target;
	int ret;

	/* Errors in the arguments are reported before xenstore is used. */
	if (settings_parse(&settings, SCHEMA_BACK, argc - 1, argv + 1, change.err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", change.err);
	ret = check_effects(&settings);
	if (ret)
		return ret;
	ret = target_find(ctl, argv[0], &target);
	if (ret)
		return ret;
	if (ctl->save)
		ret = ctl_save_prepare(ctl, &target, argc - 1, argv + 1, &save);
	if (!ret)
		ret = change_keys(ctl, &target, &change);
	if (!ret && ctl->save)
		ret = ctl_save_write(ctl, &save);
	ctl_save_free(&save);
	return ret ? ret : report(ctl, &target, &change);
}

const struct command set_command = {
	.name = "set",
	.args = "DOM[/ID] KEY=VALUE..",
	.summary = "change keys of a device, all of them or none",
	.details = "Waits until dmvl-back has taken them, or says why it does not.\n"
		   "--save writes them into the policy too, see dmvl-policy(5).\n"
		   "Rates take units (10mbit, 1gbit, 5mbps = bytes, 10Mb/s), sizes too (64kib).\n",
	.min_args = 2,
	.max_args = 1 + SETTINGS_MAX,
	.has_save = true,
	.has_timeout = true,
	.run = run,
};
