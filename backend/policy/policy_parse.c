/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_parse.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/policy_key.h"
#include "common/quote.h"

#define BOM  "\xef\xbb\xbf"
#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/*
 * Theory of operation
 *
 * libinih splits a line into key, value and comment. It says neither in which line it is nor that a
 * section began, it cuts a section's name and a long line without a word, and it takes an indented
 * line for more of the value above. So next_line(), from which it gets its lines, looks at each one
 * first: it counts, refuses what libinih would cut, and reads the heads of sections itself. An
 * indented `key = value` gets to libinih without its blanks, an indented rest of a list with them.
 * It never gets a `key : value`, of which it would make the same as of a `key = value`.
 *
 * A value may go on in the next lines, so it is checked when something else begins: finish_item().
 * A line that libinih should have made a key and a value of, and did not, is a mistake; that shows
 * when it asks for the next one.
 */
struct reading {
	struct policy *policy;
	const char *file; /* owned by the policy */
	policy_say *say;
	void *arg;
	unsigned mistakes;

	const char *at, *end; /* the rest of the text */
	unsigned line;	      /* the one that libinih has */
	bool due;	      /* it has made nothing of it yet */
	bool more;	      /* it is the rest of a list */
	bool deaf;	      /* the key above is wrong: a rest below it is passed over */

	bool in_section, skip; /* a section has begun; it is wrong, and what is in it too */
	char name[POLICY_LINE_MAX + 1]; /* the key whose value may go on; "": none */
	unsigned name_line;
	char value[SCHEMA_VALUE_MAX + 2]; /* one more than any value, so that it is refused */
};

__attribute__((format(printf, 3, 4))) static void wrong(struct reading *r, unsigned line,
							const char *fmt, ...)
{
	char text[POLICY_SAID_MAX];
	size_t used = (size_t)snprintf(text, sizeof(text), "%.300s:%u: ", r->file, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + used, sizeof(text) - used, fmt, ap);
	va_end(ap);
	if (r->mistakes++ < POLICY_MISTAKES_MAX)
		r->say(r->arg, text);
}

/* An array with room for one more of `size` bytes behind `n`. NULL: no memory, and it is as before.
 */
static void *grow(void *array, unsigned n, size_t size)
{
	return realloc(array, (n + 1) * size);
}

static void no_memory(struct reading *r)
{
	wrong(r, r->line, "out of memory");
}

static struct policy_section *now(struct reading *r)
{
	return &r->policy->section[r->policy->sections - 1];
}

/* --- keys ------------------------------------------------------------------------------------- */

static const struct policy_item *given(const struct policy_section *s, enum schema_key key)
{
	for (unsigned i = 0; i < s->items; i++)
		if (s->item[i].key == key)
			return &s->item[i];
	return NULL;
}

static void take_attach(struct reading *r)
{
	char err[POLICY_ERR_MAX];

	if (now(r)->attach != POLICY_ATTACH_UNSAID)
		wrong(r, r->name_line, "%s is given twice in this section", r->name);
	else if (policy_key_attach(r->value, &now(r)->attach, err) < 0)
		wrong(r, r->name_line, "%s", err);
}

/* One guest's alone: two with the same would disturb each other. */
static bool is_for_one(enum schema_key key)
{
	return key == KEY_BACK_MAC;
}

static int check_item(struct reading *r, struct policy_item *item, char err[POLICY_ERR_MAX])
{
	const struct policy_section *s = now(r);
	const struct policy_item *other;
	int ret = policy_key_find(s->kind, r->name, &item->key, err);

	if (ret < 0)
		return ret;
	other = given(s, item->key);
	if (other)
		snprintf(err, POLICY_ERR_MAX, "%s is given in line %u already", r->name,
			 other->line);
	else if (is_for_one(item->key) && (s->kind == POLICY_DEFAULT || s->kind == POLICY_GLOB))
		snprintf(err, POLICY_ERR_MAX,
			 "%s is for one guest: write it in the section of its "
			 "name or UUID",
			 r->name);
	else
		return policy_key_value(item, r->value, err);
	return -EINVAL;
}

