/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl release-vifs: gives agentless guests back their network when no dmvl-back serves them. */
#include "backend/ctl/commands.h"

#include <string.h>

#include "backend/ctl/table.h"
#include "backend/vif/vif.h"
#include "backend/vif/vif_holder.h"
#include "common/log.h"

/* What a vif is served by, which therefore stays where it is. */
struct served {
	bool any;
	char vif[IFNAMSIZ];
	struct vif_holder by;
};

static bool look(const char *tap, const char *vif, const char *bridge, void *arg)
{
	struct served *s = arg;

	(void)bridge;
	if (s->any || !vif_holder_find(tap, &s->by))
		return false;
	s->any = true;
	snprintf(s->vif, sizeof(s->vif), "%s", vif);
	return false;
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
	struct served served = {.any = false};
	struct json_object *object;
	int ret;

	(void)argc;
	(void)argv;
	vif_release_all(ctl->uplink, look, &served);
	if (served.any)
		return ctl_fail(
			EXIT_FAILED,
			"%s is in use by %s, process %d, and no vif was put back: end that, "
			"or name another uplink (--uplink)",
			served.vif, served.by.name[0] ? served.by.name : "a program",
			(int)served.by.pid);
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
	.summary = "put the vifs that a dead dmvl-back took back in their bridges",
	.details =
		"For a unit's ExecStopPost. Refuses while a dmvl-back that runs has one of them.\n",
	.uplink_help = "only those of this uplink",
	.run = run,
};
