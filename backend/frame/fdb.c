/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/fdb.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 4096u

struct entry {
	SLIST_ENTRY(entry) next;
	uint32_t slot;
	bool own;
	uint8_t mac[6];
};

/* The addresses learnt from one slot, in a ring. One of them may belong to another slot by now. */
struct learner {
	uint8_t mac[FDB_LEARN_MAX][6];
	unsigned next;
};

struct fdb {
	SLIST_HEAD(, entry) buckets[BUCKETS];
	uint32_t slots;
	struct learner *learners[];
};

static uint32_t hash(const uint8_t mac[6])
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return (uint32_t)((v * 0x9e3779b97f4a7c15ull) >> 52) & (BUCKETS - 1);
}

struct fdb *fdb_new(uint32_t slots)
{
	struct fdb *f = calloc(1, sizeof(*f) + slots * sizeof(f->learners[0]));

	if (f)
		f->slots = slots;
	return f;
}

void fdb_free(struct fdb *f)
{
	struct entry *e;

	for (unsigned i = 0; f && i < BUCKETS; i++) {
		while ((e = SLIST_FIRST(&f->buckets[i]))) {
			SLIST_REMOVE_HEAD(&f->buckets[i], next);
			free(e);
		}
	}
	for (unsigned i = 0; f && i < f->slots; i++)
		free(f->learners[i]);
	free(f);
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
		SLIST_INSERT_HEAD(&f->buckets[hash(mac)], e, next);
	}
	return e;
}

int fdb_add(struct fdb *f, const uint8_t mac[6], uint32_t slot)
{
	struct entry *e = find(f, mac);

	if (e && e->own)
		return e->slot == slot ? 0 : -EEXIST;
	if (!e)
		e = insert(f, mac);
	if (!e)
		return -ENOMEM;
	e->own = true;
	e->slot = slot;
	return 0;
}

static void drop_learnt(struct fdb *f, const uint8_t mac[6], uint32_t slot)
{
	struct entry *e = find(f, mac);

	if (!e || e->own || e->slot != slot)
		return;
	SLIST_REMOVE(&f->buckets[hash(mac)], e, entry, next);
	free(e);
}

void fdb_learn(struct fdb *f, const uint8_t mac[6], uint32_t slot)
{
	struct entry *e = find(f, mac);
	struct learner *l;

	if ((mac[0] & 1) || (e && (e->own || e->slot == slot)))
		return;
	if (!f->learners[slot])
		f->learners[slot] = calloc(1, sizeof(struct learner));
	l = f->learners[slot];
	if (!l)
		return;
	if (!e)
		e = insert(f, mac);
	if (!e)
		return;
	e->slot = slot;
	drop_learnt(f, l->mac[l->next], slot);
	memcpy(l->mac[l->next], mac, 6);
	l->next = (l->next + 1) % FDB_LEARN_MAX;
}

void fdb_forget(struct fdb *f, uint32_t slot, const uint8_t own[6])
{
	struct learner *l = f->learners[slot];
	struct entry *e;

	for (unsigned i = 0; l && i < FDB_LEARN_MAX; i++)
		drop_learnt(f, l->mac[i], slot);
	free(l);
	f->learners[slot] = NULL;
	e = own ? find(f, own) : NULL; /* only now: drop_learnt() frees entries */
	if (e && e->own && e->slot == slot) {
		SLIST_REMOVE(&f->buckets[hash(own)], e, entry, next);
		free(e);
	}
}

uint32_t fdb_lookup(const struct fdb *f, const uint8_t mac[6])
{
	struct entry *e = find(f, mac);

	return e ? e->slot : FDB_NONE;
}
