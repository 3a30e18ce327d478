/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/netdev.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VIF_BUS	     "xen-backend"
#define READABLE_FDS 6 /* two pipes for tc(8), and one for what it needs itself */

bool netdev_readable(void)
{
	int fd[READABLE_FDS];
	unsigned n = 0;
	bool enough;

	while (n < READABLE_FDS && (fd[n] = open("/", O_PATH | O_CLOEXEC)) >= 0)
		n++;
	enough = n == READABLE_FDS;
	while (n > 0)
		close(fd[--n]);
	return enough;
}

/* The last part of what a link of the interface in sysfs points to; false: there is none. */
static bool read_link(const char *sysfs, const char *ifname, const char *link,
		      char out[NAME_MAX + 1])
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%.15s/%s", sysfs, ifname, link);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	snprintf(out, NAME_MAX + 1, "%s", basename(target));
	return true;
}

bool netdev_is_hardware(const char *sysfs, const char *ifname)
{
	char bus[NAME_MAX + 1];

	return read_link(sysfs, ifname, "device/subsystem", bus) && strcmp(bus, VIF_BUS) != 0;
}

bool netdev_is_vif(const char *sysfs, const char *ifname)
{
	char bus[NAME_MAX + 1];

	return read_link(sysfs, ifname, "device/subsystem", bus) && strcmp(bus, VIF_BUS) == 0;
}

bool netdev_is_bridge(const char *ifname)
{
	char path[80];

	snprintf(path, sizeof(path), NETDEV_SYSFS "/%.15s/bridge", ifname);
	return access(path, F_OK) == 0;
}

bool netdev_bridge(const char *ifname, char bridge[IFNAMSIZ])
{
	char master[NAME_MAX + 1];

	if (!read_link(NETDEV_SYSFS, ifname, "master", master))
		return false;
	snprintf(bridge, IFNAMSIZ, "%.15s", master);
	return netdev_is_bridge(bridge);
}

bool netdev_is_port_of(const char *ifname, const char *bridge)
{
	char master[IFNAMSIZ];

	return netdev_bridge(ifname, master) && strcmp(master, bridge) == 0;
}

/* Visits each entry of /sys/class/net/IF/DIR that begins with `prefix`, without the prefix. */
static unsigned for_each(const char *sysfs, const char *ifname, const char *dir, const char *prefix,
			 const char *but, netdev_visit *visit, void *arg)
{
	char path[PATH_MAX], name[IFNAMSIZ];
	unsigned count = 0;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%.15s/%.15s", sysfs, ifname, dir);
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
	return for_each(NETDEV_SYSFS, bridge, "brif", "", but, visit, arg);
}

unsigned netdev_lowers(const char *sysfs, const char *ifname, netdev_visit *visit, void *arg)
{
	return for_each(sysfs, ifname, "", "lower_", "", visit, arg);
}

bool netdev_text(const char *sysfs, const char *ifname, const char *entry, char *out, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "%s/%.15s/%s", sysfs, ifname, entry);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(out, (int)size, f))
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
	return out[0] != '\0';
}

bool netdev_has_link(const char *sysfs, const char *ifname)
{
	char state[32];

	return netdev_text(sysfs, ifname, "operstate", state, sizeof(state)) &&
	       (strcmp(state, "up") == 0 || strcmp(state, "unknown") == 0);
}
