/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/mac_owners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "backend/frame/mac_hash.h"

#define BUCKETS 4096u

struct entry {
	SLIST_ENTRY(entry) next;
	uint32_t guest;
	uint32_t times;
	uint8_t mac[6];
};

SLIST_HEAD(entries, entry);

struct mac_owners {
	struct entries buckets[BUCKETS];
};

static struct entries *bucket(struct mac_owners *o, const uint8_t mac[6])
{
	return &o->buckets[mac_hash(mac, 0) % BUCKETS];
}

struct mac_owners *mac_owners_new(void)
{
	return calloc(1, sizeof(struct mac_owners));
}

void mac_owners_free(struct mac_owners *o)
{
	struct entry *e;

	for (unsigned i = 0; o && i < BUCKETS; i++) {
		while ((e = SLIST_FIRST(&o->buckets[i]))) {
			SLIST_REMOVE_HEAD(&o->buckets[i], next);
			free(e);
		}
	}
	free(o);
}

static struct entry *find(struct mac_owners *o, const uint8_t mac[6], uint32_t guest)
{
	struct entry *e;

	SLIST_FOREACH(e, bucket(o, mac), next) {
		if (e->guest == guest && memcmp(e->mac, mac, 6) == 0)
			return e;
	}
	return NULL;
}

int mac_owners_add(struct mac_owners *o, const uint8_t mac[6], uint32_t guest)
{
	struct entry *e = find(o, mac, guest);

	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->guest = guest;
		memcpy(e->mac, mac, 6);
		SLIST_INSERT_HEAD(bucket(o, mac), e, next);
	}
	e->times++;
	return 0;
}

void mac_owners_remove(struct mac_owners *o, const uint8_t mac[6], uint32_t guest)
{
	struct entry *e = find(o, mac, guest);

	if (!e || --e->times > 0)
		return;
	SLIST_REMOVE(bucket(o, mac), e, entry, next);
	free(e);
}

enum mac_owner mac_owners_find(const struct mac_owners *o, const uint8_t mac[6], uint32_t guest)
{
	enum mac_owner owner = MAC_OWNER_NONE;
	const struct entry *e;

	SLIST_FOREACH(e, &o->buckets[mac_hash(mac, 0) % BUCKETS], next) {
		if (memcmp(e->mac, mac, 6) != 0)
			continue;
		if (e->guest == guest)
			return MAC_OWNER_SELF;
		owner = MAC_OWNER_OTHER;
	}
	return owner;
}
