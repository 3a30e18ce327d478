/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h: one event loop, its fds, timers and signals. The only user of <event2/...>. */
#ifndef DMVL_LOOP_H
#define DMVL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A loop and all that hangs on it belong to one thread. Callbacks run on it, one at a time, and may
 * free anything of the loop, themselves included. Objects are freed before their loop.
 */
struct loop;
struct loop_io;
struct loop_timer;
struct loop_signal;

typedef void loop_cb(void *arg);

enum loop_dir {
	LOOP_READ,
	LOOP_WRITE,
};

struct loop *loop_new(void);	/* NULL with errno set */
void loop_free(struct loop *l); /* NULL is fine, here and below */
int loop_run(struct loop *l);	/* until loop_stop(); 0 or -EIO */
void loop_stop(struct loop *l);

/* CLOCK_MONOTONIC in nanoseconds, read afresh. */
uint64_t loop_now_ns(void);

/* Calls cb while the (borrowed) fd is ready. Starts enabled. NULL: out of memory. */
struct loop_io *loop_io_new(struct loop *l, int fd, enum loop_dir dir, loop_cb *cb, void *arg);
void loop_io_enable(struct loop_io *io, bool on); /* saying it twice costs nothing */
void loop_io_free(struct loop_io *io);

/* One shot, to the microsecond. Starts unset; setting it again moves it. */
struct loop_timer *loop_timer_new(struct loop *l, loop_cb *cb, void *arg);
void loop_timer_set(struct loop_timer *t, uint64_t delay_ns);
void loop_timer_cancel(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_cb *cb, void *arg);
void loop_signal_free(struct loop_signal *s);

#endif
