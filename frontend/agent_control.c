/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "frontend/agent_handshake.h"
#include "frontend/steps.h"

/*
 * Theory of operation
 *
 * A thread with a loop of its own. Whatever happens (a watch, a timer, a message of the frame
 * thread) leads to evaluate(): look at all nodes, ask agent_hs_next() what to do, do it, and again
 * until there is nothing to do or the backend is next. Nothing is kept that can be looked up, but
 * for what tells whether the nodes are still the ones that were left: the state written last, the
 * generation, the server's reference.
 *
 * Everything here may block on xenstored for as long as it likes: frames go on.
 */
#define OVERDUE_NS	    5000000000ull
#define OVERDUE_STOPPING_NS 400000000ull
#define RECONNECT_NS	    1000000000ull
#define MAX_STEPS	    16

/* Messages to this thread. */
struct request {
	struct mbox_msg msg;
	unsigned seq;	     /* of the connection that failed */
	const char *failure; /* NULL: stop */
};

/* --- looking and deciding --- */

static enum agent_hs_end server_state(struct agent_control *c)
{
	if (!c->server.v)
		return AGENT_HS_END_NONE;
	if (vchan_is_open(c->server.v)) {
		c->was_open = true;
		return AGENT_HS_END_OPEN;
	}
	return c->was_open || !vchan_peer_waiting(c->server.v) ? AGENT_HS_END_LOST
							       : AGENT_HS_END_WAITING;
}

static bool is_stale(const struct agent_control *c, const struct agent_view *view)
{
	return view->own != c->wrote || strcmp(view->generation, c->generation) != 0 ||
	       strcmp(view->ring_ref, c->server.ref) != 0;
}

static struct agent_hs_input make_input(struct agent_control *c, const struct agent_view *view)
{
	uint64_t now = loop_now_ns();
	uint64_t patience = c->stopping ? OVERDUE_STOPPING_NS : OVERDUE_NS;

	return (struct agent_hs_input){
		.own = view->own,
		.peer = view->peer,
		.end = server_state(c),
		.stale = is_stale(c, view),
		.failed = c->failure != NULL,
		.hold = now < c->hold_until_ns,
		.overdue = now >= c->closing_since_ns + patience,
		.offline = view->offline,
		.stopping = c->stopping,
	};
}

/* When to look again without being asked to. */
static void set_timer(struct agent_control *c, const struct agent_hs_input *in)
{
	uint64_t now = loop_now_ns(), due = UINT64_MAX;

	if (in->hold)
		due = c->hold_until_ns;
	if (in->own == XenbusStateClosing)
		due = c->closing_since_ns + (c->stopping ? OVERDUE_STOPPING_NS : OVERDUE_NS);
	if (due != UINT64_MAX)
		loop_timer_set(c->retry, due > now ? due - now : 0);
}

static void on_xs(void *arg);

/* A connection that broke, or was not there: again after a while. The server lives on meanwhile. */
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

static void xenstore_again(struct agent_control *c)
{
	int ret = agent_device_open(&c->dev, c->opts->id);

	if (ret == 0)
		ret = xenstore_watch(c);
	if (ret < 0) {
		agent_control_complain(c, LOG_ERROR, "cannot reach xenstore: %s", strerror(-ret));
		xenstore_lost(c);
	}
}

/* What is next is the backend's to do, and a watch tells of it. */
static bool is_peers_turn(enum agent_hs_action action, int ret)
{
	return ret == 0 && (action == AGENT_HS_OPEN || action == AGENT_HS_CONNECT);
}

static void evaluate(struct agent_control *c)
{
	struct agent_view view;
	struct agent_hs_input in;
	enum agent_hs_action action;
	int ret;

	if (!c->dev.xs)
		xenstore_again(c);
	if (!c->dev.xs)
		return;
	for (int i = 0; i < MAX_STEPS; i++) {
		ret = agent_device_look(&c->dev, &view);
		if (ret < 0) {
			agent_control_complain(c, LOG_ERROR, "xenstore does not answer: %s",
					       strerror(-ret));
			xenstore_lost(c);
			return;
		}
		in = make_input(c, &view);
		action = agent_hs_next(&in);
		log_debug("own %d peer %d end %d%s%s%s%s: %s", in.own, in.peer, in.end,
			  in.stale ? " stale" : "", in.failed ? " failed" : "",
			  in.hold ? " hold" : "", in.stopping ? " stopping" : "",
			  agent_hs_action_name(action));
		ret = step_perform(c, action, &view);
		if (ret == -ECANCELED || is_peers_turn(action, ret))
			return;
		if (action == AGENT_HS_WAIT) {
			set_timer(c, &in);
			return;
		}
	}
	loop_timer_set(c->retry, RECONNECT_NS);
}

