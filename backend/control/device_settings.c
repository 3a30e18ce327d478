/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_settings.h"

#include <string.h>

#include "backend/control/device_mac.h"
#include "backend/control/device_state.h"
#include "backend/control/minima.h"
#include "backend/msg/msg.h"

static void send_conf(struct control *c, struct device *d)
{
	struct msg *m = msg_new(MSG_CONF, d->slot);
	struct ldp_conf conf = d->conf;

	settings_to_conf(&d->settings, &conf);
	/* MAC and MTU stay what they are while the device is connected. */
	memcpy(conf.mac, d->conf.mac, sizeof(conf.mac));
	conf.mtu = d->conf.mtu;
	d->conf = conf;
	m->conf = conf;
	msg_post(c->out, m);
}

int device_load_settings(struct control *c, struct device *d)
{
	struct ldp_settings s = d->settings;
	int ret = settings_load(c->xs, d->back, &s, d->unfit);

	if (ret < 0)
		return ret;
	if (!d->fresh)
		s.via_vif = d->settings.via_vif; /* until it is attached again */
	d->served = strcmp(s.uplink, c->conf.name) == 0;
	minima_admit(c, d, &d->settings, &s, d->unfit);
	if (memcmp(&s, &d->settings, sizeof(s)) != 0) {
		d->settings = s;
		if (d->slot != LDP_SLOT_NONE)
			send_conf(c, d);
	}
	device_tell_mac(c, d);
	return 0;
}
