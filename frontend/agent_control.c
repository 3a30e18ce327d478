/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "frontend/absence.h"
#include "frontend/agent_handshake.h"
#include "frontend/agent_msg.h"
#include "frontend/complaint.h"
#include "frontend/steps.h"

/*
 * Theory of operation
 *
 * A thread with a loop of its own. Whatever happens (a watch, a timer, a message of the frame
 * thread) leads to evaluate(): look at all nodes, ask agent_hs_next() what to do, do it, and again
 * until nothing is left to do or the backend is next. The agent remembers only what it cannot look
 * up: what tells whether the nodes are still those that it left (the state written last, the
 * generation, the server's reference).
 *
 * Everything here may block on xenstored for as long as it likes: frames go on.
 */
#define OVERDUE_NS	    5000000000ull
#define OVERDUE_STOPPING_NS 400000000ull
#define RECONNECT_NS	    1000000000ull
#define PUBLISH_NS	    1000000000ull
#define MAX_STEPS	    16

/* Messages to this thread. */
enum request_kind {
	REQUEST_FAILED,
	REQUEST_RELOAD,
	REQUEST_REPORT,
	REQUEST_STOP,
};

struct request {
	struct mbox_msg msg;
	enum request_kind kind;
	unsigned seq;	 /* REQUEST_FAILED: of the connection */
	const char *why; /* REQUEST_FAILED */
	bool queue_set;	 /* REQUEST_RELOAD */
};

/* What xenstore was told last of what the frame thread knows. */
struct published {
	unsigned seq; /* in this connection */
	uint64_t log_offset, demand_bytes;
};

/* Only this file writes it, but for dev and steps, which their own files write. */
struct agent_control {
	struct link_shared *shared;
	struct mbox *in, *out;
	pthread_t thread;
	struct loop *loop;
	struct loop_io *in_io, *xs_io;
	struct loop_timer *retry, *publish;
	bool publishing; /* the timer runs */
	struct published published;
	struct agent_msg bye;
	struct absence absence;

	struct agent_device dev;
	struct steps steps;
};

/* --- the connection to xenstore --- */

static void on_xs(void *arg);

/* It broke, or there was none: tries again after a while. The vchan server lives on meanwhile. */
static void xenstore_lost(struct agent_control *c)
{
	loop_io_free(c->xs_io);
	c->xs_io = NULL;
	agent_device_close(&c->dev);
	loop_timer_set(c->retry, RECONNECT_NS);
}

static int xenstore_watch(struct agent_control *c)
{
	int ret = agent_device_watch(&c->dev);

	if (ret < 0)
		return ret;
	c->xs_io = loop_io_new(c->loop, agent_device_fd(&c->dev), LOOP_READ, on_xs, c);
	return c->xs_io ? 0 : -ENOMEM;
}

static void xenstore_open(struct agent_control *c)
{
	int ret = agent_device_open(&c->dev, c->steps.opts->id);

	if (ret == 0)
		ret = xenstore_watch(c);
	if (ret < 0) {
		complain(&c->steps.said, LOG_ERROR, "cannot reach xenstore: %s", strerror(-ret));
		xenstore_lost(c);
	}
}

/* --- looking and deciding --- */

static bool is_stale(const struct steps *s, const struct agent_view *view)
{
	return view->own != s->wrote || strcmp(view->generation, s->generation) != 0 ||
	       strcmp(view->ring_ref, s->server.at.ref) != 0;
}

static uint64_t closing_due(const struct steps *s)
{
	return s->closing_since_ns + (s->stopping ? OVERDUE_STOPPING_NS : OVERDUE_NS);
}

static struct agent_hs_input make_input(struct steps *s, const struct agent_view *view)
{
	uint64_t now = loop_now_ns();

	return (struct agent_hs_input){
		.own = view->own,
		.peer = view->peer,
		.end = server_look(&s->server),
		.stale = is_stale(s, view),
		.failed = s->failure != NULL,
		.hold = now < s->hold_until_ns,
		.overdue = now >= closing_due(s),
		.offline = view->offline,
		.stopping = s->stopping,
	};
}

