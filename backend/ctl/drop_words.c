/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/drop_words.h"

#include <stddef.h>
#include <string.h>

#include "xenstore-schema/schema.h"

static const struct row {
	const char *reason, *words;
	bool has_key;
	enum schema_key key; /* that allows or forbids it */
} rows[] = {
	{.reason = "malformed", .words = "sent with broken headers"},
	{.reason = "spoof-mac", .words = "sent from another MAC"},
	{.reason = "spoof-ip",
	 .words = "sent from an address that it may not have",
	 .has_key = true,
	 .key = KEY_BACK_ALLOWED_IP},
	{.reason = "mac-held", .words = "sent from a MAC that another has"},
	{.reason = "spoof-type",
	 .words = "sent neither as IP nor as ARP",
	 .has_key = true,
	 .key = KEY_BACK_ALLOWED_IP},
	{.reason = "vlan",
	 .words = "sent into a VLAN that it may not use",
	 .has_key = true,
	 .key = KEY_BACK_VLAN},
	{.reason = "control",
	 .words = "sent to switches",
	 .has_key = true,
	 .key = KEY_BACK_CONTROL_FRAMES},
	{.reason = "service",
	 .words = "sent as a router or DHCP server",
	 .has_key = true,
	 .key = KEY_BACK_GUEST_SERVICES},
	{.reason = "hidden", .words = "sent inside what hides them"},
	{.reason = "oversize", .words = "sent longer than a frame may be"},
	{.reason = "offload", .words = "sent with an offload that is not offered"},
	{.reason = "flood",
	 .words = "sent as more broadcasts than it may",
	 .has_key = true,
	 .key = KEY_BACK_FLOOD_RATE},
	{.reason = "no-route", .words = "sent to another guest: switch is off"},
	{.reason = "uplink", .words = "refused by the uplink"},
	{.reason = "mtu", .words = "sent longer than the MTU of their way"},
	{.reason = "neighbour-full", .words = "sent to a port of the bridge that had no room"},
	{.reason = "rx-full", .words = "came faster than it may or can receive"},
	{.reason = "rx-codel", .words = "came, and waited too long for it to receive them"},
	{.reason = "rx-flood", .words = "came as more broadcasts than it has to take"},
	{.reason = "rx-vlan",
	 .words = "came in a VLAN that it may not use",
	 .has_key = true,
	 .key = KEY_BACK_VLAN},
	{.reason = "rx-control",
	 .words = "came from switches",
	 .has_key = true,
	 .key = KEY_BACK_CONTROL_FRAMES},
	{.reason = "rx-oversize", .words = "came longer than its MTU"},
	{.reason = "rx-segments", .words = "came in more segments than any sender makes"},
	{.reason = "rx-vif", .words = "refused by its vif"},
	{.reason = "vif-codel", .words = "sent, and waited too long in its vif"},
	{.reason = "vif-full",
	 .words = "sent faster than its share or maximum: its vif is full",
	 .has_key = true,
	 .key = KEY_BACK_TX_MAX},
};

static const struct row *find(const char *reason)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].reason, reason) == 0)
			return &rows[i];
	return NULL;
}

const char *drop_words(const char *reason)
{
	const struct row *row = find(reason);

	return row ? row->words : NULL;
}

const char *drop_key(const char *reason)
{
	const struct row *row = find(reason);

	return row && row->has_key ? schema_name(row->key) : NULL;
}
