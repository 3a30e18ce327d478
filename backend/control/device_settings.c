/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/device.h"

/* Are the minima of all devices within 95 % of the capacity? One direction. */
static bool admit(const struct control *c, const struct device *d, enum schema_key key,
		  uint64_t capacity, uint64_t want, char *err)
{
	uint64_t sum = control_minima_bps(c, d, key) + want, room = capacity / 100 * 95;

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

int device_load_settings(struct control *c, struct device *d)
{
	struct ldp_settings s = d->settings;
	int ret = settings_load(c->xs, d->back, &s, d->unfit);

	if (ret < 0)
		return ret;
	d->unread = false;
	d->served = strcmp(s.uplink, c->conf.name) == 0;
	if (s.tx_min > d->settings.tx_min &&
	    !admit(c, d, KEY_BACK_TX_MIN, c->link.tx_capacity_bps, s.tx_min, d->unfit))
		s.tx_min = d->settings.tx_min;
	if (s.rx_min > d->settings.rx_min &&
	    !admit(c, d, KEY_BACK_RX_MIN, c->link.rx_capacity_bps, s.rx_min, d->unfit))
		s.rx_min = d->settings.rx_min;
	if (memcmp(&s, &d->settings, sizeof(s)) != 0) {
		d->settings = s;
		if (d->slot != LDP_SLOT_NONE)
			send_conf(c, d);
	}
	return 0;
}
