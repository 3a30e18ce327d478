/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_rates.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/ctl/slow_rate.h"
#include "common/units.h"

/* Limits of which one value stands for all: `command` sets them. */
struct limits {
	const struct view *keys;
	uint64_t mtu; /* 0: not known */
	const char *command;
};

static void look_at_rate(struct look *look, const char *where, const struct limits *l,
			 enum schema_key key)
{
	uint64_t rate = view_is_malformed(l->keys, key) ? 0 : view_number(l->keys, key);
	uint64_t seconds = slow_rate_s(rate, l->mtu);
	char text[UNITS_TEXT_MAX];
	struct finding_row *f;

	if (seconds == 0)
		return;
	f = look_found(look);
	finding_where(f, "%s", where);
	finding_text(f, "%s is %s: a full frame takes %" PRIu64 " s", schema_name(key),
		     units_format_rate(text, sizeof(text), rate), seconds);
	finding_do(f, "%s %s=%s    # the default; or another value", l->command, schema_name(key),
		   schema_entry(key)->dflt);
}

static void look_at_flood(struct look *look, const struct limits *l, enum schema_key key,
			  const char *consequence)
{
	struct finding_row *f;

	if (!l->keys->value[key] || view_is_malformed(l->keys, key) || view_number(l->keys, key))
		return;
	f = look_found(look);
	finding_text(f, "%s is 0: %s", schema_name(key), consequence);
	finding_do(f, "%s %s=%s    # the default; or another value", l->command, schema_name(key),
		   schema_entry(key)->dflt);
}

static void look_at_group(struct look *look, const struct group_view *g, uint64_t mtu)
{
	char where[FINDING_WHERE_MAX], command[FINDING_COMMAND_MAX];
	const struct limits l = {&g->keys, mtu, command};

	snprintf(where, sizeof(where), "group %s of uplink %s", g->name, g->uplink);
	snprintf(command, sizeof(command), "dmvlctl group --uplink %s %s", g->uplink, g->name);
	look_at_rate(look, where, &l, KEY_GROUP_TX_MAX);
	look_at_rate(look, where, &l, KEY_GROUP_RX_MAX);
}

bool look_uplink_rates(struct look *look)
{
	const struct view *keys = &look->uplink->keys;
	char command[FINDING_COMMAND_MAX];
	const struct limits l = {keys, view_number(keys, KEY_UPLINK_MTU), command};
	struct group_view *g;
	int count = group_views_read(look->ctl, look->uplink->name, &look->devices, &g);

	snprintf(command, sizeof(command), "dmvlctl uplink %s", look->uplink->name);
	look_at_rate(look, look->where, &l, KEY_UPLINK_TX_CAPACITY);
	look_at_rate(look, look->where, &l, KEY_UPLINK_RX_CAPACITY);
	look_at_flood(look, &l, KEY_UPLINK_FLOOD_RATE,
		      "guests get no broadcasts from outside, so nobody there finds them by ARP");
	for (int i = 0; i < count; i++)
		look_at_group(look, &g[i], l.mtu);
	group_views_free(g, count);
	return true;
}

bool look_device_rates(struct look *look)
{
	const struct ldp_view *d = look->device;
	char target[FINDING_WHERE_MAX], command[FINDING_COMMAND_MAX];
	const struct limits l = {&d->keys, view_number(&d->keys, KEY_BACK_MTU), command};

	look_target(d, target);
	snprintf(command, sizeof(command), "dmvlctl set %s", target);
	look_at_rate(look, look->where, &l, KEY_BACK_TX_MAX);
	look_at_rate(look, look->where, &l, KEY_BACK_RX_MAX);
	look_at_flood(look, &l, KEY_BACK_FLOOD_RATE,
		      "the guest may send no broadcasts, so it finds nobody by ARP or DHCP");
	return true;
}
