/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_message.h"

#include <string.h>

#include "backend/control/control_capture.h"
#include "backend/control/control_inflow.h"
#include "backend/control/control_life.h"
#include "backend/control/control_probe.h"
#include "backend/control/control_state.h"
#include "backend/control/control_uplink.h"
#include "backend/control/device.h"
#include "backend/control/device_xs.h"
#include "backend/msg/msg.h"
#include "xenstore-schema/xskey.h"

/* The frame loop says something of a device. */
static void on_device_message(struct control *c, struct device *d, struct msg *m)
{
	switch (m->type) {
	case MSG_DELETED:
		device_deleted(c, d, m->vchan, m->tap);
		break;
	case MSG_REFUSED:
		device_refused(c, d, m->vchan, m->tap, m->why);
		break;
	case MSG_STRANGER:
		device_stranger(c, d, m->stranger.on, m->stranger.mac);
		break;
	case MSG_FAILED:
		device_failed(c, d, m->why);
		break;
	case MSG_TROUBLE:
		if (!c->quitting)
			device_trouble(c, d, m->text, m->unlisted);
		break;
	case MSG_PUBLISH:
		if (!c->quitting)
			device_publish(c, d, &m->status);
		break;
	default:
		break;
	}
}

static void begin_quit(struct control *c)
{
	if (c->quitting)
		return;
	c->quitting = true;
	c->quit_since_ns = c->now_ns;
	device_end_all(c);
}

void control_message(struct control *c, struct msg *m)
{
	struct device *d = m->slot < LDP_SLOTS ? c->devices.by_slot[m->slot] : NULL;

	if (d)
		on_device_message(c, d, m);
	switch (m->type) {
	case MSG_PUBLISH:
		msg_post(c->out, msg_new(MSG_PUBLISHED, m->slot));
		break;
	case MSG_LOGGED:
		xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_LOG_OFFSET, m->offset);
		break;
	case MSG_LOG:
		memcpy(c->log_error, m->log_error, sizeof(c->log_error));
		control_show_log(c);
		c->due.link = true;
		break;
	case MSG_LOST:
		control_life_look(c);
		break;
	case MSG_STUCK:
		/* One that is down is blocked for another reason. */
		if (control_life_carrier(c) && probe_idle(&c->probe.exits))
			msg_post(c->out, msg_new(MSG_RETIRE, LDP_SLOT_NONE));
		break;
	case MSG_RX_COUNTED:
		control_inflow_counted(c, m->offset);
		break;
	case MSG_ESTIMATE:
		control_probe_estimate(c, m->estimate_bps);
		break;
	case MSG_CAPTURE_ENDED:
		control_capture_ended(c, m->capture.number);
		break;
	case MSG_RELOAD:
		c->due.reload = true;
		break;
	case MSG_QUIT:
		begin_quit(c);
		break;
	default:
		break;
	}
}