/* When to look again without an event. */
static void set_timer(struct agent_control *c, const struct agent_hs_input *in)
{
	uint64_t now = loop_now_ns(), due = absence_due_ns(&c->absence);

	if (in->hold && c->steps.hold_until_ns < due)
		due = c->steps.hold_until_ns;
	if (in->own == XenbusStateClosing)
		due = closing_due(&c->steps);
	if (due != UINT64_MAX)
		loop_timer_set(c->retry, due > now ? due - now : 0);
}

/* The backend has to act next, and a watch tells when it did. */
static bool is_peers_turn(enum agent_hs_action action, int ret)
{
	return ret == 0 && (action == AGENT_HS_OPEN || action == AGENT_HS_CONNECT);
}

/* A restore removes the device and makes it again soon; what is away for longer was detached. */
static void look_for_end(struct agent_control *c, const struct agent_view *view)
{
	bool away = view->own == XenbusStateUnknown;

	if (!absence_look(&c->absence, away, loop_now_ns()) || c->steps.stopping)
		return;
	log_notice("device %u has been away for as long as --absent-limit says: ending",
		   c->steps.opts->id);
	steps_stop(&c->steps);
}

/* Looks, decides and acts once. Whether there may be more to do at once. */
static bool evaluate_once(struct agent_control *c)
{
	struct agent_view view;
	struct agent_hs_input in;
	enum agent_hs_action action;
	int ret = agent_device_look(&c->dev, &view);

	if (ret < 0) {
		complain(&c->steps.said, LOG_ERROR, "xenstore does not answer: %s", strerror(-ret));
		xenstore_lost(c);
		return false;
	}
	if (view.own == XenbusStateUnknown || view.offline)
		keep_off(c->steps.keep);
	steps_uplink_mtu(&c->steps, view.uplink_mtu);
	steps_carrier(&c->steps, !view.no_carrier);
	c->steps.leaving = view.offline;
	look_for_end(c, &view);
	in = make_input(&c->steps, &view);
	action = agent_hs_next(&in);
	log_debug("own %d peer %d end %d%s%s%s%s: %s", in.own, in.peer, in.end,
		  in.stale ? " stale" : "", in.failed ? " failed" : "", in.hold ? " hold" : "",
		  in.stopping ? " stopping" : "", agent_hs_action_name(action));
	ret = steps_perform(&c->steps, action, &view);
	if (ret == -ECANCELED)
		loop_stop(c->loop);
	if (action == AGENT_HS_WAIT)
		set_timer(c, &in);
	return ret != -ECANCELED && action != AGENT_HS_WAIT && !is_peers_turn(action, ret);
}

static void start_publishing(struct agent_control *c)
{
	if (!c->steps.up || c->publishing)
		return;
	c->publishing = true;
	loop_timer_set(c->publish, PUBLISH_NS);
}

static void evaluate(struct agent_control *c)
{
	bool more = true;

	if (!c->dev.xs)
		xenstore_open(c);
	if (!c->dev.xs)
		return;
	for (int i = 0; i < MAX_STEPS && more; i++)
		more = evaluate_once(c);
	if (more)
		loop_timer_set(c->retry, RECONNECT_NS);
	start_publishing(c);
}

/* --- events --- */

static void on_xs(void *arg)
{
	struct agent_control *c = arg;

	if (!agent_device_drain(&c->dev))
		xenstore_lost(c);
	else if (!agent_device_is_echo(&c->dev, c->steps.wrote))
		evaluate(c);
}

static void on_retry(void *arg)
{
	evaluate(arg);
}

static void serve_request(struct agent_control *c, const struct request *r)
{
	switch (r->kind) {
	case REQUEST_FAILED:
		steps_fail(&c->steps, r->seq, r->why);
		break;
	case REQUEST_RELOAD:
		steps_reload(&c->steps, r->queue_set);
		break;
	case REQUEST_REPORT:
		steps_report(&c->steps);
		break;
	case REQUEST_STOP:
		steps_stop(&c->steps);
		break;
	}
}

static void on_request(void *arg)
{
	struct agent_control *c = arg;
	struct request *r;

	mbox_ack(c->in);
	while ((r = (struct request *)mbox_get(c->in)) != NULL) {
		serve_request(c, r);
		free(r);
	}
	evaluate(c);
}

/* --- publishing --- */

