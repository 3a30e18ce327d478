/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long this machine takes to wake up a program that sleeps: two processes on two processors
 * pass a turn to and fro, which is what a ping by dmvl needs at least.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] = "usage: dmvl-wake ROUNDS\n"
			  "Four wake-ups, one after the other, in each round, 5 ms apart. Prints "
			  "wakes_median=MS\n"
			  "wakes_p99=MS, of a round.\n";

#define ROUNDS_MAX 10000
#define APART_US   5000
#define TURNS	   2 /* to the other one and back */

static int there, back;

/* Onto the nth of the processors that this process may use, if there are that many. */
static void move_to(int nth)
{
	cpu_set_t may, one;

	if (sched_getaffinity(0, sizeof(may), &may) < 0)
		die("sched_getaffinity");
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &may) || nth-- > 0)
			continue;
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static void pass(int fd)
{
	if (eventfd_write(fd, 1) < 0)
		die("eventfd_write");
}

static void await(int fd)
{
	eventfd_t n;

	if (eventfd_read(fd, &n) < 0)
		die("eventfd_read");
}

static void answer(int rounds)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	move_to(1);
	for (int i = 0; i < rounds * TURNS; i++) {
		await(there);
		pass(back);
	}
	_exit(0);
}

static double round_ms(void)
{
	double from;

	usleep(APART_US);
	from = now();
	for (int i = 0; i < TURNS; i++) {
		pass(there);
		await(back);
	}
	return (now() - from) * 1000;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double ms[ROUNDS_MAX];
	int rounds = argc == 2 ? atoi(argv[1]) : 0;
	pid_t other;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		usage();
	there = eventfd(0, 0);
	back = eventfd(0, 0);
	if (there < 0 || back < 0)
		die("eventfd");
	other = fork();
	if (other < 0)
		die("fork");
	if (other == 0)
		answer(rounds);
	move_to(0);
	for (int i = 0; i < rounds; i++)
		ms[i] = round_ms();
	waitpid(other, NULL, 0);
	qsort(ms, (size_t)rounds, sizeof(ms[0]), by_size);
	printf("wakes_median=%.3f wakes_p99=%.3f\n", ms[(rounds - 1) / 2], ms[rounds * 99 / 100]);
	return 0;
}
