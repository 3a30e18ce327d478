/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame loop's scheduling policy: real-time while it mostly sleeps. */
#include "common/realtime.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define MS 1000000ull

static void test_wanted(void)
{
	ok(realtime_wanted(true, 2, 0, 100 * MS), "a thread that sleeps stays real-time");
	ok(realtime_wanted(true, 2, 50 * MS - 1, 100 * MS),
	   "a thread that runs for less than half of the time stays real-time");
	ok(!realtime_wanted(true, 2, 50 * MS, 100 * MS),
	   "a thread that runs for half of the time is no longer real-time");
	ok(!realtime_wanted(false, 2, 40 * MS, 100 * MS),
	   "a thread that runs for 40 %% of the time does not become real-time");
	ok(!realtime_wanted(false, 2, 25 * MS, 100 * MS),
	   "a thread that runs for a quarter of the time does not become real-time");
	ok(realtime_wanted(false, 2, 25 * MS - 1, 100 * MS),
	   "a thread that runs for less than a quarter of the time becomes real-time");
}

static void test_part(void)
{
	ok(realtime_wanted(true, 16, 6 * MS, 100 * MS),
	   "a thread that runs for less than its part stays real-time");
	ok(!realtime_wanted(true, 16, 7 * MS, 100 * MS),
	   "a thread that runs for more than its part is no longer real-time");
	ok(!realtime_wanted(false, 16, 4 * MS, 100 * MS) &&
		   realtime_wanted(false, 16, 3 * MS, 100 * MS),
	   "a thread becomes real-time below half of its part");
}

static void run_for(uint64_t ns)
{
	struct timespec begin, t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while ((uint64_t)(t.tv_sec - begin.tv_sec) * 1000000000u + (uint64_t)t.tv_nsec -
			 (uint64_t)begin.tv_nsec <
		 ns);
}

static int policy(void)
{
	return sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
}

static void *policy_of_new(void *arg)
{
	*(int *)arg = policy();
	return NULL;
}

static void test_thread(void)
{
	struct realtime rt;
	pthread_t thread;
	int of_new = -1;

	is_int(policy(), SCHED_RR, "a thread that is permitted becomes real-time");
	pthread_create(&thread, NULL, policy_of_new, &of_new);
	pthread_join(thread, NULL);
	is_int(of_new, SCHED_OTHER, "a thread that a real-time one starts is not real-time");
	is_int(realtime_start(&rt, 2, 0), 0,
	       "realtime_start() in a thread that has a policy is no error");
	ok(!rt.allowed, "realtime_start() in a thread that has a policy keeps it");
}

static void test_turns(void)
{
	struct realtime rt;
	int ret = realtime_start(&rt, 2, 0);

	if (ret < 0) {
		tap_skip("a thread changes its policy by what it uses", "not permitted here");
		return;
	}
	test_thread();
	run_for(30 * MS);
	realtime_turn(&rt, 99 * MS);
	is_int(policy(), SCHED_RR, "a window that is not over changes no policy");
	run_for(30 * MS);
	realtime_turn(&rt, 100 * MS);
	is_int(policy(), SCHED_OTHER,
	       "a thread that is busy for more than half of a window is as others");
	realtime_turn(&rt, 10000 * MS);
	is_int(policy(), SCHED_RR, "a thread that slept is real-time");
	run_for(60 * MS);
	realtime_turn(&rt, 20000 * MS);
	is_int(policy(), SCHED_RR,
	       "a thread that is busy at the end of a long sleep stays real-time");
	run_for(60 * MS);
	realtime_turn(&rt, 20100 * MS);
	is_int(policy(), SCHED_OTHER, "a thread that is busy for a window more is as others");
}

/* Runs on without a turn, for at most 5 s: whether it was real-time until the end. */
static bool keeps_realtime(void)
{
	for (unsigned i = 0; i < 500; i++) {
		run_for(10 * MS);
		if (policy() != SCHED_RR)
			return false;
	}
	return true;
}

static rlim_t limit(void)
{
	struct rlimit lim;

	return getrlimit(RLIMIT_RTTIME, &lim) == 0 ? lim.rlim_cur : 0;
}

static void test_endless_turn(void)
{
	struct realtime rt;
	rlim_t first;

	if (realtime_start(&rt, 2, 0) < 0) {
		tap_skip("a turn that does not end is bounded", "not permitted here");
		return;
	}
	first = limit();
	ok(!keeps_realtime(), "a turn that does not end makes the thread as others");
	realtime_turn(&rt, 50 * MS);
	ok(!rt.on, "the next turn knows");
	is_int((long)limit(), (long)first, "the limit is what it was");
	realtime_turn(&rt, 20000 * MS);
	is_int(policy(), SCHED_RR, "after a sleep it is real-time again");
	usleep(1000); /* Linux counts from the last sleep */
	ok(!keeps_realtime(), "another turn that does not end is bounded likewise");
	realtime_turn(&rt, 20050 * MS);
}

static void test_left_alone(void)
{
	struct realtime rt = {0};

	run_for(MS);
	realtime_turn(&rt, 1000 * MS);
	is_int(policy(), SCHED_OTHER, "a turn of one that never asked changes nothing");
}

int main(void)
{
	const struct sched_param none = {0};

	test_wanted();
	test_part();
	/* Whoever runs the tests may have chosen another. */
	if (sched_setscheduler(0, SCHED_OTHER, &none) < 0) {
		tap_skip("a thread changes its policy", "not permitted here");
		return done_testing();
	}
	test_left_alone();
	test_turns();
	sched_setscheduler(0, SCHED_OTHER, &none);
	test_endless_turn();
	return done_testing();
}
