/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/policy_index.h"

struct policy *policy_new(void)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ids = 1; /* 0 */
	p->index = policy_index_new();
	if (p->index)
		return p;
	free(p);
	return NULL;
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
	policy_index_free(p->index);
	free(p);
}

/* --- sections --------------------------------------------------------------------------------- */

/* False: there is no room for another one. */
static bool add_id(struct policy *p, unsigned id)
{
	unsigned at = p->ids;

	while (at > 0 && p->id[at - 1] > id)
		at--;
	if (at > 0 && p->id[at - 1] == id)
		return true;
	if (p->ids == POLICY_IDS_MAX)
		return false;
	memmove(&p->id[at + 1], &p->id[at], (p->ids - at) * sizeof(*p->id));
	p->id[at] = id;
	p->ids++;
	return true;
}

static bool make_room(struct policy *p)
{
	unsigned room = 2 * p->room + 16;
	struct policy_section *more;

	if (p->sections < p->room)
		return true;
	more = realloc(p->section, room * sizeof(*more));
	if (!more)
		return false;
	p->section = more;
	p->room = room;
	return true;
}

int policy_add(struct policy *p, struct policy_section *s)
{
	int ret = -ENOMEM;

	if (!add_id(p, s->id))
		ret = -E2BIG;
	else if (make_room(p) && policy_index_add(p->index, s, p->sections))
		ret = 0;
	if (ret == 0)
		p->section[p->sections++] = *s;
	else
		free(s->name);
	return ret;
}

const struct policy_section *policy_head(const struct policy *p, enum policy_kind kind, unsigned id,
					 const char *name)
{
	unsigned n = p ? policy_index_head(p->index, p, kind, id, name) : POLICY_INDEX_NONE;

	return n == POLICY_INDEX_NONE ? NULL : &p->section[n];
}

const struct policy_section *policy_section(const struct policy *p, enum policy_kind kind,
					    const char *name)
{
	return policy_head(p, kind, 0, name);
}

/* --- for a device ----------------------------------------------------------------------------- */

struct guest {
	const char *uuid, *name;
	unsigned id;
};

/* What is found, and in which sections. */
struct finding {
	const struct policy *p;
	const char *name; /* of the guest */
	struct policy_match *m;
	const struct policy_section *of[KEY_COUNT], *attach;
};

/* Does `s` count more than `than`? Of patterns the last one does. */
static bool counts_more(const struct policy_section *s, const struct policy_section *than)
{
	return !than || s->kind > than->kind || (s->kind == than->kind && s > than);
}

/* Sections come in any order. NULL: there is none. */
static void take(struct finding *f, const struct policy_section *s)
{
	for (unsigned i = 0; s && i < s->items; i++) {
		enum schema_key key = s->item[i].key;

		if (!counts_more(s, f->of[key]))
			continue;
		f->of[key] = s;
		f->m->item[key] = &s->item[i];
	}
	if (s && s->kind != POLICY_DEFAULT && counts_more(s, f->m->by))
		f->m->by = s;
	if (s && s->attach != POLICY_ATTACH_UNSAID && counts_more(s, f->attach))
		f->attach = s;
}

static void take_glob(unsigned n, void *arg)
{
	struct finding *f = arg;
	const struct policy_section *s = &f->p->section[n];

	if (fnmatch(s->name, f->name, 0) == 0)
		take(f, s);
}

static void take_uuid(struct finding *f, const char *uuid, unsigned id)
{
	char lower[UUID_TEXT_LEN + 1];
	uint8_t bytes[16];

	if (!uuid_parse(uuid, bytes))
		return;
	uuid_format(bytes, lower);
	take(f, policy_head(f->p, POLICY_UUID, id, lower));
}

static void match(const struct policy *p, const struct guest *g, struct policy_match *m)
{
	struct finding f = {.p = p, .name = g->name, .m = m};

	memset(m, 0, sizeof(*m));
	take(&f, policy_head(p, POLICY_DEFAULT, 0, "default"));
	if (g->name[0]) {
		policy_index_globs(p->index, g->id, g->name, take_glob, &f);
		take(&f, policy_head(p, POLICY_NAME, g->id, g->name));
	}
	take_uuid(&f, g->uuid, g->id);
	m->attach = f.attach ? f.attach->attach == POLICY_ATTACH_YES : m->by != NULL;
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

unsigned policy_ids(const struct policy *p, unsigned ids[POLICY_IDS_MAX])
{
	if (!p) {
		ids[0] = 0;
		return 1;
	}
	memcpy(ids, p->id, p->ids * sizeof(*ids));
	return p->ids;
}

bool policy_is_for(const struct policy_section *s, const char *uplink)
{
	for (unsigned i = 0; i < s->items; i++)
		if (s->item[i].key == KEY_BACK_UPLINK)
			return strcmp(s->item[i].value, uplink) == 0;
	return true;
}

/* A section of guests, by its head. */
static bool is_of_uplink(const struct policy *p, const struct policy_section *s, const char *uplink)
{
	bool by_uuid = s->kind == POLICY_UUID;
	struct policy_match m;

	return policy_find(p, uplink, by_uuid ? s->name : "", by_uuid ? "" : s->name, s->id, &m);
}

bool policy_concerns(const struct policy *p, const struct policy_section *s, const char *uplink)
{
	bool is = false;

	if (s->kind == POLICY_UPLINK)
		return strcmp(s->name, uplink) == 0;
	if (s->kind == POLICY_GROUP)
		return policy_is_for(s, uplink);
	/* What [default] says is for all guests, on whatever uplink. */
	for (unsigned i = 0; s->kind == POLICY_DEFAULT && !is && i < p->sections; i++)
		is = p->section[i].kind <= POLICY_UUID && is_of_uplink(p, &p->section[i], uplink);
	return is || is_of_uplink(p, s, uplink);
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

bool policy_says_still(const struct policy_item *item, const struct policy_capacity *capacity,
		       const char *then)
{
	char now[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	if (!item) /* a percentage that could not be worked out was never in force */
		return !then || strchr(then, '%');
	if (policy_resolve(item, capacity, now, err) < 0)
		return true;
	return then &&
	       (strcmp(then, now) == 0 || (item->part_ppm && strcmp(then, item->value) == 0));
}
