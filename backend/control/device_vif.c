/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_vif.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "backend/frame/vnet.h"
#include "backend/uplink/netdev.h"
#include "backend/vif/rtlink.h"
#include "backend/vif/vif.h"
#include "backend/vif/vif_tap.h"
#include "backend/xen/libxl_vif.h"
#include "common/log.h"
#include "common/tap.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * libxl creates a vif and runs a hotplug script, which puts it into a bridge and then writes
 * hotplug-status=connected into the directory of the vif's backend in xenstore. The script must not
 * find the vif taken, so the device waits for that key, or, where no libxl made the vif, until it
 * is in a bridge. Changes come by a watch on that directory, and by netlink for all interfaces.
 *
 * A guest that reboots, or comes back from a file, has another domid and so another vif; the device
 * of the old domid goes, and its settings are attached to the new one (control_domains.c). A vif
 * that vanishes takes its macvtap along.
 */

/* What the kernel sends and takes, whatever the guest and its vif agreed on. */
#define VIF_FEATURES (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

/* --- the vif, as libxl describes it ----------------------------------------------------------- */

static void watch_vif(struct control *c, struct device *d)
{
	if (d->vif_dir[0])
		return;
	libxl_vif_dir(d->vif_dir, sizeof(d->vif_dir), c->domid, d->domid, d->id);
	snprintf(d->vif_token, sizeof(d->vif_token), "V%s", d->name);
	xs_conn_watch(c->xs, d->vif_dir, d->vif_token);
}

/* Its present name: as the kernel's driver has it, or its configuration, or the default one. */
static void find_name(struct control *c, const struct device *d, char out[IFNAMSIZ])
{
	if (vif_name_of_driver(d->domid, d->id, out))
		return;
	libxl_vif_name(c->xs, d->vif_dir, out, IFNAMSIZ);
	if (!tap_name_ok(out) || !tap_exists(out))
		vif_name(d->domid, d->id, out);
}

/* May it leave its bridge? Where libxl did not make it, it may as soon as it is in one. */
static bool is_in_place(struct control *c, const struct device *d, const char *vif)
{
	enum libxl_vif_state state = libxl_vif_state(c->xs, d->vif_dir);
	char bridge[IFNAMSIZ];

	return state == LIBXL_VIF_READY || (state == LIBXL_VIF_NONE && netdev_bridge(vif, bridge));
}

static bool has_mac(struct control *c, const struct device *d, uint8_t mac[6])
{
	if (!d->settings.has_mac)
		return libxl_vif_mac(c->xs, d->vif_dir, mac);
	memcpy(mac, d->settings.mac, 6);
	return true;
}

/* Of a port, 0 or 1: its interface, and its macvtap. False: the guest has no such port. */
static bool port_names(struct control *c, const struct device *d, unsigned port, char vif[IFNAMSIZ],
		       char tap[IFNAMSIZ])
{
	char emu[IFNAMSIZ], bridge[IFNAMSIZ];

	find_name(c, d, vif);
	if (port == 0) {
		vif_tap_name(d->domid, d->id, tap);
		return tap_exists(vif);
	}
	vif_tap_name_emu(d->domid, d->id, tap);
	if (!vif_name_emu(vif, emu))
		return false;
	memcpy(vif, emu, IFNAMSIZ);
	/* The hotplug script is done with it when it is in the bridge. */
	return vif_is_taken(vif, tap) || netdev_bridge(vif, bridge);
}

/* --- what is next ------------------------------------------------------------------------------
 */

/* Can the vif be taken? If not, d->fault says why, or nothing if it is on its way. */
static bool is_ready(struct control *c, struct device *d)
{
	char vif[IFNAMSIZ], tap[IFNAMSIZ];
	uint8_t mac[6];

	if (!port_names(c, d, 0, vif, tap)) {
		d->fault[0] = '\0';
		if (!xs_conn_exists(c->xs, XS_NO_TXN, d->vif_dir))
			snprintf(d->fault, sizeof(d->fault),
				 "the guest has no vif %u, for which the device waits", d->id);
		return false;
	}
	if (!vif_is_taken(vif, tap) && !is_in_place(c, d, vif)) {
		d->fault[0] = '\0';
		return false;
	}
	if (!has_mac(c, d, mac)) {
		snprintf(d->fault, sizeof(d->fault), "%s: missing, and %s has none in xenstore",
			 schema_name(KEY_BACK_MAC), vif);
		return false;
	}
	if (vif_is_free(vif, tap, d->fault, sizeof(d->fault)) < 0)
		return false;
	return !port_names(c, d, 1, vif, tap) ||
	       vif_is_free(vif, tap, d->fault, sizeof(d->fault)) == 0;
}

