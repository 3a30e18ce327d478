/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/policy_key.h"

#define WRAP 90 /* bytes of a line behind which a list goes on in the next one */

/* May the value go on in the next line behind this character? Blanks separate entries as commas do.
 */
static bool is_gap(const char *value, const char *at)
{
	if (*at == ',')
		return true;
	return *at == ' ' && at > value && isalnum((unsigned char)at[-1]) &&
	       (isalnum((unsigned char)at[1]) || at[1] == ':');
}

char *policy_wrap(const char *key, const char *value)
{
	char *out = malloc(3 * strlen(value) + 1), *p = out;
	size_t column = strlen(key) + 3;

	for (const char *v = value; out && *v; v++) {
		*p++ = *v;
		column++;
		if (is_gap(value, v) && column + strcspn(v + 1, ", ") > WRAP) {
			*p++ = '\n';
			*p++ = '\t';
			column = 8;
		}
	}
	if (out)
		*p = '\0';
	return out;
}

/* A text that grows. */
struct paper {
	char *text;
	size_t len;
	bool failed;
};

static void put(struct paper *p, const char *word)
{
	size_t len = strlen(word);
	char *more = p->failed ? NULL : realloc(p->text, p->len + len + 1);

	p->failed |= !more;
	if (!more)
		return;
	memcpy(more + p->len, word, len + 1);
	p->text = more;
	p->len += len;
}

static void put_head(struct paper *p, const struct policy_section *s)
{
	char id[16];

	put(p, "[");
	put(p, s->kind == POLICY_GROUP ? "group " : s->kind == POLICY_UPLINK ? "uplink " : "");
	put(p, s->name);
	snprintf(id, sizeof(id), "/%u", s->id);
	/* A name with a '/' of its own must not be taken for one with an id. */
	if (s->id || (s->kind <= POLICY_UUID && strchr(s->name, '/')))
		put(p, id);
	put(p, "]\n");
	if (s->attach != POLICY_ATTACH_UNSAID)
		put(p, s->attach == POLICY_ATTACH_YES ? POLICY_ATTACH_WORD " = yes\n"
						      : POLICY_ATTACH_WORD " = no\n");
}

static void put_item(struct paper *p, const struct policy_item *item,
		     const struct policy_capacity *capacity)
{
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX], *wrapped;

	if (policy_resolve(item, capacity, value, err) < 0)
		return;
	wrapped = policy_wrap(schema_name(item->key), value);
	p->failed |= !wrapped;
	put(p, schema_name(item->key));
	put(p, " = ");
	put(p, wrapped ? wrapped : "");
	put(p, "\n");
	free(wrapped);
}

char *policy_print(const struct policy *p, const struct policy_capacity *capacity)
{
	struct paper paper = {.text = NULL};

	put(&paper, "");
	for (unsigned i = 0; i < p->sections; i++) {
		put_head(&paper, &p->section[i]);
		for (unsigned k = 0; k < p->section[i].items; k++)
			put_item(&paper, &p->section[i].item[k], capacity);
	}
	if (!paper.failed)
		return paper.text;
	free(paper.text);
	return NULL;
}
