/* SPDX-License-Identifier: GPL-2.0-or-later */
/* speed.h: the speed of the hardware through which frames leave the host, as sysfs tells it. */
#ifndef DMVL_SPEED_H
#define DMVL_SPEED_H

#include <stdint.h>

#include "backend/uplink/exits.h"

enum speed_state {
	SPEED_UNKNOWN, /* no hardware, or one that does not tell its speed */
	SPEED_DOWN,    /* no link: nothing leaves, and the speed is not known until that changes */
	SPEED_KNOWN,
};

/*
 * The speed in bits per second of the slowest exit that has a link; unknown if one of those is. A
 * VLAN is as fast as what is below it, a bond as its members. A veth and other virtual devices make
 * up a speed, which does not count. `sysfs` is NETDEV_SYSFS, or in a test a folder that looks like
 * it. *bps is 0 if the speed is not known. May block in sysfs for a moment.
 */
enum speed_state speed_of_exits(const char *sysfs, const struct exits *e, uint64_t *bps);

/* The capacity of a link of that speed: a little less, so that frames wait in the guests' rings. */
uint64_t speed_capacity_bps(uint64_t speed_bps);

#endif
