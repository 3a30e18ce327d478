/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl release-vifs: gives agentless guests back their network when no dmvl-back serves them. */
#include "backend/ctl/commands.h"

#include <string.h>

#include "backend/ctl/table.h"
#include "backend/vif/vif.h"
#include "common/log.h"

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
	int ret = vif_release_all(ctl->uplink, report, ctl);

	(void)argc;
	(void)argv;
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
	.details = "For a unit's ExecStopPost. A dmvl-back that runs takes them again.\n",
	.uplink_help = "only those of this uplink",
	.run = run,
};
