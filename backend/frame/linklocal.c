/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/linklocal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "backend/frame/mac_hash.h"
#include "backend/frame/mac_owners.h"

#define BUCKETS 4096u
#define AGE_NS	(LINKLOCAL_SECONDS * 1000000000ull)

/* One address of an LDP; in a bucket while `slot` is not NONE. */
struct local {
	LIST_ENTRY(local) next;
	uint8_t iid[8]; /* the interface id: the rest is the same for all */
	uint32_t slot, guest;
	uint64_t used_ns;
};

#define NONE UINT32_MAX

LIST_HEAD(locals, local);

struct locals_of {
	struct local at[LINKLOCAL_MAX];
};

struct linklocal {
	struct locals buckets[BUCKETS];
	const struct mac_owners *owners;
	uint32_t slots;
	struct locals_of *of[]; /* by slot; NULL: it has none */
};

struct linklocal *linklocal_new(uint32_t slots, const struct mac_owners *owners)
{
	struct linklocal *t = calloc(1, sizeof(*t) + slots * sizeof(t->of[0]));

	if (t) {
		t->slots = slots;
		t->owners = owners;
	}
	return t;
}

void linklocal_free(struct linklocal *t)
{
	for (uint32_t slot = 0; t && slot < t->slots; slot++)
		free(t->of[slot]);
	free(t);
}

bool linklocal_is(const uint8_t addr[16])
{
	static const uint8_t prefix[8] = {0xfe, 0x80};

	return memcmp(addr, prefix, sizeof(prefix)) == 0;
}

static struct locals *bucket(struct linklocal *t, const uint8_t iid[8])
{
	/* The first two bytes of a made-up MAC are the same for all. */
	return &t->buckets[(mac_hash(iid, 0) ^ mac_hash(iid + 2, 0)) % BUCKETS];
}

static struct local *find(struct linklocal *t, const uint8_t iid[8])
{
	struct local *a;

	LIST_FOREACH(a, bucket(t, iid), next) {
		if (memcmp(a->iid, iid, 8) == 0)
			return a;
	}
	return NULL;
}

static void release(struct local *a)
{
	if (a->slot != NONE)
		LIST_REMOVE(a, next);
	a->slot = NONE;
}

static struct locals_of *locals_of(struct linklocal *t, uint32_t slot)
{
	struct locals_of *of = t->of[slot];

	if (of)
		return of;
	of = t->of[slot] = calloc(1, sizeof(*of));
	for (unsigned i = 0; of && i < LINKLOCAL_MAX; i++)
		of->at[i].slot = NONE;
	return of;
}

/* A free place of the LDP, or its oldest. NULL: out of memory. */
static struct local *place(const struct linklocal_user *u)
{
	struct locals_of *of = locals_of(u->table, u->slot);
	struct local *oldest = of ? &of->at[0] : NULL;

	for (unsigned i = 0; of && i < LINKLOCAL_MAX; i++) {
		if (of->at[i].slot == NONE)
			return &of->at[i];
		if (of->at[i].used_ns < oldest->used_ns)
			oldest = &of->at[i];
	}
	return oldest;
}

static bool is_fresh(const struct linklocal_user *u, const struct local *a)
{
	return a->slot != NONE && u->now_ns - a->used_ns < AGE_NS;
}

static void put(const struct linklocal_user *u, struct local *a, const uint8_t iid[8])
{
	release(a);
	memcpy(a->iid, iid, 8);
	a->slot = u->slot;
	a->guest = u->guest;
	a->used_ns = u->now_ns;
	LIST_INSERT_HEAD(bucket(u->table, iid), a, next);
}

/* Whose MAC the interface id is made from. */
static enum mac_owner eui_owner(const struct linklocal_user *u, const uint8_t iid[8])
{
	const uint8_t mac[6] = {iid[0] ^ 2, iid[1], iid[2], iid[5], iid[6], iid[7]};

	if (iid[3] != 0xff || iid[4] != 0xfe)
		return MAC_OWNER_NONE;
	return mac_owners_find(u->table->owners, mac, u->guest);
}

/* `evict`: an address that is still fresh may make room for it. */
static bool take(const struct linklocal_user *u, const uint8_t iid[8], bool evict)
{
	enum mac_owner owner = eui_owner(u, iid);
	struct local *a;

	if (owner != MAC_OWNER_NONE)
		return owner == MAC_OWNER_SELF;
	a = find(u->table, iid);
	if (a && a->slot == u->slot) {
		a->used_ns = u->now_ns;
		return true;
	}
	if (a && is_fresh(u, a) && a->guest != u->guest)
		return false;
	if (a)
		release(a);
	a = place(u);
	if (!a || (!evict && is_fresh(u, a)))
		return false;
	put(u, a, iid);
	return true;
}

bool linklocal_claim(const struct linklocal_user *u, const uint8_t addr[16])
{
	return take(u, addr + 8, false);
}

void linklocal_note(const struct linklocal_user *u, const uint8_t addr[16])
{
	take(u, addr + 8, true);
}

void linklocal_forget(struct linklocal *t, uint32_t slot)
{
	struct locals_of *of = t->of[slot];

	for (unsigned i = 0; of && i < LINKLOCAL_MAX; i++)
		release(&of->at[i]);
	free(of);
	t->of[slot] = NULL;
}
