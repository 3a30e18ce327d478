/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/lost.h"

#include <stdio.h>
#include <string.h>

#include "backend/uplink/netdev.h"

static void remember(struct lost *l, const struct exits *now)
{
	*l = (struct lost){.hardware = now->how == EXITS_HARDWARE};
	if (now->count == 0 || now->how == EXITS_CHOSEN)
		return;
	l->ifindex = now->ifindex[0];
	memcpy(l->name, now->name[0], sizeof(l->name));
}

/* The interface may have another name by now. False: it does not exist. */
static bool find(struct lost *l)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(l->ifindex, name))
		return false;
	memcpy(l->name, name, sizeof(l->name));
	return true;
}

static void look_for_port(struct lost *l, const char *bridge)
{
	if (!find(l)) {
		if (l->hardware)
			snprintf(l->why, sizeof(l->why),
				 "%s, by which frames left the host, does not exist any more",
				 l->name);
	} else if (!netdev_is_port_of(l->name, bridge) &&
		   (l->hardware || !netdev_is_vif(NETDEV_SYSFS, l->name))) {
		snprintf(l->why, sizeof(l->why),
			 "%s, by which frames left the host, is not in the bridge %s", l->name,
			 bridge);
	}
}

void lost_look(struct lost *l, const struct exits *now)
{
	char bridge[IF_NAMESIZE];

	l->why[0] = '\0';
	if (!if_indextoname(now->bridge, bridge))
		return; /* the uplink itself is in no bridge, and life.h tells */
	if (l->ifindex && now->how != EXITS_HARDWARE && now->how != EXITS_CHOSEN)
		look_for_port(l, bridge);
	if (!l->why[0])
		remember(l, now);
}
