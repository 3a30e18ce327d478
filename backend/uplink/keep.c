/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/keep.h"

#include <string.h>
#include <unistd.h>

#include "common/fdstore.h"
#include "common/tap_if.h"

int keep_take(const struct uplink_spec *spec)
{
	int fd = fdstore_take(spec->kind == UPLINK_TAP ? spec->device : "");
	char ifname[IFNAMSIZ];

	if (fd >= 0 && (tap_if_name(fd, ifname) < 0 || strcmp(ifname, spec->device) != 0)) {
		close(fd);
		fd = -1; /* it was renamed meanwhile */
	}
	return fd;
}

void keep_give(const struct uplink_spec *spec, const struct uplink *u)
{
	if (u->kind == UPLINK_TAP)
		fdstore_give(spec->device, u->fd);
}
