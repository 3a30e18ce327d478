/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_uplink.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_capacity.h"
#include "backend/control/control_exits.h"
#include "backend/control/control_inflow.h"
#include "backend/control/control_host.h"
#include "backend/control/control_key.h"
#include "backend/control/control_life.h"
#include "backend/control/control_state.h"
#include "backend/control/control_verdict.h"
#include "backend/control/device_list.h"
#include "backend/frame/frame_cost.h"
#include "backend/msg/msg.h"
#include "common/log.h"
#include "common/version.h"
#include "xenstore-schema/xskey.h"

/* Reads a rate, of bits or frames, that the operator set. A malformed one changes nothing and is
 * named in err. */
static void load_rate(struct control *c, enum schema_key key, uint64_t *bps, char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	int ret = control_key_read(c, key, text, err);

	if (ret == -ENOENT)
		*bps = schema_default(key);
	else if (ret == 0 && schema_parse_u64(key, text, bps, why) < 0)
		refusal_add(err, schema_name(key), why);
}

static void load_flood_rate(struct control *c, uint32_t *rate, char *err)
{
	uint64_t value = *rate;

	load_rate(c, KEY_UPLINK_FLOOD_RATE, &value, err);
	*rate = (uint32_t)value; /* the schema's range fits */
}

static void show_error(struct control *c, const char *err)
{
	if (strcmp(err, c->link.error) == 0)
		return;
	if (err[0])
		log_warning("uplink %s: %s", c->conf.name, err);
	else
		log_info("uplink %s: error cleared", c->conf.name);
	snprintf(c->link.error, sizeof(c->link.error), "%s", err);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ERROR, err);
}

/* Reads the frame cost. Without one it follows from the capacity. */
static void load_frame_cost(struct control *c, uint32_t *bytes, char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	uint64_t value = *bytes;
	int ret = control_key_read(c, KEY_UPLINK_FRAME_COST, text, err);

	if (ret < 0)
		*bytes = ret == -ENOENT ? FRAME_COST_AUTO : *bytes;
	else if (schema_parse_u64(KEY_UPLINK_FRAME_COST, text, &value, why) == 0)
		*bytes = (uint32_t)value; /* the schema's range fits */
	else
		refusal_add(err, schema_name(KEY_UPLINK_FRAME_COST), why);
}

static void load_switch(struct control *c, enum switch_mode *mode, char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	unsigned value = (unsigned)*mode;
	int ret = control_key_read(c, KEY_UPLINK_SWITCH, text, err);

	if (ret == -ENOENT)
		value = (unsigned)schema_default(KEY_UPLINK_SWITCH);
	else if (ret == 0 && schema_parse_enum(KEY_UPLINK_SWITCH, text, &value, why) < 0)
		refusal_add(err, schema_name(KEY_UPLINK_SWITCH), why);
	*mode = (enum switch_mode)value;
}

static_assert(EXITS_MAX <= LINK_EXITS_MAX, "the frame loop must know all exits");

static void load_exits(const struct exits *e, struct link_conf *link)
{
	link->bridge = e->bridge;
	link->flood_port = exits_has(e, e->oldest) ? 0 : e->oldest;
	link->exits = e->count;
	for (unsigned i = 0; i < e->count; i++)
		link->exit[i] = e->ifindex[i];
}

static bool same_exits(const struct link_conf *a, const struct link_conf *b)
{
	return a->bridge == b->bridge && a->flood_port == b->flood_port && a->exits == b->exits &&
	       memcmp(a->exit, b->exit, a->exits * sizeof(a->exit[0])) == 0;
}

static bool same_link(const struct link_conf *a, const struct link_conf *b)
{
	return a->tx_capacity_bps == b->tx_capacity_bps && a->source == b->source &&
	       a->speed_bps == b->speed_bps && a->rx_capacity_bps == b->rx_capacity_bps &&
	       a->sw == b->sw && a->flood_rate == b->flood_rate &&
	       a->flood_max_bps == b->flood_max_bps && a->frame_cost_bytes == b->frame_cost_bytes &&
	       a->sndbuf_max_bytes == b->sndbuf_max_bytes && a->signal == b->signal &&
	       a->mtu == b->mtu && same_exits(a, b);
}

static void put_in_force(struct control *c, const struct link_conf *link)
{
	struct msg *m = msg_new(MSG_LINK, LDP_SLOT_NONE);
	char text[CAPACITY_TEXT_MAX];

	c->link.conf = *link;
	log_info("uplink %s: capacity %s", c->conf.name, control_capacity_text(link, text));
	m->link_conf = *link;
	msg_post(c->out, m);
	c->due.share = true;
	control_inflow_reset(c); /* the loop forgets it with this message */
	device_mark_all(c);	 /* minima that were too many may fit now */
	c->due.groups = true;
}

