/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_xs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backend/control/control_group.h"
#include "backend/control/device_state.h"
#include "backend/xen/nodes.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/* It has no generation, or none that can be read. */
static int check_without(struct xs_conn *xs, uint32_t t, const struct device *d)
{
	if (xs_conn_missing(xs, t, d->back))
		return -ENOENT;
	if (!xs_conn_exists(xs, t, d->back))
		return -EIO; /* xenstored has gone away */
	return d->generation[0] ? -ESTALE : 0;
}

int device_check(struct xs_conn *xs, uint32_t t, const struct device *d)
{
	char now[sizeof(d->generation)];
	int ret = xskey_read(xs, t, d->back, KEY_BACK_GENERATION, now, sizeof(now));

	if (ret >= 0)
		return strcmp(now, d->generation) == 0 ? 0 : -ESTALE;
	if (ret != -ENOENT && ret != -E2BIG && ret != -EILSEQ)
		return ret;
	return check_without(xs, t, d);
}

struct writing {
	struct control *c;
	struct device *d;
	device_writer *write;
	const void *arg;
};

static int write_part(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct writing *w = arg;

	int ret = device_check(xs, t, w->d);

	if (ret == 0)
		return w->write(w->c, w->d, t, w->arg);
	return ret == -ESTALE ? -ENOENT : ret; /* the next look finds the other attachment */
}

int device_write(struct control *c, struct device *d, device_writer *write, const void *arg)
{
	return xs_txn(c->xs, write_part,
		      &(struct writing){.c = c, .d = d, .write = write, .arg = arg});
}

static int write_value(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	const struct node_value *v = arg;

	return xskey_write(c->xs, t, d->back, v->key, v->value);
}

int device_write_value(struct control *c, struct device *d, enum schema_key key, const char *value)
{
	return device_write(c, d, write_value, &(struct node_value){key, value});
}

/* What was announced for a connection ends with it. */
static int remove_rates(struct control *c, const struct device *d, uint32_t t)
{
	static const enum schema_key keys[] = {KEY_BACK_TX_RATE, KEY_BACK_RX_RATE};
	int ret = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && ret == 0; i++) {
		char path[SCHEMA_PATH_MAX];

		schema_key_path(path, sizeof(path), d->back, keys[i]);
		ret = xs_conn_rm(c->xs, t, path);
		ret = ret == -ENOENT ? 0 : ret;
	}
	return ret;
}

int device_write_state(struct control *c, const struct device *d, uint32_t t,
		       enum xenbus_state state)
{
	int ret = state == XenbusStateConnected ? 0 : remove_rates(c, d, t);

	return ret < 0 ? ret : xskey_write_state(c->xs, t, d->back, KEY_BACK_STATE, state);
}

static int write_state(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	return device_write_state(c, d, t, *(const enum xenbus_state *)arg);
}

void device_set_state(struct control *c, struct device *d, enum xenbus_state state)
{
	int ret = device_write(c, d, write_state, &state);

	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write state %d: %s", d->name, state, strerror(-ret));
}

int device_write_waiting(struct control *c, struct device *d, uint32_t t)
{
	return xskey_write_u64(c->xs, t, d->back, KEY_BACK_STATE_SINCE, (uint64_t)time(NULL));
}

static int write_closed(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	int ret = device_write_waiting(c, d, t);

	(void)arg;
	return ret < 0 ? ret
		       : xskey_write_state(c->xs, t, d->back, KEY_BACK_STATE, XenbusStateClosed);
}

void device_show_closed(struct control *c, struct device *d)
{
	int ret = device_write(c, d, write_closed, NULL);

	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write that it is closed: %s", d->name, strerror(-ret));
}

int device_write_closed(struct control *c, uint32_t t)
{
	struct device *d;
	int ret = 0;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (ret == 0 && d->after == HS_CLOSED && device_check(c->xs, t, d) == 0)
			ret = device_write_state(c, d, t, XenbusStateClosed);
	}
	return ret;
}

