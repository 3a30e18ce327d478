/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy says of a device, against a look at each of its sections, one after the other. */
#include "backend/policy/policy_index.h"
#include "backend/policy/policy_parse.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <strings.h>

#include "tests/unit/tap.h"

#define MANY 20000u /* sections of a large policy */

static void on_said(void *arg, const char *sentence)
{
	(void)arg;
	ok(false, "a policy without mistakes has one: %s", sentence);
}

static struct policy *parse(const char *text)
{
	struct policy *p = policy_new();

	policy_parse(p, "p.conf", text, strlen(text), on_said, NULL);
	return p;
}

/* --- the same as by a look at all sections ---------------------------------------------------- */

static const char *const names[] = {"",	   "a",	  "ab",	 "abc", "abd", "b",   "ba",
				    "[a]", "a*b", "a/1", "axb", "ab?", "\\a", "A"};
static const char *const heads[] = {"a",
				    "ab",
				    "abc",
				    "b",
				    "axb",
				    "A",
				    "*",
				    "a*",
				    "ab*",
				    "?",
				    "??",
				    "a?",
				    "[ab]",
				    "[ab]*",
				    "a[bx]*",
				    "*b",
				    "a\\*b",
				    "abc*",
				    "abd*",
				    "b*",
				    "\\\\a",
				    "a/1",
				    "ab/1",
				    "a*/1",
				    "*/1",
				    "*/7",
				    "a/1/0",
				    "default",
				    "11111111-0000-0000-0000-00000000000a",
				    "11111111-0000-0000-0000-00000000000A/1"};
static const char *const uuids[] = {"", "11111111-0000-0000-0000-00000000000a",
				    "11111111-0000-0000-0000-00000000000A",
				    "11111111-0000-0000-0000-00000000000b"};
static const unsigned ids[] = {0, 1, 7, 9};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool names_it(const struct policy_section *s, const char *uuid, const char *name,
		     unsigned id)
{
	switch (s->kind) {
	case POLICY_DEFAULT:
		return true;
	case POLICY_GLOB:
		return s->id == id && name[0] && fnmatch(s->name, name, 0) == 0;
	case POLICY_NAME:
		return s->id == id && strcmp(s->name, name) == 0;
	case POLICY_UUID:
		return s->id == id && strcasecmp(s->name, uuid) == 0;
	default:
		return false;
	}
}

static void look_at_all(const struct policy *p, const char *uuid, const char *name, unsigned id,
			struct policy_match *m)
{
	enum policy_attach attach = POLICY_ATTACH_UNSAID;

	memset(m, 0, sizeof(*m));
	for (int kind = POLICY_DEFAULT; kind <= POLICY_UUID; kind++) {
		for (unsigned i = 0; i < p->sections; i++) {
			const struct policy_section *s = &p->section[i];

			if ((int)s->kind != kind || !names_it(s, uuid, name, id))
				continue;
			for (unsigned k = 0; k < s->items; k++)
				m->item[s->item[k].key] = &s->item[k];
			m->by = kind == POLICY_DEFAULT ? m->by : s;
			attach = s->attach == POLICY_ATTACH_UNSAID ? attach : s->attach;
		}
	}
	m->attach = attach == POLICY_ATTACH_YES || (attach == POLICY_ATTACH_UNSAID && m->by);
}

/* All heads from number `first` on, and round, each with a key or two that tell it apart. */
static struct policy *policy_from(size_t first, size_t step)
{
	static const char *const attach[] = {"", "attach = yes\n", "attach = no\n"};
	char text[8192] = "";

	for (size_t i = 0; i < COUNT(heads); i++) {
		size_t h = (first + i * step) % COUNT(heads);

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "[%s]\n%s%s%zu\n",
			 heads[h], attach[(h + first) % 3],
			 (h + first) % 2 ? "weight = " : "mtu = 100", h + 1);
	}
	return parse(text);
}

static unsigned differences(const struct policy *p)
{
	struct policy_match is, want;
	unsigned n = 0;

	for (size_t u = 0; u < COUNT(uuids); u++)
		for (size_t k = 0; k < COUNT(names); k++)
			for (size_t i = 0; i < COUNT(ids); i++) {
				policy_find(p, NULL, uuids[u], names[k], ids[i], &is);
				look_at_all(p, uuids[u], names[k], ids[i], &want);
				if (memcmp(&is, &want, sizeof(is)) != 0)
					n++;
			}
	return n;
}

static void test_same(void)
{
	static const size_t steps[] = {1, 7, 11, 13, 29}; /* none divides the number of heads */
	unsigned n = 0;

	for (size_t s = 0; s < COUNT(steps); s++)
		for (size_t first = 0; first < COUNT(heads); first++) {
			struct policy *p = policy_from(first, steps[s]);

			n += differences(p);
			policy_free(p);
		}
	is_int(n, 0, "each device gets what a look at all sections finds for it");
}

/* --- large ------------------------------------------------------------------------------------ */

static void count(unsigned n, void *arg)
{
	(void)n;
	++*(unsigned *)arg;
}

/* `head` with a number of five digits behind it, and `tail`. */
static struct policy *large(const char *head, const char *tail)
{
	char *text = malloc(MANY * 64), *end = text;
	struct policy *p;

	for (unsigned i = 0; i < MANY; i++)
		end += sprintf(end, "[%s%05u%s]\nweight = %u\n", head, i, tail, i + 1);
	p = parse(text);
	free(text);
	return p;
}

static const char *weight_of(const struct policy *p, const char *uuid, const char *name)
{
	struct policy_match m;

	policy_find(p, NULL, uuid, name, 0, &m);
	return policy_value(&m, KEY_BACK_WEIGHT);
}

static void test_large(void)
{
	struct policy *p = large("guest", "");

	is_int(p->sections, MANY, "a policy has 20,000 sections");
	is_str(weight_of(p, "", "guest00000"), "1", "the first of 20,000 names is found");
	is_str(weight_of(p, "", "guest19999"), "20000", "the last of 20,000 names is found");
	ok(!weight_of(p, "", "guest20000"), "a name that is none of 20,000 is not found");
	policy_free(p);
	p = large("11111111-0000-0000-0000-0000000", "");
	is_str(weight_of(p, "11111111-0000-0000-0000-000000012345", ""), "12346",
	       "one of 20,000 UUIDs is found");
	policy_free(p);
}

static void test_large_globs(void)
{
	struct policy *p = large("guest", "-*");
	unsigned looks = 0;

	is_str(weight_of(p, "", "guest12345-b"), "12346", "one of 20,000 patterns is found");
	policy_index_globs(p->index, 0, "guest12345-b", count, &looks);
	is_int(looks, 1, "no pattern is looked at that begins in another way than the name");
	policy_free(p);
}

int main(void)
{
	test_same();
	test_large();
	test_large_globs();
	return done_testing();
}
