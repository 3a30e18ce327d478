/* SPDX-License-Identifier: GPL-2.0-or-later */
/* realtime.h: the scheduling policy of the thread that moves the frames. */
#ifndef DMVL_REALTIME_H
#define DMVL_REALTIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A thread that mostly sleeps runs as soon as it has something to do, whatever else keeps Dom0's
 * processors busy: SCHED_RR, of the lowest priority. One that is busy itself, as a guest can make
 * it, shares them with the others as any program does, so that no guest takes a processor from
 * Dom0. All zero: leaves the policy alone.
 *
 * A turn that does not end is bounded too: SIGXCPU makes the thread as any other after 400 ms. So
 * no more than one thread of a process can have this.
 */
struct realtime {
	bool allowed, on;
	unsigned part; /* real-time while the thread runs for less than 1/part of a window */
	uint64_t since_ns, used_ns; /* begin of the window, and the thread's processor time then */
};

/*
 * For the calling thread, from now_ns (CLOCK_MONOTONIC) on. `part`: 2 or more. One that somebody
 * gave a policy already keeps it, and rt is all zero. Threads that it starts have the default
 * policy. 0, or a negative errno: not permitted.
 */
int realtime_start(struct realtime *rt, unsigned part, uint64_t now_ns);

/* Each turn of the same thread. */
void realtime_turn(struct realtime *rt, uint64_t now_ns);

/* What is right after a window of elapsed_ns, of which the thread ran for used_ns. */
bool realtime_wanted(bool is, unsigned part, uint64_t used_ns, uint64_t elapsed_ns);

#endif
