/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/tap.h"
#include "common/wire.h"

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
	KEY_BACK_STATE,
	KEY_BACK_GENERATION,
	KEY_BACK_ONLINE,
};

#define N_WATCHED (sizeof(back_watched) / sizeof(back_watched[0]))

/* The token of the own state's watch. */
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

/* A node's value in buf; its length, or -errno. */
static int read_key(struct agent_device *d, const char *dir, enum schema_key key, char *buf,
		    size_t size)
{
	char path[SCHEMA_PATH_MAX + 32];

	schema_key_path(path, sizeof(path), dir, key);
	return xs_conn_read(d->xs, XS_NO_TXN, path, buf, size);
}

static bool gone(int ret)
{
	return ret == -ENOENT || ret == -EACCES;
}

static void complain(const char *err)
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
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t value;

	if (read_key(d, d->back, key, text, sizeof(text)) < 0)
		return schema_default(key);
	if (schema_parse_u64(key, text, &value, err) < 0) {
		complain(err);
		return schema_default(key);
	}
	return value;
}

static bool read_bool(struct agent_device *d, enum schema_key key)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	bool value;

	if (read_key(d, d->back, key, text, sizeof(text)) < 0)
		return schema_default(key) != 0;
	if (schema_parse_bool(key, text, &value, err) < 0) {
		complain(err);
		return schema_default(key) != 0;
	}
	return value;
}

static void watch_backend(struct agent_device *d, bool on)
{
	char path[SCHEMA_PATH_MAX + 32];

	for (size_t i = 0; i < N_WATCHED; i++) {
		schema_key_path(path, sizeof(path), d->back, back_watched[i]);
		if (on)
			xs_conn_watch(d->xs, path, "back");
		else
			xs_conn_unwatch(d->xs, path, "back");
	}
}

/* Where the backend is; that moves with each restore, as the path contains the domid. */
static int find_backend(struct agent_device *d)
{
	char text[SCHEMA_VALUE_MAX + 1], path[SCHEMA_PATH_MAX], err[SCHEMA_ERR_MAX];
	uint64_t domid = 0;
	int ret = read_key(d, d->front, KEY_FRONT_BACKEND, text, sizeof(text));

	path[0] = '\0';
	if (ret >= 0) {
		if (schema_parse_text(KEY_FRONT_BACKEND, text, path, sizeof(path), err) < 0) {
			complain(err);
			path[0] = '\0';
		}
		ret = read_key(d, d->front, KEY_FRONT_BACKEND_ID, text, sizeof(text));
	}
	if (ret < 0 && !gone(ret))
		return ret;
	if (ret >= 0 && schema_parse_u64(KEY_FRONT_BACKEND_ID, text, &domid, err) < 0) {
		complain(err);
		path[0] = '\0';
	}
	d->back_domid = (unsigned)domid;
	if (strcmp(path, d->back) == 0)
		return 0;
	if (d->back[0])
		watch_backend(d, false);
	memcpy(d->back, path, sizeof(path));
	if (d->back[0])
		watch_backend(d, true);
	return 0;
}

static enum xenbus_state parse_state(enum schema_key key, const char *text,
				     enum xenbus_state otherwise)
{
	enum xenbus_state state;
	char err[SCHEMA_ERR_MAX];

	if (schema_parse_state(key, text, &state, err) == 0)
		return state;
	complain(err);
	return otherwise;
}

static int look_at_backend(struct agent_device *d, struct agent_view *view)
{
	char text[SCHEMA_VALUE_MAX + 1];
	int ret = find_backend(d);

	if (ret < 0 || !d->back[0])
		return ret;
	ret = read_key(d, d->back, KEY_BACK_STATE, text, sizeof(text));
	if (ret >= 0)
		view->peer = parse_state(KEY_BACK_STATE, text, XenbusStateUnknown);
	else if (!gone(ret))
		return ret;
	ret = read_key(d, d->back, KEY_BACK_GENERATION, view->generation, sizeof(view->generation));
	if (ret < 0)
		view->generation[0] = '\0';
	if (ret < 0 && !gone(ret) && ret != -E2BIG)
		return ret;
	view->offline = !read_bool(d, KEY_BACK_ONLINE);
	return 0;
}

bool agent_device_is_echo(struct agent_device *d, enum xenbus_state wrote)
{
	char text[SCHEMA_VALUE_MAX + 1];
	enum xenbus_state own;
	bool others = d->others;

	d->others = false;
	return !others && read_key(d, d->front, KEY_FRONT_STATE, text, sizeof(text)) >= 0 &&
	       schema_parse_state(KEY_FRONT_STATE, text, &own, NULL) == 0 && own == wrote;
}

int agent_device_look(struct agent_device *d, struct agent_view *view)
{
	char text[SCHEMA_VALUE_MAX + 1];
	int ret;

	*view = (struct agent_view){0};
	ret = read_key(d, d->front, KEY_FRONT_STATE, text, sizeof(text));
	if (ret >= 0)
		/* 2 is a state that no frontend has: the handshake begins anew. */
		view->own = parse_state(KEY_FRONT_STATE, text, XenbusStateInitWait);
	else if (!gone(ret))
		return ret;
	ret = agent_device_read_ref(d, view->ring_ref);
	if (ret < 0 && !gone(ret) && ret != -E2BIG)
		return ret;
	return look_at_backend(d, view);
}

int agent_device_read_ref(struct agent_device *d, char ref[AGENT_DEVICE_REF_MAX])
{
	int ret = xs_conn_read(d->xs, XS_NO_TXN, d->ring_ref, ref, AGENT_DEVICE_REF_MAX);

	if (ret < 0)
		ref[0] = '\0';
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

int agent_device_read_offer(struct agent_device *d, struct agent_offer *offer)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	int ret = read_key(d, d->back, KEY_BACK_PROTOCOL_VERSIONS, text, sizeof(text));

	*offer = (struct agent_offer){0};
	if (ret < 0)
		return ret;
	offer->version_ok = list_has(text, WIRE_VERSION);
	for (size_t i = 0; i < N_FEATURES; i++) {
		if (read_bool(d, features[i].back))
			offer->offloads |= features[i].offload;
	}
	offer->max_ring_order = (unsigned)read_u64(d, KEY_BACK_MAX_RING_ORDER);
	offer->mtu = (uint32_t)read_u64(d, KEY_BACK_MTU);
	if (read_key(d, d->back, KEY_BACK_MAC, text, sizeof(text)) >= 0) {
		if (schema_parse_mac(KEY_BACK_MAC, text, offer->mac, err) == 0)
			offer->has_mac = true;
		else
			complain(err);
	}
	return 0;
}

/* --- writing --- */

int agent_device_announce(struct agent_device *d, enum schema_key key, uint64_t value)
{
	char path[SCHEMA_PATH_MAX + 32], text[24];

	schema_key_path(path, sizeof(path), d->front, key);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return xs_conn_write(d->xs, XS_NO_TXN, path, text);
}

int agent_device_answer(struct agent_device *d, uint32_t offloads, unsigned ring_order)
{
	int ret = agent_device_announce(d, KEY_FRONT_PROTOCOL_VERSION, WIRE_VERSION);

	if (ret == 0)
		ret = agent_device_announce(d, KEY_FRONT_RING_ORDER, ring_order);
	for (size_t i = 0; i < N_FEATURES && ret == 0; i++)
		ret = agent_device_announce(d, features[i].front,
					    (offloads & features[i].offload) != 0);
	return ret;
}

int agent_device_set_state(struct agent_device *d, enum xenbus_state state)
{
	return agent_device_announce(d, KEY_FRONT_STATE, (uint64_t)state);
}
