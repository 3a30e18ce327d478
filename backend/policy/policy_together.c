/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_together.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/policy/minima_words.h"

#define NAMED_MAX 4 /* sections that a sentence names; of more it has the number */

/* A section that takes part: of one device, or of a group. */
struct part {
	const struct policy_section *s;
	const struct policy_section *group; /* of the device, if it has a minimum of its own */
	const struct policy_item *mac;
	uint64_t bps; /* the minimum that is looked at */
};

struct together {
	const struct policy *p;
	const char *uplink;
	const struct policy_capacity *of;
	policy_say *say;
	void *arg;
	struct part *part;
	unsigned parts, said;
};

/* One direction. */
struct way {
	enum schema_key device, group, capacity;
};

static const struct way ways[] = {
	{KEY_BACK_TX_MIN, KEY_GROUP_TX_MIN, KEY_UPLINK_TX_CAPACITY},
	{KEY_BACK_RX_MIN, KEY_GROUP_RX_MIN, KEY_UPLINK_RX_CAPACITY},
};

static void tell(struct together *t, const char *sentence)
{
	t->said++;
	t->say(t->arg, sentence);
}

/* 0: there is no such item, or its capacity is not known. */
static uint64_t rate_of(const struct policy_item *item, const struct policy_capacity *of)
{
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t bps = 0;

	if (item && policy_resolve(item, of, value, err) == 0)
		schema_parse_u64(item->key, value, &bps, NULL);
	return bps;
}

static const struct policy_item *item_of(const struct policy_section *s, enum schema_key key)
{
	for (unsigned i = 0; i < s->items; i++) {
		if (s->item[i].key == key)
			return &s->item[i];
	}
	return NULL;
}

/* --- minima ----------------------------------------------------------------------------------- */

/* "[web1], [group acme] and 3 others", of `n` parts. */
static void name_parts(const struct part *const *part, unsigned n, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n && i < NAMED_MAX; i++) {
		const struct policy_section *s = part[i]->s;
		char id[16] = "";

		if (s->id)
			snprintf(id, sizeof(id), "/%u", s->id);
		snprintf(out + used, size - used, "%s[%s%.40s%s]", i ? ", " : "",
			 s->kind == POLICY_GROUP ? "group " : "", s->name, id);
		used = strlen(out);
	}
	if (n > NAMED_MAX)
		snprintf(out + used, size - used, " and %u more", n - NAMED_MAX);
}

/* Parts that ask for more than there is. */
struct sum {
	const struct part **part;
	unsigned parts;
	uint64_t bps, room_bps;
	const struct policy_section *beyond; /* the first that does not fit */
};

static void add_part(struct sum *sum, const struct part *part)
{
	sum->part[sum->parts++] = part;
	sum->bps += part->bps;
	if (!sum->beyond && sum->bps > sum->room_bps)
		sum->beyond = part->s;
}

/* One alone is a mistake, which is told elsewhere. `of`: of what there is no more. */
static void tell_sum(struct together *t, const struct sum *sum, enum schema_key key, const char *of)
{
	char text[POLICY_SAID_MAX], names[256];

	if (!sum->beyond || sum->parts < 2)
		return;
	name_parts(sum->part, sum->parts, names, sizeof(names));
	snprintf(text, sizeof(text),
		 "%.100s:%u: %s of %s sum to %" PRIu64 ", %" PRIu64
		 " more than %s: while all of them run, not all are admitted",
		 sum->beyond->file, sum->beyond->line, schema_name(key), names, sum->bps,
		 sum->bps - sum->room_bps, of);
	tell(t, text);
}

static bool takes_part(const struct part *p, enum policy_kind kind)
{
	return p->bps && (p->s->kind == kind || p->s->kind == POLICY_GROUP);
}

/* Those of names, or those of UUIDs: a guest may have both. With groups. */
static void sum_uplink(struct together *t, enum policy_kind kind, uint64_t room_bps,
		       struct sum *sum)
{
	sum->parts = 0;
	sum->bps = 0;
	sum->room_bps = room_bps;
	sum->beyond = NULL;
	for (unsigned i = 0; i < t->parts; i++) {
		if (takes_part(&t->part[i], kind) && !t->part[i].group)
			add_part(sum, &t->part[i]);
	}
}

static void check_uplink(struct together *t, const struct way *way, struct sum *sum)
{
	uint64_t all_bps = way->capacity == KEY_UPLINK_TX_CAPACITY ? t->of->tx_bps : t->of->rx_bps;
	uint64_t room_bps = minima_words_room(all_bps), by_name;
	char of[64];

	if (!all_bps)
		return;
	snprintf(of, sizeof(of), "%d %% of %s", MINIMA_PERCENT, schema_name(way->capacity));
	sum_uplink(t, POLICY_NAME, room_bps, sum);
	by_name = sum->bps;
	sum_uplink(t, POLICY_UUID, room_bps, sum);
	if (sum->bps < by_name)
		sum_uplink(t, POLICY_NAME, room_bps, sum);
	tell_sum(t, sum, way->device, of);
}

/* By group, then by kind, then as they were read. */
static int by_group(const void *a, const void *b)
{
	const struct part *x = *(const struct part *const *)a, *y = *(const struct part *const *)b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->s->kind != y->s->kind)
		return x->s->kind < y->s->kind ? -1 : 1;
	return (x->s > y->s) - (x->s < y->s);
}

