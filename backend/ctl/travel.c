/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/travel.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/kept/kept_account.h"
#include "backend/policy/policy_print.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * The policy's parser reads the text, so that a mistake has its sentence, with file and line. It
 * takes for comments what the policy has no words for: the guest's name, an account, and that the
 * text is whole. So the lines are looked at a second time, for these.
 */
#define GUEST_WORD   "# guest: "
#define ACCOUNT_WORD "# account: "
#define END_WORD     "# end"

/* --- writing ---------------------------------------------------------------------------------- */

static bool put_key(FILE *f, enum schema_key key, const char *value)
{
	char *wrapped = policy_wrap(schema_name(key), value);

	if (!wrapped)
		return false;
	fprintf(f, "%s = %s\n", schema_name(key), wrapped);
	free(wrapped);
	return true;
}

static bool put_device(FILE *f, const char *uuid, const struct kept_device *d)
{
	bool good = true;

	if (d->id)
		fprintf(f, "[%s/%u]\n", uuid, d->id);
	else
		fprintf(f, "[%s]\n", uuid);
	for (int key = 0; key < KEY_COUNT && good; key++) {
		if (d->set[key])
			good = put_key(f, (enum schema_key)key, d->set[key]);
	}
	if (d->account)
		fprintf(f, ACCOUNT_WORD "%s\n", d->account);
	return good;
}

/* The line must not be longer than the policy's parser takes. */
static void put_name(FILE *f, const char *name)
{
	const char *end = name + strnlen(name, POLICY_LINE_MAX - strlen(GUEST_WORD));

	fputs(GUEST_WORD, f);
	for (; name < end; name++)
		fputc((unsigned char)*name < ' ' ? ' ' : *name, f);
	fputc('\n', f);
}

char *travel_format(const struct kept *k)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool good = f;

	if (!f)
		return NULL;
	if (k->name[0])
		put_name(f, k->name);
	for (unsigned i = 0; i < k->count && good; i++)
		good = put_device(f, k->uuid, &k->device[i]);
	fputs(END_WORD "\n", f);
	if (fclose(f) == 0 && good)
		return text;
	free(text);
	return NULL;
}

static struct json_object *device_json(const struct kept_device *d)
{
	struct json_object *o = json_object_new_object(), *set = json_object_new_object();

	json_object_object_add(o, "id", json_object_new_int64(d->id));
	for (int key = 0; key < KEY_COUNT; key++) {
		struct json_object *to = key == KEY_BACK_UPLINK ? o : set;

		if (d->set[key])
			json_object_object_add(to, schema_name((enum schema_key)key),
					       json_object_new_string(d->set[key]));
	}
	json_object_object_add(o, "settings", set);
	json_object_object_add(o, "account",
			       d->account ? json_object_new_string(d->account) : NULL);
	return o;
}

struct json_object *travel_json(const struct kept *k)
{
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();

	json_object_object_add(o, "guest", json_object_new_string(k->name));
	json_object_object_add(o, "uuid", json_object_new_string(k->uuid));
	for (unsigned i = 0; i < k->count; i++)
		json_object_array_add(devices, device_json(&k->device[i]));
	json_object_object_add(o, "devices", devices);
	return o;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
	struct ctl *ctl;
	const char *file;
	const struct policy *policy;
	struct kept *out;
	policy_say *say;
	void *arg;
	unsigned mistakes;
	unsigned line; /* the last one that is not empty */
	bool ended;    /* and it says that this is the end */
};

__attribute__((format(printf, 3, 4))) static void wrong(struct reading *r, unsigned line,
							const char *fmt, ...)
{
	char text[POLICY_SAID_MAX];
	size_t used = (size_t)snprintf(text, sizeof(text), "%.200s:%u: ", r->file, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + used, sizeof(text) - used, fmt, ap);
	va_end(ap);
	r->mistakes++;
	r->say(r->arg, text);
}

static const char *uplink_of(const struct policy_section *s)
{
	for (unsigned i = 0; i < s->items; i++) {
		if (s->item[i].key == KEY_BACK_UPLINK)
			return s->item[i].value;
	}
	return schema_entry(KEY_BACK_UPLINK)->dflt;
}

/* False: it is a mistake, which was told, or there is no memory. */
static bool take_item(struct reading *r, const struct policy_item *item,
		      const struct policy_capacity *capacity, struct kept_device *d)
{
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	if (policy_resolve(item, capacity, value, err) < 0) {
		wrong(r, item->line, "%s", err);
		return false;
	}
	return kept_put(&d->set[item->key], value);
}

