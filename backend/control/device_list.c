/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/device_away.h"
#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "common/log.h"
#include "common/uuid.h"
#include "xenstore-schema/xskey.h"

#define LOOKS_PER_SEC	 50u
#define LOOKS_BURST	 100u
#define CONNECTS_PER_SEC 1u
#define CONNECTS_BURST	 20u

struct device *device_find(struct control *c, unsigned domid, unsigned id)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->domid == domid && d->id == id)
			return d;
	}
	return NULL;
}

struct device *device_elsewhere(struct control *c, const uint8_t uuid[16], unsigned domid,
				unsigned id)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->id == id && d->domid != domid && memcmp(d->uuid, uuid, 16) == 0)
			return uuid_is_null(uuid) ? NULL : d;
	}
	return NULL;
}

bool device_is_known(struct control *c, unsigned domid, unsigned id)
{
	const struct device *d = device_find(c, domid, id);

	return d && !d->adrift;
}

static void read_generation(struct control *c, struct device *d)
{
	if (xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_GENERATION, d->generation,
		       sizeof(d->generation)) < 0)
		d->generation[0] = '\0';
}

static int fill_paths(const struct control *c, struct device *d)
{
	int ret = schema_backend_dir(d->back, sizeof(d->back), c->domid, d->domid, d->id);

	if (ret >= 0)
		ret = schema_frontend_dir(d->front, sizeof(d->front), d->domid, d->id);
	if (ret >= 0)
		ret = schema_key_path(d->front_state, sizeof(d->front_state), d->front,
				      KEY_FRONT_STATE);
	return ret;
}

/* NULL: out of memory or range. */
static struct device *device_new(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->domid = domid;
	d->id = id;
	d->slot = LDP_SLOT_NONE;
	d->fresh = true;
	d->online = true;
	device_mark(d, DEVICE_READ);
	settings_default(&d->settings);
	bucket_init(&d->looks, LOOKS_PER_SEC * 8, LOOKS_BURST, c->now_ns);
	bucket_init(&d->connects, CONNECTS_PER_SEC * 8, CONNECTS_BURST, c->now_ns);
	snprintf(d->name, sizeof(d->name), "%u/%u", domid, id);
	snprintf(d->token, sizeof(d->token), "F%u/%u", domid, id);
	if (fill_paths(c, d) < 0) {
		free(d);
		return NULL;
	}
	return d;
}

static bool is_via_vif(struct control *c, const struct device *d)
{
	unsigned via = SCHEMA_VIA_RING;
	char text[SCHEMA_GUEST_VALUE_MAX + 1];

	if (xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_VIA, text, sizeof(text)) >= 0)
		schema_parse_enum(KEY_BACK_VIA, text, &via, NULL);
	return via == SCHEMA_VIA_VIF;
}

bool device_has_front(struct control *c, const struct device *d)
{
	return xs_conn_exists(c->xs, XS_NO_TXN, d->front) || is_via_vif(c, d);
}

static const char *home_path(char out[SCHEMA_PATH_MAX], unsigned domid)
{
	snprintf(out, SCHEMA_PATH_MAX, "/local/domain/%u/name", domid);
	return out;
}

bool device_has_home(struct control *c, unsigned domid)
{
	char path[SCHEMA_PATH_MAX];

	return xs_conn_exists(c->xs, XS_NO_TXN, home_path(path, domid));
}

bool device_lost_home(struct control *c, unsigned domid)
{
	char path[SCHEMA_PATH_MAX];

	return xs_conn_missing(c->xs, XS_NO_TXN, home_path(path, domid));
}

/* The name of an uplink that the key has; false: it has none. */
static bool names(struct control *c, const struct device *d, enum schema_key key,
		  char out[UPLINK_NAME_MAX + 1])
{
	char text[SCHEMA_VALUE_MAX + 1];

	return xskey_read(c->xs, XS_NO_TXN, d->back, key, text, sizeof(text)) >= 0 &&
	       schema_parse_text(key, text, out, UPLINK_NAME_MAX + 1, NULL) == 0;
}

/*
 * The key uplink tells it once: who served the device first goes on, or two would serve it when the
 * key changes. A malformed name is that of the default uplink, whose daemon complains.
 */
