/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/offload.h"
#include "common/wire.h"
#include "xenstore-schema/xskey.h"

static const struct {
	enum schema_key back, front;
	uint32_t offload;
} features[] = {
	{KEY_BACK_FEATURE_CSUM, KEY_FRONT_FEATURE_CSUM, TAP_CSUM},
	{KEY_BACK_FEATURE_TSO4, KEY_FRONT_FEATURE_TSO4, TAP_TSO4},
	{KEY_BACK_FEATURE_TSO6, KEY_FRONT_FEATURE_TSO6, TAP_TSO6},
	{KEY_BACK_FEATURE_USO, KEY_FRONT_FEATURE_USO, TAP_USO},
};

#define N_FEATURES (sizeof(features) / sizeof(features[0]))

/* What is watched in the backend's directory. */
static const enum schema_key back_watched[] = {
	KEY_BACK_STATE, KEY_BACK_GENERATION, KEY_BACK_ONLINE, KEY_BACK_UPLINK_MTU, KEY_BACK_CARRIER,
};

#define N_WATCHED (sizeof(back_watched) / sizeof(back_watched[0]))

/* The token of the watch on the own state. */
#define OWN "own"

int agent_device_open(struct agent_device *d, unsigned id)
{
	*d = (struct agent_device){0};
	schema_frontend_dir_relative(d->front, sizeof(d->front), id);
	schema_vchan_path_relative(d->vchan, sizeof(d->vchan), id);
	schema_key_path(d->ring_ref, sizeof(d->ring_ref), d->front, KEY_FRONT_VCHAN_RING_REF);
	return xs_conn_open(&d->xs);
}

void agent_device_close(struct agent_device *d)
{
	xs_conn_close(d->xs);
	d->xs = NULL;
	d->back[0] = '\0';
}

int agent_device_watch(struct agent_device *d)
{
	char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), d->front, KEY_FRONT_STATE);
	return xs_conn_watch(d->xs, path, OWN);
}

int agent_device_fd(const struct agent_device *d)
{
	return xs_conn_fd(d->xs);
}

bool agent_device_drain(struct agent_device *d)
{
	struct xs_event ev;

	while (xs_conn_next(d->xs, &ev)) {
		d->others |= strcmp(ev.token, OWN) != 0;
		xs_event_free(&ev);
	}
	return !xs_conn_dead(d->xs);
}

/* --- reading --- */

static bool gone(int ret)
{
	return ret == -ENOENT || ret == -EACCES;
}

static void complain_of(const char *err)
{
	static struct log_limit limit;
	uint32_t held;

	/* Everything here comes from Dom0, which is trusted but may be mistaken. */
	if (log_allow(&limit, loop_now_ns(), &held))
		log_warning("xenstore: %s", err);
}

/* A number of the backend's, or its default. */
static uint64_t read_u64(struct agent_device *d, enum schema_key key)
{
	char err[SCHEMA_ERR_MAX];
	uint64_t value;

	if (xskey_read_u64(d->xs, XS_NO_TXN, d->back, key, &value, err) == 0)
		return value;
	complain_of(err);
	return schema_default(key);
}

static bool read_bool(struct agent_device *d, enum schema_key key)
{
	char err[SCHEMA_ERR_MAX];
	bool value;

	if (xskey_read_bool(d->xs, XS_NO_TXN, d->back, key, &value, err) == 0)
		return value;
	complain_of(err);
	return schema_default(key) != 0;
}

/* XenbusStateUnknown: no such node. `otherwise`: what stands there is no state. 0 or -errno. */
static int read_state(struct agent_device *d, const char *dir, enum schema_key key,
		      enum xenbus_state otherwise, enum xenbus_state *state)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	int ret = xskey_read(d->xs, XS_NO_TXN, dir, key, text, sizeof(text));

	*state = XenbusStateUnknown;
	if (ret < 0)
		return gone(ret) ? 0 : ret;
	if (schema_parse_state(key, text, state, err) < 0) {
		complain_of(err);
		*state = otherwise;
	}
	return 0;
}

