/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/nodes.h"
#include "backend/vnet.h"
#include "common/log.h"
#include "common/xskey.h"

/*
 * Theory of operation
 *
 * A device is looked at (device_step) whenever one of its keys changed. A look reads the settings,
 * hands what changed to the frame loop, asks the handshake what is next and does that one thing;
 * what it wrote fires a watch and so leads to the next look.
 *
 * Rings are mapped here, then belong to the frame loop under a slot number until it answers
 * MSG_DELETE by MSG_DELETED; `after` says what that answer is waited for to do. Until then the
 * device is not looked at. A guest can make us look as often as it likes, so looks are counted in a
 * bucket; one whose connections fail is offered the next one later and later.
 */
#define LOOKS_PER_SEC	  50u
#define LOOKS_BURST	  100u
#define CLOSE_TIMEOUT_NS  (5000 * 1000000ull)
#define BACKOFF_FIRST_NS  (500 * 1000000ull)
#define BACKOFF_DOUBLINGS 6u
#define LASTED_NS	  (10000 * 1000000ull)

/* TSO is offered where a frame of 64 KiB takes no longer than a millisecond of the uplink. */
#define TSO_MIN_BPS (8 * 65536 * 1000ull)

struct device *device_find(struct control *c, unsigned domid, unsigned id)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices, next) {
		if (d->domid == domid && d->id == id)
			return d;
	}
	return NULL;
}

/* Which attachment this is; empty: it does not say. */
static void read_generation(struct control *c, struct device *d)
{
	if (xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_GENERATION, d->generation,
		       sizeof(d->generation)) < 0)
		d->generation[0] = '\0';
}

struct device *device_new(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = calloc(1, sizeof(*d));
	struct dom_info info;

	if (!d)
		return NULL;
	d->domid = domid;
	d->id = id;
	d->slot = SLOT_NONE;
	d->fresh = true;
	d->dirty = true;
	settings_default(&d->settings);
	bucket_init(&d->looks, LOOKS_PER_SEC * 8, LOOKS_BURST, c->now_ns);
	snprintf(d->name, sizeof(d->name), "%u/%u", domid, id);
	snprintf(d->token, sizeof(d->token), "F%u/%u", domid, id);
	if (schema_backend_dir(d->back, sizeof(d->back), c->domid, domid, id) < 0 ||
	    schema_frontend_dir(d->front, sizeof(d->front), domid, id) < 0) {
		free(d);
		return NULL;
	}
	read_generation(c, d);
	if (dom_info(c->dom, domid, &info) == 0)
		memcpy(d->uuid, info.uuid, sizeof(d->uuid));
	TAILQ_INSERT_TAIL(&c->devices, d, next);
	xs_conn_watch(c->xs, d->front, d->token);
	return d;
}

void device_free(struct control *c, struct device *d)
{
	xs_conn_unwatch(c->xs, d->front, d->token);
	TAILQ_REMOVE(&c->devices, d, next);
	free(d);
}

/*
 * Writes one key, but not below a directory that somebody has just removed: that would make a part
 * of it anew.
 */
static int write_there(struct control *c, struct device *d, enum schema_key key, const char *value)
{
	uint32_t t;
	int ret;

	do {
		ret = xs_txn_begin(c->xs, &t);
		if (ret < 0)
			return ret;
		ret = xs_conn_exists(c->xs, t, d->back) ? xskey_write(c->xs, t, d->back, key, value)
							: -ENOENT;
		if (ret < 0)
			xs_txn_end(c->xs, t, true);
		else
			ret = xs_txn_end(c->xs, t, false);
	} while (ret == -EAGAIN);
	return ret;
}

static void set_state(struct control *c, struct device *d, enum xenbus_state state)
{
	char value[4];
	int ret;

	snprintf(value, sizeof(value), "%d", (int)state);
	ret = write_there(c, d, KEY_BACK_STATE, value);
	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write state %d: %s", d->name, state, strerror(-ret));
}

static void show_error(struct control *c, struct device *d, const char *text)
{
	if (strcmp(d->error, text) == 0)
		return;
	if (text[0])
		log_warning("%s: %s", d->name, text);
	else
		log_info("%s: well again", d->name);
	snprintf(d->error, sizeof(d->error), "%s", text);
	write_there(c, d, KEY_BACK_ERROR, text);
}

/* --- settings --------------------------------------------------------------------------------- */

