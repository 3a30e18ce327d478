/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/device_account.h"
#include "backend/control/device_connect.h"
#include "backend/control/device_leave.h"
#include "backend/control/device_list.h"
#include "backend/control/device_mac.h"
#include "backend/control/device_settings.h"
#include "backend/control/device_state.h"
#include "backend/control/device_vif.h"
#include "backend/control/device_xs.h"
#include "backend/control/minima.h"
#include "backend/msg/msg.h"
#include "common/log.h"
#include "common/vchan.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * A device is looked at (step) whenever one of its keys changed. A look reads both states. It reads
 * the keys of the toolstack and the operator only if one of those changed, and hands new settings
 * to the frame loop. Then it asks the handshake what is next, and does that one thing. What it
 * writes fires a watch, which leads to the next look.
 *
 * The rings are mapped here. From then on they belong to the frame loop, under a slot number, until
 * it answers MSG_DELETE by MSG_DELETED. `after` says what to do then; until then the device is not
 * looked at.
 *
 * A guest can cause looks without end, so looks are counted in a bucket. So are connections: each
 * costs some milliseconds and a few lines of log. A device whose connections fail waits longer each
 * time before it is offered the next one. Meanwhile it is still looked at: the operator may change
 * its settings or detach it.
 */
#define FROZEN_POLL_NS	  (200 * 1000000ull)
#define REBORN_NS	  (1000 * 1000000ull)
#define CLOSE_TIMEOUT_NS  (5000 * 1000000ull)
#define BACKOFF_FIRST_NS  (500 * 1000000ull)
#define BACKOFF_DOUBLINGS 6u
#define LASTED_NS	  (10000 * 1000000ull)

static void back_off(struct control *c, struct device *d)
{
	unsigned n = d->failures++;

	d->offer_not_before_ns =
		c->now_ns + (BACKOFF_FIRST_NS << (n < BACKOFF_DOUBLINGS ? n : BACKOFF_DOUBLINGS));
}

static void do_connect(struct control *c, struct device *d)
{
	bool agentless = d->settings.via_vif;
	int ret;

	d->fault[0] = '\0';
	d->stranger[0] = '\0';
	d->connects.tokens_bytes--;
	ret = device_connect(c, d);
	if (ret == -ESTALE) { /* its end has not been noticed yet */
		c->due.domains = true;
		device_mark(d, DEVICE_READ);
		return;
	}
	if (ret < 0) {
		/* No guest has to see that. */
		if (!agentless)
			device_set_state(c, d, XenbusStateClosed);
		back_off(c, d);
		device_mark(d, DEVICE_LOOK);
		return;
	}
	d->connected_ns = c->now_ns;
	device_show_connected(c, d);
	log_info("%s: connected", d->name);
	if (d->brought)
		device_account_take(c, d);
}

static void ask_delete(struct control *c, struct device *d, enum hs_action after)
{
	d->after = after;
	msg_post(c->out, msg_new(MSG_DELETE, d->slot));
}

static uint64_t may_offer_ns(struct control *c, struct device *d)
{
	uint64_t paced_ns = 0;

	bucket_fill(&d->connects, c->now_ns);
	if (d->connects.tokens_bytes <= 0)
		paced_ns = bucket_when_ns(&d->connects, 1);
	return paced_ns > d->offer_not_before_ns ? paced_ns : d->offer_not_before_ns;
}

static void do_offer(struct control *c, struct device *d)
{
	uint64_t when_ns = may_offer_ns(c, d);

	if (c->now_ns < when_ns)
		d->again_ns = when_ns;
	else if (d->settings.via_vif)
		device_set_state(c, d, XenbusStateInitWait);
	else
		device_offer(c, d);
}

/* With an agent, offers are what is paced. */
static void do_take(struct control *c, struct device *d)
{
	uint64_t when_ns = may_offer_ns(c, d);

	if (c->now_ns < when_ns)
		d->again_ns = when_ns;
	else
		do_connect(c, d);
}

/* --- looking ---------------------------------------------------------------------------------- */

static void act(struct control *c, struct device *d, enum hs_action action)
{
	switch (action) {
	case HS_WAIT:
		break;
	case HS_OFFER:
		do_offer(c, d);
		break;
	case HS_CONNECT:
		if (d->settings.via_vif)
			do_take(c, d);
		else
			do_connect(c, d);
		break;
	case HS_DISCONNECT:
		ask_delete(c, d, HS_DISCONNECT);
		break;
	case HS_CLOSING:
		d->closing_since_ns = c->now_ns;
		device_set_state(c, d, XenbusStateClosing);
		break;
	case HS_CLOSED:
		device_set_state(c, d, XenbusStateClosed);
		break;
	case HS_FORGET:
		device_gone(c, d);
		break;
	}
}

/* A guest that does not answer a request to close is given up after a while. */
static enum hs_action lose_patience(struct control *c, struct device *d, const struct hs_input *in,
				    enum hs_action action)
{
	if (action != HS_WAIT || in->online || in->back != XenbusStateClosing || !in->connected)
		return action;
	if (d->closing_since_ns == 0)
		d->closing_since_ns = c->now_ns;
	if (c->now_ns - d->closing_since_ns >= CLOSE_TIMEOUT_NS)
		return HS_DISCONNECT;
	d->again_ns = d->closing_since_ns + CLOSE_TIMEOUT_NS;
	return HS_WAIT;
}

