/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h: an event loop with fds, timers and signals, of libevent. */
#ifndef DMVL_LOOP_H
#define DMVL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A loop and its objects belong to one thread. Callbacks run in that thread, one at a time; they
 * may free any object of the loop, their own included. Free all objects before their loop.
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
void loop_free(struct loop *l); /* no effect on NULL, as all *_free() below */
int loop_run(struct loop *l);	/* until a callback calls loop_stop(); 0 or -EIO */
void loop_stop(struct loop *l);

/* In a callback: other events wait for theirs. */
bool loop_is_busy(struct loop *l);

/* CLOCK_MONOTONIC in nanoseconds, read at each call. */
uint64_t loop_now_ns(void);

/* Calls cb again and again while the fd (borrowed) is ready. Starts enabled. NULL: no memory. */
struct loop_io *loop_io_new(struct loop *l, int fd, enum loop_dir dir, loop_cb *cb, void *arg);
void loop_io_enable(struct loop_io *io, bool on); /* repeating it is cheap; no effect on NULL */
void loop_io_free(struct loop_io *io);

/*
 * A timer that fires once. Starts unset; loop_timer_set() on a set timer moves it. NULL: no memory.
 * loop_timer_cancel(NULL) does nothing. A plain timer may fire some milliseconds early or late. A
 * precise one has microsecond resolution, and setting it costs a system call; it has a descriptor
 * of its own, and NULL may also mean that there is none left (errno tells).
 */
struct loop_timer *loop_timer_new(struct loop *l, loop_cb *cb, void *arg);
struct loop_timer *loop_timer_new_precise(struct loop *l, loop_cb *cb, void *arg);
void loop_timer_set(struct loop_timer *t, uint64_t delay_ns);
void loop_timer_cancel(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Calls cb for each signal `signo` to the process. NULL: no memory. */
struct loop_signal *loop_signal_new(struct loop *l, int signo, loop_cb *cb, void *arg);
void loop_signal_free(struct loop_signal *s);

#endif
