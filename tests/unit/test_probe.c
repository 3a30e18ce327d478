/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the probe of an uplink sees, against the kernel that runs, in a network namespace of our own
 * that goes with the process. Devices and qdiscs that this kernel does not know are skipped.
 */
#include "backend/uplink/probe.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/uplink/qdisc.h"
#include "backend/uplink/share.h"
#include "backend/uplink/tc.h"
#include "tests/fake/netns.h"
#include "tests/unit/tap.h"

/* Puts the qdisc on d0 and reads it back. */
static bool put(const char *qdisc, struct qdiscs *q)
{
	if (!netns_run("tc qdisc replace dev d0 root %s 2>/dev/null", qdisc)) {
		diag("%s: this kernel does not know it", qdisc);
		return false;
	}
	return is_int(qdisc_read(if_nametoindex("d0"), q), 0, "the qdisc \"%s\" is read", qdisc);
}

static void limit_is(const char *qdisc, uint32_t bytes)
{
	struct qdiscs q;

	if (!put(qdisc, &q))
		return;
	is_int(q.limit_bytes, bytes, "the limit of %s is read", qdisc);
	ok(q.any && !q.queueless, "%s is known as a queue", qdisc);
	is_int(q.shaped, strncmp(qdisc, "tbf", 3) == 0, "%s is known to shape or not to", qdisc);
}

static void test_qdiscs(void)
{
	struct qdiscs q;

	if (put("noqueue", &q))
		ok(q.any && q.queueless && q.limit_bytes == 0, "noqueue is known to have no queue");
	limit_is("pfifo limit 100", 51200);
	limit_is("bfifo limit 30000", 30000);
	limit_is("pfifo_fast", 500 * 512);
	limit_is("tbf rate 10mbit burst 10k limit 100000", 100000);
	limit_is("fq_codel limit 200", 200 * 512);
	limit_is("fq_codel memory_limit 60000", 60000);
	limit_is("codel limit 300", 300 * 512);
	limit_is("fq flow_limit 90", 90 * 512);
	limit_is("sfq limit 80", 80 * 512);
	if (put("netem delay 1ms", &q))
		ok(q.orphans, "netem is known to take frames off their socket");
	if (put("htb default 1", &q)) {
		ok(q.shaped, "htb is known to shape");
		netns_run("tc class add dev d0 parent 1: classid 1:1 htb rate 10mbit 2>/dev/null");
	}
	if (put("handle 1: htb default 1", &q) &&
	    netns_run("tc class add dev d0 parent 1: classid 1:1 htb rate 10mbit") &&
	    netns_run("tc qdisc add dev d0 parent 1:1 bfifo limit 20000")) {
		qdisc_read(if_nametoindex("d0"), &q);
		is_int(q.limit_bytes, 20000, "of several queues the smallest gives the limit");
	}
	netns_run("tc qdisc del dev d0 root");
	ok(qdisc_read(12345, &q) == 0 && !q.any, "an interface that does not exist has no qdisc");
}

static void probe(const struct uplink *u, struct probe *p)
{
	struct exits e;

	exits_find(u, "", &e);
	probe_uplink(&e, p);
}

static void why_is(const struct uplink *u, const char *part, const char *what)
{
	struct probe p;

	probe(u, &p);
	ok(!p.signal && strstr(p.why, part), "%s gives no signal", what);
	if (p.signal || !strstr(p.why, part))
		diag("%s", p.why);
}

/* The TAP is in no bridge of the kernel, as in Open vSwitch. */
static void test_outside(const struct uplink *tap)
{
	struct exits e;
	struct probe p;

	exits_find(tap, "d0", &e);
	ok(e.how == EXITS_CHOSEN && exits_has(&e, if_nametoindex("d0")),
	   "any interface can be chosen for a TAP in no bridge");
	netns_run("tc qdisc replace dev d0 root tbf rate 10mbit burst 10k limit 400000");
	probe_uplink(&e, &p);
	ok(!p.signal && strstr(p.why, "another switch hides it"),
	   "there is no signal where no bridge of the kernel leads to the exit");
	ok(!p.plain, "frames need not be whole without the userspace datapath of Open vSwitch");
	netns_run("ip link add ovs-netdev type dummy || ip tuntap add ovs-netdev mode tap");
	probe_uplink(&e, &p);
	ok(p.plain, "frames must be whole for the userspace datapath of Open vSwitch");
	netns_run("ip link del ovs-netdev; tc qdisc del dev d0 root");
	exits_find(tap, "nosuch", &e);
	ok(e.how == EXITS_NONE && strstr(e.why, "nosuch does not exist"),
	   "an interface that does not exist cannot be chosen for a TAP in no bridge");
	exits_find(tap, "t0", &e);
	ok(e.how == EXITS_NONE && strstr(e.why, "t0 is the uplink itself"),
	   "a TAP in no bridge cannot be chosen as its own exit");
}

