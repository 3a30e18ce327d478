/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/fdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "backend/frame/mac_hash.h"
#include "backend/frame/mac_owners.h"
#include "backend/frame/mac_seen.h"

#define BUCKETS 4096u
#define AGE_NS	(FDB_AGE_SECONDS * 1000000000ull)

/* Only set_at() writes `at`. */
struct entry {
	SLIST_ENTRY(entry) next;
	uint8_t mac[6];
	uint32_t home;	  /* slot whose own address it is; FDB_NONE: nobody's */
	uint32_t at;	  /* slot that it was learnt from; FDB_NONE: none, or it is at home */
	uint64_t used_ns; /* there */
};

SLIST_HEAD(entries, entry);

/* The addresses learnt from one slot, in a ring. Some of them may be elsewhere by now. */
struct learner {
	uint8_t mac[FDB_LEARN_MAX][6];
	unsigned next;
};

struct slot {
	uint32_t guest;
	struct learner *learner;
};

struct fdb {
	struct entries buckets[BUCKETS];
	struct mac_owners *owners;
	struct mac_seen *seen;
	uint32_t away; /* own addresses that are not at home */
	uint32_t slots;
	struct slot slot[];
};

static uint32_t hash(const uint8_t mac[6])
{
	return mac_hash(mac, 0) % BUCKETS;
}

struct fdb *fdb_new(uint32_t slots, uint64_t seed)
{
	struct fdb *f = calloc(1, sizeof(*f) + slots * sizeof(f->slot[0]));

	if (!f)
		return NULL;
	f->slots = slots;
	f->owners = mac_owners_new();
	f->seen = mac_seen_new(seed);
	if (f->owners && f->seen)
		return f;
	fdb_free(f);
	return NULL;
}

void fdb_free(struct fdb *f)
{
	struct entry *e;

	if (!f)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while ((e = SLIST_FIRST(&f->buckets[i]))) {
			SLIST_REMOVE_HEAD(&f->buckets[i], next);
			free(e);
		}
	}
	for (unsigned i = 0; i < f->slots; i++)
		free(f->slot[i].learner);
	mac_seen_free(f->seen);
	mac_owners_free(f->owners);
	free(f);
}

struct mac_owners *fdb_owners(struct fdb *f)
{
	return f->owners;
}

bool fdb_has_moved(const struct fdb *f)
{
	return f->away > 0;
}

static struct entry *find(const struct fdb *f, const uint8_t mac[6])
{
	struct entry *e;

	SLIST_FOREACH(e, &f->buckets[hash(mac)], next) {
		if (memcmp(e->mac, mac, 6) == 0)
			return e;
	}
	return NULL;
}

static struct entry *insert(struct fdb *f, const uint8_t mac[6])
{
	struct entry *e = calloc(1, sizeof(*e));

	if (e) {
		memcpy(e->mac, mac, 6);
		e->home = FDB_NONE;
		e->at = FDB_NONE;
		SLIST_INSERT_HEAD(&f->buckets[hash(mac)], e, next);
	}
	return e;
}

static void set_at(struct fdb *f, struct entry *e, uint32_t at)
{
	if (e->home != FDB_NONE)
		f->away += (at != FDB_NONE) - (e->at != FDB_NONE);
	e->at = at;
}

/* Of an entry that nobody has any more. */
static void remove_if_unused(struct fdb *f, struct entry *e)
{
	if (e->home != FDB_NONE || e->at != FDB_NONE)
		return;
	SLIST_REMOVE(&f->buckets[hash(e->mac)], e, entry, next);
	free(e);
}

/* Where the address is; an entry of NULL is nowhere. */
static uint32_t where(const struct entry *e, uint64_t now_ns)
{
	if (!e)
		return FDB_NONE;
	return e->at != FDB_NONE && now_ns - e->used_ns < AGE_NS ? e->at : e->home;
}

int fdb_add(struct fdb *f, const uint8_t mac[6], uint32_t slot, uint32_t guest)
{
	struct entry *e = find(f, mac);

	f->slot[slot].guest = guest;
	if (e && e->home != FDB_NONE)
		return e->home == slot ? 0 : -EEXIST;
	if (!e)
		e = insert(f, mac);
	if (!e)
		return -ENOMEM;
	if (mac_owners_add(f->owners, mac, guest) < 0) {
		remove_if_unused(f, e);
		return -ENOMEM;
	}
	set_at(f, e, FDB_NONE);
	e->home = slot;
	return 0;
}

