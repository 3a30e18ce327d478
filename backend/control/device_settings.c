/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_settings.h"

#include <stdio.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/device_mac.h"
#include "backend/control/device_state.h"
#include "backend/control/minima.h"
#include "backend/msg/msg.h"

static void send_conf(struct control *c, struct device *d)
{
	struct msg *m = msg_new(MSG_CONF, d->slot);
	struct ldp_conf conf = d->conf;

	settings_to_conf(&d->settings, &conf);
	conf.group = control_group_id(d);
	/* MAC and MTU stay what they are while the device is connected. */
	memcpy(conf.mac, d->conf.mac, sizeof(conf.mac));
	conf.mtu = d->conf.mtu;
	d->conf = conf;
	m->conf = conf;
	msg_post(c->out, m);
}

/* Is there less reserved than before, or in another place? Then something else may fit. */
static bool makes_room(const struct ldp_settings *was, const struct ldp_settings *is)
{
	return is->tx_min < was->tx_min || is->rx_min < was->rx_min ||
	       strcmp(is->group, was->group) != 0;
}

static void join(struct control *c, struct device *d, const struct ldp_settings *s)
{
	control_group_join(c, d, d->served ? s->group : "");
	if (d->group && !control_group_of(d) && !d->unfit[0])
		snprintf(d->unfit, sizeof(d->unfit),
			 "%s %s: this uplink has %u groups, no more fit: the device runs without",
			 schema_name(KEY_BACK_GROUP), s->group, SCHED_GROUPS);
}

int device_load_settings(struct control *c, struct device *d)
{
	struct ldp_settings s = d->settings;
	bool was_served = d->served;
	int ret = settings_load(c->xs, d->back, &s, d->unfit);

	if (ret < 0)
		return ret;
	if (!d->fresh)
		s.via_vif = d->settings.via_vif; /* until it is attached again */
	d->served = strcmp(s.uplink, c->conf.name) == 0;
	minima_admit(c, d, d->served ? control_group_find(c, s.group) : NULL, &s, d->unfit);
	c->due.room |= was_served && (!d->served || makes_room(&d->settings, &s));
	join(c, d, &s);
	if (memcmp(&s, &d->settings, sizeof(s)) != 0 || d->conf.group != control_group_id(d)) {
		d->settings = s;
		if (d->slot != LDP_SLOT_NONE)
			send_conf(c, d);
	}
	device_tell_mac(c, d);
	return 0;
}
