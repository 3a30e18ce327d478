/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/groups.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS	 4096u
#define SWEEP_NS 1000000000ull

/* One member of one group. */
struct groups_entry {
	LIST_ENTRY(groups_entry) chain; /* of those whose frames are sought together */
	LIST_ENTRY(groups_entry) index; /* of those with the same hash of member and group */
	LIST_ENTRY(groups_entry) own;	/* of the member */
	uint32_t member;
	uint32_t vlan;
	uint8_t mac[6];
	bool leaving;
	struct mcast_addr addr;
	uint64_t until_ns;
};

LIST_HEAD(entries, groups_entry);

struct member {
	struct entries entries;
	unsigned count;
	uint64_t crowded_ns; /* until then */
	uint64_t swept_ns;   /* when what is over was removed last */
};

struct querier {
	uint32_t vlan;
	bool v6;
	uint64_t until_ns;
};

struct groups {
	uint64_t seed;
	uint32_t members, wide;
	unsigned count;
	struct querier querier[2 * GROUPS_QUERIERS];
	unsigned queriers;
	struct entries chains[BUCKETS];
	struct entries index[BUCKETS];
	struct member member[];
};

struct groups *groups_new(uint32_t members, uint32_t wide, uint64_t seed)
{
	struct groups *g = calloc(1, sizeof(*g) + members * sizeof(g->member[0]));

	if (!g)
		return NULL;
	g->members = members;
	g->wide = wide;
	g->seed = seed | 1;
	return g;
}

void groups_free(struct groups *g)
{
	for (uint32_t i = 0; g && i < g->members; i++)
		groups_forget(g, i);
	free(g);
}

static uint64_t mix(const struct groups *g, uint64_t v, uint64_t more)
{
	v = (v ^ more ^ g->seed) * 0x9e3779b97f4a7c15ull;
	return (v ^ v >> 32) * g->seed;
}

static struct entries *chain_of(const struct groups *g, uint32_t vlan, const uint8_t mac[6])
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return (struct entries *)&g->chains[mix(g, mix(g, v, 0), vlan) >> 52 & (BUCKETS - 1)];
}

static struct entries *index_of(const struct groups *g, uint32_t member, uint32_t vlan,
				const struct mcast_addr *group)
{
	uint64_t v[2];

	memcpy(v, group->b, sizeof(v));
	v[0] = mix(g, mix(g, v[0], v[1]), (uint64_t)member << 32 | vlan);
	return (struct entries *)&g->index[v[0] >> 52 & (BUCKETS - 1)];
}

/* --- queriers --------------------------------------------------------------------------------- */

static struct querier *find_querier(const struct groups *g, uint32_t vlan, bool v6)
{
	for (unsigned i = 0; i < g->queriers; i++) {
		if (g->querier[i].vlan == vlan && g->querier[i].v6 == v6)
			return (struct querier *)&g->querier[i];
	}
	return NULL;
}

bool groups_has_querier(const struct groups *g, uint32_t vlan, bool v6, uint64_t now_ns)
{
	const struct querier *q = find_querier(g, vlan, v6);

	return q && now_ns < q->until_ns;
}

bool groups_next_querier(const struct groups *g, unsigned *i, uint32_t *vlan, bool *v6,
			 uint64_t now_ns)
{
	while (*i < g->queriers) {
		const struct querier *q = &g->querier[(*i)++];

		if (now_ns >= q->until_ns)
			continue;
		*vlan = q->vlan;
		*v6 = q->v6;
		return true;
	}
	return false;
}

/* A place for one more querier; NULL: all are present. */
static struct querier *querier_place(struct groups *g, uint64_t now_ns)
{
	if (g->queriers < 2 * GROUPS_QUERIERS)
		return &g->querier[g->queriers++];
	for (unsigned i = 0; i < g->queriers; i++) {
		if (g->querier[i].until_ns <= now_ns)
			return &g->querier[i];
	}
	return NULL;
}

/* Nobody asked them until now: they get the time that members have to answer. */
static void renew(struct groups *g, uint32_t vlan, bool v6, uint64_t now_ns)
{
	struct groups_entry *e;

	for (unsigned i = 0; i < BUCKETS; i++) {
		LIST_FOREACH(e, &g->chains[i], chain) {
			if (e->vlan == vlan && mcast_is_v4(&e->addr) != v6 && !e->leaving &&
			    e->until_ns != UINT64_MAX)
				e->until_ns = now_ns + GROUPS_MEMBER_NS;
		}
	}
}

void groups_query(struct groups *g, uint32_t vlan, bool v6, uint64_t present_ns, uint64_t now_ns)
{
	struct querier *q = find_querier(g, vlan, v6);

	if (!groups_has_querier(g, vlan, v6, now_ns))
		renew(g, vlan, v6, now_ns);
	if (!q)
		q = querier_place(g, now_ns);
	if (q)
		*q = (struct querier){vlan, v6, now_ns + present_ns};
}

/* --- members ---------------------------------------------------------------------------------- */

static void remove_entry(struct groups *g, struct groups_entry *e)
{
	LIST_REMOVE(e, chain);
	LIST_REMOVE(e, index);
	LIST_REMOVE(e, own);
	g->member[e->member].count--;
	g->count--;
	free(e);
}

static bool is_over(const struct groups *g, const struct groups_entry *e, uint64_t now_ns)
{
	return now_ns >= e->until_ns &&
	       (e->leaving || groups_has_querier(g, e->vlan, !mcast_is_v4(&e->addr), now_ns));
}

