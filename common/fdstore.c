/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/fdstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/tap_if.h"

static void forget(const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%.40s", name);
	sd_notify(0, text);
}

int fdstore_take(const char *name)
{
	char **names = NULL, ifname[IFNAMSIZ];
	int count = sd_listen_fds_with_names(1, &names), taken = -1;

	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (taken < 0 && strcmp(names[i], name) == 0 && tap_if_name(fd, ifname) == 0) {
			taken = fd;
		} else {
			close(fd);
			forget(names[i]);
		}
		free(names[i]);
	}
	free(names);
	return taken;
}

void fdstore_give(const char *name, int fd)
{
	char text[64];

	forget(name);
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%.40s", name);
	sd_pid_notify_with_fds(0, 0, text, &fd, 1);
}
