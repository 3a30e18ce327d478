/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/lower.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool counts_as_address(const struct sockaddr *sa)
{
	if (!sa)
		return false;
	if (sa->sa_family == AF_INET)
		return true;
	if (sa->sa_family != AF_INET6)
		return false;
	return !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

static bool has_address(const char *ifname, char *text, size_t size)
{
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (a = list; a && !found; a = a->ifa_next) {
		const void *addr;

		if (strcmp(a->ifa_name, ifname) != 0 || !counts_as_address(a->ifa_addr))
			continue;
		addr = a->ifa_addr->sa_family == AF_INET
			       ? (const void *)&((struct sockaddr_in *)(void *)a->ifa_addr)
					 ->sin_addr
			       : &((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr;
		inet_ntop(a->ifa_addr->sa_family, addr, text, (socklen_t)size);
		found = true;
	}
	freeifaddrs(list);
	return found;
}

/* Each line of /proc/net/route begins with the interface. IPv6 routes need an address. */
static bool has_route(const char *ifname)
{
	char line[256], dev[32];
	bool found = false;
	FILE *f = fopen("/proc/net/route", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%31s", dev) == 1 && strcmp(dev, ifname) == 0;
	if (f)
		fclose(f);
	return found;
}

static bool sys_exists(const char *ifname, const char *entry)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/%.40s", ifname, entry);
	return lstat(path, &st) == 0;
}

static bool has_upper(const char *ifname, const char *own, char *upper, size_t size)
{
	char path[64];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s", ifname);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		if (strncmp(e->d_name, "upper_", 6) != 0 || strcmp(e->d_name + 6, own) == 0)
			continue;
		snprintf(upper, size, "%.15s", e->d_name + 6);
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

int lower_is_free(const char *lower, const char *own, char *err, size_t errlen)
{
	const char *hint = "a macvtap would cut it off; use another interface or --take-over";
	char text[INET6_ADDRSTRLEN];

	if (has_address(lower, text, sizeof(text)))
		snprintf(err, errlen, "interface %s carries the address %s: %s", lower, text, hint);
	else if (has_route(lower))
		snprintf(err, errlen, "interface %s carries a route: %s", lower, hint);
	else if (has_upper(lower, own, text, sizeof(text)))
		snprintf(err, errlen, "interface %s is below %s: %s", lower, text, hint);
	else if (sys_exists(lower, "master"))
		snprintf(err, errlen, "interface %s is in a bridge or bond: %s", lower, hint);
	else
		return 0;
	return -EBUSY;
}

bool lower_is_macvtap_over(const char *ifname, const char *lower)
{
	char entry[32];

	snprintf(entry, sizeof(entry), "lower_%.15s", lower);
	return sys_exists(ifname, "macvtap") && sys_exists(ifname, entry);
}
