/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_admit.h"
#include "backend/control/control_capacity.h"
#include "backend/control/control_capture.h"
#include "backend/control/control_domains.h"
#include "backend/control/control_find.h"
#include "backend/control/control_forget.h"
#include "backend/control/control_host.h"
#include "backend/control/control_group.h"
#include "backend/control/control_group_keys.h"
#include "backend/control/control_hold.h"
#include "backend/control/control_inflow.h"
#include "backend/control/control_kept.h"
#include "backend/control/control_key.h"
#include "backend/control/control_life.h"
#include "backend/control/control_message.h"
#include "backend/control/control_policy.h"
#include "backend/control/control_probe.h"
#include "backend/control/control_share.h"
#include "backend/control/control_state.h"
#include "backend/control/control_store.h"
#include "backend/control/control_take_over.h"
#include "backend/control/control_uplink.h"
#include "backend/control/control_verdict.h"
#include "backend/control/control_watch.h"
#include "backend/control/device.h"
#include "backend/control/device_list.h"
#include "backend/control/device_vif.h"
#include "backend/control/device_xs.h"
#include "backend/control/minima.h"
#include "backend/frame/frame_cost.h"
#include "backend/msg/msg.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * The control thread has a loop of its own. An event only marks what changed. Then work() looks at
 * what is marked: the uplink's settings, the domains, the groups and the devices, in this order. It
 * sets the timer for the next device that wants to be looked at later. So ten events for one device
 * cause one look.
 *
 * This folder is the control thread, datapath/ is the frame loop; msg/ has the messages, and the
 * threads share nothing else. The parts call each other only downwards:
 *
 *	control -> control_watch -> control_find -> control_domains -> device, device_kept
 *	control -> control_message -> device, control_uplink, control_life, control_probe
 *	control_message -> control_inflow, control_capture
 *	control -> control_uplink -> control_exits, control_capacity, control_host
 *	control -> control_host -> control_share
 *	control, control_watch -> control_group_keys -> minima
 *	control -> control_store -> control_find, control_watch, control_uplink, control_policy
 *	control, control_watch -> control_probe -> control_life -> control_hold
 *	control -> control_inflow -> control_share
 *	control -> control_policy, control_watch -> policy_guests
 *	device -> device_connect -> device_vif, control_life
 *	device -> device_connect, device_settings -> minima -> control_share, control_inflow
 *	device, device_xs, control_group_keys, control_share, minima -> control_group
 *	device -> device_settings -> device_kept -> control_kept
 *	control -> control_forget, control_take_over -> control_kept
 *	device, device_list, control_watch -> device_away
 *	control -> control_capture
 *	device -> device_account -> device_kept
 *	control, control_uplink, control_group_keys, device_settings -> control_verdict
 *	all of them -> device_xs, device_list
 */
#define QUIT_NS	 (700 * 1000000ull)
#define RETRY_NS (300 * 1000000ull)

/* --- events ----------------------------------------------------------------------------------- */

static int write_end(struct xs_conn *xs, uint32_t t, void *arg)
{
	struct control *c = arg;
	int ret = device_write_closed(c, t);

	return ret < 0 ? ret : xskey_write(xs, t, c->uplink_dir, KEY_UPLINK_STATE, "stopped");
}

/* One transaction for all: after the first of many, guests would answer and keep xenstored busy. */
static void finish(struct control *c)
{
	int ret;

	control_share_end(c); /* by now the link has had time to send what waited there */
	ret = xs_txn(c->xs, write_end, c);
	if (ret < 0)
		log_warning("xenstore does not say that this daemon has ended: %s", strerror(-ret));
	msg_post(c->out, msg_new(MSG_STOP, LDP_SLOT_NONE));
	loop_stop(c->loop);
}

