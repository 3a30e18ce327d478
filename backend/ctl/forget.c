/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl forget: removes what dmvl-back remembers of a guest that is not there. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <string.h>

#include "backend/ctl/remembered.h"
#include "backend/ctl/table.h"
#include "backend/ctl/travel.h"
#include "backend/ctl/view.h"
#include "common/log.h"
#include "common/quote.h"

struct forgetting {
	const char *uuid;
	unsigned found;
};

/*
 * A guest that has a device: what was set would be remembered again. Until dmvl-back has noticed
 * that a guest has ended, its device is there.
 */
static int refuse_attached(struct ctl *ctl, unsigned domid, unsigned id, void *arg)
{
	const struct forgetting *f = arg;
	char whose[UUID_TEXT_LEN + 1];

	if (!travel_is_of(ctl, domid, id, f->uuid, whose))
		return 0;
	return ctl_fail(EXIT_FAILED,
			"domain %u is that guest, or was until now, and device %u is attached to "
			"it: dmvlctl detach forgets it too",
			domid, id);
}

/* The lock was taken, so no device is made of the file meanwhile. 0, -errno or an exit status. */
static int forget_locked(struct ctl *ctl, const char *dir, struct forgetting *f)
{
	char err[KEPT_FILE_ERR_MAX];
	int ret = ldp_each(ctl, refuse_attached, f);

	if (ret)
		return ret;
	ret = kept_file_remove(dir, f->uuid, err);
	if (ret == 0)
		ret = kept_dir_sync(dir, err);
	if (ret < 0 && ret != -ENOENT)
		return ctl_fail(EXIT_FAILED, "%s", err);
	f->found += ret == 0;
	return 0;
}

static int forget_in(struct ctl *ctl, const char *uplink, const char *dir, void *arg)
{
	int lock, ret;

	if (ctl->uplink && strcmp(ctl->uplink, uplink) != 0)
		return 0;
	ret = remembered_lock(dir, &lock);
	if (ret)
		return ret;
	ret = forget_locked(ctl, dir, arg);
	remembered_unlock(lock);
	return ret;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct target target;
	char err[SCHEMA_ERR_MAX], shown[QUOTE_MAX];
	struct forgetting f = {.uuid = target.dom};
	struct json_object *o;
	int ret;

	(void)argc;
	if (target_parse(argv[0], &target, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	if (target.kind != TARGET_UUID || target.id_given)
		return ctl_fail(EXIT_WRONG_USE, "%s: expected a UUID: dmvlctl saved lists them",
				quote_text(shown, argv[0]));
	ret = ctl_connect(ctl);
	if (ret == 0 && ctl->backend_given)
		ret = ctl_fail(EXIT_FAILED, "what is remembered is in the backend's domain: run "
					    "dmvlctl forget there");
	if (ret == 0)
		ret = remembered_each(ctl, forget_in, &f);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", "the uplinks and devices");
	if (ret == 0 && !f.found)
		ret = ctl_fail(EXIT_FAILED,
			       "nothing is remembered of %s: dmvlctl saved lists what is", f.uuid);
	if (ret || !ctl->json)
		return ret;
	o = json_object_new_object();
	json_object_object_add(o, "forgotten", json_object_new_int64(f.found));
	return json_print(o);
}

const struct command forget_command = {
	.name = "forget",
	.args = "UUID [--uplink NAME]",
	.summary = "forget what was set for a guest that does not come back",
	.details = "",
	.min_args = 1,
	.max_args = 1,
	.uplink_help = "only what this uplink remembers",
	.run = run,
};
