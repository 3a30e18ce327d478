/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tool.h: what the traffic tools share: how they fail, the time, and addresses. */
#ifndef DMVL_TOOL_H
#define DMVL_TOOL_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Each tool's own. */
extern const char usage_text[];

/* Status 1, with errno's words. */
static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

/* Status 2: the command line is wrong. */
static inline void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

/* Seconds, of no particular beginning. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* "10.77.1.1" gives the mapped IPv6 address: one kind of socket does for both. */
static inline struct sockaddr_in6 address(const char *text, const char *port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
				 .sin6_port = htons((in_port_t)atoi(port))};
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	if (inet_pton(AF_INET6, mapped, &a.sin6_addr) != 1 || !a.sin6_port)
		usage();
	return a;
}

#endif
