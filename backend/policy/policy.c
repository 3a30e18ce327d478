/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

static void free_section(struct policy_section *s)
{
	for (unsigned i = 0; i < s->items; i++)
		free(s->item[i].value);
	free(s->item);
	free(s->name);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->sections; i++)
		free_section(&p->section[i]);
	for (unsigned i = 0; i < p->files; i++)
		free(p->file[i]);
	free(p->section);
	free(p->file);
	free(p);
}

/* --- for a device ----------------------------------------------------------------------------- */

struct guest {
	const char *uuid, *name;
	unsigned id;
};

static bool fits(const struct policy_section *s, const struct guest *g)
{
	switch (s->kind) {
	case POLICY_DEFAULT:
		return true;
	case POLICY_GLOB:
		return s->id == g->id && g->name[0] && fnmatch(s->name, g->name, 0) == 0;
	case POLICY_NAME:
		return s->id == g->id && strcmp(s->name, g->name) == 0;
	case POLICY_UUID:
		return s->id == g->id && strcasecmp(s->name, g->uuid) == 0;
	default:
		return false;
	}
}

static void take(struct policy_match *m, const struct policy_section *s)
{
	for (unsigned i = 0; i < s->items; i++)
		m->item[s->item[i].key] = &s->item[i];
	if (s->kind != POLICY_DEFAULT)
		m->by = s;
}

/* From the least special on, so that what is more special comes later and counts. */
static void match(const struct policy *p, const struct guest *g, struct policy_match *m)
{
	enum policy_attach attach = POLICY_ATTACH_UNSAID;

	memset(m, 0, sizeof(*m));
	for (int kind = POLICY_DEFAULT; kind <= POLICY_UUID; kind++) {
		for (unsigned i = 0; i < p->sections; i++) {
			const struct policy_section *s = &p->section[i];

			if ((int)s->kind != kind || !fits(s, g))
				continue;
			take(m, s);
			if (s->attach != POLICY_ATTACH_UNSAID)
				attach = s->attach;
		}
	}
	m->attach = attach == POLICY_ATTACH_YES || (attach == POLICY_ATTACH_UNSAID && m->by);
}

static bool is_empty(const struct policy_match *m)
{
	for (int i = 0; i < KEY_COUNT; i++)
		if (m->item[i])
			return false;
	return !m->by && !m->attach;
}

void policy_guest_name(const char *name, char *out, size_t size)
{
	static const char *const tails[] = {"--incoming", "--migratedaway"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t tail = strlen(tails[i]);

		if (len > tail && strcmp(name + len - tail, tails[i]) == 0) {
			len -= tail;
			break;
		}
	}
	snprintf(out, size, "%.*s", (int)len, name);
}

bool policy_find(const struct policy *p, const char *uplink, const char *uuid, const char *name,
		 unsigned id, struct policy_match *out)
{
	char plain[512];

	policy_guest_name(name, plain, sizeof(plain));
	if (p)
		match(p, &(struct guest){uuid, plain, id}, out);
	if (!p || (uplink && strcmp(uplink, policy_uplink(out)) != 0))
		memset(out, 0, sizeof(*out));
	return !is_empty(out);
}

const char *policy_value(const struct policy_match *m, enum schema_key key)
{
	return m->item[key] ? m->item[key]->value : NULL;
}

const char *policy_uplink(const struct policy_match *m)
{
	const char *uplink = policy_value(m, KEY_BACK_UPLINK);

	return uplink ? uplink : schema_entry(KEY_BACK_UPLINK)->dflt;
}

static int compare_ids(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static bool has_id(const unsigned *ids, unsigned n, unsigned id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

unsigned policy_ids(const struct policy *p, unsigned *ids, unsigned max)
{
	unsigned n = 0;

	if (max > 0)
		ids[n++] = 0;
	for (unsigned i = 0; p && i < p->sections; i++) {
		const struct policy_section *s = &p->section[i];

		if (s->kind <= POLICY_UUID && n < max && !has_id(ids, n, s->id))
			ids[n++] = s->id;
	}
	qsort(ids, n, sizeof(*ids), compare_ids);
	return n;
}

const struct policy_section *policy_section(const struct policy *p, enum policy_kind kind,
					    const char *name)
{
	for (unsigned i = 0; p && i < p->sections; i++) {
		const struct policy_section *s = &p->section[i];

		if (s->kind == kind && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

bool policy_is_for(const struct policy_section *s, const char *uplink)
{
	for (unsigned i = 0; i < s->items; i++)
		if (s->item[i].key == KEY_BACK_UPLINK)
			return strcmp(s->item[i].value, uplink) == 0;
	return true;
}

/* --- percentages ------------------------------------------------------------------------------ */

int policy_part_of(enum schema_key key)
{
	switch ((int)key) {
	case KEY_BACK_TX_MIN:
	case KEY_BACK_TX_MAX:
	case KEY_GROUP_TX_MIN:
	case KEY_GROUP_TX_MAX:
	case KEY_UPLINK_HOST_MIN:
	case KEY_UPLINK_HOST_MAX:
		return KEY_UPLINK_TX_CAPACITY;
	case KEY_BACK_RX_MIN:
	case KEY_BACK_RX_MAX:
	case KEY_GROUP_RX_MIN:
	case KEY_GROUP_RX_MAX:
		return KEY_UPLINK_RX_CAPACITY;
	default:
		return -ENOENT;
	}
}

int policy_resolve(const struct policy_item *item, const struct policy_capacity *capacity,
		   char out[SCHEMA_VALUE_MAX + 1], char err[SCHEMA_ERR_MAX])
{
	int of = policy_part_of(item->key);
	uint64_t bps = of == KEY_UPLINK_RX_CAPACITY ? capacity->rx_bps : capacity->tx_bps;

	if (!item->part_ppm) {
		snprintf(out, SCHEMA_VALUE_MAX + 1, "%s", item->value);
		return 0;
	}
	if (bps == 0) {
		snprintf(err, SCHEMA_ERR_MAX, "%s %s is a part of %s, which is not configured",
			 schema_name(item->key), item->value, schema_name((enum schema_key)of));
		return -ENODATA;
	}
	/* 64 bits are enough: the schema's largest rate is 10^12. */
	snprintf(out, SCHEMA_VALUE_MAX + 1, "%" PRIu64, bps * item->part_ppm / 1000000);
	return 0;
}
