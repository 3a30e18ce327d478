/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_mac.h"

#include <string.h>

#include "backend/control/device_state.h"
#include "backend/msg/msg.h"

static void post(struct control *c, const struct device *d, bool on)
{
	struct msg *m = msg_new(MSG_OWNER, LDP_SLOT_NONE);

	memcpy(m->owner.mac, d->told_mac, sizeof(m->owner.mac));
	m->owner.guest = d->domid;
	m->owner.on = on;
	msg_post(c->out, m);
}

void device_withdraw_mac(struct control *c, struct device *d)
{
	if (d->has_told_mac)
		post(c, d, false);
	d->has_told_mac = false;
}

void device_tell_mac(struct control *c, struct device *d)
{
	const struct ldp_settings *s = &d->settings;

	if (s->has_mac == d->has_told_mac && memcmp(s->mac, d->told_mac, sizeof(s->mac)) == 0)
		return;
	device_withdraw_mac(c, d);
	if (!s->has_mac)
		return;
	memcpy(d->told_mac, s->mac, sizeof(s->mac));
	d->has_told_mac = true;
	post(c, d, true);
}