static int write_connected(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	int ret = xskey_write(c->xs, t, d->back, KEY_BACK_GROUPS, "0");

	(void)arg;
	return ret < 0 ? ret
		       : xskey_write_state(c->xs, t, d->back, KEY_BACK_STATE, XenbusStateConnected);
}

void device_show_connected(struct control *c, struct device *d)
{
	int ret = device_write(c, d, write_connected, NULL);

	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write that it is connected: %s", d->name, strerror(-ret));
}

static int write_if_new(struct control *c, struct device *d, uint32_t t, enum schema_key key,
			uint64_t now, uint64_t was)
{
	if (d->has_shown && now == was)
		return 0;
	return xskey_write_u64(c->xs, t, d->back, key, now);
}

static int write_status(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	const struct ldp_status *now = arg, *was = &d->shown;
	char balance[24];
	int ret = write_if_new(c, d, t, KEY_BACK_CREDIT, now->credit_bytes, was->credit_bytes);

	snprintf(balance, sizeof(balance), "%" PRId64, now->balance_bytes);
	if (ret == 0 && !(d->has_shown && now->balance_bytes == was->balance_bytes))
		ret = xskey_write(c->xs, t, d->back, KEY_BACK_CREDIT_BALANCE, balance);
	if (ret == 0)
		ret = write_if_new(c, d, t, KEY_BACK_LOG_OFFSET, now->log_offset, was->log_offset);
	if (ret == 0)
		ret = write_if_new(c, d, t, KEY_BACK_TX_RATE, now->tx_rate_bps, was->tx_rate_bps);
	if (ret == 0)
		ret = write_if_new(c, d, t, KEY_BACK_RX_RATE, now->rx_rate_bps, was->rx_rate_bps);
	if (ret == 0)
		ret = write_if_new(c, d, t, KEY_BACK_GROUPS, now->groups, was->groups);
	return ret;
}

void device_publish(struct control *c, struct device *d, const struct ldp_status *now)
{
	int ret = device_write(c, d, write_status, now);

	if (ret == 0) {
		d->shown = *now;
		d->has_shown = true;
	} else if (ret != -ENOENT) {
		log_debug("%s: cannot publish its credit: %s", d->name, strerror(-ret));
	}
}

void device_show_mtu(struct control *c, struct device *d)
{
	uint32_t mtu = c->link.conf.mtu;
	char value[12];

	if (d->shown_mtu == mtu)
		return;
	snprintf(value, sizeof(value), "%" PRIu32, mtu);
	if (device_write_value(c, d, KEY_BACK_UPLINK_MTU, value) == 0)
		d->shown_mtu = mtu;
}

/* In no group, and nothing was written: that is what most devices are. */
static bool is_bare(struct control *c, struct device *d, uint32_t id)
{
	char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), d->back, KEY_BACK_GROUP_NUMBER);
	return id == LDP_GROUP_NONE && !d->has_shown_group &&
	       !xs_conn_exists(c->xs, XS_NO_TXN, path);
}

void device_show_group(struct control *c, struct device *d)
{
	uint32_t id = control_group_id(d);
	char value[12];

	if (d->has_shown_group && d->shown_group == id)
		return;
	snprintf(value, sizeof(value), "%" PRIu32, id);
	if (!is_bare(c, d, id) &&
	    device_write(c, d, write_value, &(struct node_value){KEY_BACK_GROUP_NUMBER, value}) < 0)
		return;
	d->shown_group = id;
	d->has_shown_group = true;
}

void device_show_again(struct control *c, struct device *d)
{
	d->has_shown = false;
	d->shown_mtu = 0;
	d->has_shown_group = false;
	device_write(c, d, write_value, &(struct node_value){KEY_BACK_ERROR, d->error});
}

void device_show_error(struct control *c, struct device *d, const char *text)
{
	if (strcmp(d->error, text) == 0)
		return;
	if (text[0])
		log_warning("%s: %s", d->name, text);
	else
		log_info("%s: error cleared", d->name);
	snprintf(d->error, sizeof(d->error), "%s", text);
	device_write_value(c, d, KEY_BACK_ERROR, text);
}
