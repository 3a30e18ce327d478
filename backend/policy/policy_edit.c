/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/policy_parse.h"
#include "backend/policy/policy_print.h"

/* Where something is or would be: offsets in the text. */
struct place {
	bool section;	 /* the section is there */
	size_t behind;	 /* the end of its last line, not counting comments about what follows */
	bool key;	 /* the key is there */
	size_t from, to; /* its value in the first line */
	size_t line_end; /* the end of that line */
	size_t end;	 /* the end of the last line in which the value goes on */
};

struct search {
	const char *text;
	size_t len;
	const struct policy_section *want;
	const char *key;
	bool inside; /* the section that is wanted */
	bool going;  /* the line above has the key, or is the rest of its value */
	struct place place;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Is this the head of the section? False too for what is no head at all. */
static bool is_head(const struct search *s, const char *line, size_t len)
{
	char copy[POLICY_LINE_MAX + 1], err[POLICY_SAID_MAX], *end;
	struct policy_section got;
	bool same;

	if (len > POLICY_LINE_MAX)
		return false;
	memcpy(copy, line, len);
	copy[len] = '\0';
	end = policy_head_end(copy + 1);
	if (!end)
		return false;
	*end = '\0';
	if (policy_parse_section(copy + 1, &got, err) < 0)
		return false;
	same = got.kind == s->want->kind && got.id == s->want->id &&
	       strcmp(got.name, s->want->name) == 0;
	free(got.name);
	return same;
}

/* Where the value ends: before blanks and a comment. */
static size_t value_end(const char *text, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		if (text[i] == ';' && (i == from || is_blank(text[i - 1]))) {
			end = i;
			break;
		}
	}
	while (end > from && is_blank(text[end - 1]))
		end--;
	return end;
}

/* The line from `at` to `end`, which has a key or is the rest of a value. */
static void look_at_key(struct search *s, size_t at, size_t end)
{
	size_t name = strlen(s->key), p = at;
	const char *equals = memchr(s->text + at, '=', end - at);

	if (!equals) {
		if (s->going)
			s->place.end = end;
		return;
	}
	s->going = false;
	if (end - at < name || memcmp(s->text + at, s->key, name) != 0)
		return;
	for (p += name; p < end && is_blank(s->text[p]);)
		p++;
	if (s->text + p != equals)
		return;
	for (p++; p < end && is_blank(s->text[p]);)
		p++;
	s->going = true;
	s->place.key = true;
	s->place.from = p;
	s->place.to = value_end(s->text, p, end);
	s->place.line_end = s->place.end = end;
}

/* An indented comment right below a line of the section belongs to that line. */
static void look_at_comment(struct search *s, size_t at, size_t first, size_t end)
{
	const char *newline = memchr(s->text + s->place.behind, '\n', at - s->place.behind);

	if (s->inside && first > at && newline && newline + 1 == s->text + at)
		s->place.behind = end;
}

static void look_at(struct search *s, size_t at, size_t end)
{
	size_t first = at;

	while (first < end && is_blank(s->text[first]))
		first++;
	if (first == end)
		return;
	if (strchr(";#", s->text[first])) {
		look_at_comment(s, at, first, end);
		return;
	}
	if (s->text[first] == '[') {
		s->going = false;
		s->inside = is_head(s, s->text + first, end - first);
		s->place.section |= s->inside;
	} else if (s->inside) {
		look_at_key(s, first, end);
	}
	if (s->inside)
		s->place.behind = end;
}

static struct place find(const char *text, size_t len, const struct policy_section *want,
			 const char *key)
{
	struct search s = {.text = text, .len = len, .want = want, .key = key};

	for (size_t at = policy_bom(text, len); at < len;) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - text) : len;

		look_at(&s, at, end > at && text[end - 1] == '\r' ? end - 1 : end);
		at = end + 1;
	}
	return s.place;
}

