/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct loop {
	struct event_base *base;
	bool stopped;
	uint64_t turn; /* each waits, and has the callbacks of what came */
};

struct loop_io {
	struct event *ev;
	loop_cb *cb;
	void *arg;
	bool enabled;
};

struct loop_timer {
	struct loop *loop;
	struct event *ev;
	int fd;		   /* of a precise timer; -1: libevent's own */
	uint64_t set_turn; /* the turn in which a precise timer was set or cancelled */
	loop_cb *cb;
	void *arg;
};

struct loop_signal {
	struct event *ev;
	loop_cb *cb;
	void *arg;
};

struct loop *loop_new(void)
{
	struct event_config *cfg = event_config_new();
	struct loop *l = calloc(1, sizeof(*l));

	if (l && cfg) {
		event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
		l->base = event_base_new_with_config(cfg);
	}
	if (cfg)
		event_config_free(cfg);
	if (l && !l->base) {
		free(l);
		l = NULL;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	event_base_free(l->base);
	free(l);
}

int loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped) {
		if (event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			return -EIO;
		/* Callbacks that a stop leaves behind belong to this turn still. */
		l->turn += !l->stopped;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	event_base_loopbreak(l->base);
}

bool loop_is_busy(struct loop *l)
{
	return event_base_get_num_events(l->base, EVENT_BASE_COUNT_ACTIVE) > 0;
}

uint64_t loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void io_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;

	(void)fd;
	(void)what;
	io->cb(io->arg);
}

struct loop_io *loop_io_new(struct loop *l, int fd, enum loop_dir dir, loop_cb *cb, void *arg)
{
	short what = (short)((dir == LOOP_READ ? EV_READ : EV_WRITE) | EV_PERSIST);
	struct loop_io *io = calloc(1, sizeof(*io));

	if (!io)
		return NULL;
	*io = (struct loop_io){.cb = cb, .arg = arg};
	io->ev = event_new(l->base, fd, what, io_ready, io);
	if (!io->ev) {
		free(io);
		return NULL;
	}
	loop_io_enable(io, true);
	return io;
}

void loop_io_enable(struct loop_io *io, bool on)
{
	if (!io || io->enabled == on)
		return;
	if (on)
		event_add(io->ev, NULL);
	else
		event_del(io->ev);
	io->enabled = on;
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	event_free(io->ev);
	free(io);
}

/* 0: never. */
static void set_timerfd(struct loop_timer *t, uint64_t delay_ns)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(delay_ns / 1000000000u),
					       .tv_nsec = (long)(delay_ns % 1000000000u)}};

	t->set_turn = t->loop->turn;
	timerfd_settime(t->fd, 0, &when, NULL);
}

/*
 * An expiry that libevent saw before the timer was moved or cancelled. The clock need not be read
 * for that, which is a system call where a virtual machine has no other clock.
 */
static bool is_stale(const struct loop_timer *t)
{
	uint64_t expiries;

	return t->fd >= 0 && t->set_turn == t->loop->turn &&
	       read(t->fd, &expiries, sizeof(expiries)) < 0;
}

static void timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	if (!is_stale(t))
		t->cb(t->arg);
}

static struct loop_timer *new_timer(struct loop *l, int fd, short what, loop_cb *cb, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct loop_timer){.loop = l, .fd = fd, .cb = cb, .arg = arg};
	t->ev = event_new(l->base, fd, what, timer_due, t);
	if (!t->ev) {
		free(t);
		return NULL;
	}
	return t;
}

struct loop_timer *loop_timer_new(struct loop *l, loop_cb *cb, void *arg)
{
	return new_timer(l, -1, 0, cb, arg);
}

/* Edge-triggered, a timerfd need not be read. */
struct loop_timer *loop_timer_new_precise(struct loop *l, loop_cb *cb, void *arg)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct loop_timer *t;

	if (fd < 0)
		return NULL;
	t = new_timer(l, fd, EV_READ | EV_ET | EV_PERSIST, cb, arg);
	if (t && event_add(t->ev, NULL) == 0)
		return t;
	if (t)
		loop_timer_free(t);
	else
		close(fd);
	return NULL;
}

void loop_timer_set(struct loop_timer *t, uint64_t delay_ns)
{
	uint64_t us = (delay_ns + 999) / 1000;
	struct timeval tv = {.tv_sec = (time_t)(us / 1000000),
			     .tv_usec = (suseconds_t)(us % 1000000)};

	if (t->fd >= 0)
		set_timerfd(t, delay_ns ? delay_ns : 1);
	else
		event_add(t->ev, &tv);
}

void loop_timer_cancel(struct loop_timer *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		set_timerfd(t, 0);
	else
		event_del(t->ev);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->ev);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

static void signal_came(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)fd;
	(void)what;
	s->cb(s->arg);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_cb *cb, void *arg)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct loop_signal){.cb = cb, .arg = arg};
	s->ev = evsignal_new(l->base, signo, signal_came, s);
	if (!s->ev) {
		free(s);
		return NULL;
	}
	event_add(s->ev, NULL);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	event_free(s->ev);
	free(s);
}
