/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/probe.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/uplink/netdev.h"
#include "backend/uplink/qdisc.h"
#include "common/wire.h"

/*
 * Theory of operation
 *
 * A frame stays charged to the uplink's send buffer until it is freed, or until something on its
 * way ends the charge (skb_orphan()). In that case the link can be full and no write is refused. A
 * trial would not show which case it is: an idle link takes a few frames at once in either case,
 * and more frames would disturb traffic. So the devices and queues on the way are examined:
 *
 *	a qdisc that shapes (tbf, htb, hfsc)	holds frames charged, whatever is below
 *	a hardware device with a queue		holds frames charged while it is busy
 *	a VLAN, bond or the like		as the devices below it
 *	any other virtual device		ends the charge at once (veth, tun, dummy)
 *	netem					ends the charge
 *	the HTB of share.h			holds frames charged, but lends its signal only
 *	br_netfilter that calls iptables	ends the charge
 *	Open vSwitch				may end it, and does in its userspace datapath
 *
 * One port of a bridge with a signal is enough: the others lead to guests on the same host. The
 * send buffer must be smaller than the smallest queue, or that queue drops frames before a write is
 * refused.
 */
#define DEPTH_MAX     4
#define SNDBUF_MIN    9600u /* bytes, four full frames: a smaller buffer is full too often */
#define TSO_LIMIT_MIN (4u << 16)

/* What the examined devices have in common. */
struct found {
	bool signal, lent;
	uint32_t limit_bytes; /* the smallest; 0: none known */
	char *why;
	int depth; /* how many more interfaces below are examined */
};

/* The driver's name, like "veth", or "virtual" when it has none. */
static void driver_name(const char *ifname, char out[ETHTOOL_BUSINFO_LEN])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (void *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr) < 0)
		info.driver[0] = '\0';
	if (fd >= 0)
		close(fd);
	snprintf(out, ETHTOOL_BUSINFO_LEN, "%.31s", info.driver[0] ? info.driver : "virtual");
}

static void lower_limit(struct found *f, uint32_t limit_bytes)
{
	if (limit_bytes && (f->limit_bytes == 0 || limit_bytes < f->limit_bytes))
		f->limit_bytes = limit_bytes;
}

static void has_signal(struct found *f, uint32_t limit_bytes)
{
	f->signal = true;
	lower_limit(f, limit_bytes);
}

static void examine(const char *ifname, void *arg);

/* False: there is none below, or it is too deep. */
static bool examine_lowers(const char *ifname, struct found *f)
{
	bool any;

	if (f->depth == 0)
		return false;
	f->depth--;
	any = netdev_lowers(NETDEV_SYSFS, ifname, examine, f) > 0;
	f->depth++;
	return any;
}

/* Examines one device through which frames leave. */
static void examine(const char *ifname, void *arg)
{
	struct found *f = arg;
	char driver[ETHTOOL_BUSINFO_LEN];
	struct qdiscs q;
	int ret = qdisc_read(if_nametoindex(ifname), &q);

	if (ret == 0 && q.shared && !q.orphans) {
		f->lent = true;
		lower_limit(f, q.limit_bytes);
	}
	if (ret < 0) {
		snprintf(f->why, PROBE_WHY_MAX, "the queues of %s cannot be read (%s)", ifname,
			 strerror(-ret));
	} else if (q.orphans) {
		snprintf(f->why, PROBE_WHY_MAX, "the qdisc netem of %s hides it", ifname);
	} else if (q.shaped) {
		has_signal(f, q.limit_bytes);
	} else if (netdev_is_hardware(NETDEV_SYSFS, ifname)) {
		if (q.any && q.queueless)
			snprintf(f->why, PROBE_WHY_MAX, "%s has no queue (qdisc noqueue)", ifname);
		else
			has_signal(f, q.limit_bytes);
	} else if (!examine_lowers(ifname, f)) {
		driver_name(ifname, driver);
		snprintf(f->why, PROBE_WHY_MAX, "%s is a %s device, which takes frames at once",
			 ifname, driver);
	}
}