/* Are the minima of all devices within 95 % of the capacity? One direction. */
static bool admit(const struct control *c, const struct device *d, enum schema_key key,
		  uint64_t capacity, uint64_t want, char *err)
{
	uint64_t sum = want, room = capacity / 100 * 95;
	const struct device *o;

	TAILQ_FOREACH(o, &c->devices, next) {
		if (o != d && o->served && !o->gone)
			sum += key == KEY_BACK_TX_MIN ? o->settings.tx_min : o->settings.rx_min;
	}
	if (capacity == 0 || sum <= room)
		return true;
	if (err[0] == '\0')
		snprintf(err, SCHEMA_ERR_MAX,
			 "%s %" PRIu64 ": the minima would sum to %" PRIu64 ", %" PRIu64
			 " more than 95 %% of the capacity of %" PRIu64,
			 schema_name(key), want, sum, sum - room, capacity);
	return false;
}

static void send_conf(struct control *c, struct device *d)
{
	struct msg *m = control_msg(MSG_CONF, d->slot);
	struct ldp_conf conf = d->conf;

	settings_to_conf(&d->settings, &conf);
	/* These two are of the connection. */
	memcpy(conf.mac, d->conf.mac, sizeof(conf.mac));
	conf.mtu = d->conf.mtu;
	d->conf = conf;
	m->conf = conf;
	control_post(c, m);
}

/* Reads the settings and puts in force what may be. Returns 0 or -errno. */
static int load_settings(struct control *c, struct device *d, char *err)
{
	struct ldp_settings s = d->settings;
	int ret = settings_load(c->xs, d->back, &s, err);

	if (ret < 0)
		return ret;
	d->served = strcmp(s.uplink, c->conf.name) == 0;
	if (s.tx_min > d->settings.tx_min &&
	    !admit(c, d, KEY_BACK_TX_MIN, c->link.tx_capacity_bps, s.tx_min, err))
		s.tx_min = d->settings.tx_min;
	if (s.rx_min > d->settings.rx_min &&
	    !admit(c, d, KEY_BACK_RX_MIN, c->link.rx_capacity_bps, s.rx_min, err))
		s.rx_min = d->settings.rx_min;
	if (memcmp(&s, &d->settings, sizeof(s)) != 0) {
		d->settings = s;
		if (d->slot != SLOT_NONE)
			send_conf(c, d);
	}
	return 0;
}

/* --- connecting ------------------------------------------------------------------------------- */

static uint32_t offered_features(const struct control *c)
{
	uint32_t f = VNET_F_CSUM;

	if (c->link.tx_capacity_bps == 0 || c->link.tx_capacity_bps >= TSO_MIN_BPS)
		f |= VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO;
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

static int write_offers(struct control *c, struct device *d, uint32_t t)
{
	uint32_t offered = offered_features(c);
	char version[8];
	int ret;

	/* Removed meanwhile: an offer would make a part of it anew. */
	if (!xs_conn_exists(c->xs, t, d->back))
		return -ENOENT;
	snprintf(version, sizeof(version), "%d", WIRE_VERSION);
	ret = xskey_write(c->xs, t, d->back, KEY_BACK_PROTOCOL_VERSIONS, version);
	for (size_t i = 0; ret == 0 && i < N_FEATURES; i++)
		ret = xskey_write(c->xs, t, d->back, features[i].back,
				  offered & features[i].bit ? "1" : "0");
	if (ret == 0)
		ret = xskey_write_u64(c->xs, t, d->back, KEY_BACK_MAX_RING_ORDER,
				      WIRE_RING_ORDER_MAX);
	if (ret == 0)
		ret = xskey_write_state(c->xs, t, d->back, KEY_BACK_STATE, XenbusStateInitWait);
	return ret;
}

static void offer(struct control *c, struct device *d)
{
	uint32_t t;
	int ret;

	do {
		ret = xs_txn_begin(c->xs, &t);
		if (ret < 0)
			break;
		ret = write_offers(c, d, t);
		if (ret < 0)
			xs_txn_end(c->xs, t, true);
		else
			ret = xs_txn_end(c->xs, t, false);
	} while (ret == -EAGAIN);
	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write the offers: %s", d->name, strerror(-ret));
}

/* The guest's choices, read once. 0, or an error with a sentence in d->fault. */
static int read_choices(struct control *c, struct device *d, uint32_t *rx_features)
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
	return ret;
}