/* Watches tell of every change, but an operator may want to be sure. */
static void reload(struct control *c)
{
	c->due.reload = false;
	control_life_look(c);
	control_probe_now(c);
	control_share_retry(c);
	control_find_devices(c);
	c->due.groups = true;
	c->due.domains = true;
	c->due.newcomers = true;
	c->due.policy = true;
	log_notice("reload: the uplink is probed again; its keys, those of all groups and devices "
		   "and the policy are read again");
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

static void work(struct control *c)
{
	uint64_t soonest, policy_ns;
	bool domains;

	c->now_ns = loop_now_ns();
	if (c->quitting) {
		if (c->devices.slots_busy == 0 || c->now_ns - c->quit_since_ns >= QUIT_NS)
			finish(c);
		else
			loop_timer_set(c->timer, c->quit_since_ns + QUIT_NS - c->now_ns);
		return;
	}
	if (c->lost)
		return; /* what cannot be read is not gone */
	if (c->due.reload)
		reload(c);
	control_key_step(c);
	if (c->due.probe)
		control_probe_now(c);
	if (c->due.link)
		control_load_link(c);
	if (c->due.share)
		control_share_look(c);
	domains = c->due.domains || c->due.newcomers;
	if (c->due.domains)
		control_check_domains(c);
	policy_ns = control_policy_step(c, domains);
	control_welcome_back(c);
	control_capacity_show(c);
	control_group_step(c);
	do {
		soonest = device_step_all(c);
		if (minima_judge(c)) {
			control_group_show_all(c);
			soonest = device_step_all(c);
		}
	} while (control_group_step(c));
	control_host_judge(c);
	soonest = earlier(earlier(soonest, policy_ns), control_share_step(c));
	soonest = earlier(soonest, control_inflow_step(c));
	soonest = earlier(soonest, control_group_again_ns(c));
	soonest = earlier(soonest, control_key_again_ns(c));
	soonest = earlier(soonest, control_kept_step(c));
	soonest = earlier(soonest, control_forget_step(c));
	soonest = earlier(soonest, control_welcome_back(c)); /* devices went meanwhile */
	control_verdict_step(c);
	control_admit_step(c);
	if (c->due.link)
		soonest = c->now_ns; /* a step found an error of the uplink to show */
	if (soonest != UINT64_MAX)
		loop_timer_set(c->timer, soonest > c->now_ns ? soonest - c->now_ns : 0);
	else
		loop_timer_cancel(c->timer);
}

static void on_timer(void *arg)
{
	work(arg);
}

static void stop_listening(struct control *c)
{
	loop_io_free(c->lifeline_io);
	c->lifeline_io = NULL;
	if (c->lifeline >= 0)
		close(c->lifeline);
	c->lifeline = -1;
	loop_io_free(c->xs_io);
	c->xs_io = NULL;
}

static void on_lost(void *arg)
{
	struct control *c = arg;

	stop_listening(c);
	control_store_lost(c);
	loop_timer_set(c->retry, RETRY_NS);
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
	if (xs_conn_dead(c->xs))
		on_lost(c);
	work(c);
}

/* False: out of memory, or xenstored has gone away again. */
static bool listen_to_xenstore(struct control *c)
{
	c->xs_io = loop_io_new(c->loop, xs_conn_fd(c->xs), LOOP_READ, on_xenstore, c);
	c->lifeline = xs_conn_lifeline();
	if (c->lifeline >= 0)
		c->lifeline_io = loop_io_new(c->loop, c->lifeline, LOOP_READ, on_lost, c);
	return c->xs_io && (c->lifeline_io || c->lifeline == -ENOTSOCK);
}

static void on_retry(void *arg)
{
	struct control *c = arg;

	c->now_ns = loop_now_ns();
	if (c->quitting)
		return;
	if (!control_store_again(c))
		loop_timer_set(c->retry, RETRY_NS);
	else if (!listen_to_xenstore(c))
		on_lost(c);
	work(c);
}

static void on_messages(void *arg)
{
	struct control *c = arg;
	struct mbox_msg *link;

	c->now_ns = loop_now_ns();
	mbox_ack(c->in);
	while ((link = mbox_get(c->in))) {
		control_message(c, (struct msg *)link);
		free(link);
	}
	work(c);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static void *control_main(void *arg)
{
	struct control *c = arg;

	c->now_ns = loop_now_ns();
	control_kept_open(c);
	control_take_over(c);
	if (c->blind)
		log_notice("this domain may not ask the hypervisor about guests: xenstore tells of "
			   "their ends, and only Dom0 attaches and removes devices, those of the "
			   "policy too");
	if (!c->lost) {
		control_find_devices(c);
		control_sweep_orphans(c);
		device_vif_sweep(c);
	}
	control_life_look(c);
	c->link.conf.frame_cost_bytes = FRAME_COST_AUTO;
	c->link.conf.flood_rate = (uint32_t)schema_default(KEY_UPLINK_FLOOD_RATE);
	c->link.conf.flood_max_bps = schema_default(KEY_UPLINK_FLOOD_MAX);
	c->due.link = true;
	c->due.groups = true;
	c->due.share = true;
	c->due.newcomers = true;
	c->due.policy |= control_policy_is_stale(c); /* a moment ago; from now on one is told */
	c->due.admit = true;
	work(c);
	loop_run(c->loop);
	return NULL;
}

/* -EAGAIN: xenstored has gone away. */
static int introduce(struct control *c, char *err, size_t errlen)
{
	int ret = control_publish_uplink(c);

	if (ret == 0)
		ret = control_watch_all(c);
	if (ret == 0)
		return 0;
	if (!control_store_lives(c)) {
		snprintf(err, errlen, "xenstored does not run");
		return -EAGAIN;
	}
	snprintf(err, errlen, "cannot write to xenstore: %s", strerror(-ret));
	return ret;
}

static int control_init(struct control *c, char *err, size_t errlen)
{
	int ret = introduce(c, err, errlen);

	if (ret < 0)
		return ret;
	c->loop = loop_new();
	if (c->loop) {
		c->in_io = loop_io_new(c->loop, mbox_fd(c->in), LOOP_READ, on_messages, c);
		c->timer = loop_timer_new(c->loop, on_timer, c);
		c->retry = loop_timer_new(c->loop, on_retry, c);
	}
	if (c->in_io && c->timer && c->retry && control_life_open(c) == 0 &&
	    control_hold_open(c) == 0) {
		control_probe_watch(c);
		control_capture_open(c);
		if (!listen_to_xenstore(c))
			on_lost(c);
		return 0;
	}
	snprintf(err, errlen, "out of memory");
	return -ENOMEM;
}

static void control_free(struct control *c)
{
	device_free_all(c);
	control_group_free_all(c);
	control_policy_close(c);
	control_kept_close(c);
	control_probe_unwatch(c);
	control_hold_close(c);
	control_life_close(c);
	control_capture_close(c);
	loop_timer_free(c->retry);
	loop_timer_free(c->timer);
	loop_io_free(c->in_io);
	stop_listening(c);
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
	c->probe.net_fd = -1;
	c->lifeline = -1;
	pthread_mutex_init(&c->share_lock, NULL);
	TAILQ_INIT(&c->devices.all);
	TAILQ_INIT(&c->groups.all);
	TAILQ_INIT(&c->policy.guests);
	TAILQ_INIT(&c->kept.late);
	ret = control_store_open(c, err, errlen);
	if (ret < 0)
		control_free(c);
	else
		*ctl = c;
	return ret;
}

void control_waits(struct control *c, const char *what)
{
	control_store_waits(c, what);
}

int control_ready(struct control *c, char *err, size_t errlen)
{
	return control_store_ensure(c, err, errlen);
}

void control_take_uplink(struct control *c, const struct control_conf *conf, bool again)
{
	bool known = c->policy.now;

	if (known && !again && !control_policy_is_stale(c))
		return;
	if (known)
		log_notice("the policy is read again: it may have changed during the wait");
	c->conf = *conf;
	control_policy_open(c);
}

int control_find_capacity(struct control *c, char *err, size_t errlen)
{
	return control_probe_demand(c, err, errlen);
}

int control_start(struct control *c, struct mbox *in, struct mbox *out, const char *log_path,
		  const char *log_error, char *err, size_t errlen)
{
	sigset_t all, old;
	int ret;

	c->in = in;
	c->out = out;
	c->log_path = log_path;
	snprintf(c->log_error, sizeof(c->log_error), "%s", log_error);
	ret = control_init(c, err, errlen);
	if (ret == 0) {
		sigfillset(&all); /* signals are for the frame loop's thread */
		pthread_sigmask(SIG_SETMASK, &all, &old);
		ret = -pthread_create(&c->thread, NULL, control_main, c);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (ret < 0)
			snprintf(err, errlen, "cannot start a thread: %s", strerror(-ret));
	}
	return ret;
}

void control_close(struct control *c)
{
	if (c)
		control_free(c);
}

void control_abandon(struct control *c)
{
	control_share_end(c);
}

void control_join(struct control *c)
{
	pthread_join(c->thread, NULL);
	control_free(c);
}
