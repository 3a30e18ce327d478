/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/tap_if.h"

static bool is_wanted(const struct uplink_spec *spec, const char *name, int fd)
{
	char ifname[IFNAMSIZ];

	return spec->kind == UPLINK_TAP && strcmp(name, spec->device) == 0 &&
	       tap_if_name(fd, ifname) == 0 && strcmp(ifname, spec->device) == 0;
}

int keep_take(const struct uplink_spec *spec)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names), taken = -1;

	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (taken < 0 && is_wanted(spec, names[i], fd))
			taken = fd;
		else
			close(fd); /* another uplink's, or the interface was deleted meanwhile */
		free(names[i]);
	}
	free(names);
	return taken;
}

void keep_give(const struct uplink_spec *spec, const struct uplink *u)
{
	char text[64];

	if (u->kind != UPLINK_TAP)
		return;
	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", spec->device);
	sd_notify(0, text);
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", spec->device);
	sd_pid_notify_with_fds(0, 0, text, &u->fd, 1);
}
