/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/device.h"
#include "backend/nodes.h"
#include "common/log.h"
#include "common/xskey.h"

int device_write(struct control *c, struct device *d, device_writer *write, const void *arg)
{
	uint32_t t;
	int ret;

	do {
		ret = xs_txn_begin(c->xs, &t);
		if (ret < 0)
			return ret;
		ret = xs_conn_exists(c->xs, t, d->back) ? write(c, d, t, arg) : -ENOENT;
		if (ret < 0)
			xs_txn_end(c->xs, t, true);
		else
			ret = xs_txn_end(c->xs, t, false);
	} while (ret == -EAGAIN);
	return ret;
}

static int write_value(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	const struct node_value *v = arg;

	return xskey_write(c->xs, t, d->back, v->key, v->value);
}

void device_set_state(struct control *c, struct device *d, enum xenbus_state state)
{
	char value[4];
	int ret;

	snprintf(value, sizeof(value), "%d", (int)state);
	ret = device_write(c, d, write_value, &(struct node_value){KEY_BACK_STATE, value});
	if (ret < 0 && ret != -ENOENT)
		log_error("%s: cannot write state %d: %s", d->name, state, strerror(-ret));
}

static int announce_one(struct control *c, struct device *d, uint32_t t, enum schema_key key,
			uint64_t now, uint64_t was)
{
	if (d->has_announced && now == was)
		return 0;
	return xskey_write_u64(c->xs, t, d->back, key, now);
}

static int write_announcement(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	const struct announcement *now = arg, *was = &d->announced;
	char balance[24];
	int ret = announce_one(c, d, t, KEY_BACK_CREDIT, now->credit_bytes, was->credit_bytes);

	snprintf(balance, sizeof(balance), "%" PRId64, now->balance_bytes);
	if (ret == 0 && !(d->has_announced && now->balance_bytes == was->balance_bytes))
		ret = xskey_write(c->xs, t, d->back, KEY_BACK_CREDIT_BALANCE, balance);
	if (ret == 0)
		ret = announce_one(c, d, t, KEY_BACK_LOG_OFFSET, now->log_offset, was->log_offset);
	if (ret == 0)
		ret = announce_one(c, d, t, KEY_BACK_TX_RATE, now->tx_rate_bps, was->tx_rate_bps);
	if (ret == 0)
		ret = announce_one(c, d, t, KEY_BACK_RX_RATE, now->rx_rate_bps, was->rx_rate_bps);
	return ret;
}

void device_announce(struct control *c, struct device *d, const struct announcement *now)
{
	int ret = device_write(c, d, write_announcement, now);

	if (ret == 0) {
		d->announced = *now;
		d->has_announced = true;
	} else if (ret != -ENOENT) {
		log_debug("%s: cannot announce its credit: %s", d->name, strerror(-ret));
	}
}

void device_show_error(struct control *c, struct device *d, const char *text)
{
	if (strcmp(d->error, text) == 0)
		return;
	if (text[0])
		log_warning("%s: %s", d->name, text);
	else
		log_info("%s: well again", d->name);
	snprintf(d->error, sizeof(d->error), "%s", text);
	device_write(c, d, write_value, &(struct node_value){KEY_BACK_ERROR, text});
}
