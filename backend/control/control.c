/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_priv.h"
#include "backend/control/device.h"
#include "backend/frame/frame_cost.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * One thread, one loop of its own. Events only mark what changed; work() then does it: the
 * uplink's settings, the domains, the devices, in this order, and sets the timer for whatever wants
 * to be looked at later. So ten events for one device are one look.
 *
 * control*.c and device*.c are this thread, dpath*.c is the frame loop's; msg.h is all that they
 * say to each other.
 */
#define FROZEN_POLL_NS (200 * 1000000ull)
#define QUIT_NS	       (700 * 1000000ull)

struct msg *control_msg(enum msg_type type, uint32_t slot)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		abort(); /* the loop would keep what it was to give back */
	m->type = type;
	m->slot = slot;
	return m;
}

void control_post(struct control *c, struct msg *m)
{
	mbox_put(c->out, &m->link);
}

/* --- events ----------------------------------------------------------------------------------- */

static int write_end(struct xs_conn *xs, uint32_t t, void *arg)
{
	struct control *c = arg;
	int ret = device_write_closed(c, t);

	return ret < 0 ? ret : xskey_write(xs, t, c->uplink_dir, KEY_UPLINK_STATE, "stopped");
}

/* All in one transaction: guests answer at once, and xenstored would have no time for the rest. */
static void finish(struct control *c)
{
	int ret = xs_txn(c->xs, write_end, c);

	if (ret < 0)
		log_warning("xenstore does not say that this daemon has ended: %s", strerror(-ret));
	control_post(c, control_msg(MSG_STOP, LDP_SLOT_NONE));
	loop_stop(c->loop);
}

static void begin_quit(struct control *c)
{
	struct device *d;

	if (c->quitting)
		return;
	c->quitting = true;
	c->quit_since_ns = c->now_ns;
	TAILQ_FOREACH(d, &c->devices, next) {
		if (d->slot == LDP_SLOT_NONE || d->after != HS_WAIT)
			continue;
		d->after = HS_DISCONNECT;
		control_post(c, control_msg(MSG_DELETE, d->slot));
	}
}

static void on_message(struct control *c, struct msg *m)
{
	struct device *d = m->slot < LDP_SLOTS ? c->by_slot[m->slot] : NULL;

	switch (m->type) {
	case MSG_DELETED:
		if (d)
			device_deleted(c, d, m->vchan);
		break;
	case MSG_REFUSED:
		if (!d)
			break;
		device_failed(c, d, m->why);
		device_deleted(c, d, m->vchan);
		break;
	case MSG_FAILED:
		if (d)
			device_failed(c, d, m->why);
		break;
	case MSG_SHOW:
		if (d && !c->quitting)
			device_announce(c, d, &m->announcement);
		control_post(c, control_msg(MSG_SHOWN, m->slot));
		break;
	case MSG_LOGGED:
		xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_LOG_OFFSET, m->offset);
		break;
	case MSG_ESTIMATE:
		control_estimate(c, m->estimate_bps);
		break;
	case MSG_QUIT:
		begin_quit(c);
		break;
	default:
		break;
	}
}

/* Looks at the devices that are due. Returns when the next one is. */
static uint64_t step_devices(struct control *c)
{
	struct device *d, *next;
	uint64_t soonest = UINT64_MAX, due;

	for (d = TAILQ_FIRST(&c->devices); d; d = next) {
		next = TAILQ_NEXT(d, next);
		if (device_due_ns(d) <= c->now_ns)
			device_step(c, d); /* d may be no more */
	}
	TAILQ_FOREACH(d, &c->devices, next) {
		due = device_due_ns(d);
		if (d->frozen && due > c->now_ns + FROZEN_POLL_NS) {
			/* Nobody says when a suspended domain goes on. */
			c->domains_dirty = true;
			due = c->now_ns + FROZEN_POLL_NS;
		}
		soonest = due < soonest ? due : soonest;
	}
	return soonest;
}

static void work(struct control *c)
{
	uint64_t soonest;

	c->now_ns = loop_now_ns();
	if (c->quitting) {
		if (c->slots_busy == 0 || c->now_ns - c->quit_since_ns > QUIT_NS)
			finish(c);
		else
			loop_timer_set(c->timer, QUIT_NS);
		return;
	}
	if (c->link_dirty) {
		c->link_dirty = false;
		control_load_link(c);
	}
	if (c->domains_dirty)
		control_check_domains(c);
	if (c->domains_new)
		control_welcome_back(c);
	soonest = step_devices(c);
	if (control_judge_minima(c))
		soonest = step_devices(c);
	if (soonest != UINT64_MAX)
		loop_timer_set(c->timer, soonest > c->now_ns ? soonest - c->now_ns : 0);
	else
		loop_timer_cancel(c->timer);
}

static void on_timer(void *arg)
{
	work(arg);
}