/* Demand goes up and down all the time, and others only look at it: a quarter more or less. */
static bool is_news(enum schema_key key, uint64_t value, uint64_t last)
{
	uint64_t more = value > last ? value : last;

	if (key == KEY_FRONT_DEMAND)
		return more - (value > last ? last : value) > more / 4;
	return value != last;
}

static void publish_one(struct agent_control *c, enum schema_key key, uint64_t value,
			uint64_t *last)
{
	if (is_news(key, value, *last) && agent_device_publish(&c->dev, key, value) == 0)
		*last = value;
}

static void on_publish(void *arg)
{
	struct agent_control *c = arg;
	struct published *a = &c->published;

	c->publishing = false;
	start_publishing(c);
	if (!c->steps.up || !c->dev.xs)
		return;
	if (a->seq != c->steps.seq)
		*a = (struct published){.seq = c->steps.seq};
	publish_one(c, KEY_FRONT_LOG_OFFSET,
		    atomic_load_explicit(&c->shared->log_offset, memory_order_relaxed),
		    &a->log_offset);
	publish_one(c, KEY_FRONT_DEMAND,
		    atomic_load_explicit(&c->shared->demand_bytes, memory_order_relaxed),
		    &a->demand_bytes);
}

/* --- the thread --- */

static void *control_main(void *arg)
{
	struct agent_control *c = arg;

	if (xenstore_watch(c) < 0)
		xenstore_lost(c);
	loop_timer_set(c->retry, 0);
	loop_run(c->loop);
	c->bye = (struct agent_msg){.word = AGENT_DONE};
	mbox_put(c->out, &c->bye.msg);
	return NULL;
}

static bool make_loop(struct agent_control *c)
{
	c->loop = loop_new();
	c->in = mbox_new();
	if (!c->loop || !c->in)
		return false;
	c->in_io = loop_io_new(c->loop, mbox_fd(c->in), LOOP_READ, on_request, c);
	c->retry = loop_timer_new(c->loop, on_retry, c);
	c->publish = loop_timer_new(c->loop, on_publish, c);
	return c->in_io && c->retry && c->publish;
}

static void destroy(struct agent_control *c)
{
	agent_device_close(&c->dev);
	loop_io_free(c->xs_io);
	loop_io_free(c->in_io);
	loop_timer_free(c->retry);
	loop_timer_free(c->publish);
	mbox_free(c->in);
	loop_free(c->loop);
	free(c);
}

/* Signals are the frame thread's. 0 or an errno. */
static int start_thread(struct agent_control *c)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->thread, NULL, control_main, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

struct agent_control *agent_control_start(const struct agent_control_conf *conf)
{
	struct agent_control *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->shared = conf->shared;
	c->out = conf->to_frames;
	c->dev = *conf->device;
	c->absence.limit_ns = conf->keep->opts->absent_limit_ns;
	steps_init(&c->steps, conf->keep, &c->dev, conf->to_frames, conf->tap_offloads);
	err = make_loop(c) ? start_thread(c) : ENOMEM;
	if (err != 0) {
		destroy(c);
		errno = err;
		return NULL;
	}
	return c;
}

static void request(struct agent_control *c, struct request what)
{
	struct request *r = malloc(sizeof(*r));

	if (!r)
		die(EXIT_FAILED, "out of memory");
	*r = what;
	mbox_put(c->in, &r->msg);
}

void agent_control_link_failed(struct agent_control *c, unsigned seq, const char *why)
{
	request(c, (struct request){.kind = REQUEST_FAILED, .seq = seq, .why = why});
}

void agent_control_reload(struct agent_control *c, bool queue_set)
{
	request(c, (struct request){.kind = REQUEST_RELOAD, .queue_set = queue_set});
}

void agent_control_report(struct agent_control *c)
{
	request(c, (struct request){.kind = REQUEST_REPORT});
}

void agent_control_stop(struct agent_control *c)
{
	request(c, (struct request){.kind = REQUEST_STOP});
}

void agent_control_free(struct agent_control *c)
{
	struct mbox_msg *m;

	pthread_join(c->thread, NULL);
	while ((m = mbox_get(c->in)) != NULL)
		free(m);
	destroy(c);
}
