/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl release-vifs: gives agentless guests back their network when no dmvl-back serves them. */
#include "backend/ctl/commands.h"

#include <stdlib.h>
#include <string.h>

#include "backend/ctl/table.h"
#include "backend/vif/vif.h"
#include "backend/vif/vif_holder.h"
#include "common/log.h"
#include "common/tap.h"

/* The vifs in question. */
struct vifs {
	struct vif_taken *at;
	size_t count;
	bool no_memory;
};

static bool note(const char *tap, const char *vif, const char *bridge, void *arg)
{
	struct vifs *v = arg;
	struct vif_taken *more = realloc(v->at, (v->count + 1) * sizeof(*v->at));

	(void)bridge;
	v->no_memory |= !more;
	if (!more)
		return false;
	v->at = more;
	v->at[v->count].device = tap_macvtap_device(tap);
	snprintf(v->at[v->count].vif, IFNAMSIZ, "%s", vif);
	v->count++;
	return false;
}

/* 0, or the exit status where a process serves one of them. */
static int refuse(const char *uplink)
{
	struct vifs v = {.count = 0};
	struct vif_holder by;
	int status = 0;

	vif_release_all(uplink, note, &v);
	if (v.no_memory)
		status = ctl_fail(EXIT_FAILED, "out of memory");
	else if (vif_holder_find(v.at, v.count, &by))
		status = ctl_fail(EXIT_FAILED,
				  "%s is in use by %s, process %d, and no vif was put back: end "
				  "that, or name another uplink (--uplink)",
				  by.taken->vif, by.name[0] ? by.name : "a program", (int)by.pid);
	free(v.at);
	return status;
}

static bool report(const char *tap, const char *vif, const char *bridge, void *arg)
{
	const struct ctl *ctl = arg;

	(void)tap;
	if (!ctl->json)
		printf("%s: back%s%s\n", vif, bridge[0] ? " in " : "", bridge);
	return true;
}

/* The interfaces themselves say where they belong, so this works without xenstored too. */
static int run(struct ctl *ctl, int argc, char **argv)
{
	struct json_object *object;
	int ret = refuse(ctl->uplink);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	ret = vif_release_all(ctl->uplink, report, ctl);
	if (ret < 0)
		return ctl_fail(EXIT_FAILED, "a vif could not be put back: %s", strerror(-ret));
	if (!ctl->json)
		return output_end();
	object = json_object_new_object();
	json_object_object_add(object, "released", json_object_new_int(ret));
	return json_print(object);
}

const struct command release_vifs_command = {
	.name = "release-vifs",
	.args = "[--uplink NAME]",
	.summary = "put back the vifs that a dead dmvl-back took",
	.details =
		"For a unit's ExecStopPost. Refuses while a dmvl-back that runs has one of them.\n",
	.uplink_help = "only those of this uplink",
	.run = run,
};