static int read_keys(struct control *c, struct device *d)
{
	int ret = device_load_settings(c, d);
	char text[SCHEMA_ERR_MAX];

	if (ret == -EMFILE || ret == -ENFILE || ret == -ENOMEM) {
		snprintf(text, sizeof(text), "what was set before cannot be read yet: %s",
			 strerror(-ret));
		device_show_error(c, d, text);
	}
	if (ret < 0)
		return ret;
	d->unread = false;
	d->adrift = false;
	return 0;
}

static void show_what_is_wrong(struct control *c, struct device *d)
{
	char minima[SCHEMA_ERR_MAX];

	minima_error(c, d, minima);
	device_show_error(c, d,
			  d->unfit[0]				      ? d->unfit
			  : d->fault[0]				      ? d->fault
			  : d->stranger[0] && d->settings.spoof_check ? d->stranger
			  : minima[0]				      ? minima
								      : d->trouble);
}

/*
 * The domain has a home, but nothing of this device in it: it is another one, with the same domid
 * and the same UUID. A guest can remove its own directory too, as often as it likes.
 */
static bool is_reborn(struct control *c, struct device *d)
{
	if (d->settings.via_vif || d->slot != LDP_SLOT_NONE ||
	    !xs_conn_missing(c->xs, XS_NO_TXN, d->front))
		return false;
	if (c->now_ns < c->devices.reborn_not_before_ns) {
		d->again_ns = c->devices.reborn_not_before_ns;
		return false;
	}
	c->devices.reborn_not_before_ns = c->now_ns + REBORN_NS;
	d->lasting = true; /* as far as anybody can tell */
	return true;
}

/*
 * With the guest, its directory goes. Soon another domain, even the same guest's, may have the
 * domid: then the hypervisor tells nothing any more. In a driver domain it never does, but
 * xenstored may tell whether it knows the guest.
 */
static bool guest_left(struct control *c, struct device *d, enum xenbus_state front)
{
	int known;

	if (front != XenbusStateUnknown)
		return false;
	if (!c->blind)
		return device_lost_home(c, d->domid) || is_reborn(c, d);
	known = xs_conn_introduced(c->xs, d->domid);
	if (known >= 0)
		return known == 0;
	return !d->settings.via_vif && known == -EACCES &&
	       !xs_conn_exists(c->xs, XS_NO_TXN, d->front);
}

/* Its nodes went with xenstored. Without rings it is made again, from what is remembered. */
static bool is_served_adrift(const struct device *d)
{
	return d->adrift && d->slot != LDP_SLOT_NONE;
}

static void look(struct control *c, struct device *d)
{
	struct hs_input in;
	enum hs_action action;
	/* Not at each change of a state: the keys are many, and guests can change states without
	 * end. */
	int ret = d->unread ? read_keys(c, d) : 0;

	/* Removed, or removed and attached again. */
	if (ret == -ESTALE || (ret == -ENOENT && !is_served_adrift(d)))
		device_gone(c, d);
	if (ret < 0 && ret != -ENOENT && ret != -ESTALE)
		d->again_ns = c->now_ns + FROZEN_POLL_NS;
	if (ret < 0 || d->left)
		return;
	if (d->brought)
		device_account_take(c, d);
	in = (struct hs_input){
		.back = xskey_read_state(c->xs, XS_NO_TXN, d->back, KEY_BACK_STATE),
		.front = xskey_read_state(c->xs, XS_NO_TXN, d->front, KEY_FRONT_STATE),
		.connected = d->slot != LDP_SLOT_NONE,
		.online = d->online,
		.fresh = d->fresh,
	};
	if (in.back == XenbusStateUnknown) {
		/* If the directory is there, it is being made or removed: write nothing into it. */
		if (xs_conn_missing(c->xs, XS_NO_TXN, d->back))
			device_gone(c, d);
		return;
	}
	/* A connection that breaks between the two reads says nothing of the guest. */
	if (in.connected && in.front == XenbusStateUnknown && !xs_conn_lives(c->xs))
		return;
	if (guest_left(c, d, in.front)) {
		device_gone(c, d);
		return;
	}
	d->fresh = false;
	action = d->settings.via_vif ? device_vif_next(c, d, &in)
				     : lose_patience(c, d, &in, handshake_next(&in));
	log_debug("%s: back %d front %d: %s", d->name, in.back, in.front,
		  handshake_action_name(action));
	if (action != HS_FORGET) {
		device_show_mtu(c, d);
		device_show_group(c, d);
		show_what_is_wrong(c, d);
	}
	act(c, d, action);
}

