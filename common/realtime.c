/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/realtime.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

/*
 * Linux lets real-time threads have 95 % of each second, and stops them for the other 50 ms. This
 * window is short beside a second, and long enough to cost nothing.
 */
#define WINDOW_NS 100000000u

/*
 * Windows end with a turn. Should a turn not end, Linux does what realtime_turn() would have done:
 * it sends SIGXCPU to a real-time thread that ran for that long without a sleep. More than two
 * windows, and well below the 950 ms of a second.
 */
#define SPIN_US 400000u

static volatile sig_atomic_t ended; /* by the signal */

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int set(bool on)
{
	struct sched_param param = {.sched_priority = on ? sched_get_priority_min(SCHED_RR) : 0};

	if (sched_setscheduler(0, (on ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK, &param) < 0)
		return -errno;
	return 0;
}

/* In the thread that ran too long: Linux prefers it to others. */
static void on_limit(int signo)
{
	int err = errno;

	(void)signo;
	set(false);
	ended = 1;
	errno = err;
}

/* Programs that the process starts have the limit too, but no real-time thread. */
static void limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_RTTIME, &lim) < 0)
		return;
	/* At the hard limit Linux kills. */
	lim.rlim_cur = lim.rlim_max / 2 < SPIN_US ? lim.rlim_max / 2 : SPIN_US;
	setrlimit(RLIMIT_RTTIME, &lim);
}

static void guard(void)
{
	struct sigaction sa = {.sa_handler = on_limit, .sa_flags = SA_RESTART};

	if (sigaction(SIGXCPU, &sa, NULL) == 0)
		limit();
}

int realtime_start(struct realtime *rt, unsigned part, uint64_t now_ns)
{
	int ret;

	*rt = (struct realtime){0};
	if (sched_getscheduler(0) != SCHED_OTHER)
		return 0;
	ret = set(true);
	if (ret < 0)
		return ret;
	guard();
	*rt = (struct realtime){true, true, part, now_ns, thread_ns()};
	return 0;
}

/* Hysteresis: two thresholds, so that it does not flap. */
bool realtime_wanted(bool is, unsigned part, uint64_t used_ns, uint64_t elapsed_ns)
{
	return used_ns < elapsed_ns / (is ? part : 2 * part);
}

void realtime_turn(struct realtime *rt, uint64_t now_ns)
{
	uint64_t used_ns;
	bool want;

	if (!rt->allowed)
		return;
	if (ended) {
		ended = 0;
		rt->on = false;
		limit(); /* with each signal, Linux adds a second to it */
	}
	if (now_ns - rt->since_ns < WINDOW_NS)
		return;
	used_ns = thread_ns();
	want = realtime_wanted(rt->on, rt->part, used_ns - rt->used_ns, now_ns - rt->since_ns);
	rt->since_ns = now_ns;
	rt->used_ns = used_ns;
	if (want == rt->on)
		return;
	if (set(want) == 0)
		rt->on = want;
}
