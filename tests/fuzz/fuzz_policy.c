/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a policy file. Input: the text. */
#include "backend/policy/policy_edit.h"
#include "backend/policy/policy_parse.h"
#include "backend/policy/policy_print.h"
#include "tests/fuzz/fuzz.h"

static unsigned said;

/* Each sentence names the file and a line, and is one line. Names of guests may have any bytes. */
static void on_said(void *arg, const char *sentence)
{
	unsigned line = 0;
	int used = 0;

	must(sscanf(sentence, "p:%u: %n", &line, &used) == 1 && line > 0 && used > 0);
	must(sentence[used] && strlen(sentence) < POLICY_SAID_MAX && !strchr(sentence, '\n'));
	must(line <= *(unsigned *)arg);
	said++;
}

/* Its own count of lines. */
static unsigned lines_of(const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static const struct policy_capacity capacity = {1000000007, 1000003};

/* Every value is one that xenstore takes. */
static void check_items(const struct policy_section *s)
{
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	must(s->name && s->line > 0 && strcmp(s->file, "p") == 0 && s->id <= SCHEMA_ID_MAX);
	for (unsigned i = 0; i < s->items; i++) {
		must(s->item[i].line > s->line);
		must(policy_resolve(&s->item[i], &capacity, value, err) == 0);
		must(schema_check(s->item[i].key, value, err) == 0);
		for (unsigned k = 0; k < i; k++)
			must(s->item[k].key != s->item[i].key);
	}
}

/* What names a guest is found for it, unless something more special says otherwise. */
static void check_find(const struct policy *p, const struct policy_section *s)
{
	bool by_uuid = s->kind == POLICY_UUID;
	struct policy_match m;

	if (s->kind != POLICY_NAME && !by_uuid)
		return;
	policy_find(p, NULL, by_uuid ? s->name : "", by_uuid ? "" : s->name, s->id, &m);
	must(m.by == s);
}

static char *again(const char *text)
{
	struct policy *p = policy_new();
	unsigned lines = lines_of((const uint8_t *)text, strlen(text));
	char *out;

	must(policy_parse(p, "p", text, strlen(text), on_said, &lines) == 0);
	out = policy_print(p, &capacity);
	policy_free(p);
	return out;
}

/* Printing and parsing give it back. */
static void check_print(const struct policy *p)
{
	char *first = policy_print(p, &capacity), *second = again(first), *third = again(second);

	must(strcmp(second, third) == 0);
	free(first);
	free(second);
	free(third);
}

/* A key that is set in a text without mistakes is there, and there are still none. */
static void check_edit(const char *data, size_t size)
{
	unsigned lines = lines_of((const uint8_t *)data, size) + 8;
	char *text = policy_edit(data, size, "a guest", "latency", "low");
	struct policy *p = policy_new();
	struct policy_match m;

	must(text && policy_parse(p, "p", text, strlen(text), on_said, &lines) == 0);
	policy_find(p, NULL, "", "a guest", 0, &m);
	must(m.by && strcmp(policy_value(&m, KEY_BACK_LATENCY), "low") == 0);
	policy_free(p);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *p = policy_new();
	uint8_t *copy = fuzz_block(data, size);
	unsigned lines = lines_of(data, size), mistakes;

	said = 0;
	mistakes = policy_parse(p, "p", (const char *)copy, size, on_said, &lines);
	must(said == (mistakes < POLICY_MISTAKES_MAX ? mistakes : POLICY_MISTAKES_MAX));
	for (unsigned i = 0; i < p->sections; i++) {
		check_items(&p->section[i]);
		check_find(p, &p->section[i]);
	}
	check_print(p);
	if (mistakes == 0)
		check_edit((const char *)copy, size);
	policy_check(p, on_said, &lines);
	policy_free(p);
	free(copy);
	return 0;
}
