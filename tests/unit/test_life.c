/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the uplink's interface is there and where it belongs, against the kernel that runs, in a
 * network namespace of our own; and by which way frames leave, from a folder like sysfs.
 */
#include "backend/uplink/life.h"

#include <stdlib.h>
#include <unistd.h>

#include "backend/uplink/way.h"
#include "tests/fake/must.h"
#include "tests/fake/netns.h"
#include "tests/fake/scratch.h"
#include "tests/unit/tap.h"

static const struct uplink_spec spec = {.kind = UPLINK_TAP, .device = "t0", .bridge = "br0"};

static struct uplink up;

/* After `command`, the look says `state` and `why`. */
static void after(const char *command, enum life_state state, const char *why)
{
	struct life l;

	if (!netns_run("%s", command)) {
		tap_skip(command, "this kernel cannot do that");
		return;
	}
	life_look(&spec, &up, &l);
	is_int(l.state, state, "the state after: %s", command);
	is_str(l.why, why, "what is wrong after: %s", command);
}

static void test_bridge(void)
{
	struct life l;

	after("true", LIFE_WELL, "");
	life_look(&spec, &up, &l);
	is_str(l.parent, "br0", "the TAP's bridge is known");
	is_int(l.parent_mtu_bytes, 1500, "the MTU of the bridge is known");
	after("ip link set br0 down", LIFE_WAIT, "the bridge br0 is down");
	after("ip link set br0 up", LIFE_WELL, "");
	after("ip link set br0 type bridge stp_state 1 forward_delay 3000; ip link set t0 "
	      "nomaster; "
	      "ip link set t0 master br0",
	      LIFE_WAIT,
	      "the bridge br0 does not forward frames of t0 yet (spanning tree): waiting");
	after("ip link set t0 nomaster", LIFE_OUT, "the TAP t0 is not in the bridge br0");
	after("ip link add br1 type bridge && ip link set t0 master br1", LIFE_WAIT,
	      "the TAP t0 is in the bridge br1 and not in br0");
	after("ip link del br0", LIFE_WAIT, "the TAP t0 is in the bridge br1 and not in br0");
	after("ip link del br1", LIFE_WAIT, "there is no bridge br0");
	after("ip link add br0 type bridge; ip link set br0 up; ip link set t0 master br0",
	      LIFE_WELL, "");
}

static void test_tap(void)
{
	after("ip link set t0 down", LIFE_WAIT, "the TAP t0 is down");
	after("ip link set t0 name u0", LIFE_WAIT, "the TAP t0 was renamed to u0");
	after("ip link set u0 name t0; ip link set t0 up", LIFE_WELL, "");
	after("ip link del t0", LIFE_LOST, "the TAP t0 was deleted");
}

static void test_reopen(void)
{
	char err[256] = "";
	struct uplink fresh;
	struct life l;

	is_int(uplink_reopen(&up, &fresh, &spec, "test", err, sizeof(err)), 0,
	       "a TAP that was deleted is made again: %s", err);
	up.sndbuf_bytes = 12345;
	uplink_replace(&up, &fresh);
	is_int(up.sndbuf_bytes, 12345, "the new TAP has the send buffer of the old one");
	life_look(&spec, &up, &l);
	is_int(l.state, LIFE_WELL, "the new TAP is where it belongs");
}

static void put(const char *dir, const char *name, const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "mkdir -p %s && echo %s >%s/%s", dir, text, dir, name);
	must(system(command) == 0);
}

static void test_way(void)
{
	struct exits e = {.count = 2, .name = {"eth0", "vlan5"}};
	const char *sysfs = scratch_dir();
	char dir[64], way[WAY_MAX];

	snprintf(dir, sizeof(dir), "%s/eth0", sysfs);
	put(dir, "speed", "1000");
	snprintf(dir, sizeof(dir), "%s/vlan5/lower_bond0", sysfs);
	put(dir, "here", "1");
	snprintf(dir, sizeof(dir), "%s/bond0/bonding", sysfs);
	put(dir, "active_slave", "eth1");
	way_of_exits(sysfs, &e, way);
	is_str(way, " eth0 vlan5>eth1", "the way has the active member of a bond below an exit");
	put(dir, "active_slave", "eth2");
	way_of_exits(sysfs, &e, way);
	is_str(way, " eth0 vlan5>eth2", "the way is another when another member is active");
}

int main(void)
{
	char err[256] = "";

	test_way();
	if (!netns_enter() || !netns_run("ip link add br0 type bridge && ip link set br0 up")) {
		tap_skip("the uplink's interface is looked at", "no namespace, or no bridge");
		return done_testing();
	}
	if (uplink_open(&up, &spec, "test", err, sizeof(err)) < 0) {
		tap_skip("the uplink's interface is looked at", err);
		return done_testing();
	}
	test_bridge();
	test_tap();
	test_reopen();
	uplink_close(&up);
	return done_testing();
}