/* The text with what is between the offsets replaced by five pieces. */
static char *replace(const char *text, size_t len, size_t from, size_t to, const char *const new[5])
{
	size_t size = len + 1, at = from;
	char *out;

	for (int i = 0; i < 5; i++)
		size += strlen(new[i]);
	out = malloc(size);
	if (!out)
		return NULL;
	memcpy(out, text, from);
	for (int i = 0; i < 5; i++) {
		memcpy(out + at, new[i], strlen(new[i]));
		at += strlen(new[i]);
	}
	memcpy(out + at, text + to, len - to);
	out[at + len - to] = '\0';
	return out;
}

/* Copies a line without its part of a value: with its comment, or not at all. The new end of `out`.
 */
static char *copy_comment(char *out, const char *line, size_t len)
{
	size_t blanks = 0, comment;

	while (blanks < len && is_blank(line[blanks]))
		blanks++;
	if (blanks == len || strchr(";#\n", line[blanks]))
		return mempcpy(out, line, len);
	comment = value_end(line, blanks, len - (line[len - 1] == '\n'));
	while (comment < len && is_blank(line[comment]))
		comment++;
	if (comment == len || line[comment] != ';')
		return out;
	return mempcpy(mempcpy(out, line, blanks), line + comment, len - comment);
}

/* The text without the lines in which the value of a key goes on, but with the comments there. */
static char *drop_rest(const char *text, size_t len, const struct place *at)
{
	size_t from = at->line_end < at->end ? at->line_end : len;
	char *out = malloc(len + 1), *p = out;

	if (!out)
		return NULL;
	while (from < len && text[from++] != '\n') {
	}
	p = mempcpy(p, text, from);
	while (from < at->end) {
		const char *newline = memchr(text + from, '\n', len - from);
		size_t n = (newline ? (size_t)(newline + 1 - text) : len) - from;

		p = copy_comment(p, text + from, n);
		from += n;
	}
	p = mempcpy(p, text + from, len - from);
	*p = '\0';
	return out;
}

/* What comes between a new value and the comment behind the old one. */
static const char *gap(const char *text, const struct place *at, const char *value)
{
	const char *last = strrchr(value, '\n');
	size_t start = at->from, len;

	if (at->to == at->line_end)
		return "";
	while (start > 0 && text[start - 1] != '\n')
		start--;
	len = last ? strlen(last + 1) : at->from - start + strlen(value);
	if (len + at->line_end - at->to > POLICY_LINE_MAX)
		return "\n\t"; /* together they are too long */
	return text[at->to] == ';' ? " " : "";
}

static char *replace_value(const char *text, size_t len, const struct place *at, const char *value)
{
	char *rest = drop_rest(text, len, at), *out = NULL;

	if (rest)
		out = replace(rest, strlen(rest), at->from, at->to,
			      (const char *const[5]){value, gap(text, at, value), "", "", ""});
	free(rest);
	return out;
}

static char *add_section(const char *text, size_t len, const char *head, const char *line)
{
	const char *gap = len == 0 ? "[" : text[len - 1] == '\n' ? "\n[" : "\n\n[";

	return replace(text, len, len, len, (const char *const[5]){gap, head, "]\n", line, "\n"});
}

char *policy_edit(const char *text, size_t len, const char *head, const char *key,
		  const char *value)
{
	char err[POLICY_SAID_MAX], *wrapped = policy_wrap(key, value), *line = NULL, *out = NULL;
	struct policy_section want;
	struct place at;

	if (!wrapped || policy_parse_section(head, &want, err) < 0) {
		free(wrapped);
		return NULL;
	}
	at = find(text, len, &want, key);
	if (at.key) {
		out = replace_value(text, len, &at, wrapped);
	} else if (at.section) {
		out = replace(text, len, at.behind, at.behind,
			      (const char *const[5]){"\n", key, " = ", wrapped, ""});
	} else {
		line = replace(key, strlen(key), strlen(key), strlen(key),
			       (const char *const[5]){" = ", wrapped, "", "", ""});
		out = line ? add_section(text, len, head, line) : NULL;
	}
	free(line);
	free(wrapped);
	free(want.name);
	return out;
}
