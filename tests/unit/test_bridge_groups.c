/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups that were joined behind other ports of a real bridge, as its table has them. In a network
 * namespace that goes with the process.
 */
#include "backend/datapath/bridge_groups.h"

#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include "backend/datapath/flood.h"
#include "tests/fake/bench.h"
#include "tests/fake/netns.h"
#include "tests/unit/mkmcast.h"
#include "tests/unit/tap.h"

static struct bench *b;

static bool make_bridge(void)
{
	return netns_run("ip link add br0 type bridge mcast_snooping 1 2>/dev/null && "
			 "ip link set br0 up") &&
	       netns_run("for p in bench p1 p2; do ip link add $p type veth peer name $p-far && "
			 "ip link set $p master br0 up || exit; done") &&
	       netns_run("bridge mdb add dev br0 port p1 grp 239.1.2.4 permanent");
}

/* How many members the group has: reads until there are as many as wanted, or nothing comes. */
static unsigned members(const char *ip, bool v6, unsigned want)
{
	struct mcast_target t = {.v6 = v6, .exact = true, .joinable = true};
	struct pollfd p = {.fd = b->dp->bridge_groups.fd, .events = POLLIN};
	struct groups_walk w;
	unsigned n;

	if (!v6)
		memset(t.addr.b + 10, 0xff, 2);
	memcpy(t.addr.b + (v6 ? 0 : 12), ip, v6 ? 16 : 4);
	mcast_mac(&t.addr, t.mac);
	for (;;) {
		n = 0;
		w = groups_find(b->dp->flood.groups, &t);
		while (groups_next(b->dp->flood.groups, &w, b->dp->now_ns) != GROUPS_NONE)
			n++;
		if (n == want || poll(&p, 1, 1000) <= 0)
			return n;
		bridge_groups_read(b->dp);
	}
}

static void mdb(const char *what, const char *port, const char *group)
{
	if (!netns_run("bridge mdb %s dev br0 port %s grp %s permanent", what, port, group))
		diag("bridge mdb %s failed", what);
}

static void test_table(void)
{
	is_int(members(MKM_G2, false, 1), 1, "a group that was in the table before is known");
	mdb("add", "p1", "239.1.2.3");
	is_int(members(MKM_G1, false, 1), 1, "a group that is joined behind a port is known");
	mdb("add", "p2", "239.1.2.3");
	is_int(members(MKM_G1, false, 2), 2, "each port is a member");
	mdb("del", "p1", "239.1.2.3");
	is_int(members(MKM_G1, false, 1), 1, "a group stays until its last port has left");
	mdb("del", "p2", "239.1.2.3");
	is_int(members(MKM_G1, false, 0), 0, "a group that its last port left has no member");
	mdb("add", "p1", "ff05::1:203");
	is_int(members("\xff\5\0\0\0\0\0\0\0\0\0\0\0\1\2\3", true, 1), 1,
	       "an IPv6 group is known too");
	mdb("add", "bench", "239.1.2.9"); /* the uplink's own port */
	mdb("add", "p2", "239.1.2.9");
	is_int(members("\xef\1\2\x9", false, 1), 1, "what guests joined is theirs alone");
	bench_pass(b, 100000 * NS_PER_SEC);
	groups_query(b->dp->flood.groups, 0, false, 255 * NS_PER_SEC, b->dp->now_ns);
	bench_pass(b, 254 * NS_PER_SEC);
	groups_query(b->dp->flood.groups, 0, false, 255 * NS_PER_SEC, b->dp->now_ns);
	bench_pass(b, 10 * NS_PER_SEC);
	is_int(members(MKM_G2, false, 1), 1,
	       "the bridge says when a member goes, and time does not");
}

static void test_gone(void)
{
	bench_link(b, &(struct link_conf){0});
	is_int(members(MKM_G2, false, 0), 0, "without a bridge its table is forgotten");
	is_int(b->dp->bridge_groups.fd, -1, "without a bridge no table is read");
}

int main(void)
{
	if (!netns_enter() || !make_bridge()) {
		tap_skip("a bridge's groups are known", "not root, or a kernel without a bridge");
		return done_testing();
	}
	b = bench_new_with(1, NULL, NULL);
	bench_link(b, &(struct link_conf){.bridge = if_nametoindex("br0"), .flood_rate = 1000});
	test_table();
	test_gone();
	bench_free(b);
	return done_testing();
}
