/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif_tap.h"

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

struct vif_tap *vif_tap_new(void)
{
	return calloc(1, sizeof(struct vif_tap));
}

int vif_tap_add(struct vif_tap *t, const char *ifname)
{
	struct vif_port *p = &t->port[t->count];
	uint32_t mtu;
	int ret;

	snprintf(p->ifname, sizeof(p->ifname), "%s", ifname);
	p->ifindex = if_nametoindex(ifname);
	p->fd = tap_open_macvtap(ifname);
	if (p->fd < 0)
		return p->fd;
	ret = tap_get_mtu(ifname, &mtu);
	if (ret < 0) {
		close(p->fd);
		return ret;
	}
	tap_set_offloads(p->fd, TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO);
	tap_set_sndbuf(p->fd, SNDBUF_BYTES);
	if (t->count++ == 0)
		t->mtu = mtu;
	return 0;
}

void vif_tap_close(struct vif_tap *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->count; i++)
		close(t->port[i].fd);
	free(t);
}

uint64_t vif_tap_missed(const struct vif_tap *t)
{
	uint64_t missed = 0;
	char text[24];

	for (unsigned i = 0; i < t->count; i++) {
		if (netdev_text(NETDEV_SYSFS, t->port[i].ifname, "statistics/rx_dropped", text,
				sizeof(text)))
			missed += strtoull(text, NULL, 10);
	}
	return missed;
}
