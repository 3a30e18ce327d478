/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_port.h: the bridge and the ports on the way of an uplink's frames, for looks at them. */
#ifndef DMVL_CTL_LOOK_PORT_H
#define DMVL_CTL_LOOK_PORT_H

#include <net/if.h>

#include "backend/ctl/check/look.h"

/* The TAP of look->uplink and its bridge; false: it is in none, or of another domain. */
bool look_bridge_of(const struct look *look, char device[VIEW_TEXT_MAX], char bridge[IFNAMSIZ]);

/* Does the interface's file in sysfs begin with this character? */
bool look_port_says(const char *ifname, const char *file, char first);

/* Called with one interface by which frames leave the host, a text that ends with the call. */
typedef void look_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
		       void *arg);
void look_each_exit(struct look *look, const char *tap, const char *bridge, look_exit *at,
		    void *arg);

#endif
