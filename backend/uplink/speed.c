/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/speed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/netdev.h"

#define DEPTH_MAX	 4
#define CAPACITY_PERCENT 98
#define MBIT		 1000000ull

/* What several interfaces have together. */
struct several {
	const char *sysfs;
	unsigned depth; /* how many more interfaces below are examined */
	bool sum;	/* they share the frames; else any frame may meet the slowest */
	enum speed_state state;
	uint64_t bps;
};

/* Adds one of them. Those without a link do not count. */
static void take(struct several *s, enum speed_state state, uint64_t bps)
{
	if (state == SPEED_DOWN || s->state == SPEED_UNKNOWN)
		return;
	if (state == SPEED_UNKNOWN || s->state == SPEED_DOWN)
		s->bps = bps;
	else if (s->sum)
		s->bps += bps;
	else if (bps < s->bps)
		s->bps = bps;
	s->state = state;
}

static bool says(const char *sysfs, const char *ifname, const char *entry, const char *word)
{
	char text[32];

	return netdev_text(sysfs, ifname, entry, text, sizeof(text)) && strcmp(text, word) == 0;
}

static enum speed_state read_speed(const char *sysfs, const char *ifname, uint64_t *bps)
{
	char text[24];
	long mbit = 0;

	/* -1, or the largest number of 32 bits: the driver does not know. */
	if (netdev_text(sysfs, ifname, "speed", text, sizeof(text)))
		mbit = strtol(text, NULL, 10);
	if (mbit <= 0 || mbit >= INT32_MAX)
		return SPEED_UNKNOWN;
	*bps = (uint64_t)mbit * MBIT;
	return SPEED_KNOWN;
}

static enum speed_state examine(const char *sysfs, const char *ifname, unsigned depth,
				uint64_t *bps);

static void take_one(const char *ifname, struct several *s)
{
	uint64_t bps = 0;
	enum speed_state state = examine(s->sysfs, ifname, s->depth, &bps);

	take(s, state, bps);
}

/* A member of a bond that is a backup carries nothing: all but one of active-backup. */
static void take_lower(const char *ifname, void *arg)
{
	struct several *s = arg;

	if (!says(s->sysfs, ifname, "bonding_slave/state", "backup"))
		take_one(ifname, s);
}

/*
 * The members of a bond share the frames, except in the mode broadcast. What else has several
 * interfaces below may use them in any way.
 */
static enum speed_state examine_lowers(const char *sysfs, const char *ifname, unsigned depth,
				       uint64_t *bps)
{
	struct several s = {.sysfs = sysfs, .depth = depth, .state = SPEED_DOWN};
	char mode[32];

	s.sum = netdev_text(sysfs, ifname, "bonding/mode", mode, sizeof(mode)) &&
		strncmp(mode, "broadcast", 9) != 0;
	if (netdev_lowers(sysfs, ifname, take_lower, &s) == 0)
		return SPEED_UNKNOWN;
	*bps = s.bps;
	return s.state;
}

static enum speed_state examine(const char *sysfs, const char *ifname, unsigned depth,
				uint64_t *bps)
{
	if (!netdev_has_link(sysfs, ifname))
		return SPEED_DOWN;
	if (netdev_is_hardware(sysfs, ifname))
		return read_speed(sysfs, ifname, bps);
	return depth > 0 ? examine_lowers(sysfs, ifname, depth - 1, bps) : SPEED_UNKNOWN;
}

enum speed_state speed_of_exits(const char *sysfs, const struct exits *e, uint64_t *bps)
{
	struct several s = {.sysfs = sysfs, .depth = DEPTH_MAX, .state = SPEED_DOWN};

	for (unsigned i = 0; i < e->count; i++)
		take_one(e->name[i], &s);
	*bps = s.bps;
	return e->count ? s.state : SPEED_UNKNOWN;
}

uint64_t speed_capacity_bps(uint64_t speed_bps)
{
	return speed_bps / 100 * CAPACITY_PERCENT;
}