static void check_group(struct together *t, const struct way *way, struct sum *sum)
{
	const struct policy_section *g = sum->part[0]->group;
	const struct policy_item *min = item_of(g, way->group);
	char of[200];

	snprintf(of, sizeof(of), "%s %s of [group %.40s] (%.80s:%u)", schema_name(way->group),
		 min->value, g->name, min->file, min->line);
	tell_sum(t, sum, way->device, of);
}

/* Devices whose group has a minimum of its own: it has to be enough for them. */
static void check_groups(struct together *t, const struct way *way, const struct part **member,
			 unsigned n)
{
	for (unsigned i = 0, end; i < n; i = end) {
		const struct part *first = member[i];
		struct sum sum = {.part = &member[i],
				  .room_bps = rate_of(item_of(first->group, way->group), t->of)};

		for (end = i; end < n && member[end]->group == first->group &&
			      member[end]->s->kind == first->s->kind;
		     end++)
			add_part(&sum, member[end]);
		check_group(t, way, &sum);
	}
}

static void check_way(struct together *t, const struct way *way, const struct part **room)
{
	struct sum sum = {.part = room};
	unsigned n = 0;

	check_uplink(t, way, &sum);
	for (unsigned i = 0; i < t->parts; i++) {
		if (t->part[i].bps && t->part[i].group)
			room[n++] = &t->part[i];
	}
	if (n)
		qsort(room, n, sizeof(*room), by_group);
	check_groups(t, way, room, n);
}

/* --- MAC addresses ---------------------------------------------------------------------------- */

static int by_mac(const void *a, const void *b)
{
	const struct part *x = *(const struct part *const *)a, *y = *(const struct part *const *)b;
	int order = strcasecmp(x->mac->value, y->mac->value);

	return order ? order : (x->s > y->s) - (x->s < y->s);
}

/* The sections of a name and of a UUID may be of the same device. */
static bool are_two(const struct part *a, const struct part *b)
{
	return a->s->kind == b->s->kind || a->s->id != b->s->id;
}

static void tell_mac(struct together *t, const struct part *a, const struct part *b)
{
	char text[POLICY_SAID_MAX];

	snprintf(text, sizeof(text),
		 "%.150s:%u: mac %s is in %.150s:%u already: two devices with one address disturb "
		 "each other",
		 b->mac->file, b->mac->line, b->mac->value, a->mac->file, a->mac->line);
	tell(t, text);
}

static void check_macs(struct together *t, const struct part **room)
{
	unsigned n = 0, first = 0;

	for (unsigned i = 0; i < t->parts; i++) {
		if (t->part[i].mac)
			room[n++] = &t->part[i];
	}
	if (n)
		qsort(room, n, sizeof(*room), by_mac);
	for (unsigned i = 1; i < n; i++) {
		if (strcasecmp(room[i]->mac->value, room[first]->mac->value) != 0)
			first = i;
		else if (are_two(room[first], room[i]))
			tell_mac(t, room[first], room[i]);
		else if (i > first + 1 && are_two(room[i - 1], room[i]))
			tell_mac(t, room[i - 1], room[i]);
	}
}

/* --- sections --------------------------------------------------------------------------------- */

/* Of a device that is attached by itself to this uplink. False: it is none. */
static bool take_device(const struct together *t, const struct policy_section *s,
			const struct way *way, struct part *out)
{
	bool by_uuid = s->kind == POLICY_UUID;
	struct policy_match m;
	const char *group;

	if (!policy_find(t->p, t->uplink, by_uuid ? s->name : "", by_uuid ? "" : s->name, s->id,
			 &m) ||
	    !m.attach)
		return false;
	group = policy_value(&m, KEY_BACK_GROUP);
	*out = (struct part){.s = s,
			     .bps = rate_of(m.item[way->device], t->of),
			     .mac = item_of(s, KEY_BACK_MAC)};
	if (group && group[0])
		out->group = policy_section(t->p, POLICY_GROUP, group);
	if (out->group && (!policy_is_for(out->group, t->uplink) ||
			   !rate_of(item_of(out->group, way->group), t->of)))
		out->group = NULL;
	return true;
}

static bool take_group(const struct together *t, const struct policy_section *s,
		       const struct way *way, struct part *out)
{
	*out = (struct part){.s = s, .bps = rate_of(item_of(s, way->group), t->of)};
	return policy_is_for(s, t->uplink);
}

static void take_parts(struct together *t, const struct way *way)
{
	t->parts = 0;
	for (unsigned i = 0; i < t->p->sections; i++) {
		const struct policy_section *s = &t->p->section[i];
		struct part *part = &t->part[t->parts];

		if (s->kind == POLICY_NAME || s->kind == POLICY_UUID)
			t->parts += take_device(t, s, way, part);
		else if (s->kind == POLICY_GROUP)
			t->parts += take_group(t, s, way, part);
	}
}

unsigned policy_check_together(const struct policy *p, const char *uplink,
			       const struct policy_capacity *of, policy_say *say, void *arg)
{
	struct together t = {.p = p, .uplink = uplink, .of = of, .say = say, .arg = arg};
	const struct part **room = calloc(p->sections + 1, sizeof(*room));

	t.part = calloc(p->sections + 1, sizeof(*t.part));
	for (size_t w = 0; t.part && room && w < sizeof(ways) / sizeof(ways[0]); w++) {
		take_parts(&t, &ways[w]);
		check_way(&t, &ways[w], room);
	}
	if (t.part && room)
		check_macs(&t, room);
	free(t.part);
	free(room);
	return t.said;
}