/* At most once a second: a member with no room may go on joining. */
static void sweep(struct groups *g, uint32_t member, uint64_t now_ns)
{
	struct groups_entry *e = LIST_FIRST(&g->member[member].entries), *next;

	if (now_ns - g->member[member].swept_ns < SWEEP_NS)
		return;
	g->member[member].swept_ns = now_ns;
	for (; e; e = next) {
		next = LIST_NEXT(e, own);
		if (is_over(g, e, now_ns))
			remove_entry(g, e);
	}
}

/* How many groups with this MAC address the member is in; those that are over are removed. */
static unsigned count_sharing(struct groups *g, uint32_t member, uint32_t vlan,
			      const uint8_t mac[6], uint64_t now_ns)
{
	struct groups_entry *e = LIST_FIRST(chain_of(g, vlan, mac)), *next;
	unsigned n = 0;

	for (; e; e = next) {
		next = LIST_NEXT(e, chain);
		if (e->member != member || e->vlan != vlan || memcmp(e->mac, mac, 6) != 0)
			continue;
		if (is_over(g, e, now_ns))
			remove_entry(g, e);
		else
			n++;
	}
	return n;
}

/* All frames to a MAC address walk over all groups that share it, so a member may be in few. */
static bool has_room(struct groups *g, uint32_t member, uint32_t vlan, const uint8_t mac[6],
		     uint64_t now_ns)
{
	unsigned max = member >= g->wide ? GROUPS_WIDE : GROUPS_PER_MEMBER;

	if (g->member[member].count >= max)
		sweep(g, member, now_ns);
	return g->member[member].count < max && g->count < GROUPS_MAX &&
	       count_sharing(g, member, vlan, mac, now_ns) < GROUPS_PER_MAC;
}

static struct groups_entry *find_entry(const struct groups *g, uint32_t member, uint32_t vlan,
				       const struct mcast_addr *group)
{
	struct groups_entry *e;

	LIST_FOREACH(e, index_of(g, member, vlan, group), index) {
		if (e->member == member && e->vlan == vlan &&
		    memcmp(e->addr.b, group->b, sizeof(group->b)) == 0)
			return e;
	}
	return NULL;
}

static struct groups_entry *add_entry(struct groups *g, uint32_t member, uint32_t vlan,
				      const struct mcast_addr *group, uint64_t now_ns)
{
	struct groups_entry *e;
	uint8_t mac[6];

	mcast_mac(group, mac);
	e = has_room(g, member, vlan, mac, now_ns) ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return NULL;
	e->member = member;
	e->vlan = vlan;
	e->addr = *group;
	memcpy(e->mac, mac, 6);
	LIST_INSERT_HEAD(chain_of(g, vlan, e->mac), e, chain);
	LIST_INSERT_HEAD(index_of(g, member, vlan, group), e, index);
	LIST_INSERT_HEAD(&g->member[member].entries, e, own);
	g->member[member].count++;
	g->count++;
	return e;
}

void groups_crowd(struct groups *g, uint32_t member, uint64_t now_ns)
{
	g->member[member].crowded_ns = now_ns + GROUPS_MEMBER_NS;
}

bool groups_join(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		 uint64_t now_ns)
{
	struct groups_entry *e = find_entry(g, member, vlan, group);

	if (!e)
		e = add_entry(g, member, vlan, group, now_ns);
	if (!e) {
		groups_crowd(g, member, now_ns);
		return false;
	}
	e->until_ns = now_ns + GROUPS_MEMBER_NS;
	e->leaving = false;
	return true;
}

void groups_leave(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		  uint64_t now_ns)
{
	struct groups_entry *e = find_entry(g, member, vlan, group);

	if (!e || e->leaving)
		return;
	e->leaving = true;
	e->until_ns = now_ns + GROUPS_LEAVE_NS;
}

void groups_told(struct groups *g, uint32_t member, uint32_t vlan, const struct mcast_addr *group,
		 bool joined)
{
	struct groups_entry *e = find_entry(g, member, vlan, group);

	if (joined && !e)
		e = add_entry(g, member, vlan, group, 0);
	if (joined && e)
		e->until_ns = UINT64_MAX;
	else if (e)
		remove_entry(g, e);
}

bool groups_crowded(const struct groups *g, uint32_t member, uint64_t now_ns)
{
	return now_ns < g->member[member].crowded_ns;
}

void groups_forget(struct groups *g, uint32_t member)
{
	struct groups_entry *e;

	while ((e = LIST_FIRST(&g->member[member].entries)))
		remove_entry(g, e);
	g->member[member].crowded_ns = 0;
}

unsigned groups_count(const struct groups *g, uint32_t member)
{
	return g->member[member].count;
}

/* --- frames ----------------------------------------------------------------------------------- */

static bool is_for(const struct groups_entry *e, const struct mcast_target *t)
{
	if (e->vlan != t->vlan || memcmp(e->mac, t->mac, 6) != 0)
		return false;
	return !t->exact || memcmp(e->addr.b, t->addr.b, sizeof(t->addr.b)) == 0;
}

struct groups_walk groups_find(const struct groups *g, const struct mcast_target *target)
{
	return (struct groups_walk){target, LIST_FIRST(chain_of(g, target->vlan, target->mac))};
}

uint32_t groups_next(struct groups *g, struct groups_walk *w, uint64_t now_ns)
{
	struct groups_entry *e;

	while ((e = w->next)) {
		w->next = LIST_NEXT(e, chain);
		if (!is_for(e, w->target))
			continue;
		if (!is_over(g, e, now_ns))
			return e->member;
		remove_entry(g, e);
	}
	return GROUPS_NONE;
}