static uint32_t rx_features(const struct device *d)
{
	return VIF_FEATURES & settings_offloads(&d->settings);
}

/* No agent connects again, so what an agent would wait for is in force when the vif is taken again:
 * at once. */
static bool is_as_configured(struct control *c, const struct device *d, const char *vif)
{
	uint32_t mtu = d->settings.mtu;
	uint8_t mac[6];

	if (has_mac(c, d, mac) && memcmp(mac, d->conf.mac, sizeof(mac)) != 0)
		return false;
	if (rx_features(d) != d->conf.rx_features)
		return false;
	if (!d->settings.has_mtu && tap_get_mtu(vif, &mtu) < 0)
		return true; /* it is about to vanish */
	return mtu == d->conf.mtu;
}

/* Are the macvtaps still there, and has the guest no other port by now? */
static bool is_as_taken(struct control *c, const struct device *d)
{
	char vif[IFNAMSIZ], tap[IFNAMSIZ];

	for (unsigned i = 0; i < d->taken_count; i++) {
		if (if_nametoindex(d->taken[i].ifname) != d->taken[i].ifindex)
			return false;
	}
	find_name(c, d, vif);
	if (!is_as_configured(c, d, vif))
		return false;
	return d->taken_count == VIF_PORTS || !port_names(c, d, d->taken_count, vif, tap);
}

static enum hs_action next_offline(const struct hs_input *in)
{
	if (in->connected)
		return HS_DISCONNECT;
	return in->back == XenbusStateClosed ? HS_FORGET : HS_CLOSED;
}

enum hs_action device_vif_next(struct control *c, struct device *d, const struct hs_input *in)
{
	watch_vif(c, d);
	if (!in->online)
		return next_offline(in);
	if (in->connected)
		return in->back == XenbusStateConnected && is_as_taken(c, d) ? HS_WAIT
									     : HS_DISCONNECT;
	if (is_ready(c, d))
		return HS_CONNECT;
	return in->back == XenbusStateInitWait ? HS_WAIT : HS_OFFER;
}

/* --- taking and releasing ----------------------------------------------------------------------
 */

/* bridge NULL: the key stays as it is. */
struct taken {
	const char *vif, *bridge;
};

static int write_taken(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	const struct taken *now = arg;
	int ret = xskey_write(c->xs, t, d->back, KEY_BACK_VIF, now->vif);

	if (ret < 0 || !now->bridge)
		return ret;
	return xskey_write(c->xs, t, d->back, KEY_BACK_VIF_BRIDGE, now->bridge);
}

static int write_mac(struct control *c, struct device *d, uint32_t t, const void *mac)
{
	char text[FRAME_MAC_STR];

	frame_mac_format(mac, text);
	return xskey_write(c->xs, t, d->back, KEY_BACK_VIF_MAC, text);
}

/*
 * A daemon that was killed at the wrong moment left the vif in no bridge, and this key. So did
 * somebody who deletes the macvtap and has not yet put the vif back (dmvlctl release-vifs).
 */
static void find_home(struct control *c, const struct device *d, const char *vif,
		      struct vif_home *home)
{
	char bridge[IFNAMSIZ];

	vif_home_read(vif, home);
	if (!home->bridge[0] &&
	    xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_VIF_BRIDGE, bridge, sizeof(bridge)) >= 0)
		snprintf(home->bridge, sizeof(home->bridge), "%s", bridge);
}

static void fill_conf(struct device *d, const uint8_t mac[6], const struct vif_tap *tap)
{
	settings_to_conf(&d->settings, &d->conf);
	memcpy(d->conf.mac, mac, sizeof(d->conf.mac));
	if (!d->settings.has_mtu)
		d->conf.mtu = tap->mtu;
	/* What the guest sends, its own netfront chose. */
	d->conf.tx_features = VIF_FEATURES;
	d->conf.rx_features = rx_features(d);
}