static void on_xenstore(void *arg)
{
	struct control *c = arg;
	struct xs_event ev;

	c->now_ns = loop_now_ns();
	while (xs_conn_next(c->xs, &ev)) {
		control_event(c, &ev);
		xs_event_free(&ev);
	}
	if (xs_conn_dead(c->xs)) {
		log_error("xenstored went away: frames go on, but nothing can be attached, changed "
			  "or detached until this daemon is started again");
		loop_io_enable(c->xs_io, false);
		return;
	}
	work(c);
}

static void on_messages(void *arg)
{
	struct control *c = arg;
	struct mbox_msg *link;

	c->now_ns = loop_now_ns();
	mbox_ack(c->in);
	while ((link = mbox_get(c->in))) {
		on_message(c, (struct msg *)link);
		free(link);
	}
	work(c);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static void *control_main(void *arg)
{
	struct control *c = arg;

	c->now_ns = loop_now_ns();
	control_find_devices(c);
	control_sweep_orphans(c);
	c->link.frame_cost_bytes = FRAME_COST_AUTO;
	c->link_dirty = true;
	c->domains_new = true;
	work(c);
	loop_run(c->loop);
	return NULL;
}

static int own_domid(struct control *c)
{
	char text[16];
	int ret = xs_conn_read(c->xs, XS_NO_TXN, "domid", text, sizeof(text));

	if (ret >= 0)
		c->domid = (unsigned)strtoul(text, NULL, 10);
	return ret < 0 ? ret : 0;
}

static int control_connect(struct control *c, char *err, size_t errlen)
{
	int ret = xs_conn_open(&c->xs);

	if (ret < 0) {
		snprintf(err, errlen,
			 "cannot reach xenstored (%s): is this a Xen host and "
			 "xenstored running?",
			 strerror(-ret));
		return ret;
	}
	ret = dom_open(&c->dom);
	if (ret < 0) {
		snprintf(err, errlen,
			 "cannot talk to the hypervisor (%s): no /dev/xen/privcmd, or "
			 "not root",
			 strerror(-ret));
		return ret;
	}
	ret = own_domid(c);
	if (ret == 0)
		ret = schema_uplink_dir(c->uplink_dir, sizeof(c->uplink_dir), c->domid,
					c->conf.name);
	if (ret < 0) {
		snprintf(err, errlen, "cannot read from xenstore: %s", strerror(-ret));
		return ret;
	}
	return control_demand_capacity(c, err, errlen);
}

static int control_init(struct control *c, char *err, size_t errlen)
{
	int ret = control_publish_uplink(c);

	if (ret == 0)
		ret = control_watch_all(c);
	if (ret < 0) {
		snprintf(err, errlen, "cannot write to xenstore: %s", strerror(-ret));
		return ret;
	}
	c->loop = loop_new();
	if (c->loop) {
		c->xs_io = loop_io_new(c->loop, xs_conn_fd(c->xs), LOOP_READ, on_xenstore, c);
		c->in_io = loop_io_new(c->loop, mbox_fd(c->in), LOOP_READ, on_messages, c);
		c->timer = loop_timer_new(c->loop, on_timer, c);
	}
	if (c->xs_io && c->in_io && c->timer) {
		control_watch_net(c);
		return 0;
	}
	snprintf(err, errlen, "out of memory");
	return -ENOMEM;
}

static void control_free(struct control *c)
{
	struct device *d;

	while ((d = TAILQ_FIRST(&c->devices))) {
		TAILQ_REMOVE(&c->devices, d, next);
		free(d);
	}
	control_unwatch_net(c);
	loop_timer_free(c->timer);
	loop_io_free(c->in_io);
	loop_io_free(c->xs_io);
	loop_free(c->loop);
	dom_close(c->dom);
	xs_conn_close(c->xs);
	free(c);
}

int control_open(const struct control_conf *conf, struct control **ctl, char *err, size_t errlen)
{
	struct control *c = calloc(1, sizeof(*c));
	int ret;

	if (!c) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	c->conf = *conf;
	c->net_fd = -1;
	TAILQ_INIT(&c->devices);
	ret = control_connect(c, err, errlen);
	if (ret < 0)
		control_free(c);
	else
		*ctl = c;
	return ret;
}

int control_start(struct control *c, struct mbox *in, struct mbox *out, const char *log_path,
		  const char *log_error, char *err, size_t errlen)
{
	sigset_t all, old;
	int ret;

	c->in = in;
	c->out = out;
	c->log_path = log_path;
	c->log_error = log_error;
	ret = control_init(c, err, errlen);
	if (ret == 0) {
		sigfillset(&all); /* signals are for the frame loop's thread */
		pthread_sigmask(SIG_SETMASK, &all, &old);
		ret = -pthread_create(&c->thread, NULL, control_main, c);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (ret < 0)
			snprintf(err, errlen, "cannot start a thread: %s", strerror(-ret));
	}
	if (ret < 0)
		control_free(c);
	return ret;
}

void control_join(struct control *c)
{
	pthread_join(c->thread, NULL);
	control_free(c);
}
