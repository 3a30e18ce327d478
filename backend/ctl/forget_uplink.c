/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl forget-uplink: removes what xenstore still has of an uplink that nobody serves. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/daemon.h"
#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/ctl/view.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/* Its devices would be nobody's. */
static int refuse_used(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	char dir[SCHEMA_PATH_MAX], uplink[SCHEMA_GUEST_VALUE_MAX], name[TARGET_NAME_MAX];
	char uuid[UUID_TEXT_LEN + 1], shown[16];

	schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, domid, id);
	if (!xs_conn_exists(ctl->xs, XS_NO_TXN, dir))
		return 0;
	if (xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_UPLINK, uplink, sizeof(uplink)) < 0)
		snprintf(uplink, sizeof(uplink), "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
	if (strcmp(uplink, arg) != 0)
		return 0;
	target_identity(ctl, domid, name, uuid);
	snprintf(shown, sizeof(shown), "%u", domid);
	return ctl_fail(EXIT_FAILED,
			"device %s/%u is attached to uplink %s: dmvlctl detach %u/%u removes it",
			name[0] ? name : shown, id, uplink, domid, id);
}

static int refuse_living(struct ctl *ctl, const char *name)
{
	enum daemon_life life = daemon_look(ctl, name);

	if (life == DAEMON_RUNNING || life == DAEMON_WAITING)
		return ctl_fail(EXIT_FAILED, "the dmvl-back of uplink %s is %s: stop it first",
				name, daemon_word(life));
	return 0;
}

static void tell_remembered(struct ctl *ctl, const char *name)
{
	char dir[PATH_MAX];

	if (remembered_dir(ctl, name, dir) && access(dir, F_OK) == 0)
		log_notice("what it remembers of guests stays in %s: dmvlctl forget removes that",
			   dir);
}

static int print_json(const char *name)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "forgotten", json_object_new_string(name));
	return json_print(o);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	char dir[SCHEMA_PATH_MAX], err[SCHEMA_ERR_MAX];
	int ret;

	(void)argc;
	if (schema_check(KEY_BACK_UPLINK, argv[0], err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, argv[0]) < 0 ||
	    !xs_conn_exists(ctl->xs, XS_NO_TXN, dir))
		return ctl_fail_no_uplink(argv[0]);
	ret = refuse_living(ctl, argv[0]);
	if (ret == 0)
		ret = ldp_each(ctl, refuse_used, argv[0]);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the devices");
	if (ret)
		return ret;
	tell_remembered(ctl, argv[0]); /* the uplink's keys say where */
	ret = xs_conn_rm(ctl->xs, XS_NO_TXN, dir);
	if (ret < 0)
		return ctl_fail_xs(ret, "remove", dir);
	return ctl->json ? print_json(argv[0]) : 0;
}

const struct command forget_uplink_command = {
	.name = "forget-uplink",
	.args = "UPLINK",
	.summary = "remove an uplink that no dmvl-back serves any more",
	.details = "Its keys and its groups go; what it remembers of guests stays.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
