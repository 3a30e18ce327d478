/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mapguard.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct mapguard {
	struct mapguard *next;
	uint8_t *mem;
	size_t bytes; /* whole pages */
	volatile sig_atomic_t hit;
};

/* SIGBUS comes from an access of the thread that changes the list, so it never changes meanwhile.
 */
static struct mapguard *guards;
static struct sigaction before;

static struct mapguard *guard_of(const uint8_t *at)
{
	struct mapguard *g = guards;

	while (g && (at < g->mem || at >= g->mem + g->bytes))
		g = g->next;
	return g;
}

/* The access is tried again when this returns. */
static void on_bus(int signo, siginfo_t *info, void *context)
{
	struct mapguard *g = guard_of(info->si_addr);

	(void)context;
	if (g && mmap(g->mem, g->bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		g->hit = 1;
	else
		sigaction(signo, &before, NULL); /* a fault that is not of a guarded mapping */
}

struct mapguard *mapguard_new(void *mem, size_t bytes)
{
	struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct mapguard *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->mem = mem;
	g->bytes = (bytes + page - 1) / page * page;
	if (!guards)
		sigaction(SIGBUS, &action, &before);
	g->next = guards;
	guards = g;
	return g;
}

void mapguard_free(struct mapguard *g)
{
	struct mapguard **at = &guards;

	if (!g)
		return;
	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (!guards)
		sigaction(SIGBUS, &before, NULL);
	free(g);
}

bool mapguard_hit(const struct mapguard *g)
{
	return g->hit;
}