static uint32_t free_slot(const struct control *c)
{
	for (uint32_t slot = 0; slot < DPATH_SLOTS; slot++) {
		if (!c->by_slot[slot])
			return slot;
	}
	return SLOT_NONE;
}

static int map_rings(struct device *d, struct vchan **v)
{
	char path[SCHEMA_PATH_MAX];
	int ret = schema_vchan_path(path, sizeof(path), d->domid, d->id);

	if (ret >= 0)
		ret = vchan_connect(d->domid, path, v);
	if (ret < 0)
		snprintf(d->fault, sizeof(d->fault), "cannot map the guest's rings: %s",
			 ret == -EPROTO ? "their size is out of range" : strerror(-ret));
	return ret < 0 ? ret : 0;
}

static int connect_device(struct control *c, struct device *d)
{
	uint32_t slot = free_slot(c), rx_features;
	struct vchan *v;
	struct msg *m;
	int ret;

	if (!d->settings.has_mac)
		return -EINVAL; /* settings_load() said so */
	if (slot == SLOT_NONE) {
		snprintf(d->fault, sizeof(d->fault), "this uplink has %u devices, no more fit",
			 DPATH_SLOTS);
		return -ENOSPC;
	}
	ret = read_choices(c, d, &rx_features);
	if (ret == 0)
		ret = map_rings(d, &v);
	if (ret < 0)
		return ret;

	settings_to_conf(&d->settings, &d->conf);
	d->conf.tx_features = offered_features(c);
	d->conf.rx_features = rx_features;
	d->slot = slot;
	c->by_slot[slot] = d;
	c->slots_busy++;
	m = control_msg(MSG_ADD, slot);
	memcpy(m->name, d->name, sizeof(m->name));
	m->vchan = v;
	m->conf = d->conf;
	control_post(c, m);
	return 0;
}

static void back_off(struct control *c, struct device *d)
{
	unsigned n = d->failures++;

	d->offer_not_before_ns =
		c->now_ns + (BACKOFF_FIRST_NS << (n < BACKOFF_DOUBLINGS ? n : BACKOFF_DOUBLINGS));
}

static void do_connect(struct control *c, struct device *d)
{
	d->fault[0] = '\0';
	if (connect_device(c, d) < 0) {
		set_state(c, d, XenbusStateClosed);
		back_off(c, d);
		d->dirty = true;
		return;
	}
	d->connected_ns = c->now_ns;
	set_state(c, d, XenbusStateConnected);
	log_info("%s: connected", d->name);
}

static void ask_delete(struct control *c, struct device *d, enum hs_action after)
{
	d->after = after;
	control_post(c, control_msg(MSG_DELETE, d->slot));
}

/* --- looking ---------------------------------------------------------------------------------- */

static void act(struct control *c, struct device *d, enum hs_action action)
{
	switch (action) {
	case HS_WAIT:
		break;
	case HS_OFFER:
		if (c->now_ns < d->offer_not_before_ns)
			d->not_before_ns = d->offer_not_before_ns;
		else
			offer(c, d);
		break;
	case HS_CONNECT:
		do_connect(c, d);
		break;
	case HS_DISCONNECT:
		ask_delete(c, d, HS_DISCONNECT);
		break;
	case HS_CLOSING:
		d->closing_since_ns = c->now_ns;
		set_state(c, d, XenbusStateClosing);
		break;
	case HS_CLOSED:
		set_state(c, d, XenbusStateClosed);
		break;
	case HS_FORGET:
		device_gone(c, d);
		break;
	}
}

/* A guest that does not answer a request to close is not waited for for ever. */
static enum hs_action lose_patience(struct control *c, struct device *d, const struct hs_input *in,
				    enum hs_action action)
{
	if (action != HS_WAIT || in->online || in->back != XenbusStateClosing || !in->connected)
		return action;
	if (d->closing_since_ns == 0)
		d->closing_since_ns = c->now_ns;
	if (c->now_ns - d->closing_since_ns >= CLOSE_TIMEOUT_NS)
		return HS_DISCONNECT;
	d->not_before_ns = d->closing_since_ns + CLOSE_TIMEOUT_NS;
	return HS_WAIT;
}

static bool read_online(struct control *c, struct device *d)
{
	char ignored[SCHEMA_ERR_MAX];
	bool online = true;

	xskey_read_bool(c->xs, XS_NO_TXN, d->back, KEY_BACK_ONLINE, &online, ignored);
	return online;
}

