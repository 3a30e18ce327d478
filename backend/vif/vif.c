/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/vif/vif.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/lower.h"
#include "backend/uplink/netdev.h"
#include "backend/vif/rtlink.h"
#include "backend/vif/vif_tap.h"
#include "common/tap.h"

/*
 * Theory of operation
 *
 * A macvtap in mode passthru gets all that the guest sends and sends the guest all that is written
 * to it. It needs the vif for itself: the kernel refuses a macvtap over a port of a bridge, and a
 * bridge refuses an interface that has a macvtap.
 *
 * Frames to groups also reach this host's own protocols through the vif. In a bridge they do not.
 * So ARP and IPv6 are switched off on the vif while it is taken: this host must not answer a guest
 * through its vif, past the checks.
 *
 * The macvtap is told to receive all groups before it is set up: if it were up already, the kernel
 * would leave the vif with that setting when the macvtap goes.
 *
 * Between the macvtap's end and the last of its settings, where the vif was is known to the thread
 * alone that puts it back. So a process that ends waits for it: vif_end().
 */
static pthread_mutex_t moving = PTHREAD_MUTEX_INITIALIZER;

void vif_tap_name(unsigned domid, unsigned id, char out[IFNAMSIZ])
{
	snprintf(out, IFNAMSIZ, "dmvl%u.%u", domid % 100000, id % 100000);
}

void vif_tap_name_emu(unsigned domid, unsigned id, char out[IFNAMSIZ])
{
	snprintf(out, IFNAMSIZ, "dmve%u.%u", domid % 100000, id % 100000);
}

