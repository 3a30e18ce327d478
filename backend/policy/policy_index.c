/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_index.h"

#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * Two hash tables. One has all sections, by their heads. The other has the patterns, by how a name
 * has to begin to fit: a name is looked up with no byte of it, with one, with two, up to the
 * longest such beginning.
 */
#define FNV_OFFSET  0x811c9dc5u /* FNV-1a */
#define FNV_PRIME   0x01000193u
#define BUCKETS_MIN 16u

/* Entries are numbered as they are added. Those of one bucket are a chain. */
struct table {
	uint32_t *hash; /* of each entry */
	uint32_t *next; /* entry of its chain, or POLICY_INDEX_NONE */
	uint32_t *bucket;
	uint32_t count, room; /* there are as many buckets as there is room: a power of 2 */
};

struct policy_index {
	struct table heads, globs;
	uint32_t *glob; /* numbers of the sections that are patterns; globs.room of them */
	size_t longest; /* bytes with which a pattern wants a name to begin */
};

struct policy_index *policy_index_new(void)
{
	return calloc(1, sizeof(struct policy_index));
}

static void table_free(struct table *t)
{
	free(t->hash);
	free(t->next);
	free(t->bucket);
}

void policy_index_free(struct policy_index *x)
{
	if (!x)
		return;
	table_free(&x->heads);
	table_free(&x->globs);
	free(x->glob);
	free(x);
}

/* --- a table ---------------------------------------------------------------------------------- */

static bool resize(uint32_t **array, uint32_t n)
{
	uint32_t *more = realloc(*array, n * sizeof(*more));

	if (more)
		*array = more;
	return more;
}

static void link_entry(struct table *t, uint32_t i)
{
	uint32_t *head = &t->bucket[t->hash[i] & (t->room - 1)];

	t->next[i] = *head;
	*head = i;
}

static bool table_grow(struct table *t)
{
	uint32_t room = t->room ? 2 * t->room : BUCKETS_MIN;

	if (!resize(&t->hash, room) || !resize(&t->next, room) || !resize(&t->bucket, room))
		return false;
	t->room = room;
	memset(t->bucket, 0xff, room * sizeof(*t->bucket)); /* POLICY_INDEX_NONE */
	for (uint32_t i = 0; i < t->count; i++)
		link_entry(t, i);
	return true;
}

/* Makes room for one more. */
static bool table_reserve(struct table *t)
{
	return t->count < t->room || table_grow(t);
}

static void table_add(struct table *t, uint32_t hash)
{
	t->hash[t->count] = hash;
	link_entry(t, t->count++);
}

/* From entry `i` of a chain on, the first that has the hash. */
static uint32_t table_skip(const struct table *t, uint32_t i, uint32_t hash)
{
	while (i != POLICY_INDEX_NONE && t->hash[i] != hash)
		i = t->next[i];
	return i;
}

static uint32_t table_first(const struct table *t, uint32_t hash)
{
	if (!t->room)
		return POLICY_INDEX_NONE;
	return table_skip(t, t->bucket[hash & (t->room - 1)], hash);
}

static uint32_t table_next(const struct table *t, uint32_t i, uint32_t hash)
{
	return table_skip(t, t->next[i], hash);
}

/* --- sections --------------------------------------------------------------------------------- */

static uint32_t hash_byte(uint32_t hash, unsigned char byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

/* Before any byte of the name. */
static uint32_t hash_start(enum policy_kind kind, unsigned id)
{
	uint32_t hash = hash_byte(FNV_OFFSET, (unsigned char)kind);

	return hash_byte(hash_byte(hash, id & 0xff), (id >> 8) & 0xff);
}

static uint32_t hash_text(uint32_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = hash_byte(hash, (unsigned char)text[i]);
	return hash;
}

/* How many bytes of a pattern stand for themselves, before the first that does not. */
static size_t beginning(const char *pattern)
{
	return strcspn(pattern, "*?[\\");
}

static void add_glob(struct policy_index *x, const struct policy_section *s, unsigned n)
{
	size_t len = beginning(s->name);

	x->glob[x->globs.count] = n;
	x->longest = len > x->longest ? len : x->longest;
	table_add(&x->globs, hash_text(hash_start(POLICY_GLOB, s->id), s->name, len));
}

bool policy_index_add(struct policy_index *x, const struct policy_section *s, unsigned n)
{
	/* All of it or nothing. */
	if (!table_reserve(&x->heads) || !table_reserve(&x->globs) ||
	    !resize(&x->glob, x->globs.room))
		return false;
	table_add(&x->heads, hash_text(hash_start(s->kind, s->id), s->name, strlen(s->name)));
	if (s->kind == POLICY_GLOB)
		add_glob(x, s, n);
	return true;
}

unsigned policy_index_head(const struct policy_index *x, const struct policy *p,
			   enum policy_kind kind, unsigned id, const char *name)
{
	uint32_t hash = hash_text(hash_start(kind, id), name, strlen(name));
	uint32_t i = table_first(&x->heads, hash);

	for (; i != POLICY_INDEX_NONE; i = table_next(&x->heads, i, hash)) {
		const struct policy_section *s = &p->section[i];

		if (s->kind == kind && s->id == id && strcmp(s->name, name) == 0)
			break;
	}
	return i;
}

static void tell(const struct policy_index *x, uint32_t hash, policy_index_fn *fn, void *arg)
{
	uint32_t i = table_first(&x->globs, hash);

	for (; i != POLICY_INDEX_NONE; i = table_next(&x->globs, i, hash))
		fn(x->glob[i], arg);
}

void policy_index_globs(const struct policy_index *x, unsigned id, const char *name,
			policy_index_fn *fn, void *arg)
{
	uint32_t hash = hash_start(POLICY_GLOB, id);

	if (!x->globs.count)
		return;
	tell(x, hash, fn, arg);
	for (size_t i = 0; i < x->longest && name[i]; i++) {
		hash = hash_byte(hash, (unsigned char)name[i]);
		tell(x, hash, fn, arg);
	}
}
