/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The speed of the exits, from a folder that looks like /sys/class/net. */
#include "backend/uplink/speed.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/must.h"
#include "tests/unit/tap.h"

#define MBIT 1000000ull

static char sysfs[] = "/tmp/test_speed.XXXXXX";

__attribute__((format(printf, 2, 3))) static void put(const char *text, const char *fmt, ...)
{
	char name[64], path[PATH_MAX], *slash;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	for (slash = strchr(path + sizeof(sysfs), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	f = fopen(path, "w");
	must(f);
	fprintf(f, "%s\n", text);
	must(fclose(f) == 0);
}

static void link_to(const char *target, const char *ifname, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", sysfs, ifname, name);
	must(symlink(target, path) == 0);
}

/* An interface as its driver describes it; `speed` NULL: the file cannot be read. */
static void virtual_if(const char *ifname, const char *operstate, const char *speed)
{
	put(operstate, "%s/operstate", ifname);
	if (speed)
		put(speed, "%s/speed", ifname);
}

static void on_bus(const char *ifname, const char *bus)
{
	char target[64];

	put("", "%s/device/vendor", ifname);
	snprintf(target, sizeof(target), "../../../bus/%s", bus);
	link_to(target, ifname, "device/subsystem");
}

static void nic(const char *ifname, const char *operstate, const char *speed)
{
	virtual_if(ifname, operstate, speed);
	on_bus(ifname, "pci");
}

static void above(const char *upper, const char *lower)
{
	char name[32], target[32];

	snprintf(name, sizeof(name), "lower_%s", lower);
	snprintf(target, sizeof(target), "../%s", lower);
	link_to(target, upper, name);
}

static void member(const char *bond, const char *ifname, const char *state)
{
	above(bond, ifname);
	put(state, "%s/bonding_slave/state", ifname);
}

static void bond(const char *ifname, const char *mode)
{
	virtual_if(ifname, "up", "77777"); /* the members count */
	put(mode, "%s/bonding/mode", ifname);
}

static void begin(void)
{
	strcpy(strrchr(sysfs, '.'), ".XXXXXX");
	must(mkdtemp(sysfs));
}

static void end(void)
{
	char cmd[PATH_MAX];

	snprintf(cmd, sizeof(cmd), "rm -r %s", sysfs);
	must(system(cmd) == 0);
}

/* Of the exits `names`, separated by spaces. */
static enum speed_state speed(const char *names, uint64_t *bps)
{
	struct exits e = {.how = EXITS_HARDWARE};
	char copy[64], *save;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *s = strtok_r(copy, " ", &save); s; s = strtok_r(NULL, " ", &save))
		snprintf(e.name[e.count++], IFNAMSIZ, "%.15s", s);
	return speed_of_exits(sysfs, &e, bps);
}

static void speed_is(const char *names, uint64_t mbit, const char *what)
{
	uint64_t bps = 1;

	is_int(speed(names, &bps), SPEED_KNOWN, "the speed of %s is known", what);
	is_int(bps, mbit * MBIT, "the speed of %s is %u Mbit/s", what, (unsigned)mbit);
}

static void no_speed(const char *names, enum speed_state state, const char *what)
{
	uint64_t bps = 1;

	is_int(speed(names, &bps), state, "%s has %s", what,
	       state == SPEED_DOWN ? "no link" : "no known speed");
	is_int(bps, 0, "%s gives no rate", what);
}

static void test_nic(void)
{
	begin();
	nic("eth0", "up", "1000");
	nic("eth1", "unknown", "2500");
	nic("eth2", "down", "-1");
	nic("eth3", "up", "-1");
	nic("eth4", "up", NULL);
	nic("eth5", "up", "2147483647");
	nic("eth6", "down", "1000");
	speed_is("eth0", 1000, "a card");
	speed_is("eth1", 2500, "a card that does not tell whether it has a link");
	no_speed("eth2", SPEED_DOWN, "a card that is down");
	no_speed("eth6", SPEED_DOWN, "a card that is down and tells its last speed");
	no_speed("eth3", SPEED_UNKNOWN, "a card that says -1");
	no_speed("eth4", SPEED_UNKNOWN, "a card whose speed cannot be read");
	no_speed("eth5", SPEED_UNKNOWN, "a card that says the largest number");
	no_speed("", SPEED_UNKNOWN, "an uplink without exits");
	no_speed("eth9", SPEED_DOWN, "an interface that does not exist");
	end();
}

static void test_virtual(void)
{
	begin();
	virtual_if("veth0", "up", "10000");
	virtual_if("vif1.0", "up", "1000");
	on_bus("vif1.0", "xen-backend");
	no_speed("veth0", SPEED_UNKNOWN, "a veth");
	no_speed("vif1.0", SPEED_UNKNOWN, "the interface of a guest");
	end();
}

static void test_vlan(void)
{
	begin();
	nic("eth0", "up", "1000");
	virtual_if("eth0.5", "up", "9999");
	above("eth0.5", "eth0");
	virtual_if("veth0", "up", "10000");
	virtual_if("veth0.5", "up", "10000");
	above("veth0.5", "veth0");
	virtual_if("eth0.6", "lowerlayerdown", "1000");
	above("eth0.6", "eth0");
	virtual_if("loop0", "up", NULL);
	above("loop0", "loop0");
	speed_is("eth0.5", 1000, "a VLAN of a card");
	no_speed("veth0.5", SPEED_UNKNOWN, "a VLAN of a veth");
	no_speed("eth0.6", SPEED_DOWN, "a VLAN that is down");
	no_speed("loop0", SPEED_UNKNOWN, "a stack without an end");
	end();
}

static void test_bond(const char *mode, const char *second, unsigned both_mbit,
		      unsigned one_down_mbit)
{
	begin();
	nic("eth0", "up", "1000");
	nic("eth1", "up", "2500");
	bond("bond0", mode);
	member("bond0", "eth0", "active");
	member("bond0", "eth1", second);
	virtual_if("bond0.7", "up", NULL);
	above("bond0.7", "bond0");
	speed_is("bond0", both_mbit, mode);
	speed_is("bond0.7", both_mbit, "a VLAN of a bond");
	put("down", "eth1/operstate");
	speed_is("bond0", one_down_mbit, "a bond with a member down");
	put("down", "eth0/operstate");
	no_speed("bond0", SPEED_DOWN, "a bond with all members down");
	end();
}

/* Switched over: the other member carries the frames. */
static void test_failover(void)
{
	begin();
	nic("eth0", "up", "1000");
	nic("eth1", "up", "100");
	bond("bond0", "active-backup 1");
	member("bond0", "eth0", "backup");
	member("bond0", "eth1", "active");
	speed_is("bond0", 100, "a bond that switched over");
	put("-1", "eth1/speed");
	no_speed("bond0", SPEED_UNKNOWN, "a bond whose active member says -1");
	end();
}

static void test_several(void)
{
	begin();
	nic("eth0", "up", "10000");
	nic("eth1", "up", "1000");
	nic("eth2", "down", "-1");
	nic("eth3", "up", "-1");
	virtual_if("team0", "up", NULL);
	above("team0", "eth0");
	above("team0", "eth1");
	speed_is("eth0 eth1", 1000, "two exits, the slower one");
	speed_is("eth1 eth0", 1000, "two exits in the other order, the slower one");
	speed_is("eth2 eth0", 10000, "two exits, one of them down");
	no_speed("eth0 eth3", SPEED_UNKNOWN, "two exits, one of which says -1");
	speed_is("team0", 1000, "a team, its slower member");
	end();
}

int main(void)
{
	test_nic();
	test_virtual();
	test_vlan();
	test_bond("802.3ad 4", "active", 3500, 1000);
	test_bond("802.3ad 4", "backup", 1000, 1000);
	test_bond("balance-xor 2", "active", 3500, 1000);
	test_bond("active-backup 1", "backup", 1000, 1000);
	test_bond("broadcast 3", "active", 1000, 1000);
	test_failover();
	test_several();
	is_int(speed_capacity_bps(1000 * MBIT), 980 * MBIT, "frames are paced to 98 %% of a speed");
	return done_testing();
}
