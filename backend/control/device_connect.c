/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_connect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_life.h"
#include "backend/control/device_account.h"
#include "backend/control/device_state.h"
#include "backend/control/device_vif.h"
#include "backend/control/device_xs.h"
#include "backend/frame/vnet.h"
#include "backend/msg/msg.h"
#include "backend/xen/guest.h"
#include "common/log.h"
#include "common/vchan.h"
#include "common/wire.h"
#include "xenstore-schema/xskey.h"

/*
 * TSO is offered on slow uplinks too: cutting long frames here (datapath/tx.c) costs less than
 * having the guests send short ones. Without a configured capacity, though, the queue behind the
 * uplink may be filled, and must have room for a whole frame.
 */
static uint32_t uplink_features(const struct control *c)
{
	uint32_t f = VNET_F_CSUM;

	if (c->probe.found.plain)
		return 0;
	if (c->link.conf.source == CAPACITY_CONFIGURED || c->probe.found.tso)
		f |= VNET_F_TSO4 | VNET_F_TSO6 | (c->conf.uplink->offloads & VNET_F_USO);
	return f;
}

static const struct {
	enum schema_key back, front;
	uint32_t bit;
} features[] = {
	{KEY_BACK_FEATURE_CSUM, KEY_FRONT_FEATURE_CSUM, VNET_F_CSUM},
	{KEY_BACK_FEATURE_TSO4, KEY_FRONT_FEATURE_TSO4, VNET_F_TSO4},
	{KEY_BACK_FEATURE_TSO6, KEY_FRONT_FEATURE_TSO6, VNET_F_TSO6},
	{KEY_BACK_FEATURE_USO, KEY_FRONT_FEATURE_USO, VNET_F_USO},
};
#define N_FEATURES (sizeof(features) / sizeof(features[0]))

static int write_offers(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	char version[8];
	int ret;

	(void)arg;
	snprintf(version, sizeof(version), "%d", WIRE_VERSION);
	ret = xskey_write(c->xs, t, d->back, KEY_BACK_PROTOCOL_VERSIONS, version);
	for (size_t i = 0; ret == 0 && i < N_FEATURES; i++)
		ret = xskey_write(c->xs, t, d->back, features[i].back,
				  d->offered & features[i].bit ? "1" : "0");
	if (ret == 0)
		ret = xskey_write(c->xs, t, d->back, KEY_BACK_FEATURE_SPARSE, "1");
	if (ret == 0)
		ret = xskey_write(c->xs, t, d->back, KEY_BACK_CARRIER,
				  control_life_carrier(c) ? "1" : "0");
	if (ret == 0)
		ret = xskey_write_u64(c->xs, t, d->back, KEY_BACK_MAX_RING_ORDER,
				      WIRE_RING_ORDER_MAX);
	if (ret == 0)
		ret = device_write_waiting(c, d, t);
	if (ret == 0)
		ret = device_write_state(c, d, t, XenbusStateInitWait);
	return ret;
}

void device_offer(struct control *c, struct device *d)
{
	int ret;

	d->offered = uplink_features(c) & settings_offloads(&d->settings);
	ret = device_write(c, d, write_offers, NULL);
	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write the offers: %s", d->name, strerror(-ret));
}

/* The guest's choices, read once. 0, or an error with a sentence in d->fault. */
static int read_choices(struct control *c, struct device *d, uint32_t *rx_features, bool *sparse)
{
	uint64_t version, order;
	int ret;

	ret = xskey_read_u64(c->xs, XS_NO_TXN, d->front, KEY_FRONT_PROTOCOL_VERSION, &version,
			     d->fault);
	if (ret < 0)
		return ret;
	if (version != WIRE_VERSION) {
		snprintf(d->fault, sizeof(d->fault),
			 "the guest wants protocol %" PRIu64 ", this backend speaks %d", version,
			 WIRE_VERSION);
		return -EPROTO;
	}
	ret = xskey_read_u64(c->xs, XS_NO_TXN, d->front, KEY_FRONT_RING_ORDER, &order, d->fault);
	*rx_features = 0;
	for (size_t i = 0; ret == 0 && i < N_FEATURES; i++) {
		bool on = false;

		ret = xskey_read_bool(c->xs, XS_NO_TXN, d->front, features[i].front, &on, d->fault);
		if (on)
			*rx_features |= features[i].bit;
	}
	if (ret == 0)
		ret = xskey_read_bool(c->xs, XS_NO_TXN, d->front, KEY_FRONT_FEATURE_SPARSE, sparse,
				      d->fault);
	return ret;
}

