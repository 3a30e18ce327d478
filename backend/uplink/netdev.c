/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/netdev.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last part of what a link of the interface in sysfs points to; false: there is none. */
static bool read_link(const char *ifname, const char *link, char out[NAME_MAX + 1])
{
	char path[80], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/%s", ifname, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	snprintf(out, NAME_MAX + 1, "%s", basename(target));
	return true;
}

bool netdev_is_hardware(const char *ifname)
{
	char bus[NAME_MAX + 1];

	return read_link(ifname, "device/subsystem", bus) && strcmp(bus, "xen-backend") != 0;
}

bool netdev_bridge(const char *ifname, char bridge[IFNAMSIZ])
{
	char master[NAME_MAX + 1];

	if (!read_link(ifname, "master", master))
		return false;
	snprintf(bridge, IFNAMSIZ, "%.15s", master);
	return true;
}

/* Visits each entry of /sys/class/net/IF/DIR that begins with `prefix`, without the prefix. */
static unsigned for_each(const char *ifname, const char *dir, const char *prefix, const char *but,
			 netdev_visit *visit, void *arg)
{
	char path[80], name[IFNAMSIZ];
	unsigned count = 0;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/%.15s", ifname, dir);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(name, sizeof(name), "%.15s", e->d_name + strlen(prefix));
		if (strcmp(name, but) == 0)
			continue;
		count++;
		visit(name, arg);
	}
	if (d)
		closedir(d);
	return count;
}

unsigned netdev_ports(const char *bridge, const char *but, netdev_visit *visit, void *arg)
{
	return for_each(bridge, "brif", "", but, visit, arg);
}

unsigned netdev_lowers(const char *ifname, netdev_visit *visit, void *arg)
{
	return for_each(ifname, "", "lower_", "", visit, arg);
}