static void take_section(struct reading *r, const struct policy_section *s)
{
	struct policy_capacity capacity = ctl_policy_capacity(r->ctl, uplink_of(s));
	struct kept_device *d;

	if (s->kind != POLICY_UUID) {
		wrong(r, s->line, "expected [UUID] or [UUID/ID], of one guest");
	} else if (r->out->uuid[0] && strcmp(s->name, r->out->uuid) != 0) {
		wrong(r, s->line, "a second guest: import each guest by itself");
	} else if (s->attach == POLICY_ATTACH_NO) {
		wrong(r, s->line,
		      "attach = no: leave out the section of a device that the guest "
		      "should not have");
	} else {
		snprintf(r->out->uuid, sizeof(r->out->uuid), "%s", s->name);
		d = kept_add(r->out, s->id);
		if (!d || !kept_put(&d->set[KEY_BACK_UPLINK], uplink_of(s))) {
			wrong(r, s->line, "too many devices");
			return;
		}
		for (unsigned i = 0; i < s->items; i++)
			take_item(r, &s->item[i], &capacity, d);
	}
}

/* The device in whose section the line is; NULL: none. */
static struct kept_device *device_at(const struct reading *r, unsigned line)
{
	const struct policy_section *at = NULL;

	for (unsigned i = 0; i < r->policy->sections; i++) {
		const struct policy_section *s = &r->policy->section[i];

		if (s->line < line && (!at || s->line > at->line))
			at = s;
	}
	return at ? kept_find(r->out, at->id) : NULL;
}

static void take_account(struct reading *r, const char *text)
{
	struct kept_device *d = device_at(r, r->line);
	struct kept_account a;

	if (!kept_account_parse(text, &a))
		wrong(r, r->line, "account: expected " KEPT_ACCOUNT_FORM);
	else if (!d)
		wrong(r, r->line, "the account stands in the section of no device");
	else if (d->account)
		wrong(r, r->line, "a second account of this device");
	else
		kept_put(&d->account, text);
}

static void take_comment(struct reading *r, const char *line)
{
	r->ended = strcmp(line, END_WORD) == 0;
	if (strncmp(line, GUEST_WORD, strlen(GUEST_WORD)) == 0)
		snprintf(r->out->name, sizeof(r->out->name), "%s", line + strlen(GUEST_WORD));
	else if (strncmp(line, ACCOUNT_WORD, strlen(ACCOUNT_WORD)) == 0)
		take_account(r, line + strlen(ACCOUNT_WORD));
}

/* A line too long to be a comment of these was refused by the policy's parser. */
static void take_comments(struct reading *r, const char *text, size_t len)
{
	char line[POLICY_LINE_MAX + 1];
	unsigned number = 0;

	for (size_t at = 0, n; at < len; at += n + 1) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t used;

		n = newline ? (size_t)(newline - text) - at : len - at;
		number++;
		used = n < sizeof(line) ? n : sizeof(line) - 1;
		memcpy(line, text + at, used);
		while (used > 0 && isspace((unsigned char)line[used - 1]))
			used--;
		line[used] = '\0';
		if (used == 0)
			continue;
		r->line = number;
		take_comment(r, line);
	}
}

static void take_all(struct reading *r, const char *text, size_t len)
{
	for (unsigned i = 0; i < r->policy->sections; i++)
		take_section(r, &r->policy->section[i]);
	take_comments(r, text, len);
	if (!r->ended)
		wrong(r, r->line ? r->line : 1,
		      "it is cut off: the last line is not \"" END_WORD "\"");
	else if (r->policy->sections == 0)
		wrong(r, r->line, "there is no section [UUID]");
}

unsigned travel_parse(struct ctl *ctl, const char *file, const char *text, size_t len,
		      struct kept *out, policy_say *say, void *arg)
{
	struct policy *p = policy_new();
	struct reading r = {
		.ctl = ctl, .file = file, .policy = p, .out = out, .say = say, .arg = arg};

	*out = (struct kept){.count = 0};
	if (!p) {
		say(arg, "out of memory");
		return 1;
	}
	r.mistakes = policy_parse(p, file, text, len, say, arg);
	if (r.mistakes == 0)
		r.mistakes = policy_check(p, say, arg);
	if (r.mistakes == 0)
		take_all(&r, text, len);
	if (r.mistakes)
		kept_clear(out);
	policy_free(p);
	return r.mistakes;
}

/* --- devices ---------------------------------------------------------------------------------- */

bool travel_is_of(struct ctl *ctl, unsigned domid, unsigned id, const char *uuid,
		  char whose[UUID_TEXT_LEN + 1])
{
	char dir[SCHEMA_PATH_MAX];

	whose[0] = '\0';
	return schema_backend_dir(dir, sizeof(dir), ctl->backend_domid, domid, id) >= 0 &&
	       xskey_read(ctl->xs, XS_NO_TXN, dir, KEY_BACK_GUEST_UUID, whose, UUID_TEXT_LEN + 1) >=
		       0 &&
	       strcmp(whose, uuid) == 0;
}
