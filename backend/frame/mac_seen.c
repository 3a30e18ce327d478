/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/mac_seen.h"

#include <stdlib.h>
#include <string.h>

#include "backend/frame/mac_hash.h"

#define WAYS   8u
#define GROUPS (MAC_SEEN_MAX / WAYS)

/* All zeros: free. */
struct seen {
	uint8_t mac[6];
	bool again;	 /* seen in two different seconds */
	uint32_t second; /* of the last time, from 1 on */
};

struct mac_seen {
	uint64_t seed;
	struct seen group[GROUPS][WAYS];
};

static uint32_t second_of(uint64_t now_ns)
{
	return (uint32_t)(now_ns / 1000000000ull) + 1;
}

static bool is_expired(const struct seen *e, uint32_t second)
{
	return e->second == 0 || second - e->second >= MAC_SEEN_SECONDS;
}

struct mac_seen *mac_seen_new(uint64_t seed)
{
	struct mac_seen *s = calloc(1, sizeof(*s));

	if (s)
		s->seed = seed;
	return s;
}

void mac_seen_free(struct mac_seen *s)
{
	free(s);
}

/* NULL: it is not there. */
static struct seen *find(struct seen *group, const uint8_t mac[6])
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (group[i].second > 0 && memcmp(group[i].mac, mac, 6) == 0)
			return &group[i];
	}
	return NULL;
}

/* Whose place a new address takes; NULL: nobody's. */
static struct seen *place(struct seen *group, uint32_t second)
{
	struct seen *best = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		if (is_expired(&group[i], second))
			return &group[i];
		if (!group[i].again && (!best || group[i].second < best->second))
			best = &group[i];
	}
	return best;
}

static uint32_t group_of(const struct mac_seen *s, const uint8_t mac[6])
{
	return mac_hash(mac, s->seed) % GROUPS;
}

void mac_seen_note(struct mac_seen *s, const uint8_t mac[6], uint64_t now_ns)
{
	struct seen *group = s->group[group_of(s, mac)], *e = find(group, mac);
	uint32_t second = second_of(now_ns);

	if (e) {
		e->again = (e->again || e->second != second) && !is_expired(e, second);
		e->second = second;
		return;
	}
	e = place(group, second);
	if (!e)
		return;
	memcpy(e->mac, mac, 6);
	e->again = false;
	e->second = second;
}

bool mac_seen_recently(const struct mac_seen *s, const uint8_t mac[6], uint64_t now_ns)
{
	const struct seen *group = s->group[group_of(s, mac)];

	for (unsigned i = 0; i < WAYS; i++) {
		if (memcmp(group[i].mac, mac, 6) == 0)
			return !is_expired(&group[i], second_of(now_ns));
	}
	return false;
}

void mac_seen_forget(struct mac_seen *s, const uint8_t mac[6])
{
	struct seen *e = find(s->group[group_of(s, mac)], mac);

	if (e)
		memset(e, 0, sizeof(*e));
}
