/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/device_state.h"
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

void device_read_generation(struct control *c, struct device *d)
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

void device_meet(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = device_new(c, domid, id);
	struct dom_info info;

	if (!d)
		return;
	if (!xs_conn_exists(c->xs, XS_NO_TXN, d->back)) {
		free(d); /* the event was the echo of a removal */
		return;
	}
	device_read_generation(c, d);
	if (dom_info(c->dom, domid, &info) == 0)
		memcpy(d->uuid, info.uuid, sizeof(d->uuid));
	TAILQ_INSERT_TAIL(&c->devices.all, d, next);
	xs_conn_watch(c->xs, d->front_state, d->token);
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