static void step(struct control *c, struct device *d)
{
	bucket_fill(&d->looks, c->now_ns);
	if (d->looks.tokens_bytes <= 0) {
		d->not_before_ns = bucket_when_ns(&d->looks, 1);
		device_mark(d, DEVICE_LOOK);
		return;
	}
	d->looks.tokens_bytes--;
	d->dirty = false;
	d->not_before_ns = 0;
	d->again_ns = 0;
	if (d->after != HS_WAIT)
		return;
	if (!d->gone)
		look(c, d);
	else if (d->slot == LDP_SLOT_NONE)
		device_leave(c, d); /* it could not be yet */
}

static uint64_t due_ns(const struct device *d)
{
	if (d->dirty)
		return d->not_before_ns;
	return d->again_ns ? d->again_ns : UINT64_MAX;
}

uint64_t device_step_all(struct control *c)
{
	struct device *d, *next;
	uint64_t soonest = UINT64_MAX, due;

	for (d = TAILQ_FIRST(&c->devices.all); d; d = next) {
		next = TAILQ_NEXT(d, next);
		if (due_ns(d) <= c->now_ns)
			step(c, d); /* it may free d */
	}
	TAILQ_FOREACH(d, &c->devices.all, next) {
		due = due_ns(d);
		if (d->frozen && due > c->now_ns + FROZEN_POLL_NS) {
			/* Nobody says when a suspended domain goes on. */
			c->due.domains = true;
			due = c->now_ns + FROZEN_POLL_NS;
		}
		soonest = due < soonest ? due : soonest;
	}
	return soonest;
}

/* --- what the hypervisor and the frame loop say ------------------------------------------------
 */

void device_gone(struct control *c, struct device *d)
{
	d->gone = true;
	/* The last that was set, before the policy becomes another one. */
	if (d->unread && device_load_settings(c, d) == 0)
		d->unread = false;
	control_group_join(c, d, "");
	c->due.room = true;
	if (d->slot == LDP_SLOT_NONE)
		device_leave(c, d);
	else if (d->after == HS_WAIT)
		ask_delete(c, d, HS_FORGET);
}

void device_deleted(struct control *c, struct device *d, struct vchan *v, struct vif_tap *tap)
{
	vchan_close(v);
	if (tap)
		device_vif_release(c, d, tap);
	c->devices.by_slot[d->slot] = NULL;
	c->devices.slots_busy--;
	d->slot = LDP_SLOT_NONE;
	d->after = HS_WAIT;
	d->frozen = false;
	d->trouble[0] = '\0';
	d->stranger[0] = '\0';
	if (d->gone) {
		device_leave(c, d);
		return;
	}
	if (c->now_ns - d->connected_ns > LASTED_NS)
		d->failures = 0;
	log_info("%s: disconnected", d->name);
	if (c->quitting) {
		d->after = HS_CLOSED; /* state 6 is written for all devices at once */
		return;
	}
	device_show_closed(c, d);
	device_mark(d, DEVICE_READ); /* some keys count from the next connection on */
}

static void set_fault(struct control *c, struct device *d, const char *why)
{
	snprintf(d->fault, sizeof(d->fault), "%s", why);
	back_off(c, d);
	device_show_error(c, d, d->fault);
}

void device_failed(struct control *c, struct device *d, const char *why)
{
	if (d->after != HS_WAIT)
		return;
	if (why)
		set_fault(c, d, why);
	ask_delete(c, d, HS_DISCONNECT);
}

void device_stranger(struct control *c, struct device *d, bool on, const uint8_t mac[6])
{
	char is[FRAME_MAC_STR], own[FRAME_MAC_STR];

	d->stranger[0] = '\0';
	if (on)
		snprintf(d->stranger, sizeof(d->stranger),
			 "the guest sends from MAC %s, its MAC is %s: its frames are dropped "
			 "while %s is 1",
			 frame_mac_format(mac, is), frame_mac_format(d->conf.mac, own),
			 schema_name(KEY_BACK_SPOOF_CHECK));
	show_what_is_wrong(c, d);
}

void device_refused(struct control *c, struct device *d, struct vchan *v, struct vif_tap *tap,
		    const char *why)
{
	if (d->after == HS_WAIT)
		set_fault(c, d, why);
	device_deleted(c, d, v, tap);
}

void device_trouble(struct control *c, struct device *d, const char *text, bool unlisted)
{
	if (d->after != HS_WAIT)
		return;
	if (unlisted)
		snprintf(d->trouble, sizeof(d->trouble), "%s, and %s does not list it", text,
			 schema_name(KEY_BACK_ALLOWED_MAC));
	else
		snprintf(d->trouble, sizeof(d->trouble), "%s", text);
	show_what_is_wrong(c, d);
}

void device_freeze(struct control *c, struct device *d, bool on)
{
	struct msg *m;

	if (d->frozen == on)
		return;
	d->frozen = on;
	log_info("%s: its domain %s", d->name, on ? "was suspended" : "runs again");
	if (d->slot == LDP_SLOT_NONE)
		return;
	m = msg_new(MSG_FREEZE, d->slot);
	m->on = on;
	msg_post(c->out, m);
}

void device_end_all(struct control *c)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->slot != LDP_SLOT_NONE && d->after == HS_WAIT)
			ask_delete(c, d, HS_DISCONNECT);
	}
}