static void take_item(struct reading *r)
{
	struct policy_item item = {.file = r->file, .line = r->name_line}, *more;
	struct policy_section *s = now(r);
	char err[POLICY_ERR_MAX];
	int ret = check_item(r, &item, err);

	if (ret == -EINVAL) {
		wrong(r, r->name_line, "%s", err);
		return;
	}
	more = ret == 0 ? grow(s->item, s->items, sizeof(item)) : NULL;
	if (!more) {
		free(item.value);
		no_memory(r);
		return;
	}
	s->item = more;
	s->item[s->items++] = item;
}

/* The value above is complete. */
static void finish_item(struct reading *r)
{
	if (r->name[0] == '\0')
		return;
	if (!r->in_section)
		wrong(r, r->name_line,
		      "%s stands in no section: write [default] or the name of a guest above it",
		      r->name);
	else if (!r->skip && now(r)->kind < POLICY_GROUP &&
		 strcmp(r->name, POLICY_ATTACH_WORD) == 0)
		take_attach(r);
	else if (!r->skip)
		take_item(r);
	r->name[0] = '\0';
}

/* The length of a rest without a comment behind it, which libinih leaves there. */
static int rest_len(const char *value)
{
	size_t len = 0;

	while (value[len] &&
	       !(value[len] == ';' && (len == 0 || isspace((unsigned char)value[len - 1]))))
		len++;
	while (len > 0 && isspace((unsigned char)value[len - 1]))
		len--;
	return (int)len;
}

/* libinih found a key and a value, or the rest of one. */
static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	size_t used = strlen(r->value);

	(void)section; /* cut at 49 bytes */
	r->due = false;
	if (r->more) {
		bool comma = used > 0 && r->value[used - 1] != ',' && value[0] != ',';

		snprintf(r->value + used, sizeof(r->value) - used, "%s%.*s", comma ? "," : "",
			 rest_len(value), value);
		return 1;
	}
	finish_item(r);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->value, sizeof(r->value), "%s", value);
	r->name_line = r->line;
	if (name[0] == '\0')
		wrong(r, r->line, "no key before the '='");
	return 1;
}

/* --- sections --------------------------------------------------------------------------------- */

/* Takes s->name. */
static void add_section(struct reading *r, const char *head, struct policy_section *s)
{
	const struct policy_section *other = policy_head(r->policy, s->kind, s->id, s->name);
	int ret;

	if (other) {
		wrong(r, r->line, "[%s] is in %s:%u already", head, other->file, other->line);
		free(s->name);
		return;
	}
	ret = policy_add(r->policy, s);
	r->skip = ret < 0;
	if (ret == -E2BIG)
		wrong(r, r->line, "[%s]: a policy has at most %u different device ids", head,
		      POLICY_IDS_MAX);
	else if (ret < 0)
		no_memory(r);
}

/* The line is "[NAME]"; `head` is behind the '['. */
static void begin_section(struct reading *r, char *head)
{
	struct policy_section s;
	char err[POLICY_SAID_MAX], *end = policy_head_end(head);

	finish_item(r);
	r->in_section = true;
	r->skip = true;
	if (!end) {
		wrong(r, r->line, "expected [NAME] and nothing behind it");
		return;
	}
	*end = '\0';
	if (policy_parse_section(head, &s, err) < 0) {
		wrong(r, r->line, "%s", err);
		return;
	}
	s.file = r->file;
	s.line = r->line;
	add_section(r, head, &s);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Nothing but printable characters, blanks, and what is not ASCII, in comments and names. */
static bool is_text(struct reading *r, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c >= 0x20 ? c != 0x7f : c == '\t')
			continue;
		wrong(r, r->line, "the line has a control character, 0x%02x", c);
		return false;
	}
	return true;
}

/* The next line, without its end. False: there is none. */
static bool take_line(struct reading *r, const char **line, size_t *len)
{
	const char *newline;

	if (r->at == r->end)
		return false;
	newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*line = r->at;
	*len = (size_t)((newline ? newline : r->end) - r->at);
	r->at = newline ? newline + 1 : r->end;
	r->line++;
	if (*len > 0 && (*line)[*len - 1] == '\r')
		--*len;
	return true;
}

