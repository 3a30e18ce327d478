/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "backend/control/control_priv.h"
#include "backend/control/device.h"
#include "backend/frame/frame_cost.h"
#include "common/log.h"
#include "common/units.h"
#include "common/version.h"
#include "xenstore-schema/xskey.h"

/* An operator's rate; the old one stays where the new one is malformed. */
static void load_rate(struct control *c, enum schema_key key, uint64_t *bps, char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];

	if (xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, key, text, sizeof(text)) < 0)
		*bps = 0;
	else if (schema_parse_u64(key, text, bps, why) < 0 && !err[0])
		memcpy(err, why, SCHEMA_ERR_MAX);
}

/* No capacity is one that can be measured. */
static void require_signal(struct control *c, uint64_t *tx_bps, char *err)
{
	if (*tx_bps || c->probe.signal)
		return;
	*tx_bps = c->link.tx_capacity_bps;
	if (!err[0])
		snprintf(err, SCHEMA_ERR_MAX, "%s 0: it cannot be measured: %s",
			 schema_name(KEY_UPLINK_TX_CAPACITY), c->probe.why);
}

static void show_error(struct control *c, const char *err)
{
	if (strcmp(err, c->link_error) == 0)
		return;
	if (err[0])
		log_warning("uplink %s: %s", c->conf.name, err);
	else
		log_info("uplink %s: well again", c->conf.name);
	snprintf(c->link_error, sizeof(c->link_error), "%s", err);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ERROR, err);
}

/* And his frame cost, which is found from the capacity where he gave none. */
static void load_frame_cost(struct control *c, uint32_t *bytes, char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	uint64_t value;

	if (xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_FRAME_COST, text, sizeof(text)) <
	    0)
		*bytes = FRAME_COST_AUTO;
	else if (schema_parse_u64(KEY_UPLINK_FRAME_COST, text, &value, why) == 0)
		*bytes = (uint32_t)value; /* the schema's range fits */
	else if (!err[0])
		memcpy(err, why, SCHEMA_ERR_MAX);
}

void control_load_link(struct control *c)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX], err[SCHEMA_ERR_MAX] = "", rate[32];
	struct link_conf link = c->link;
	unsigned sw = (unsigned)link.sw;
	struct device *d;
	struct msg *m;

	load_rate(c, KEY_UPLINK_TX_CAPACITY, &link.tx_capacity_bps, err);
	load_rate(c, KEY_UPLINK_RX_CAPACITY, &link.rx_capacity_bps, err);
	load_frame_cost(c, &link.frame_cost_bytes, err);
	require_signal(c, &link.tx_capacity_bps, err);
	link.sndbuf_max_bytes = c->probe.sndbuf_max_bytes;
	link.signal = c->probe.signal;
	if (xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_SWITCH, text, sizeof(text)) < 0)
		sw = (unsigned)schema_default(KEY_UPLINK_SWITCH);
	else if (schema_parse_enum(KEY_UPLINK_SWITCH, text, &sw, why) < 0 && !err[0])
		memcpy(err, why, sizeof(err));
	link.sw = (enum switch_mode)sw;
	show_error(c, err[0] ? err : c->log_error);
	if (link.tx_capacity_bps == c->link.tx_capacity_bps &&
	    link.rx_capacity_bps == c->link.rx_capacity_bps && link.sw == c->link.sw &&
	    link.frame_cost_bytes == c->link.frame_cost_bytes &&
	    link.sndbuf_max_bytes == c->link.sndbuf_max_bytes && link.signal == c->link.signal)
		return;
	c->link = link;
	log_info("uplink %s: capacity %s", c->conf.name,
		 link.tx_capacity_bps ? units_format_rate(rate, sizeof(rate), link.tx_capacity_bps)
				      : "not configured");
	m = control_msg(MSG_LINK, LDP_SLOT_NONE);
	m->link_conf = link;
	control_post(c, m);
	/* Minima that were too many may not be now. */
	TAILQ_FOREACH(d, &c->devices, next)
		d->dirty = d->unread = true;
}

/* Millionths as a decimal without needless zeros. */
static void format_fraction(char *out, size_t size, uint32_t ppm)
{
	size_t len = (size_t)snprintf(out, size, "%u.%06u", ppm / 1000000, ppm % 1000000);

	while (out[len - 1] == '0')
		out[--len] = '\0';
	if (out[len - 1] == '.')
		out[len - 1] = '\0';
}

static int publish_credit(struct control *c)
{
	char text[16], path[SCHEMA_PATH_MAX];
	int ret = 0;

	/* What an earlier daemon said of its log is not to stay. */
	schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_LOG_OFFSET);
	xs_conn_rm(c->xs, XS_NO_TXN, path);
	schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_LOG_PATH);
	if (c->log_path[0])
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_LOG_PATH,
				  c->log_path);
	else
		xs_conn_rm(c->xs, XS_NO_TXN, path);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ERROR, c->log_error);
	snprintf(c->link_error, sizeof(c->link_error), "%s", c->log_error);
	format_fraction(text, sizeof(text), c->conf.repayment_ppm);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_REPAYMENT, text);
	if (ret == 0)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_EPOCH_US,
				      c->conf.epoch_us);
	return ret;
}

int control_publish_uplink(struct control *c)
{
	const char *kind = c->conf.kind == UPLINK_TAP ? "tap" : "macvtap";
	int ret;

	ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_DEVICE, c->conf.device);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_KIND, kind);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_VERSION,
				  dmvl_version);
	if (ret == 0)
		ret = publish_credit(c);
	if (ret == 0 && c->conf.tx_capacity_bps)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY,
				      c->conf.tx_capacity_bps);
	if (ret == 0 && c->conf.rx_capacity_bps)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_RX_CAPACITY,
				      c->conf.rx_capacity_bps);
	if (ret == 0 && c->conf.frame_cost_bytes != FRAME_COST_AUTO)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_FRAME_COST,
				      c->conf.frame_cost_bytes);
	/* What an earlier daemon left. */
	if (ret == 0)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir,
				      KEY_UPLINK_TX_CAPACITY_ESTIMATE, 0);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_STATE, "running");
	return ret;
}