static void look(struct control *c, struct device *d)
{
	char err[SCHEMA_ERR_MAX];
	struct hs_input in;
	enum hs_action action;

	if (load_settings(c, d, err) < 0)
		return;
	if (!d->served) {
		if (d->slot != SLOT_NONE)
			ask_delete(c, d, HS_DISCONNECT);
		return;
	}
	in = (struct hs_input){
		.back = xskey_read_state(c->xs, XS_NO_TXN, d->back, KEY_BACK_STATE),
		.front = xskey_read_state(c->xs, XS_NO_TXN, d->front, KEY_FRONT_STATE),
		.connected = d->slot != SLOT_NONE,
		.online = read_online(c, d),
		.fresh = d->fresh,
	};
	/* Being made, or being removed: whatever is written now would make a part of it anew. */
	if (in.back == XenbusStateUnknown)
		return;
	d->fresh = false;
	read_generation(c, d);
	action = lose_patience(c, d, &in, handshake_next(&in));
	log_debug("%s: back %d front %d: %s", d->name, in.back, in.front,
		  handshake_action_name(action));
	if (action != HS_FORGET)
		show_error(c, d, err[0] ? err : d->fault);
	act(c, d, action);
}

void device_step(struct control *c, struct device *d)
{
	bucket_fill(&d->looks, c->now_ns);
	if (d->looks.tokens_bytes <= 0) {
		d->not_before_ns = bucket_when_ns(&d->looks, 1);
		return; /* stays dirty */
	}
	d->looks.tokens_bytes--;
	d->dirty = false;
	d->not_before_ns = 0;
	if (d->after != HS_WAIT || d->gone)
		return;
	if (!xs_conn_exists(c->xs, XS_NO_TXN, d->back)) {
		device_gone(c, d);
		return;
	}
	look(c, d);
}

uint64_t device_due_ns(const struct device *d)
{
	if (d->dirty || d->not_before_ns)
		return d->not_before_ns;
	return UINT64_MAX;
}

/* --- what others say of it -------------------------------------------------------------------- */

/* Its rings are unmapped. Now its nodes may go, and with them all that is known of it. */
static void forget(struct control *c, struct device *d)
{
	char uuid[UUID_TEXT_LEN + 1];
	unsigned domid, id;

	uuid_format(d->uuid, uuid);
	if (d->keep && nodes_save(c->xs, c->domid, c->conf.name, uuid, d->domid, d->id) == 0)
		c->domains_new = true; /* it may be back already */
	nodes_remove(c->xs, c->domid, d->domid, d->id, d->generation);
	log_info("%s: detached%s", d->name, d->keep ? ", its settings kept" : "");
	domid = d->domid;
	id = d->id;
	device_free(c, d);
	/* It may have been attached anew before it was forgotten, and the event taken for its own.
	 */
	control_found(c, domid, id);
}

void device_gone(struct control *c, struct device *d)
{
	d->gone = true;
	if (d->slot == SLOT_NONE)
		forget(c, d);
	else if (d->after == HS_WAIT)
		ask_delete(c, d, HS_FORGET);
}

void device_deleted(struct control *c, struct device *d, struct vchan *v)
{
	vchan_close(v);
	c->by_slot[d->slot] = NULL;
	c->slots_busy--;
	d->slot = SLOT_NONE;
	d->after = HS_WAIT;
	d->frozen = false;
	if (d->gone) {
		forget(c, d);
		return;
	}
	if (c->now_ns - d->connected_ns > LASTED_NS)
		d->failures = 0;
	log_info("%s: disconnected", d->name);
	set_state(c, d, XenbusStateClosed);
	d->dirty = true;
}

void device_failed(struct control *c, struct device *d, const char *why)
{
	if (d->after != HS_WAIT)
		return;
	if (why) {
		snprintf(d->fault, sizeof(d->fault), "%s", why);
		back_off(c, d);
		show_error(c, d, d->fault);
	}
	ask_delete(c, d, HS_DISCONNECT);
}

void device_freeze(struct control *c, struct device *d, bool on)
{
	struct msg *m;

	if (d->frozen == on)
		return;
	d->frozen = on;
	log_info("%s: its domain %s", d->name, on ? "was suspended" : "runs again");
	if (d->slot == SLOT_NONE)
		return;
	m = control_msg(MSG_FREEZE, d->slot);
	m->on = on;
	control_post(c, m);
}
