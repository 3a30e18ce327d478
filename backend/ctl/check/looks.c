/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/looks.h"

#include <stdio.h>

#include "backend/ctl/check/look_agent.h"
#include "backend/ctl/check/look_bridge.h"
#include "backend/ctl/check/look_cpu.h"
#include "backend/ctl/check/look_daemon.h"
#include "backend/ctl/check/look_device.h"
#include "backend/ctl/check/look_errors.h"
#include "backend/ctl/check/look_host.h"
#include "backend/ctl/check/look_keys.h"
#include "backend/ctl/check/look_limits.h"
#include "backend/ctl/check/look_link.h"
#include "backend/ctl/check/look_locked.h"
#include "backend/ctl/check/look_rates.h"
#include "backend/ctl/check/look_rules.h"

/*
 * Theory of operation
 *
 * A row of the table is one kind of finding, and its function tells all findings of that kind about
 * one subject: this host, an uplink, or a device. False: nothing else can be said of the subject,
 * so the rows that follow are left out for it.
 */
struct row {
	const char *id;
	enum gravity gravity;
	bool (*look)(struct look *look);
};

static const struct row host_rows[] = {
	{"kernel-device", GRAVITY_CRITICAL, look_kernel_devices},
	{"bridge-filter", GRAVITY_WARNING, look_bridge_filter},
	{"dom0-weight", GRAVITY_WARNING, look_dom0_weight},
	{"dom0-cap", GRAVITY_WARNING, look_dom0_cap},
	{"dom0-pinning", GRAVITY_WARNING, look_dom0_pinning},
	{"grants", GRAVITY_WARNING, look_grants},
	{"xenstore-quota", GRAVITY_WARNING, look_quota},
	{"policy", GRAVITY_WARNING, look_policy},
};

static const struct row uplink_rows[] = {
	{"stale-uplink", GRAVITY_WARNING, look_stale},
	{"daemon", GRAVITY_CRITICAL, look_daemon},
	{"files", GRAVITY_WARNING, look_files},
	{"version", GRAVITY_WARNING, look_version},
	{"uplink-error", GRAVITY_WARNING, look_uplink_error},
	{"group-error", GRAVITY_WARNING, look_group_errors},
	{"credit-log", GRAVITY_WARNING, look_credit_log},
	{"remembered", GRAVITY_WARNING, look_remembered},
	{"uplink-mtu", GRAVITY_WARNING, look_uplink_mtu},
	{"bridge-filter", GRAVITY_WARNING, look_bridge_calls},
	{"spanning-tree", GRAVITY_WARNING, look_spanning_tree},
	{"port", GRAVITY_CRITICAL, look_exits},
	{"port", GRAVITY_CRITICAL, look_locked},
	{"flooding", GRAVITY_WARNING, look_flooding},
	{"bridge-vlan", GRAVITY_WARNING, look_vlans},
	{"mac-elsewhere", GRAVITY_WARNING, look_elsewhere},
	{"rules", GRAVITY_WARNING, look_rules},
	{"capacity", GRAVITY_WARNING, look_capacity},
	{"rate", GRAVITY_WARNING, look_uplink_rates},
	{"unknown-key", GRAVITY_WARNING, look_uplink_keys},
	{"descriptors", GRAVITY_WARNING, look_descriptors},
};

static const struct row device_rows[] = {
	{"phantom", GRAVITY_WARNING, look_phantom},
	{"no-uplink", GRAVITY_CRITICAL, look_no_uplink},
	{"device-error", GRAVITY_WARNING, look_device_error},
	{"refused", GRAVITY_WARNING, look_refused},
	{"rate", GRAVITY_WARNING, look_device_rates},
	{"unknown-key", GRAVITY_WARNING, look_device_keys},
	{"same-mac", GRAVITY_CRITICAL, look_same_mac},
	{"device-mtu", GRAVITY_WARNING, look_device_mtu},
	{"agent-error", GRAVITY_WARNING, look_agent_error},
	{"agent-away", GRAVITY_CRITICAL, look_agent_away},
	{"agent-still", GRAVITY_CRITICAL, look_agent_still},
};

#define ROWS(rows) rows, sizeof(rows) / sizeof(rows[0])

static void run_rows(struct look *look, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		look->id = rows[i].id;
		look->gravity = rows[i].gravity;
		if (!rows[i].look(look))
			return;
	}
}

static void look_at_host(struct look *look)
{
	snprintf(look->where, sizeof(look->where), "this host");
	run_rows(look, ROWS(host_rows));
}

static void look_at_uplinks(struct look *look)
{
	for (int i = 0; i < look->uplink_count; i++) {
		look->uplink = &look->uplinks[i];
		snprintf(look->where, sizeof(look->where), "uplink %s", look->uplink->name);
		run_rows(look, ROWS(uplink_rows));
	}
	look->uplink = NULL;
}

static void look_at_devices(struct look *look)
{
	for (int i = 0; i < look->devices.count; i++) {
		const struct ldp_view *d = &look->devices.view[i];

		look->device = d;
		if (d->name[0])
			snprintf(look->where, sizeof(look->where), "%s/%u", d->name, d->id);
		else
			snprintf(look->where, sizeof(look->where), "%u/%u", d->domid, d->id);
		run_rows(look, ROWS(device_rows));
	}
	look->device = NULL;
}

int looks_run(struct look *look, struct findings *found)
{
	look->found = found;
	look->devices.count = ldp_views_read(look->ctl, &look->devices.view);
	if (look->devices.count < 0)
		return look->devices.count;
	look->uplink_count = uplink_views_read(look->ctl, &look->uplinks);
	look->stats_count = stats_views_open(look->ctl, &look->stats);
	if (look->uplink_count >= 0) {
		look_at_uplinks(look);
		look_at_devices(look);
		look_at_host(look);
		uplink_views_free(look->uplinks, look->uplink_count);
	}
	stats_views_free(look->stats, look->stats_count);
	ldp_views_free(look->devices.view, look->devices.count);
	return look->uplink_count < 0 ? look->uplink_count : 0;
}