static void test_bridge(void)
{
	struct uplink tap = {.kind = UPLINK_TAP, .ifname = "t0"};
	struct probe p;

	if (!netns_run("ip tuntap add t0 mode tap && ip link add br0 type bridge 2>/dev/null")) {
		tap_skip("a bridge is probed", "this kernel has none");
		return;
	}
	why_is(&tap, "in no bridge", "a TAP in no bridge");
	test_outside(&tap);
	netns_run("ip link set t0 master br0");
	netns_run("for f in /proc/sys/net/bridge/bridge-nf-call-*tables; do echo 0 >$f; done "
		  "2>/dev/null");
	why_is(&tap, "no port", "a bridge with no other port");
	netns_run("ip link set d0 master br0");
	why_is(&tap, "d0 is a veth device", "a virtual port");
	netns_run("tc qdisc replace dev d0 root pfifo limit 100");
	why_is(&tap, "d0 is a veth device", "a virtual port with a queue");

	netns_run("tc qdisc replace dev d0 root tbf rate 10mbit burst 10k limit 100000");
	probe(&tap, &p);
	ok(p.signal && p.why[0] == '\0', "a port that shapes gives a signal");
	is_int(p.sndbuf_max_bytes, 75000, "the buffer stays below the queue of the port");
	ok(!p.tso, "a queue too short for long frames takes no TSO");
	netns_run("tc qdisc replace dev d0 root tbf rate 10mbit burst 10k limit 400000");
	probe(&tap, &p);
	ok(p.tso && p.sndbuf_max_bytes > 200000 && p.sndbuf_max_bytes < 300000 - 65536,
	   "a queue long enough for long frames takes TSO");
	netns_run("tc qdisc replace dev d0 root tbf rate 10mbit burst 10k limit 12000");
	why_is(&tap, "holds 12000 bytes", "a queue of a few frames");
	netns_run("tc qdisc replace dev d0 root tbf rate 10mbit burst 10k limit 100000");
	if (netns_run("echo 1 2>/dev/null >/sys/class/net/br0/bridge/nf_call_iptables"))
		why_is(&tap, "br_netfilter", "a bridge with iptables");
	netns_run("ip link set d0 nomaster");
}

static void exit_is(const char *chosen, enum exits_how how, const char *name, const char *what)
{
	struct uplink tap = {.kind = UPLINK_TAP, .ifname = "t0"};
	struct exits e;

	exits_find(&tap, chosen, &e);
	is_int(e.how, how, "%s decides where frames leave", what);
	is_str(e.count ? e.name[0] : "", name, "with %s frames leave through %s", what, name);
	ok(e.count == 0 || exits_has(&e, if_nametoindex(name)), "%s is known as an exit", name);
}

/* Called when br0 has t0 as its only port. */
static void test_exits(void)
{
	struct uplink tap = {.kind = UPLINK_TAP, .ifname = "t0"};
	struct exits e;

	if (!netns_run("ip link add x0 type veth peer name x1 2>/dev/null && ip link set x0 master "
		       "br0 "
		       "&& "
		       "ip link add y0 type veth peer name y1 && ip link set y0 master br0")) {
		tap_skip("exits of a bridge are found", "this kernel has no bridge");
		return;
	}
	exit_is("", EXITS_OLDEST, "x0", "the oldest port");
	exit_is("y0", EXITS_CHOSEN, "y0", "the operator");
	exits_find(&tap, "nosuch", &e);
	ok(e.how == EXITS_OLDEST && strstr(e.why, "nosuch is no port"),
	   "a chosen port that does not exist is named and ignored");
	exits_find(&tap, "x1", &e);
	ok(e.how == EXITS_OLDEST && strstr(e.why, "x1 is no port"),
	   "a chosen interface outside the bridge is named and ignored");
	exits_find(&tap, "t0", &e);
	ok(e.how == EXITS_OLDEST && strstr(e.why, "t0 is the uplink itself"),
	   "the uplink itself as a chosen port is named and ignored");
	netns_run("ip link set x0 nomaster");
	exit_is("", EXITS_OLDEST, "y0", "the oldest port that is left");
	netns_run("ip link del x0; ip link del y0");
}

