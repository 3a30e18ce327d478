/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/way.h"

#include <stdio.h>
#include <string.h>

#include "backend/uplink/netdev.h"

#define DEPTH_MAX 4

struct text {
	const char *sysfs;
	char *out;
	unsigned depth; /* how many more interfaces below are examined */
};

static void append(struct text *t, char before, const char *word)
{
	size_t len = strlen(t->out);

	snprintf(t->out + len, WAY_MAX - len, "%c%s", before, word);
}

/* A bond without an active member is one whose members all send. */
static void look(const char *ifname, void *arg)
{
	struct text *t = arg;
	char member[IFNAMSIZ];

	if (netdev_text(t->sysfs, ifname, "bonding/active_slave", member, sizeof(member))) {
		append(t, '>', member);
		return;
	}
	if (t->depth == 0)
		return;
	t->depth--;
	netdev_lowers(t->sysfs, ifname, look, t);
	t->depth++;
}

void way_of_exits(const char *sysfs, const struct exits *e, char out[WAY_MAX])
{
	struct text t = {.sysfs = sysfs, .out = out, .depth = DEPTH_MAX};

	out[0] = '\0';
	for (unsigned i = 0; i < e->count; i++) {
		append(&t, ' ', e->name[i]);
		look(e->name[i], &t);
	}
}
