/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_capacity.h"

#include <stdio.h>

#include "backend/control/control_state.h"
#include "backend/uplink/capacity.h"
#include "common/log.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

static const char *const sources[] = {
	[CAPACITY_MEASURED] = "measured",
	[CAPACITY_CONFIGURED] = "configured",
	[CAPACITY_SPEED] = "speed",
};

static void take(const struct control *c, struct link_conf *link, enum capacity_source source,
		 uint64_t bps)
{
	link->source = source;
	link->tx_capacity_bps = bps;
	link->speed_bps = c->probe.speed_bps;
}

void control_capacity_choose(const struct control *c, struct link_conf *link, char *err)
{
	if (c->link.configured_bps)
		take(c, link, CAPACITY_CONFIGURED, c->link.configured_bps);
	else if (c->probe.speed_bps)
		take(c, link, CAPACITY_SPEED, speed_capacity_bps(c->probe.speed_bps));
	else if (c->probe.found.signal)
		take(c, link, CAPACITY_MEASURED, 0);
	else if (!err[0])
		snprintf(err, SCHEMA_ERR_MAX, "%s 0: it cannot be measured: %s",
			 schema_name(KEY_UPLINK_TX_CAPACITY), c->probe.found.why);
}

const char *control_capacity_text(const struct link_conf *link, char out[CAPACITY_TEXT_MAX])
{
	char rate[32], speed[32];

	units_format_rate(rate, sizeof(rate), link->tx_capacity_bps);
	units_format_rate(speed, sizeof(speed), link->speed_bps);
	if (link->source == CAPACITY_MEASURED)
		snprintf(out, CAPACITY_TEXT_MAX, "measured");
	else if (link->source == CAPACITY_CONFIGURED)
		snprintf(out, CAPACITY_TEXT_MAX, "%s, configured", rate);
	else
		snprintf(out, CAPACITY_TEXT_MAX, "%s, for the speed of %s", rate, speed);
	return out;
}

static enum capacity_source in_force(const struct control *c)
{
	const struct link_conf *link = &c->link.conf;
	uint64_t bps =
		capacity_in_force_bps(link->tx_capacity_bps, c->probe.estimate_bps, link->signal);

	return bps == link->tx_capacity_bps ? link->source : CAPACITY_MEASURED;
}

void control_capacity_show(struct control *c)
{
	const char *source = sources[in_force(c)];

	if (source == c->link.source)
		return;
	c->link.source = source;
	log_debug("uplink %s: the capacity in force is %s", c->conf.name, source);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_CAPACITY_SOURCE, source);
}
