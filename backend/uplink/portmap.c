/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/portmap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 4096u

struct entry {
	SLIST_ENTRY(entry) next;
	uint32_t ifindex;
	uint16_t vid;
	uint8_t mac[6];
};

struct portmap {
	SLIST_HEAD(, entry) buckets[BUCKETS];
	uint32_t count;
};

static uint32_t hash(const uint8_t mac[6])
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return (uint32_t)((v * 0x9e3779b97f4a7c15ull) >> 52) & (BUCKETS - 1);
}

struct portmap *portmap_new(void)
{
	return calloc(1, sizeof(struct portmap));
}

void portmap_clear(struct portmap *m)
{
	struct entry *e;

	for (unsigned i = 0; i < BUCKETS; i++) {
		while ((e = SLIST_FIRST(&m->buckets[i]))) {
			SLIST_REMOVE_HEAD(&m->buckets[i], next);
			free(e);
		}
	}
	m->count = 0;
}

void portmap_free(struct portmap *m)
{
	if (!m)
		return;
	portmap_clear(m);
	free(m);
}

static struct entry *find(const struct portmap *m, const uint8_t mac[6], uint16_t vid)
{
	struct entry *e;

	SLIST_FOREACH(e, &m->buckets[hash(mac)], next) {
		if (e->vid == vid && memcmp(e->mac, mac, 6) == 0)
			return e;
	}
	return NULL;
}

void portmap_set(struct portmap *m, const uint8_t mac[6], uint16_t vid, uint32_t ifindex)
{
	struct entry *e = find(m, mac, vid);

	if (!e) {
		if (m->count == PORTMAP_MAX)
			return;
		e = calloc(1, sizeof(*e));
		if (!e)
			return;
		memcpy(e->mac, mac, 6);
		e->vid = vid;
		SLIST_INSERT_HEAD(&m->buckets[hash(mac)], e, next);
		m->count++;
	}
	e->ifindex = ifindex;
}

void portmap_remove(struct portmap *m, const uint8_t mac[6], uint16_t vid)
{
	struct entry *e = find(m, mac, vid);

	if (!e)
		return;
	SLIST_REMOVE(&m->buckets[hash(mac)], e, entry, next);
	free(e);
	m->count--;
}

uint32_t portmap_find(const struct portmap *m, const uint8_t mac[6], uint16_t vid)
{
	uint32_t any = PORTMAP_NONE;
	const struct entry *e;

	SLIST_FOREACH(e, &m->buckets[hash(mac)], next) {
		if (memcmp(e->mac, mac, 6) != 0)
			continue;
		if (e->vid == vid)
			return e->ifindex;
		any = e->ifindex;
	}
	return any;
}