/* A short text; "" when it is missing or too long to be right. 0 or -errno. */
static int read_short(struct agent_device *d, const char *dir, enum schema_key key, char *buf,
		      size_t size)
{
	int ret = xskey_read(d->xs, XS_NO_TXN, dir, key, buf, size);

	if (ret < 0)
		buf[0] = '\0';
	return ret < 0 && !gone(ret) && ret != -E2BIG ? ret : 0;
}

static void watch_backend(struct agent_device *d, bool on)
{
	char path[SCHEMA_PATH_MAX];

	for (size_t i = 0; d->back[0] && i < N_WATCHED; i++) {
		if (schema_key_path(path, sizeof(path), d->back, back_watched[i]) < 0)
			continue;
		if (on)
			xs_conn_watch(d->xs, path, "back");
		else
			xs_conn_unwatch(d->xs, path, "back");
	}
}

/* The backend's directory; "" when it is not known. 0 or -errno. */
static int read_back_path(struct agent_device *d, char path[SCHEMA_PATH_MAX])
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	int ret = xskey_read(d->xs, XS_NO_TXN, d->front, KEY_FRONT_BACKEND, text, sizeof(text));

	path[0] = '\0';
	if (ret < 0)
		return gone(ret) ? 0 : ret;
	if (schema_parse_text(KEY_FRONT_BACKEND, text, path, SCHEMA_PATH_MAX, err) < 0) {
		complain_of(err);
		path[0] = '\0';
	}
	return 0;
}

/* 0, which is also the domid while the node is missing; -EINVAL: it is no domid; or another -errno.
 */
static int read_back_domid(struct agent_device *d)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t domid;
	int ret = xskey_read(d->xs, XS_NO_TXN, d->front, KEY_FRONT_BACKEND_ID, text, sizeof(text));

	d->back_domid = 0;
	if (ret < 0)
		return gone(ret) ? 0 : ret;
	if (schema_parse_u64(KEY_FRONT_BACKEND_ID, text, &domid, err) < 0) {
		complain_of(err);
		return -EINVAL;
	}
	d->back_domid = (unsigned)domid;
	return 0;
}

/* Where the backend is. That changes with each restore, because the path contains the domid. */
static int find_backend(struct agent_device *d)
{
	char path[SCHEMA_PATH_MAX];
	int ret = read_back_path(d, path);

	if (ret == 0 && path[0])
		ret = read_back_domid(d);
	if (ret == -EINVAL)
		path[0] = '\0';
	else if (ret < 0)
		return ret;
	if (strcmp(path, d->back) == 0)
		return 0;
	watch_backend(d, false);
	memcpy(d->back, path, sizeof(path));
	watch_backend(d, true);
	return 0;
}

/* 0: the backend does not say, as older ones. */
static uint32_t read_uplink_mtu(struct agent_device *d)
{
	char err[SCHEMA_ERR_MAX];
	uint64_t value = 0;

	xskey_read_u64(d->xs, XS_NO_TXN, d->back, KEY_BACK_UPLINK_MTU, &value, err);
	return (uint32_t)value; /* the schema's range fits */
}

static int look_at_backend(struct agent_device *d, struct agent_view *view)
{
	int ret = find_backend(d);

	if (ret < 0 || !d->back[0])
		return ret;
	ret = read_state(d, d->back, KEY_BACK_STATE, XenbusStateUnknown, &view->peer);
	if (ret == 0)
		ret = read_short(d, d->back, KEY_BACK_GENERATION, view->generation,
				 sizeof(view->generation));
	if (ret == 0)
		view->offline = !read_bool(d, KEY_BACK_ONLINE);
	if (ret == 0)
		view->uplink_mtu = read_uplink_mtu(d);
	if (ret == 0)
		view->no_carrier = !read_bool(d, KEY_BACK_CARRIER);
	return ret;
}

bool agent_device_is_echo(struct agent_device *d, enum xenbus_state wrote)
{
	bool others = d->others;

	d->others = false;
	/* Nodes that were made again, as after a restore, have the state Initialising too. */
	return !others && wrote > XenbusStateInitialising &&
	       xskey_read_state(d->xs, XS_NO_TXN, d->front, KEY_FRONT_STATE) == wrote;
}

