/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/uplink.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/uplink/lower.h"
#include "backend/uplink/netdev.h"
#include "common/quote.h"
#include "common/tap.h"

/*
 * Theory of operation
 *
 * tap: frames written to the fd enter the bridge as if the TAP had received them. A frame that the
 * bridge does not flood stays charged to the fd until the egress device has sent it. So with a send
 * buffer smaller than the egress queue, write() fails with EAGAIN when the link is full; with the
 * default buffer it never does.
 *
 * macvtap: passthru is the only mode that delivers frames for MAC addresses other than its own. It
 * takes over the lower device: the device is promiscuous and receives no unicast of its own.
 */
#define SNDBUF_MIN (2 * 1600)
#define SNDBUF_MAX (64 << 20)
/* The kernel charges more than a frame's bytes: for a small frame several times as much. */
#define SNDBUF_TRUESIZE 2u

/* Of what is written, every kernel takes these. */
#define OFFLOADS (TAP_CSUM | TAP_TSO4 | TAP_TSO6)

#define MACVTAP_NAME_MAX (IFNAMSIZ - 1 - 5) /* behind "dmvl-" */

extern char **environ;

/* ip(8) sets up links. No shell sees the arguments. */
static int run_ip(const char *const argv[])
{
	int status, ret;
	pid_t pid;

	ret = posix_spawnp(&pid, "ip", NULL, NULL, (char *const *)argv, environ);
	if (ret != 0)
		return -ret;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int copy_name(char out[IFNAMSIZ], const char *text, size_t len)
{
	if (len >= IFNAMSIZ)
		return -EINVAL;
	memcpy(out, text, len);
	out[len] = '\0';
	return tap_name_ok(out) ? 0 : -EINVAL;
}

static int parse_tap(const char *text, struct uplink_spec *out)
{
	size_t len = strcspn(text, ",");

	out->kind = UPLINK_TAP;
	if (copy_name(out->device, text, len) < 0)
		return -EINVAL;
	if (text[len] == '\0')
		return 0;
	text += len + 1;
	if (strncmp(text, "bridge=", 7) != 0)
		return -EINVAL;
	return copy_name(out->bridge, text + 7, strlen(text + 7));
}

int uplink_parse(const char *text, struct uplink_spec *out, char *err, size_t errlen)
{
	char shown[QUOTE_MAX];
	int ret = -EINVAL;

	*out = (struct uplink_spec){0};
	if (strncmp(text, "tap:", 4) == 0) {
		ret = parse_tap(text + 4, out);
	} else if (strncmp(text, "macvtap:", 8) == 0) {
		out->kind = UPLINK_MACVTAP;
		ret = copy_name(out->device, text + 8, strlen(text + 8));
	}
	if (ret < 0)
		snprintf(err, errlen,
			 "uplink %s: expected tap:IF[,bridge=BR] or macvtap:LOWER, interface "
			 "names of 1..%d printable characters, none of / : %%",
			 quote_text(shown, text), IFNAMSIZ - 1);
	return ret;
}

static const char *open_error(int ret)
{
	switch (ret) {
	case -EINVAL:
		return "it exists and is not a TAP; choose another name";
	case -EBUSY:
		return "another process holds it";
	case -EPERM:
	case -EACCES:
		return "no permission; run as root or with CAP_NET_ADMIN";
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return "there is no /dev/net/tun; load the module tun";
	}
	return strerror(-ret);
}

/* With one queue only where the TAP was created so, or the kernel would spread what is received. */
static int open_queues(struct uplink *u, const char *name)
{
	int fd = tap_open_queue(name), ret;

	if (fd == -EINVAL)
		return tap_open(name);
	if (fd < 0)
		return fd;
	ret = tap_receive_on_first(fd);
	u->queues = ret == 0;
	return fd;
}

static int check_bridge(const char *bridge, char *err, size_t errlen)
{
	if (!tap_exists(bridge)) {
		snprintf(err, errlen, "the bridge %s does not exist", bridge);
		return -EAGAIN;
	}
	if (!netdev_is_bridge(bridge)) {
		snprintf(err, errlen,
			 "%s is no bridge of the kernel; for one of Open vSwitch leave out bridge= "
			 "and add the TAP there with ovs-vsctl add-port (docs/uplink.md)",
			 bridge);
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * An instance's name may be longer than an interface's. Then a hash (FNV-1a) of all of it stands
 * in place of its end, so that two that begin alike differ.
 */
static void macvtap_name(const char *name, char out[IFNAMSIZ])
{
	uint32_t hash = 2166136261u;

	if (strlen(name) <= MACVTAP_NAME_MAX) {
		snprintf(out, IFNAMSIZ, "dmvl-%.10s", name);
		return;
	}
	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	snprintf(out, IFNAMSIZ, "dmvl-%.4s-%05x", name, (hash ^ hash >> 20) & 0xfffff);
}

int uplink_check(const struct uplink_spec *spec, const char *name, char *err, size_t errlen)
{
	char own[IFNAMSIZ];

	if (spec->kind == UPLINK_TAP)
		return spec->bridge[0] ? check_bridge(spec->bridge, err, errlen) : 0;
	if (!tap_exists(spec->device)) {
		snprintf(err, errlen, "the interface %s does not exist", spec->device);
		return -EAGAIN;
	}
	macvtap_name(name, own);
	return spec->take_over ? 0 : lower_is_free(spec->device, own, err, errlen);
}

int uplink_join(const struct uplink_spec *spec, char *err, size_t errlen)
{
	uint32_t mtu;
	int ret;

	/* A port with a smaller MTU would lower that of the whole bridge. */
	if (tap_get_mtu(spec->bridge, &mtu) == 0)
		tap_set_mtu(spec->device, mtu);
	ret = tap_join_bridge(spec->device, spec->bridge);
	if (ret == -ENODEV) { /* one of the two is going at this moment */
		snprintf(err, errlen, "the bridge %s does not exist", spec->bridge);
		return -EAGAIN;
	}
	if (ret < 0)
		snprintf(err, errlen, "cannot add %s to the bridge %s: %s", spec->device,
			 spec->bridge, ret == -EBUSY ? "it is in another one" : strerror(-ret));
	return ret;
}

static int open_tap(struct uplink *u, const struct uplink_spec *spec, char *err, size_t errlen)
{
	int ret;

	ret = uplink_check(spec, "", err, errlen);
	if (ret < 0)
		return ret;
	if (u->fd >= 0)
		u->queues = tap_has_queues(u->fd) && tap_receive_on_first(u->fd) == 0;
	else
		u->fd = open_queues(u, spec->device);
	if (u->fd < 0) {
		snprintf(err, errlen, "cannot open the TAP %s: %s", spec->device,
			 open_error(u->fd));
		return u->fd;
	}
	snprintf(u->ifname, sizeof(u->ifname), "%s", spec->device);
	return spec->bridge[0] ? uplink_join(spec, err, errlen) : 0;
}

static void delete_link(const char *ifname)
{
	const char *const argv[] = {"ip", "link", "del", "dev", ifname, NULL};

	run_ip(argv);
}

static int make_macvtap(struct uplink *u, const char *lower, char *err, size_t errlen)
{
	const char *const argv[] = {"ip",      "link", "add",	  "link", lower,      "name",
				    u->ifname, "type", "macvtap", "mode", "passthru", NULL};
	const char *const allmulti[] = {"ip",	   "link",	   "set", "dev",
					u->ifname, "allmulticast", "on",  NULL};
	int ret;

	/* A run that was killed may have left its macvtap. */
	if (lower_is_macvtap_over(u->ifname, lower))
		delete_link(u->ifname);
	ret = run_ip(argv);
	if (ret < 0) {
		snprintf(err, errlen,
			 "cannot create the macvtap %s over %s (see the line above; is the module "
			 "macvtap loaded?)",
			 u->ifname, lower);
		return ret;
	}
	u->made = true;
	/* Otherwise it receives only the groups that this host has joined, not the guests'. */
	ret = run_ip(allmulti);
	if (ret < 0)
		snprintf(err, errlen, "cannot make %s receive all multicast", u->ifname);
	return ret;
}

static int open_macvtap(struct uplink *u, const struct uplink_spec *spec, const char *name,
			char *err, size_t errlen)
{
	uint32_t mtu;
	int ret = uplink_check(spec, name, err, errlen);

	if (ret < 0)
		return ret;
	macvtap_name(name, u->ifname);
	ret = make_macvtap(u, spec->device, err, errlen);
	if (ret < 0)
		return ret;
	if (tap_get_mtu(spec->device, &mtu) == 0)
		tap_set_mtu(u->ifname, mtu);
	tap_set_up(spec->device, true);
	u->fd = tap_open_macvtap(u->ifname);
	if (u->fd < 0) {
		snprintf(err, errlen, "cannot open the macvtap over %s: %s", spec->device,
			 strerror(-u->fd));
		return u->fd;
	}
	return 0;
}

static int open_any(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		    size_t errlen)
{
	int ret;

	if (spec->kind == UPLINK_TAP)
		ret = open_tap(u, spec, err, errlen);
	else
		ret = open_macvtap(u, spec, name, err, errlen);
	if (ret == 0) {
		u->offloads = tap_set_offloads(u->fd, OFFLOADS | TAP_USO) | OFFLOADS;
		ret = tap_set_up(u->ifname, true);
		if (ret < 0)
			snprintf(err, errlen, "cannot set %s up: %s", u->ifname, strerror(-ret));
	}
	if (ret < 0)
		uplink_close(u);
	return ret;
}

int uplink_open(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		size_t errlen)
{
	*u = (struct uplink){.fd = -1, .kind = spec->kind};
	return open_any(u, spec, name, err, errlen);
}

int uplink_open_kept(struct uplink *u, const struct uplink_spec *spec, const char *name, int fd,
		     char *err, size_t errlen)
{
	*u = (struct uplink){.fd = fd, .kind = spec->kind};
	return open_any(u, spec, name, err, errlen);
}

static void delete_made(const struct uplink *u)
{
	if (u->made && tap_exists(u->ifname)) /* it goes with the device below */
		delete_link(u->ifname);
}

int uplink_reopen(const struct uplink *old, struct uplink *u, const struct uplink_spec *spec,
		  const char *name, char *err, size_t errlen)
{
	delete_made(old);
	return uplink_open(u, spec, name, err, errlen);
}

void uplink_replace(struct uplink *u, const struct uplink *with)
{
	uint32_t sndbuf_bytes = u->sndbuf_bytes;

	close(u->fd);
	*u = *with;
	if (sndbuf_bytes)
		uplink_set_sndbuf(u, sndbuf_bytes);
}

int uplink_keep(struct uplink *u, const struct uplink_spec *spec, const char *name, char *err,
		size_t errlen)
{
	char bridge[IFNAMSIZ];
	struct uplink with;
	int ret;

	if (!tap_exists(u->ifname)) {
		ret = uplink_reopen(u, &with, spec, name, err, errlen);
		if (ret == 0)
			uplink_replace(u, &with);
		return ret;
	}
	if (!spec->bridge[0] || netdev_bridge(u->ifname, bridge))
		return 0;
	ret = uplink_check(spec, name, err, errlen);
	return ret < 0 ? ret : uplink_join(spec, err, errlen);
}

void uplink_close(struct uplink *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
	delete_made(u);
	u->made = false;
}

uint32_t uplink_sndbuf_bytes(uint64_t capacity_bps, uint64_t ns)
{
	uint64_t bytes = capacity_bps / 8 * (ns / 1000) / 1000000 * SNDBUF_TRUESIZE;

	if (bytes > SNDBUF_MAX)
		bytes = SNDBUF_MAX;
	if (bytes < SNDBUF_MIN * SNDBUF_TRUESIZE)
		bytes = SNDBUF_MIN * SNDBUF_TRUESIZE;
	return (uint32_t)bytes;
}

void uplink_set_sndbuf(struct uplink *u, uint32_t bytes)
{
	u->sndbuf_bytes = bytes;
	tap_set_sndbuf(u->fd, (int)bytes);
}

int uplink_add_queue(struct uplink *u)
{
	int fd;

	if (!u->queues)
		return -ENOTSUP;
	fd = tap_open_queue(u->ifname);
	if (fd >= 0 && u->sndbuf_bytes)
		tap_set_sndbuf(u->fd, (int)u->sndbuf_bytes);
	return fd;
}