/* The text of `tc qdisc show dev s0`. */
static void shown(char *out, size_t size)
{
	FILE *f = popen("tc qdisc show dev s0", "r");

	out[f ? fread(out, 1, size - 1, f) : 0] = '\0';
	if (f)
		pclose(f);
}

/* The HTB of share.h on s0, with these qdiscs before it; t0 is the TAP. */
static void test_share_on(const char *qdisc, bool signal)
{
	struct share_port p = {.exit = "s0", .tap = "t0"};
	struct share_rates r = {8000000, 2000000, 8000000};
	struct exits e = {.how = EXITS_CHOSEN, .count = 1, .name = {"s0"}};
	char text[SHARE_TEXT_MAX], before[512], after[512], why[SHARE_WHY_MAX], said[TC_WHY_MAX];
	struct probe found;

	netns_run("tc qdisc del dev s0 root 2>/dev/null");
	if (strcmp(qdisc, "noqueue") != 0)
		netns_run("tc qdisc add dev s0 root %s", qdisc);
	shown(before, sizeof(before));
	qdisc_read(if_nametoindex("s0"), &p.found);
	ok(share_may(SHARE_AUTO, &p, why), "%s may be shared", qdisc);
	share_add(&p, text);
	if (tc_batch(text, said) < 0) {
		tap_skip("the HTB is put on an interface", "this kernel has no htb or u32");
		return;
	}
	share_build(&p, &r, text);
	is_int(tc_batch(text, said), 0, "%s: the HTB gets its classes", qdisc);
	share_filter(&p, text);
	tc_try(text, said);
	share_refine(&p, &r, text);
	tc_try(text, said);
	qdisc_read(if_nametoindex("s0"), &p.found);
	ok(share_stands(&p), "%s: the HTB is found, and the TAP that it is for", qdisc);
	probe_uplink(&e, &found);
	ok(found.lent && found.signal == signal, "%s: the HTB shows no capacity by itself", qdisc);
	share_set(&p, &r, text);
	is_int(tc_batch(text, said), 0, "%s: the HTB takes the same settings again", qdisc);
	share_undo(&p, text);
	is_int(tc_batch(text, said), 0, "%s: the HTB is taken away", qdisc);
	shown(after, sizeof(after));
	is_str(after, before, "%s: the qdiscs are as before the HTB", qdisc);
}

static void test_tc(void)
{
	char said[TC_WHY_MAX];

	is_int(tc_batch("qdisc add dev s0 root pfifo limit\n", said), -EIO,
	       "a command that fails is reported");
	ok(said[0] && !strchr(said, '\n'), "the first line of what tc said is kept: %s", said);
	tc_try("qdisc del dev s0 root handle 99:\nqdisc add dev s0 root pfifo limit 77\n", said);
	is_int(system("tc qdisc show dev s0 | grep -q 'limit 77p'"), 0,
	       "commands after one that fails are tried too");
	setenv("PATH", "/nowhere", 1);
	ok(tc_batch("qdisc show\n", said) < 0 && strstr(said, "tc(8) cannot be run"),
	   "a tc that is missing is reported: %s", said);
}

static void test_share(void)
{
	netns_run("ip link add s0 type veth peer name s1 && ip link set s0 up");
	test_share_on("noqueue", false);
	test_share_on("tbf rate 10mbit burst 10k limit 300000", true);
	test_share_on("tbf rate 1gbit burst 20001 limit 300000", true);
	test_tc();
}