/* --- events --- */

static void on_xs(void *arg)
{
	struct agent_control *c = arg;

	if (!agent_device_drain(&c->dev))
		xenstore_lost(c);
	else if (!agent_device_is_echo(&c->dev, c->wrote))
		evaluate(c);
}

static void on_retry(void *arg)
{
	evaluate(arg);
}

static void on_request(void *arg)
{
	struct agent_control *c = arg;
	struct request *r;

	mbox_ack(c->in);
	while ((r = (struct request *)mbox_get(c->in)) != NULL) {
		if (!r->failure) {
			c->stopping = true;
			c->closing_since_ns = loop_now_ns();
		} else if (c->up && r->seq == c->seq) {
			c->failure = r->failure;
		}
		free(r);
	}
	evaluate(c);
}

/* Demand goes up and down all the time, and is only looked at. */
static bool is_news(enum schema_key key, uint64_t value, uint64_t last)
{
	uint64_t more = value > last ? value : last;

	if (key == KEY_FRONT_DEMAND)
		return more - (value > last ? last : value) > more / 4;
	return value != last;
}

static void announce_one(struct agent_control *c, enum schema_key key, uint64_t value,
			 uint64_t *last)
{
	if (!is_news(key, value, *last))
		return;
	if (agent_device_announce(&c->dev, key, value) == 0)
		*last = value;
}

static void on_announce(void *arg)
{
	struct agent_control *c = arg;

	loop_timer_set(c->announce, ANNOUNCE_NS);
	if (!c->up || !c->dev.xs)
		return;
	announce_one(c, KEY_FRONT_LOG_OFFSET,
		     atomic_load_explicit(&c->shared->log_offset, memory_order_relaxed),
		     &c->announced_log);
	announce_one(c, KEY_FRONT_DEMAND,
		     atomic_load_explicit(&c->shared->demand_bytes, memory_order_relaxed),
		     &c->announced_demand);
}

/* --- the thread --- */

static void *agent_control_main(void *arg)
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
	c->announce = loop_timer_new(c->loop, on_announce, c);
	return c->in_io && c->retry && c->announce;
}

static void agent_control_destroy(struct agent_control *c)
{
	agent_device_close(&c->dev);
	loop_io_free(c->xs_io);
	loop_io_free(c->in_io);
	loop_timer_free(c->retry);
	loop_timer_free(c->announce);
	mbox_free(c->in);
	loop_free(c->loop);
	free(c);
}

struct agent_control *agent_control_start(const struct front_options *opts,
					  struct agent_device *device, struct link_shared *shared,
					  struct mbox *to_frames, uint32_t tap_offloads)
{
	struct agent_control *c = calloc(1, sizeof(*c));
	sigset_t all, old;
	int ret;

	if (!c)
		return NULL;
	*c = (struct agent_control){.opts = opts,
				    .dev = *device,
				    .shared = shared,
				    .out = to_frames,
				    .tap_offloads = tap_offloads,
				    .closing_since_ns = loop_now_ns()};
	if (!make_loop(c)) {
		agent_control_destroy(c);
		return NULL;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the frame loop's */
	ret = pthread_create(&c->thread, NULL, agent_control_main, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret != 0) {
		agent_control_destroy(c);
		errno = ret;
		return NULL;
	}
	return c;
}

static void request(struct agent_control *c, unsigned seq, const char *failure)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		die(EXIT_FAILED, "out of memory");
	r->seq = seq;
	r->failure = failure;
	mbox_put(c->in, &r->msg);
}

void agent_control_link_failed(struct agent_control *c, unsigned seq, const char *why)
{
	request(c, seq, why);
}

void agent_control_stop(struct agent_control *c)
{
	request(c, 0, NULL);
}

void agent_control_free(struct agent_control *c)
{
	struct mbox_msg *m;

	pthread_join(c->thread, NULL);
	while ((m = mbox_get(c->in)) != NULL)
		free(m);
	agent_control_destroy(c);
}