static bool file_says_1(const char *path)
{
	FILE *f = fopen(path, "re");
	bool on = f && fgetc(f) == '1';

	if (f)
		fclose(f);
	return on;
}

/* Does br_netfilter pass the bridge's IP frames to iptables? `name` is the end of its sysctl. */
static bool is_filtered(const char *bridge, const char **name)
{
	static const char *const calls[] = {"iptables", "ip6tables"};
	char path[96];

	for (int i = 0; i < 2; i++) {
		*name = calls[i];
		snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s", calls[i]);
		if (file_says_1(path))
			return true;
		snprintf(path, sizeof(path), "/sys/class/net/%.15s/bridge/nf_call_%s", bridge,
			 calls[i]);
		if (file_says_1(path))
			return true;
	}
	return false;
}

static void examine_exits(const struct exits *e, struct found *f)
{
	char bridge[IFNAMSIZ];
	const char *name;

	if (e->outside) {
		snprintf(f->why, PROBE_WHY_MAX,
			 "no bridge of the kernel leads from the uplink to %s, and another switch "
			 "hides it",
			 e->name[0]);
		return;
	}
	for (unsigned i = 0; i < e->count; i++) {
		if (netdev_bridge(e->name[i], bridge) && is_filtered(bridge, &name)) {
			snprintf(f->why, PROBE_WHY_MAX,
				 "br_netfilter, which hands %s's frames to iptables, hides it "
				 "(sysctl net.bridge.bridge-nf-call-%s=0 would end that)",
				 bridge, name);
			return;
		}
		examine(e->name[i], f);
	}
	if (e->count == 0)
		snprintf(f->why, PROBE_WHY_MAX, "%s", e->why);
}

/*
 * Open vSwitch's userspace datapath takes frames from the TAP by a packet socket, without what the
 * vnet header says: it drops long frames, and sends wrong checksums on. It always has
 * an interface of this name.
 */
static bool is_switched_by_program(const struct exits *e)
{
	return e->how != EXITS_LOWER && e->bridge == 0 && if_nametoindex("ovs-netdev") != 0;
}

void probe_uplink(const struct exits *e, struct probe *out)
{
	struct found f = {.why = out->why, .depth = DEPTH_MAX};
	uint32_t limit;

	*out = (struct probe){.tso = true};
	out->plain = is_switched_by_program(e);
	examine_exits(e, &f);
	limit = f.limit_bytes;
	out->signal = f.signal;
	out->lent = f.lent;
	if ((!f.signal && !f.lent) || limit == 0)
		return;
	/* A write succeeds while there is any room, so the buffer may be exceeded by one frame. */
	out->tso = limit >= TSO_LIMIT_MIN;
	out->sndbuf_max_bytes = limit / 4 * 3 - (out->tso ? WIRE_FRAME_MAX : 0);
	if (out->sndbuf_max_bytes >= SNDBUF_MIN)
		return;
	out->signal = false;
	out->lent = false;
	snprintf(out->why, sizeof(out->why),
		 "a queue of %s holds %u bytes, too few to tell when the link is full", e->name[0],
		 limit);
}

/* --- does anything wait? ---------------------------------------------------------------------- */

struct waiting {
	unsigned depth; /* how many more interfaces below are examined */
	bool any;
};

/* What is below a VLAN or a bond has the queue. */
static void look_waiting(const char *ifname, void *arg)
{
	unsigned ifindex = if_nametoindex(ifname);
	struct waiting *w = arg;
	struct qdiscs q;

	w->any |= ifindex == 0 || qdisc_read(ifindex, &q) < 0 || q.backlog_bytes > 0;
	if (w->any || w->depth == 0)
		return;
	w->depth--;
	netdev_lowers(NETDEV_SYSFS, ifname, look_waiting, w);
	w->depth++;
}

bool probe_idle(const struct exits *e)
{
	struct waiting w = {.depth = DEPTH_MAX};

	for (unsigned i = 0; i < e->count; i++)
		look_waiting(e->name[i], &w);
	return e->count > 0 && !w.any;
}
