/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_port.h"

#include <stdio.h>
#include <string.h>

#include "backend/uplink/netdev.h"

bool look_bridge_of(const struct look *look, char device[VIEW_TEXT_MAX], char bridge[IFNAMSIZ])
{
	if (look->ctl->backend_given || !look->uplink->keys.value[KEY_UPLINK_DEVICE])
		return false;
	view_text(&look->uplink->keys, KEY_UPLINK_DEVICE, device, VIEW_TEXT_MAX);
	return strlen(device) < IFNAMSIZ && netdev_bridge(device, bridge);
}

bool look_port_says(const char *ifname, const char *file, char first)
{
	char text[8];

	return netdev_text(NETDEV_SYSFS, ifname, file, text, sizeof(text)) && text[0] == first;
}

void look_each_exit(struct look *look, const char *tap, const char *bridge, look_exit *at,
		    void *arg)
{
	char list[VIEW_TEXT_MAX], *rest = list, *name;

	if (!look->uplink->keys.value[KEY_UPLINK_EXITS])
		return;
	view_text(&look->uplink->keys, KEY_UPLINK_EXITS, list, sizeof(list));
	while ((name = strsep(&rest, ",")))
		at(look, tap, bridge, name, arg);
}
