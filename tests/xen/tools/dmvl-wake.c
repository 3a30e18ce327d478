/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine takes for what dmvl does with each frame: to wake up a program that sleeps on
 * another processor, to switch to one on the same, and a system call. A ping by dmvl wakes up four
 * programs.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] = "usage: dmvl-wake ROUNDS\n"
			  "Two processes on two processors pass a turn to and fro, twice in each "
			  "round, 5 ms apart:\n"
			  "four wake-ups. Prints wakes_median=MS wakes_p99=MS, of a round; "
			  "switch_us=US, of one wake-up on\n"
			  "the same processor; and call_us=US, of a system call.\n";

#define ROUNDS_MAX 10000
#define APART_US   5000
#define TURNS	   2 /* to the other one and back */
#define CALLS	   2000

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

static void answer(int rounds, int processor)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	move_to(processor);
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

/* Rounds with a process on that processor, in order of size. */
static void measure(double *ms, int rounds, int processor)
{
	pid_t other = fork();

	if (other < 0)
		die("fork");
	if (other == 0)
		answer(rounds, processor);
	move_to(0);
	for (int i = 0; i < rounds; i++)
		ms[i] = round_ms();
	waitpid(other, NULL, 0);
	qsort(ms, (size_t)rounds, sizeof(ms[0]), by_size);
}

static double call_us(void)
{
	double from = now();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now() - from) * 1e6 / CALLS;
}

int main(int argc, char **argv)
{
	static double ms[ROUNDS_MAX];
	int rounds = argc == 2 ? atoi(argv[1]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		usage();
	there = eventfd(0, 0);
	back = eventfd(0, 0);
	if (there < 0 || back < 0)
		die("eventfd");
	measure(ms, rounds, 1);
	printf("wakes_median=%.3f wakes_p99=%.3f", ms[(rounds - 1) / 2], ms[rounds * 99 / 100]);
	measure(ms, rounds, 0);
	printf(" switch_us=%.2f call_us=%.3f\n", ms[(rounds - 1) / 2] * 1000 / (2 * TURNS),
	       call_us());
	return 0;
}