/* Called when br0 has t0 as its only port, and d0 a queue of 100000 bytes. */
static void test_stack(void)
{
	struct uplink tap = {.kind = UPLINK_TAP, .ifname = "t0"};
	struct uplink macvtap = {.kind = UPLINK_MACVTAP, .ifname = "v0"};
	struct probe p;

	if (!netns_run("ip link add link d0 name v0 type macvlan 2>/dev/null")) {
		tap_skip("a device above another is probed", "this kernel has no macvlan");
		return;
	}
	netns_run("echo 0 2>/dev/null >/sys/class/net/br0/bridge/nf_call_iptables");
	probe(&macvtap, &p);
	ok(p.signal && p.sndbuf_max_bytes == 75000, "a macvtap is as the device below it");
	netns_run("ip link set v0 master br0");
	probe(&tap, &p);
	ok(p.signal && p.sndbuf_max_bytes == 75000,
	   "a port above another device is as that device");
	netns_run("tc qdisc del dev d0 root");
	why_is(&macvtap, "d0 is a veth device",
	       "a macvtap above a device that takes frames at once");
	why_is(&tap, "d0 is a veth device", "a port above a device that takes frames at once");
}

static bool is_idle(const char *name)
{
	struct exits e = {.how = EXITS_CHOSEN, .count = 1};

	snprintf(e.name[0], IFNAMSIZ, "%s", name);
	return probe_idle(&e);
}

/* v0, which has no queue, is above d0, as a VLAN above a card. */
static void test_idle(void)
{
	const struct exits none = {.how = EXITS_NONE};

	if (if_nametoindex("v0") == 0) {
		tap_skip("what waits below an exit is seen", "this kernel has no macvlan");
		return;
	}
	/* Nothing but the test's own frames, and a link that carries them. */
	netns_run("echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
		  "tc qdisc del dev d0 root 2>/dev/null; ip link set d1 up; ip link set v0 up");
	ok(is_idle("v0") && is_idle("d0"), "exits without a queue are idle");
	netns_run("tc qdisc replace dev d0 root tbf rate 8kbit burst 2k limit 100000");
	ok(is_idle("v0"), "an exit above a queue in which nothing waits is idle");
	netns_run("ip addr add 10.9.0.1/24 dev d0; "
		  "ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev d0; "
		  "ping -c 5 -i 0.01 -w 1 -s 1400 10.9.0.2 >/dev/null");
	ok(!is_idle("d0"), "an exit in whose queue frames wait is not idle");
	ok(!is_idle("v0"), "an exit above such a queue is not idle");
	netns_run("tc qdisc del dev d0 root; ip addr flush dev d0");
	ok(is_idle("v0"), "an exit is idle when the queue below it is gone");
	ok(!is_idle("nosuch"), "an exit that does not exist is not idle");
	ok(!probe_idle(&none), "without an exit nothing is idle");
}

/* The watch is readable when a qdisc has changed, until it is drained. */
static void test_watch(void)
{
	int fd = qdisc_watch();
	struct pollfd p = {.fd = fd, .events = POLLIN};

	ok(fd >= 0, "a watch of qdiscs is opened");
	is_int(poll(&p, 1, 0), 0, "a watch has nothing to read before a change");
	netns_run("tc qdisc replace dev d0 root pfifo limit 7");
	is_int(poll(&p, 1, 5000), 1, "a watch can be read when a qdisc has changed");
	qdisc_watch_drain(fd);
	is_int(poll(&p, 1, 0), 0, "a watch has nothing to read when it is drained");
	netns_run("ip link set d0 down");
	is_int(poll(&p, 1, 5000), 1, "a watch can be read when an interface has changed");
	close(fd);
}

int main(void)
{
	if (!netns_enter() ||
	    !netns_run("ip link add d0 numtxqueues 1 numrxqueues 1 type veth peer "
		       "name d1 2>/dev/null && ip link set d0 txqueuelen 500 up")) {
		tap_skip("qdiscs and bridges are probed", "not root, or no veth devices");
		return done_testing();
	}
	test_qdiscs();
	test_bridge();
	test_exits();
	test_stack();
	test_idle();
	test_watch();
	test_share();
	return done_testing();
}