/* Takes a port, and adds it to the tap. */
static int take_port(struct control *c, struct device *d, unsigned port, struct vif_tap *tap)
{
	char vif[IFNAMSIZ], name[IFNAMSIZ];
	struct vif_home home;
	int ret;

	if (!port_names(c, d, port, vif, name))
		return -ENODEV;
	find_home(c, d, vif, &home);
	/* Before the vif leaves the bridge: see find_home(). */
	if (port == 0)
		device_write(c, d, write_taken, &(struct taken){vif, home.bridge});
	ret = vif_take(vif, name, c->conf.name, &home, tap, d->fault, sizeof(d->fault));
	if (ret == 0)
		log_info("%s: took %s%s%s", d->name, vif, home.bridge[0] ? " out of " : "",
			 home.bridge);
	return ret;
}

/* False: the vif's macvtap was not there any more. */
static bool release_ports(struct device *d)
{
	char tap[IFNAMSIZ];
	bool found = false;
	int ret;

	for (unsigned i = 0; i < VIF_PORTS; i++) {
		(i ? vif_tap_name_emu : vif_tap_name)(d->domid, d->id, tap);
		ret = vif_release(tap);
		if (ret < 0 && ret != -ENOENT && ret != -ENODEV)
			log_warning("%s: its vif could not be put back: %s", d->name,
				    strerror(-ret));
		found |= i == 0 && ret != -ENOENT;
	}
	d->taken_count = 0;
	return found;
}

static bool is_in_no_bridge(struct control *c, const struct device *d)
{
	char vif[IFNAMSIZ], bridge[IFNAMSIZ];

	find_name(c, d, vif);
	return tap_exists(vif) && !netdev_bridge(vif, bridge);
}

void device_vif_release(struct control *c, struct device *d, struct vif_tap *tap)
{
	struct taken nothing = {"", ""};

	vif_tap_close(tap);
	if (!release_ports(d) && is_in_no_bridge(c, d))
		nothing.bridge = NULL; /* for find_home() */
	/* Or the bridge would send the guest's frames to the uplink until the guest says something.
	 */
	rtlink_forget_mac(if_nametoindex(c->conf.device), d->conf.mac);
	device_write(c, d, write_taken, &nothing);
}

/* The vif, and the emulated card if there is one. */
static int take_ports(struct control *c, struct device *d, struct vif_tap *tap)
{
	int ret = take_port(c, d, 0, tap);

	if (ret < 0)
		return ret;
	ret = take_port(c, d, 1, tap);
	return ret == -ENODEV ? 0 : ret;
}

int device_vif_take(struct control *c, struct device *d, struct vif_tap **out)
{
	struct vif_tap *tap = vif_tap_new();
	uint8_t mac[6];
	int ret = -ENODEV; /* what is_ready() saw is gone again */

	if (tap && has_mac(c, d, mac))
		ret = take_ports(c, d, tap);
	if (ret < 0) {
		device_vif_release(c, d, tap);
		return ret;
	}
	memcpy(d->taken, tap->port, sizeof(d->taken));
	d->taken_count = tap->count;
	fill_conf(d, mac, tap);
	if (!d->settings.has_mac)
		device_write(c, d, write_mac, mac);
	*out = tap;
	return 0;
}

/* Does the macvtap belong to no device that this daemon serves? */
static bool is_orphan(const char *tap, const char *vif, const char *bridge, void *arg)
{
	struct control *c = arg;
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		char own[IFNAMSIZ], emu[IFNAMSIZ];

		vif_tap_name(d->domid, d->id, own);
		vif_tap_name_emu(d->domid, d->id, emu);
		if (strcmp(own, tap) == 0 || strcmp(emu, tap) == 0)
			return false;
	}
	log_notice("%s: an earlier dmvl-back took it for a device that is no more; it goes %s%s",
		   vif, bridge[0] ? "back to " : "back", bridge);
	return true;
}

void device_vif_sweep(struct control *c)
{
	vif_release_all(c->conf.name, is_orphan, c);
}