/* The first that says anything. */
static const char *first_of(const char *const *text, unsigned n)
{
	unsigned i = 0;

	while (i < n - 1 && !text[i][0])
		i++;
	return text[i];
}

static void add(char err[REFUSAL_MAX], enum schema_key key, const char *sentence)
{
	if (sentence[0])
		refusal_add(err, schema_name(key), sentence);
}

void control_load_link(struct control *c)
{
	struct link_conf link = c->link.conf;
	char err[REFUSAL_MAX] = "";

	c->due.link = false;
	if (!control_life_carrier(c))
		snprintf(err, sizeof(err), "%s", c->life.why);
	control_verdict_note(c, c->uplink_dir, KEY_UPLINK_JUDGE, c->link.asked);
	load_rate(c, KEY_UPLINK_TX_CAPACITY, &c->link.configured_bps, err);
	load_rate(c, KEY_UPLINK_RX_CAPACITY, &link.rx_capacity_bps, err);
	load_frame_cost(c, &link.frame_cost_bytes, err);
	control_capacity_choose(c, &link, err);
	link.sndbuf_max_bytes = c->probe.found.sndbuf_max_bytes;
	link.signal = c->probe.found.signal || c->probe.found.lent;
	link.mtu = c->probe.mtu;
	load_switch(c, &link.sw, err);
	load_flood_rate(c, &link.flood_rate, err);
	load_rate(c, KEY_UPLINK_FLOOD_MAX, &link.flood_max_bps, err);
	load_exits(&c->probe.exits, &link);
	control_host_load(c, err);
	add(err, KEY_UPLINK_UPLINK_PORT, c->probe.port_error);
	add(err, c->host.wrong, c->host.error);
	show_error(c, first_of((const char *[]){err, c->probe.lost.why, c->hold.why,
						c->policy.error, c->log_error, c->kept.error},
			       6));
	control_exits_show(c);
	if (!same_link(&link, &c->link.conf))
		put_in_force(c, &link);
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

int control_show_log(struct control *c)
{
	char path[SCHEMA_PATH_MAX];

	/* What was written about an earlier log is no longer true. */
	schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_LOG_OFFSET);
	xs_conn_rm(c->xs, XS_NO_TXN, path);
	if (!c->log_error[0] && c->log_path[0])
		return xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_LOG_PATH,
				   c->log_path);
	schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_LOG_PATH);
	xs_conn_rm(c->xs, XS_NO_TXN, path);
	return 0;
}

static int publish_credit(struct control *c)
{
	char text[16];
	int ret = control_show_log(c);

	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ERROR, c->log_error);
	snprintf(c->link.error, sizeof(c->link.error), "%s", c->log_error);
	format_fraction(text, sizeof(text), c->conf.repayment_ppm);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_REPAYMENT, text);
	if (ret == 0)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_EPOCH_US,
				      c->conf.epoch_us);
	return ret;
}

static int publish_device(struct control *c)
{
	const char *kind = c->conf.kind == UPLINK_TAP ? "tap" : "macvtap";
	int ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_DEVICE, c->conf.device);

	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_KIND, kind);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_VERSION,
				  dmvl_version);
	return ret;
}

/*
 * What the command line gives takes the place of what an earlier daemon left, but not of what the
 * operator wrote since.
 */
static int publish_given(struct control *c, enum schema_key key, uint64_t value)
{
	char text[SCHEMA_VALUE_MAX + 1];

	if (c->lost &&
	    xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, key, text, sizeof(text)) != -ENOENT)
		return 0;
	return xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, key, value);
}

static int publish_conf(struct control *c)
{
	const struct control_conf *conf = &c->conf;
	int ret = 0;

	if (conf->tx_capacity_bps)
		ret = publish_given(c, KEY_UPLINK_TX_CAPACITY, conf->tx_capacity_bps);
	if (ret == 0 && conf->rx_capacity_bps)
		ret = publish_given(c, KEY_UPLINK_RX_CAPACITY, conf->rx_capacity_bps);
	if (ret == 0 && conf->frame_cost_bytes != FRAME_COST_AUTO)
		ret = publish_given(c, KEY_UPLINK_FRAME_COST, conf->frame_cost_bytes);
	if (ret == 0 && conf->policy)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_POLICY, conf->policy);
	if (ret == 0)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir,
				      KEY_UPLINK_TX_CAPACITY_ESTIMATE, c->probe.estimate_bps);
	return ret;
}

int control_publish_uplink(struct control *c)
{
	int ret = publish_device(c);

	if (ret == 0)
		ret = publish_credit(c);
	if (ret == 0)
		ret = publish_conf(c);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_STATE, "running");
	return ret;
}
