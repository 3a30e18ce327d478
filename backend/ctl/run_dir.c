/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/run_dir.h"

#include <stdio.h>
#include <string.h>

#include "xenstore-schema/xskey.h"

#define RUN_DIR "/run/dmvl" /* where dmvl-back keeps its files if it is not told otherwise */

void run_dir_of(struct ctl *ctl, const char *uplink, char dir[MAPFILE_PATH_MAX + 1])
{
	char keys[SCHEMA_PATH_MAX], log[SCHEMA_VALUE_MAX + 1] = "";
	const char *slash;

	if (schema_uplink_dir(keys, sizeof(keys), ctl->backend_domid, uplink) < 0 ||
	    xskey_read(ctl->xs, XS_NO_TXN, keys, KEY_UPLINK_LOG_PATH, log, sizeof(log)) < 0)
		log[0] = '\0';
	slash = strrchr(log, '/');
	if (slash)
		snprintf(dir, MAPFILE_PATH_MAX + 1, "%.*s", (int)(slash - log), log);
	else
		snprintf(dir, MAPFILE_PATH_MAX + 1, "%s", RUN_DIR);
}
