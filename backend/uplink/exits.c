/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/exits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/netdev.h"

#define DEPTH_MAX 4

static void add(struct exits *e, const char *ifname)
{
	if (e->count == EXITS_MAX)
		return;
	snprintf(e->name[e->count], IFNAMSIZ, "%.15s", ifname);
	e->ifindex[e->count] = if_nametoindex(ifname);
	e->count++;
}

static void add_lower(const char *ifname, void *arg)
{
	add(arg, ifname);
}

/* --- ports with hardware ---------------------------------------------------------------------- */

struct below {
	unsigned depth;
	bool hardware;
};

static void look_below(const char *ifname, void *arg)
{
	struct below *b = arg;

	if (netdev_is_hardware(NETDEV_SYSFS, ifname))
		b->hardware = true;
	if (b->hardware || b->depth == 0)
		return;
	b->depth--;
	netdev_lowers(NETDEV_SYSFS, ifname, look_below, b);
	b->depth++;
}

static bool has_hardware(const char *ifname)
{
	struct below b = {.depth = DEPTH_MAX};

	look_below(ifname, &b);
	return b.hardware;
}

static void add_hardware(const char *ifname, void *arg)
{
	if (has_hardware(ifname))
		add(arg, ifname);
}

/* --- the oldest port -------------------------------------------------------------------------- */

struct oldest {
	char name[IFNAMSIZ];
	long number;
};

/* Bridges number their ports in the order in which they join, from the lowest free number on. */
static void look_older(const char *ifname, void *arg)
{
	struct oldest *o = arg;
	char path[64], text[16] = "";
	long number;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/brport/port_no", ifname);
	f = fopen(path, "re");
	if (!f)
		return;
	number = fgets(text, sizeof(text), f) ? strtol(text, NULL, 0) : 0;
	fclose(f);
	if (number <= 0 || number >= o->number)
		return;
	o->number = number;
	snprintf(o->name, sizeof(o->name), "%.15s", ifname);
}

/* ---------------------------------------------------------------------------------------------- */

static void find_in_bridge(const char *tap, const char *bridge, const char *chosen, struct exits *e)
{
	struct oldest o = {.number = LONG_MAX};

	netdev_ports(bridge, tap, look_older, &o);
	e->bridge = if_nametoindex(bridge);
	e->oldest = o.name[0] ? if_nametoindex(o.name) : 0;
	if (chosen[0] && strcmp(chosen, tap) == 0) {
		snprintf(e->why, sizeof(e->why), "%.15s is the uplink itself", chosen);
	} else if (chosen[0] && netdev_is_port_of(chosen, bridge)) {
		e->how = EXITS_CHOSEN;
		add(e, chosen);
		return;
	} else if (chosen[0]) {
		snprintf(e->why, sizeof(e->why), "%.15s is no port of the bridge %.15s", chosen,
			 bridge);
	}
	netdev_ports(bridge, tap, add_hardware, e);
	if (e->count > 0) {
		e->how = EXITS_HARDWARE;
		return;
	}
	if (o.name[0]) {
		e->how = EXITS_OLDEST;
		add(e, o.name);
	} else {
		e->missing = true;
		if (!e->why[0])
			snprintf(e->why, sizeof(e->why),
				 "the bridge %.15s has no port besides %.15s", bridge, tap);
	}
}

/*
 * The TAP is in no bridge of the kernel, but perhaps in one of Open vSwitch. That does not tell the
 * kernel its ports, so the operator's word is enough.
 */
static void find_outside(const char *tap, const char *chosen, struct exits *e)
{
	if (!chosen[0]) {
		snprintf(e->why, sizeof(e->why), "%.15s is in no bridge", tap);
	} else if (strcmp(chosen, tap) == 0) {
		snprintf(e->why, sizeof(e->why), "%.15s is the uplink itself", chosen);
	} else if (if_nametoindex(chosen) == 0) {
		e->missing = true;
		snprintf(e->why, sizeof(e->why), "%.15s does not exist", chosen);
	} else {
		e->how = EXITS_CHOSEN;
		e->outside = true;
		add(e, chosen);
	}
}

void exits_find(const struct uplink *u, const char *chosen, struct exits *out)
{
	char bridge[IFNAMSIZ];

	*out = (struct exits){.how = EXITS_NONE};
	if (u->kind == UPLINK_MACVTAP) {
		if (netdev_lowers(NETDEV_SYSFS, u->ifname, add_lower, out) > 0)
			out->how = EXITS_LOWER;
		else
			snprintf(out->why, sizeof(out->why), "%s has no lower device", u->ifname);
	} else if (netdev_bridge(u->ifname, bridge)) {
		find_in_bridge(u->ifname, bridge, chosen, out);
	} else {
		find_outside(u->ifname, chosen, out);
	}
}

void exits_expect(const struct uplink_spec *spec, const char *chosen, struct exits *out)
{
	*out = (struct exits){.how = EXITS_NONE};
	if (spec->kind == UPLINK_MACVTAP) {
		out->how = EXITS_LOWER;
		add(out, spec->device);
	} else if (spec->bridge[0]) {
		find_in_bridge(spec->device, spec->bridge, chosen, out);
	} else {
		find_outside(spec->device, chosen, out);
	}
}

void exits_no_link(const struct exits *e, char *out, size_t size)
{
	if (e->count == 1)
		snprintf(out, size, "%s, by which frames leave the host, has no link", e->name[0]);
	else
		snprintf(out, size,
			 "none of the %u interfaces by which frames leave the host has a link",
			 e->count);
}

bool exits_has(const struct exits *e, unsigned ifindex)
{
	for (unsigned i = 0; i < e->count; i++) {
		if (e->ifindex[i] == ifindex)
			return true;
	}
	return false;
}