/* The first entry of a folder that does not begin with a dot; false: there is none. */
static bool first_entry(const char *path, char out[IFNAMSIZ])
{
	struct dirent *e;
	DIR *d = opendir(path);
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		found = e->d_name[0] != '.';
		if (found)
			snprintf(out, IFNAMSIZ, "%.15s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

void vif_name(unsigned domid, unsigned id, char out[IFNAMSIZ])
{
	snprintf(out, IFNAMSIZ, "vif%u.%u", domid % 100000, id % 100000);
}

bool vif_name_of_driver(unsigned domid, unsigned id, char out[IFNAMSIZ])
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vif-%u-%u/net", domid, id);
	return first_entry(path, out);
}

bool vif_name_emu(const char *vif, char out[IFNAMSIZ])
{
	return snprintf(out, IFNAMSIZ, "%s-emu", vif) < IFNAMSIZ && tap_exists(out);
}

/* --- take --------------------------------------------------------------------------------------
 */

/* The first interface over another one that is not its bridge; "": there is none. */
static void find_upper(const char *vif, const char *but, char out[IFNAMSIZ])
{
	char path[64], master[IFNAMSIZ] = "";
	struct dirent *e;
	DIR *d;

	out[0] = '\0';
	netdev_bridge(vif, master);
	snprintf(path, sizeof(path), NETDEV_SYSFS "/%.15s", vif);
	d = opendir(path);
	while (d && !out[0] && (e = readdir(d))) {
		if (strncmp(e->d_name, "upper_", 6) == 0 && strcmp(e->d_name + 6, but) != 0 &&
		    strcmp(e->d_name + 6, master) != 0)
			snprintf(out, IFNAMSIZ, "%.15s", e->d_name + 6);
	}
	if (d)
		closedir(d);
}

int vif_is_free(const char *vif, const char *tap, char *err, size_t errlen)
{
	char other[IFNAMSIZ];

	find_upper(vif, tap, other);
	if (other[0]) {
		snprintf(err, errlen, "%s is in use by %s, which lies over it: remove %s first",
			 vif, other, other);
		return -EBUSY;
	}
	if (netdev_bridge(vif, other) && !netdev_is_bridge(other)) {
		snprintf(err, errlen,
			 "%s is a port of %s, which is no bridge of the kernel: take it out there, "
			 "or attach the device without via=vif",
			 vif, other);
		return -EBUSY;
	}
	if (tap_exists(tap) && !lower_is_macvtap_over(tap, vif)) {
		snprintf(err, errlen, "there is an interface %s that is no macvtap over %s", tap,
			 vif);
		return -EEXIST;
	}
	return 0;
}

bool vif_is_taken(const char *vif, const char *tap)
{
	return lower_is_macvtap_over(tap, vif);
}

/* The vif leaves its bridge, and this host says nothing through it. */
static int isolate(const char *vif)
{
	uint32_t ifindex = if_nametoindex(vif);
	struct vif_home alone = {.up = true, .no_ipv6 = true};
	int ret = rtlink_set_master(ifindex, 0);

	return ret < 0 ? ret : vif_home_restore(vif, &alone);
}

static int make_tap(const char *vif, const char *tap, const char *alias)
{
	int ret = rtlink_add_macvtap(tap, if_nametoindex(vif));
	uint32_t ifindex = if_nametoindex(tap);

	if (ret == 0)
		ret = rtlink_set_alias(ifindex, alias);
	if (ret == 0)
		ret = rtlink_set_flags(ifindex, IFF_ALLMULTI, IFF_ALLMULTI);
	return ret;
}

static int open_tap(const char *tap, struct vif_tap *out)
{
	int ret = rtlink_set_flags(if_nametoindex(tap), IFF_UP, IFF_UP);

	return ret < 0 ? ret : vif_tap_add(out, tap);
}

static bool read_alias(const char *tap, struct vif_home *home, char owner[VIF_OWNER_MAX])
{
	char text[VIF_TEXT_MAX];

	return netdev_text(NETDEV_SYSFS, tap, "ifalias", text, sizeof(text)) &&
	       vif_home_parse(text, home, owner);
}

/* A macvtap that a killed daemon left is used again, for its alias, unless it has none. */
static bool reuse(const char *vif, const char *tap, const char *owner)
{
	char was[VIF_OWNER_MAX], text[VIF_TEXT_MAX];
	struct vif_home home;

	if (!vif_is_taken(vif, tap))
		return false;
	if (!read_alias(tap, &home, was)) {
		rtlink_delete(if_nametoindex(tap));
		return false;
	}
	if (strcmp(was, owner) != 0) {
		vif_home_format(&home, owner, text);
		rtlink_set_alias(if_nametoindex(tap), text);
	}
	return true;
}

static int take(const char *vif, const char *tap, const char *owner, const struct vif_home *home,
		struct vif_tap *out, char *err, size_t errlen)
{
	char alias[VIF_TEXT_MAX];
	int ret = vif_is_free(vif, tap, err, errlen);
	bool old;

	if (ret < 0)
		return ret;
	old = reuse(vif, tap, owner);
	if (!old) {
		vif_home_format(home, owner, alias);
		ret = isolate(vif);
		if (ret == 0)
			ret = make_tap(vif, tap, alias);
	}
	if (ret == 0)
		ret = open_tap(tap, out);
	if (ret == 0)
		return 0;
	snprintf(err, errlen, "cannot put a macvtap over %s: %s%s", vif, strerror(-ret),
		 ret == -EOPNOTSUPP ? " (is the module macvtap loaded?)" : "");
	if (!old && vif_is_taken(vif, tap))
		rtlink_delete(if_nametoindex(tap));
	if (!old)
		vif_home_restore(vif, home);
	return ret;
}

int vif_take(const char *vif, const char *tap, const char *owner, const struct vif_home *home,
	     struct vif_tap *out, char *err, size_t errlen)
{
	int ret;

	pthread_mutex_lock(&moving);
	ret = take(vif, tap, owner, home, out, err, errlen);
	pthread_mutex_unlock(&moving);
	return ret;
}

/* --- release ---------------------------------------------------------------------------------- */

static void note_lower(const char *ifname, void *arg)
{
	snprintf(arg, IFNAMSIZ, "%s", ifname);
}

static int release(const char *tap)
{
	char owner[VIF_OWNER_MAX], vif[IFNAMSIZ] = "";
	struct vif_home home;
	int ret;

	if (!read_alias(tap, &home, owner) ||
	    netdev_lowers(NETDEV_SYSFS, tap, note_lower, vif) != 1)
		return -ENOENT;
	ret = rtlink_delete(if_nametoindex(tap));
	return ret < 0 ? ret : vif_home_restore(vif, &home);
}

int vif_release(const char *tap)
{
	int ret;

	pthread_mutex_lock(&moving);
	ret = release(tap);
	pthread_mutex_unlock(&moving);
	return ret;
}

void vif_end(void)
{
	pthread_mutex_lock(&moving);
}

struct names {
	char (*at)[IFNAMSIZ];
	size_t count;
};

/* All interfaces, as one that goes would disturb the reading of the folder. */
static void list_interfaces(struct names *out)
{
	struct dirent *e;
	DIR *d = opendir(NETDEV_SYSFS);

	*out = (struct names){0};
	while (d && (e = readdir(d))) {
		void *more = realloc(out->at, (out->count + 1) * sizeof(*out->at));

		if (!more)
			break;
		out->at = more;
		snprintf(out->at[out->count++], IFNAMSIZ, "%.15s", e->d_name);
	}
	if (d)
		closedir(d);
}

static bool is_of(const char *tap, const char *owner, struct vif_home *home)
{
	char of[VIF_OWNER_MAX];

	return read_alias(tap, home, of) && (!owner || strcmp(of, owner) == 0);
}

int vif_release_all(const char *owner, vif_visit *visit, void *arg)
{
	char vif[IFNAMSIZ];
	struct vif_home home;
	struct names all;
	int ret, done = 0, failed = 0;

	list_interfaces(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (!is_of(all.at[i], owner, &home) ||
		    netdev_lowers(NETDEV_SYSFS, all.at[i], note_lower, vif) != 1 ||
		    !visit(all.at[i], vif, home.bridge, arg))
			continue;
		ret = vif_release(all.at[i]);
		done += ret == 0;
		failed = ret < 0 ? ret : failed;
	}
	free(all.at);
	return failed ? failed : done;
}