int agent_device_look(struct agent_device *d, struct agent_view *view)
{
	int ret;

	*view = (struct agent_view){0};
	/* 2 is a state that no frontend has: the handshake starts over. */
	ret = read_state(d, d->front, KEY_FRONT_STATE, XenbusStateInitWait, &view->own);
	if (ret == 0)
		ret = read_short(d, d->front, KEY_FRONT_VCHAN_RING_REF, view->ring_ref,
				 sizeof(view->ring_ref));
	return ret < 0 ? ret : look_at_backend(d, view);
}

int agent_device_read_ref(struct agent_device *d, char ref[AGENT_DEVICE_REF_MAX])
{
	int ret = xskey_read(d->xs, XS_NO_TXN, d->front, KEY_FRONT_VCHAN_RING_REF, ref,
			     AGENT_DEVICE_REF_MAX);

	if (ret < 0)
		ref[0] = '\0';
	return ret < 0 ? ret : 0;
}

int agent_device_read_domid(struct agent_device *d, char domid[AGENT_DEVICE_REF_MAX])
{
	int ret = xs_conn_read(d->xs, XS_NO_TXN, "domid", domid, AGENT_DEVICE_REF_MAX);

	return ret < 0 ? ret : 0;
}

/* Whether a list of numbers separated by commas has `want`. */
static bool list_has(const char *list, unsigned long want)
{
	char *end;

	for (; *list; list = *end == ',' ? end + 1 : end) {
		unsigned long n = strtoul(list, &end, 10);

		if (end == list)
			return false;
		if (n == want && (*end == ',' || *end == '\0'))
			return true;
		end += strcspn(end, ",");
	}
	return false;
}

static void read_mac(struct agent_device *d, struct agent_offer *offer)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	if (xskey_read(d->xs, XS_NO_TXN, d->back, KEY_BACK_MAC, text, sizeof(text)) < 0)
		return;
	if (schema_parse_mac(KEY_BACK_MAC, text, offer->mac, err) == 0)
		offer->has_mac = true;
	else
		complain_of(err);
}

int agent_device_read_offer(struct agent_device *d, struct agent_offer *offer)
{
	char versions[SCHEMA_VALUE_MAX + 1];
	int ret = xskey_read(d->xs, XS_NO_TXN, d->back, KEY_BACK_PROTOCOL_VERSIONS, versions,
			     sizeof(versions));

	*offer = (struct agent_offer){0};
	if (ret < 0)
		return ret;
	offer->version_ok = list_has(versions, WIRE_VERSION);
	for (size_t i = 0; i < N_FEATURES; i++) {
		if (read_bool(d, features[i].back))
			offer->offloads |= features[i].offload;
	}
	offer->sparse = read_bool(d, KEY_BACK_FEATURE_SPARSE);
	offer->max_ring_order = (unsigned)read_u64(d, KEY_BACK_MAX_RING_ORDER);
	offer->mtu = (uint32_t)read_u64(d, KEY_BACK_MTU);
	read_mac(d, offer);
	return 0;
}

/* --- writing --- */

int agent_device_publish(struct agent_device *d, enum schema_key key, uint64_t value)
{
	return xskey_write_u64(d->xs, XS_NO_TXN, d->front, key, value);
}

int agent_device_show_error(struct agent_device *d, const char *text)
{
	char cut[SCHEMA_GUEST_VALUE_MAX + 1];

	snprintf(cut, sizeof(cut), "%s", text);
	return xskey_write(d->xs, XS_NO_TXN, d->front, KEY_FRONT_ERROR, cut);
}

int agent_device_answer(struct agent_device *d, const struct agent_answer *answer)
{
	int ret = agent_device_publish(d, KEY_FRONT_PROTOCOL_VERSION, WIRE_VERSION);

	if (ret == 0)
		ret = agent_device_publish(d, KEY_FRONT_RING_ORDER, answer->ring_order);
	if (ret == 0)
		ret = agent_device_publish(d, KEY_FRONT_FEATURE_SPARSE, answer->sparse);
	for (size_t i = 0; i < N_FEATURES && ret == 0; i++)
		ret = agent_device_publish(d, features[i].front,
					   (answer->offloads & features[i].offload) != 0);
	return ret;
}

int agent_device_set_state(struct agent_device *d, enum xenbus_state state)
{
	return xskey_write_state(d->xs, XS_NO_TXN, d->front, KEY_FRONT_STATE, state);
}