static uint32_t free_slot(const struct control *c)
{
	for (uint32_t slot = 0; slot < LDP_SLOTS; slot++) {
		if (!c->devices.by_slot[slot])
			return slot;
	}
	return LDP_SLOT_NONE;
}

static void say_unmapped(struct device *d, int err)
{
	const char *device = err == -EIO ? vchan_missing_device() : NULL;

	if (device)
		snprintf(d->fault, sizeof(d->fault),
			 "cannot map the guest's rings: cannot open %s: is the module xen_%s "
			 "loaded?",
			 device, strrchr(device, '/') + 1);
	else
		snprintf(d->fault, sizeof(d->fault), "cannot map the guest's rings: %s",
			 err == -EPROTO ? "their size is out of range" : strerror(-err));
}

static int map_rings(struct device *d, struct vchan **v)
{
	char path[SCHEMA_PATH_MAX];
	int ret = schema_vchan_path(path, sizeof(path), d->domid, d->id);

	if (ret >= 0)
		ret = vchan_connect(d->domid, path, v);
	if (ret < 0)
		say_unmapped(d, ret);
	return ret < 0 ? ret : 0;
}

/* The frame loop owns the rings, or the tap, from now on. */
static void hand_over(struct control *c, struct device *d, struct vchan *v, struct vif_tap *tap)
{
	struct msg *m = msg_new(MSG_ADD, d->slot);

	memcpy(m->name, d->name, sizeof(m->name));
	guest_name(c->xs, d->domid, m->guest, sizeof(m->guest));
	m->id = device_account_id(d);
	m->vchan = v;
	m->tap = tap;
	m->conf = d->conf;
	msg_post(c->out, m);
}

static int open_rings(struct control *c, struct device *d, struct vchan **v)
{
	uint32_t rx_features;
	bool sparse = false;
	int ret;

	if (!d->settings.has_mac)
		return -EINVAL; /* settings_load() said so */
	ret = read_choices(c, d, &rx_features, &sparse);
	if (ret == 0)
		ret = map_rings(d, v);
	if (ret < 0)
		return ret;
	settings_to_conf(&d->settings, &d->conf);
	/* What was offered holds, even if the keys have changed since. */
	d->conf.tx_features = d->offered;
	d->conf.rx_features = rx_features & d->offered;
	d->conf.sparse = sparse;
	return 0;
}

/*
 * The rings are those of whoever has the domid now. Another guest may have got it, since the device
 * was looked at.
 */
static int check_owner(struct control *c, const struct device *d)
{
	struct dom_info info;

	if (device_check(c->xs, XS_NO_TXN, d) < 0)
		return -ESTALE;
	if (uuid_is_null(d->uuid) || dom_info(c->dom, d->domid, &info) < 0)
		return 0; /* nobody can tell */
	return info.exists && memcmp(info.uuid, d->uuid, sizeof(d->uuid)) == 0 ? 0 : -ESTALE;
}

static int open_any(struct control *c, struct device *d, struct vchan **v, struct vif_tap **tap)
{
	int ret = d->settings.via_vif ? device_vif_take(c, d, tap) : open_rings(c, d, v);

	if (ret < 0 || check_owner(c, d) == 0)
		return ret;
	vchan_close(*v);
	if (*tap)
		device_vif_release(c, d, *tap);
	return -ESTALE;
}

int device_connect(struct control *c, struct device *d)
{
	uint32_t slot = free_slot(c);
	struct vif_tap *tap = NULL;
	struct vchan *v = NULL;
	int ret;

	if (slot == LDP_SLOT_NONE) {
		snprintf(d->fault, sizeof(d->fault), "this uplink has %u devices, no more fit",
			 LDP_SLOTS);
		return -ENOSPC;
	}
	ret = open_any(c, d, &v, &tap);
	if (ret < 0)
		return ret;
	d->slot = slot;
	d->has_shown = false;
	c->devices.by_slot[slot] = d;
	c->devices.slots_busy++;
	d->conf.group = control_group_id(d);
	hand_over(c, d, v, tap);
	return 0;
}