static bool is_ours(struct control *c, struct device *d)
{
	char name[UPLINK_NAME_MAX + 1];

	if (names(c, d, KEY_BACK_SERVED_BY, name))
		return strcmp(name, c->conf.name) == 0;
	if (!names(c, d, KEY_BACK_UPLINK, name))
		snprintf(name, sizeof(name), "%s", schema_entry(KEY_BACK_UPLINK)->dflt);
	if (strcmp(name, c->conf.name) != 0)
		return false;
	device_write_value(c, d, KEY_BACK_SERVED_BY, name);
	d->is_first = true;
	return true;
}

/* Whom it was attached to; a domid may be another guest's by now. False: xenstore did not answer.
 */
static bool find_uuid(struct control *c, struct device *d)
{
	char text[UUID_TEXT_LEN + 1];
	struct dom_info info;
	int ret = xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_GUEST_UUID, text, sizeof(text));

	if (ret >= 0 && uuid_parse(text, d->uuid))
		return true;
	if (ret < 0 && ret != -ENOENT && ret != -E2BIG && ret != -EILSEQ)
		return false;
	/* An earlier version attached it. */
	if (dom_info(c->dom, d->domid, &info) < 0 || !info.exists || !device_has_front(c, d))
		return true;
	memcpy(d->uuid, info.uuid, sizeof(d->uuid));
	uuid_format(d->uuid, text);
	device_write_value(c, d, KEY_BACK_GUEST_UUID, text);
	return true;
}

/* A daemon that was killed could not clear it. */
static void read_error(struct control *c, struct device *d)
{
	if (xskey_read(c->xs, XS_NO_TXN, d->back, KEY_BACK_ERROR, d->error, sizeof(d->error)) < 0)
		d->error[0] = '\0';
}

static void watch(struct control *c, const struct device *d)
{
	int ret = xs_conn_watch(c->xs, d->front_state, d->token);

	if (ret == 0 && d->vif_dir[0])
		ret = xs_conn_watch(c->xs, d->vif_dir, d->vif_token);
	if (ret < 0)
		log_error(
			"%s: cannot watch it (%s): xenstored limits the watches of a domain other "
			"than Dom0 (its option --watch-nb)",
			d->name, strerror(-ret));
	device_away_watch(c, d);
}

void device_meet(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = device_new(c, domid, id);

	if (!d)
		return;
	read_generation(c, d);
	/* Not there: the event was the echo of a removal. If xenstored has gone away meanwhile, the
	 * device is met again when it is back. */
	if (!xs_conn_exists(c->xs, XS_NO_TXN, d->back) || !is_ours(c, d) || !find_uuid(c, d) ||
	    !xs_conn_exists(c->xs, XS_NO_TXN, d->back)) {
		free(d);
		return;
	}
	read_error(c, d);
	TAILQ_INSERT_TAIL(&c->devices.all, d, next);
	watch(c, d);
}

void device_again_all(struct control *c, bool another)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		/* One that was adrift already stays so until it is attached again. */
		d->adrift |= another;
		if (xs_conn_exists(c->xs, XS_NO_TXN, d->back))
			d->adrift = false;
		if (d->adrift && d->slot != LDP_SLOT_NONE)
			log_warning("%s: xenstored lost this device's directories: its frames go "
				    "on, but nothing of it can be seen or changed until it is "
				    "attached again",
				    d->name);
		watch(c, d);
		device_show_again(c, d);
		device_mark(d, DEVICE_READ);
	}
}

void device_mark_all(struct control *c)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next)
		device_mark(d, DEVICE_READ);
}

void device_mark_agentless(struct control *c)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->settings.via_vif)
			device_mark(d, DEVICE_LOOK);
	}
}

void device_drop(struct control *c, struct device *d)
{
	xs_conn_unwatch(c->xs, d->front_state, d->token);
	if (d->vif_dir[0])
		xs_conn_unwatch(c->xs, d->vif_dir, d->vif_token);
	device_away_unwatch(c, d);
	TAILQ_REMOVE(&c->devices.all, d, next);
	free(d);
}

void device_free_all(struct control *c)
{
	struct device *d;

	while ((d = TAILQ_FIRST(&c->devices.all))) {
		TAILQ_REMOVE(&c->devices.all, d, next);
		free(d);
	}
}