static void drop_learnt(struct fdb *f, const uint8_t mac[6], uint32_t slot)
{
	struct entry *e = find(f, mac);

	if (!e || e->at != slot)
		return;
	set_at(f, e, FDB_NONE);
	remove_if_unused(f, e);
}

static bool remembers(const struct learner *l, const uint8_t mac[6])
{
	for (unsigned i = 0; i < FDB_LEARN_MAX; i++) {
		if (memcmp(l->mac[i], mac, 6) == 0)
			return true;
	}
	return false;
}

/* Puts the address behind the slot; without memory nothing changes. */
static void learn(struct fdb *f, struct entry *e, const uint8_t mac[6], uint32_t slot,
		  uint64_t now_ns)
{
	struct learner *l = f->slot[slot].learner;

	if (!l)
		l = f->slot[slot].learner = calloc(1, sizeof(*l));
	if (l && !e)
		e = insert(f, mac);
	if (!l || !e)
		return;
	set_at(f, e, slot);
	e->used_ns = now_ns;
	if (remembers(l, mac))
		return;
	drop_learnt(f, l->mac[l->next], slot);
	memcpy(l->mac[l->next], mac, 6);
	l->next = (l->next + 1) % FDB_LEARN_MAX;
}

/* May the slot take an address that is at `was`, or perhaps beyond the uplink? */
static enum fdb_use may_take(const struct fdb *f, const uint8_t mac[6], uint32_t slot, uint32_t was,
			     bool listed, bool seen)
{
	uint32_t guest = f->slot[slot].guest;

	switch (mac_owners_find(f->owners, mac, guest)) {
	case MAC_OWNER_SELF:
		return FDB_USE_OK;
	case MAC_OWNER_OTHER:
		return FDB_USE_GUEST;
	case MAC_OWNER_NONE:
		break;
	}
	if (listed)
		return FDB_USE_OK;
	if (was != FDB_NONE && f->slot[was].guest != guest)
		return FDB_USE_GUEST;
	return seen ? FDB_USE_UPLINK : FDB_USE_OK;
}

enum fdb_use fdb_use(struct fdb *f, const uint8_t mac[6], uint32_t slot, bool listed,
		     uint64_t now_ns, uint32_t *from)
{
	struct entry *e = find(f, mac);
	uint32_t was = where(e, now_ns);
	enum fdb_use use;
	bool seen;

	if (was == slot) {
		set_at(f, e, e->at == slot ? slot : FDB_NONE);
		e->used_ns = now_ns;
		return FDB_USE_OK;
	}
	seen = mac_seen_recently(f->seen, mac, now_ns);
	use = may_take(f, mac, slot, was, listed, seen);
	if (use != FDB_USE_OK)
		return use;
	if (e && e->home == slot)
		set_at(f, e, FDB_NONE);
	else
		learn(f, e, mac, slot, now_ns);
	mac_seen_forget(f->seen, mac);
	*from = was;
	return was != FDB_NONE || seen ? FDB_USE_MOVED : FDB_USE_OK;
}

uint32_t fdb_seen(struct fdb *f, const uint8_t mac[6], bool reflects, uint64_t now_ns)
{
	struct entry *e = find(f, mac);
	uint32_t was = where(e, now_ns);

	if ((mac[0] & 1) || (was != FDB_NONE && reflects) ||
	    mac_owners_find(f->owners, mac, FDB_NONE) != MAC_OWNER_NONE)
		return FDB_NONE;
	if (e) {
		set_at(f, e, FDB_NONE);
		remove_if_unused(f, e);
	}
	mac_seen_note(f->seen, mac, now_ns);
	return was;
}

void fdb_forget(struct fdb *f, uint32_t slot, const uint8_t own[6])
{
	struct learner *l = f->slot[slot].learner;
	struct entry *e;

	for (unsigned i = 0; l && i < FDB_LEARN_MAX; i++)
		drop_learnt(f, l->mac[i], slot);
	free(l);
	f->slot[slot].learner = NULL;
	e = own ? find(f, own) : NULL; /* only now: drop_learnt() frees entries */
	if (!e || e->home != slot)
		return;
	f->away -= e->at != FDB_NONE;
	e->home = FDB_NONE;
	mac_owners_remove(f->owners, own, f->slot[slot].guest);
	remove_if_unused(f, e);
}

uint32_t fdb_lookup(const struct fdb *f, const uint8_t mac[6], uint64_t now_ns)
{
	return where(find(f, mac), now_ns);
}