/* May the value of this key go on in the next line? A mistyped one may be meant to be a list. */
static bool may_go_on(const struct reading *r)
{
	int key = schema_lookup(SCHEMA_BACK, r->name);

	if (key >= 0)
		return schema_entry((enum schema_key)key)->type == SCHEMA_LIST;
	return schema_lookup(SCHEMA_UPLINK, r->name) < 0 &&
	       strcmp(r->name, POLICY_ATTACH_WORD) != 0;
}

/* What comes first: the '=' that a key needs, a ':', or 0: neither comes before a comment. */
static char first_mark(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("=:", *p))
			return *p;
		if (*p == ';' && p > text && isspace((unsigned char)p[-1]))
			return 0;
	}
	return 0;
}

/* The length of the word before a ':', if the word is no part of an address; else 0. */
static int key_before_colon(const char *text)
{
	size_t len = strspn(text, WORD), blanks = strspn(text + len, " \t");

	return text[len + blanks] == ':' && strspn(text, "0123456789abcdefABCDEF") < len ? (int)len
											 : 0;
}

/* A line with a ':' before any '='. */
static void refuse_colon(struct reading *r, const char *text)
{
	int key = key_before_colon(text);

	finish_item(r);
	r->deaf = true;
	if (key > 0)
		wrong(r, r->line, "write '=' behind %.*s, not ':'", key, text);
	else
		wrong(r, r->line, "expected KEY = VALUE or [NAME]");
}

/* A line with something in it: does libinih get it? */
static bool look_at_text(struct reading *r, char *text, bool indented)
{
	bool is_rest = indented && !strchr(text, '=') && !key_before_colon(text);

	if (*text == '[') {
		r->deaf = false;
		begin_section(r, text + 1);
		return false;
	}
	if (is_rest && r->deaf)
		return false;
	r->more = is_rest && r->name[0] && may_go_on(r);
	if (!r->more && first_mark(text) == ':') {
		refuse_colon(r, text);
		return false;
	}
	r->deaf = false;
	return true;
}

/* Looks at a line and leaves in `out` what libinih gets of it. */
static void look_at(struct reading *r, char *out)
{
	size_t blanks = strspn(out, " \t");
	char *text = out + blanks;

	r->more = false;
	if (*text == '\0' || strchr(";#", *text) || !look_at_text(r, text, blanks > 0)) {
		*out = '\0';
		return;
	}
	r->due = true;
	if (!r->more)
		memmove(out, text, strlen(text) + 1);
}

/* The lines before were understood, or are mistakes. */
static void settle(struct reading *r)
{
	if (!r->due)
		return;
	r->due = false;
	finish_item(r);
	wrong(r, r->line, "expected KEY = VALUE or [NAME]");
}

static char *next_line(char *out, int size, void *arg)
{
	struct reading *r = arg;
	const char *line;
	size_t len;

	settle(r);
	if (!take_line(r, &line, &len))
		return NULL;
	*out = '\0';
	if (len > POLICY_LINE_MAX || len >= (size_t)size) {
		wrong(r, r->line,
		      "the line has %zu bytes, at most %d are read: a list may go on in the next "
		      "line, indented",
		      len, POLICY_LINE_MAX);
	} else if (is_text(r, line, len)) {
		memcpy(out, line, len);
		out[len] = '\0';
		look_at(r, out);
	}
	return out;
}

/* The policy's own copy of the name. NULL: no memory. */
static const char *keep_file(struct policy *p, const char *file)
{
	char **more = grow(p->file, p->files, sizeof(*more)), *copy = NULL;

	if (more) {
		p->file = more;
		copy = strdup(file);
	}
	if (copy)
		p->file[p->files++] = copy;
	return copy;
}

size_t policy_bom(const char *text, size_t len)
{
	size_t bom = strlen(BOM);

	return len >= bom && memcmp(text, BOM, bom) == 0 ? bom : 0;
}

unsigned policy_parse(struct policy *p, const char *file, const char *text, size_t len,
		      policy_say *say, void *arg)
{
	struct reading r = {.policy = p, .say = say, .arg = arg, .at = text, .end = text + len};

	r.file = keep_file(p, file);
	if (!r.file) {
		say(arg, "out of memory");
		return 1;
	}
	r.at += policy_bom(text, len);
	ini_parse_stream(next_line, &r, on_value, &r);
	finish_item(&r);
	return r.mistakes;
}
