/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif_tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/uplink/netdev.h"
#include "common/tap.h"

/*
 * Bytes that may wait behind the tap, in the vif and its guest's ring. More than the longest frame,
 * and less than netback's queue, which would drop. A guest that is paused takes no more than that.
 */
#define SNDBUF_BYTES (128 << 10)

int vif_tap_open(const char *ifname, struct vif_tap **out)
{
	struct vif_tap *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return -ENOMEM;
	snprintf(t->ifname, sizeof(t->ifname), "%s", ifname);
	t->ifindex = if_nametoindex(ifname);
	t->fd = tap_open_macvtap(ifname);
	ret = t->fd < 0 ? t->fd : tap_get_mtu(ifname, &t->mtu);
	if (ret < 0) {
		vif_tap_close(t);
		return ret;
	}
	tap_set_offloads(t->fd, TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO);
	tap_set_sndbuf(t->fd, SNDBUF_BYTES);
	*out = t;
	return 0;
}

void vif_tap_close(struct vif_tap *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

uint64_t vif_tap_missed(const struct vif_tap *t)
{
	char text[24];

	if (!netdev_text(NETDEV_SYSFS, t->ifname, "statistics/rx_dropped", text, sizeof(text)))
		return 0;
	return strtoull(text, NULL, 10);
}
