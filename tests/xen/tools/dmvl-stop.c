/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes stand still now and then, as those of a guest without a processor do. The same seed
 * gives the same stops.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "tool.h"

const char usage_text[] = "usage: dmvl-stop SEED PID..\n"
			  "Stops the processes (negative: groups) for 60 to 100 ms, 300 to 700 ms "
			  "apart, until it is\n"
			  "killed; they go on then. Prints stops=N longest=MS.\n";

#define STOP_MS	 60
#define STOP_VAR 41
#define GAP_MS	 300
#define GAP_VAR	 401

static volatile sig_atomic_t stop;
static uint64_t state;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Knuth's MMIX generator; its upper bits. */
static unsigned drawn(unsigned limit)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % limit;
}

static void tell_all(char **pids, int sig)
{
	for (; *pids; pids++)
		kill(atoi(*pids), sig);
}

/* How long they stood, in ms. */
static double stop_once(char **pids)
{
	double from = now();

	tell_all(pids, SIGSTOP);
	usleep((STOP_MS + drawn(STOP_VAR)) * 1000);
	tell_all(pids, SIGCONT);
	return (now() - from) * 1000;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	double longest = 0, ms;
	unsigned n = 0;

	if (argc < 3)
		usage();
	for (int i = 2; i < argc; i++)
		if (atoi(argv[i]) == 0 || atoi(argv[i]) == -1 || atoi(argv[i]) == 1)
			usage();
	state = strtoull(argv[1], NULL, 10);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	for (; !stop; n++) {
		usleep((GAP_MS + drawn(GAP_VAR)) * 1000);
		if (stop)
			break;
		ms = stop_once(argv + 2);
		longest = ms > longest ? ms : longest;
	}
	printf("stops=%u longest=%.0f\n", n, longest);
	return 0;
}
