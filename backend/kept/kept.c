/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/kept/kept.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/kept/kept_account.h"
#include "common/quote.h"

#define GUEST_WORD   "# guest: "
#define POLICY_WORD  "# policy: "
#define PART_WORD    "# part: "
#define NAMED_WORD   POLICY_WORD "attach"
#define ACCOUNT_WORD "# account: "
#define END_WORD     "# end"

bool kept_is_uuid(const char *text)
{
	for (int i = 0; i < UUID_TEXT_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !text[i] || !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return text[UUID_TEXT_LEN] == '\0';
}

bool kept_is_key(enum schema_key key)
{
	const struct schema_entry *e = schema_entry(key);

	return e->area == SCHEMA_BACK && e->type != SCHEMA_NONCE && key != KEY_BACK_UPLINK &&
	       (e->owner == SCHEMA_BY_OPERATOR || e->owner == SCHEMA_BY_ATTACH);
}

/* --- in memory -------------------------------------------------------------------------------- */

static void clear_device(struct kept_device *d)
{
	for (int key = 0; key < KEY_COUNT; key++) {
		free(d->set[key]);
		free(d->policy[key]);
	}
	free(d->account);
}

void kept_clear(struct kept *k)
{
	for (unsigned i = 0; i < k->count; i++)
		clear_device(&k->device[i]);
	free(k->device);
	*k = (struct kept){.count = 0};
}

struct kept_device *kept_find(const struct kept *k, unsigned id)
{
	for (unsigned i = 0; i < k->count; i++) {
		if (k->device[i].id == id)
			return &k->device[i];
	}
	return NULL;
}

struct kept_device *kept_add(struct kept *k, unsigned id)
{
	struct kept_device *d = kept_find(k, id), *more;
	unsigned at = 0;

	if (d)
		return d;
	if (k->count == KEPT_DEVICES_MAX)
		return NULL;
	more = realloc(k->device, (k->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	k->device = more;
	while (at < k->count && more[at].id < id)
		at++;
	memmove(&more[at + 1], &more[at], (k->count - at) * sizeof(*more));
	more[at] = (struct kept_device){.id = id};
	k->count++;
	return &more[at];
}

bool kept_drop(struct kept *k, unsigned id)
{
	struct kept_device *d = kept_find(k, id);
	unsigned at;

	if (!d)
		return false;
	clear_device(d);
	at = (unsigned)(d - k->device);
	k->count--;
	memmove(d, d + 1, (k->count - at) * sizeof(*d));
	return true;
}

bool kept_put(char **text, const char *value)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
	return *text || !value;
}

static bool copy_device(const struct kept_device *from, struct kept_device *to, bool is_new)
{
	bool good = kept_put(&to->account, from->account);

	for (int key = 0; key < KEY_COUNT && good; key++) {
		if (!from->stays[key] || is_new) {
			to->stays[key] = from->stays[key];
			good = kept_put(&to->set[key], from->set[key]) &&
			       kept_put(&to->policy[key], from->policy[key]);
		}
	}
	to->by_policy = from->by_policy;
	return good;
}

bool kept_merge(struct kept *to, const struct kept *from)
{
	bool good = true;

	for (unsigned i = 0; i < from->count && good; i++) {
		bool is_new = !kept_find(to, from->device[i].id);
		struct kept_device *d = kept_add(to, from->device[i].id);

		good = d && copy_device(&from->device[i], d, is_new);
	}
	return good;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool kept_same(const struct kept_device *a, const struct kept_device *b)
{
	for (int key = 0; key < KEY_COUNT; key++) {
		if (!same_text(a->set[key], b->set[key]) ||
		    !same_text(a->policy[key], b->policy[key]))
			return false;
	}
	return a->by_policy == b->by_policy && same_text(a->account, b->account);
}

/* --- as text ---------------------------------------------------------------------------------- */

/* A text that grows. */
struct text {
	char *bytes;
	size_t len, room;
	bool failed; /* no memory */
};

static void put(struct text *t, const char *piece)
{
	size_t n = strlen(piece);

	if (!t->failed && t->len + n >= t->room) {
		char *more = realloc(t->bytes, 2 * (t->len + n) + 256);

		t->failed = !more;
		if (more) {
			t->bytes = more;
			t->room = 2 * (t->len + n) + 256;
		}
	}
	if (t->failed)
		return;
	memcpy(t->bytes + t->len, piece, n + 1);
	t->len += n;
}

/* None of its characters ends the line. */
static void put_value(struct text *t, const char *value)
{
	size_t from = t->len;

	put(t, value);
	for (size_t i = from; !t->failed && i < t->len; i++) {
		if ((unsigned char)t->bytes[i] < ' ')
			t->bytes[i] = ' ';
	}
	put(t, "\n");
}

static void put_pair(struct text *t, const char *word, int key, const char *value)
{
	put(t, word);
	put(t, schema_name((enum schema_key)key));
	put(t, " = ");
	put_value(t, value);
}

/* A percentage that was not worked out: those of the policy are checked there. */
static bool is_part(int key, const char *value)
{
	size_t digits = strspn(value, "0123456789.");

	return schema_entry((enum schema_key)key)->type == SCHEMA_RATE && digits > 0 &&
	       strcmp(value + digits, "%") == 0;
}

static void put_device(struct text *t, const char *uuid, const struct kept_device *d)
{
	char id[16] = "]\n";

	if (d->id)
		snprintf(id, sizeof(id), "/%u]\n", d->id);
	put(t, "[");
	put(t, uuid);
	put(t, id);
	for (int key = 0; key < KEY_COUNT; key++) {
		if (d->set[key])
			put_pair(t, "", key, d->set[key]);
		if (d->policy[key] && (d->set[key] || key == KEY_BACK_UPLINK))
			put_pair(t, is_part(key, d->policy[key]) ? PART_WORD : POLICY_WORD, key,
				 d->policy[key]);
	}
	if (d->by_policy)
		put(t, NAMED_WORD "\n");
	if (d->account) {
		put(t, ACCOUNT_WORD);
		put_value(t, d->account);
	}
}

char *kept_format(const struct kept *k)
{
	struct text t = {.bytes = NULL};

	if (k->name[0]) {
		put(&t, GUEST_WORD);
		put_value(&t, k->name);
	}
	for (unsigned i = 0; i < k->count; i++)
		put_device(&t, k->uuid, &k->device[i]);
	put(&t, END_WORD "\n");
	if (!t.failed)
		return t.bytes;
	free(t.bytes);
	return NULL;
}

/* Damaged lines that are longer may have been a section's first one. */
#define SECTION_LEN_MIN ((size_t)UUID_TEXT_LEN + 2)
#define NO_SECTION	(-1)
#define LOST_SECTION	(-2)

struct reading {
	struct kept *out;
	int device; /* its place in out->device, or which of them: NO_SECTION: none has begun; */
		    /* LOST_SECTION: a damaged line may have begun another one */
	unsigned line, damaged;
	size_t run; /* bytes of the damaged lines just before */
	bool ended;
	char *err;		    /* about the first damaged line */
	char ignored[KEPT_ERR_MAX]; /* about the others */
};

__attribute__((format(printf, 2, 3))) static int bad(struct reading *r, const char *fmt, ...)
{
	char *err = r->damaged++ ? r->ignored : r->err;
	int n = snprintf(err, KEPT_ERR_MAX, "line %u: ", r->line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err + n, KEPT_ERR_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static int read_section(struct reading *r, const char *line)
{
	char uuid[UUID_TEXT_LEN + 1], shown[QUOTE_MAX], after = '\0';
	unsigned id = 0;
	int end = -1;
	struct kept_device *d;

	if (sscanf(line, "[%36[0-9a-f-]]%n", uuid, &end) != 1 || end < 0 || line[end]) {
		end = -1;
		if (sscanf(line, "[%36[0-9a-f-]/%5u%c%n", uuid, &id, &after, &end) != 3 ||
		    after != ']' || line[end] || id > SCHEMA_ID_MAX)
			return bad(r, "%s: expected [UUID] or [UUID/ID]", quote_text(shown, line));
	}
	if (!kept_is_uuid(uuid) || (r->out->uuid[0] && strcmp(uuid, r->out->uuid) != 0))
		return bad(r, "%s: expected the same UUID in all sections",
			   quote_text(shown, line));
	if (kept_find(r->out, id))
		return bad(r, "%s: a second section of this device", quote_text(shown, line));
	memcpy(r->out->uuid, uuid, sizeof(uuid));
	d = kept_add(r->out, id);
	if (!d)
		return bad(r, "too many devices");
	r->device = (int)(d - r->out->device);
	return 0;
}

/* What a pair tells: what was set, what the policy said then, or of what part it spoke. */
enum pair {
	PAIR_SET,
	PAIR_POLICY,
	PAIR_PART,
};

/* 0 or -errno with a sentence. */
static int check_value(enum pair what, enum schema_key key, const char *value,
		       char why[SCHEMA_ERR_MAX])
{
	char shown[QUOTE_MAX];

	if (what != PAIR_PART)
		return schema_check(key, value, why);
	if (is_part(key, value))
		return 0;
	snprintf(why, SCHEMA_ERR_MAX, "%s: expected a percentage of a rate",
		 quote_text(shown, value));
	return -EINVAL;
}

/* "key = value", into one of the two tables. */
static int read_pair(struct reading *r, char *line, enum pair what)
{
	char *equals = strstr(line, " = "), shown[QUOTE_MAX], why[SCHEMA_ERR_MAX], **at;
	int key;

	if (!equals)
		return bad(r, "%s: expected KEY = VALUE", quote_text(shown, line));
	*equals = '\0';
	key = schema_lookup(SCHEMA_BACK, line);
	if (key < 0 || (!kept_is_key((enum schema_key)key) &&
			!(what == PAIR_POLICY && key == KEY_BACK_UPLINK)))
		return bad(r, "no key %s", quote_text(shown, line));
	if (r->device == LOST_SECTION)
		return bad(r, "%s of a device that is not known", line);
	if (r->device < 0)
		return bad(r, "%s before the first section", line);
	if (check_value(what, (enum schema_key)key, equals + 3, why) < 0)
		return bad(r, "%s", why);
	at = what == PAIR_SET ? &r->out->device[r->device].set[key]
			      : &r->out->device[r->device].policy[key];
	if (*at)
		return bad(r, "%s is given twice", line);
	return kept_put(at, equals + 3) ? 0 : -ENOMEM;
}

/* Whatever is wrong with its value, such a line began no section. */
static bool is_of_key(const char *line, size_t len)
{
	char name[64];
	size_t n = strcspn(line, " ");

	if (strlen(line) != len || strchr(line, '[') || n >= sizeof(name))
		return false;
	memcpy(name, line, n);
	name[n] = '\0';
	return schema_lookup(SCHEMA_BACK, name) >= 0;
}

static int read_account(struct reading *r, const char *text)
{
	struct kept_account a;

	if (r->device < 0)
		return bad(r, "an account before the first section");
	if (!kept_account_parse(text, &a))
		return bad(r, "account: expected " KEPT_ACCOUNT_FORM);
	return kept_put(&r->out->device[r->device].account, text) ? 0 : -ENOMEM;
}

static int read_line(struct reading *r, char *line)
{
	r->ended = strcmp(line, END_WORD) == 0;
	if (strcmp(line, NAMED_WORD) == 0 && r->device >= 0) {
		r->out->device[r->device].by_policy = true;
		return 0;
	}
	if (strncmp(line, POLICY_WORD, strlen(POLICY_WORD)) == 0)
		return read_pair(r, line + strlen(POLICY_WORD), PAIR_POLICY);
	if (strncmp(line, PART_WORD, strlen(PART_WORD)) == 0)
		return read_pair(r, line + strlen(PART_WORD), PAIR_PART);
	if (strncmp(line, ACCOUNT_WORD, strlen(ACCOUNT_WORD)) == 0)
		return read_account(r, line + strlen(ACCOUNT_WORD));
	if (strncmp(line, GUEST_WORD, strlen(GUEST_WORD)) == 0)
		snprintf(r->out->name, sizeof(r->out->name), "%s", line + strlen(GUEST_WORD));
	if (line[0] == '#' || line[0] == '\0')
		return 0;
	return line[0] == '[' ? read_section(r, line) : read_pair(r, line, PAIR_SET);
}

/* Damage leaves a file's length as it was: a few bytes were no section. */
static void note_damage(struct reading *r, bool of_key, bool of_section, size_t len)
{
	r->run += len + 1;
	if (r->device != NO_SECTION && (of_section || (!of_key && r->run >= SECTION_LEN_MIN)))
		r->device = LOST_SECTION;
}

static int read_text(struct reading *r, char *line, size_t len)
{
	bool of_key = is_of_key(line, len), of_section = line[0] == '[';
	int ret;

	r->line++;
	if (strlen(line) != len)
		ret = bad(r, "it is not a text");
	else
		ret = read_line(r, line);
	if (ret == -EBADMSG)
		note_damage(r, of_key, of_section, len);
	else
		r->run = 0;
	return ret == -EBADMSG ? 0 : ret;
}

/* `text` is overwritten. */
static int read_lines(struct reading *r, char *text, size_t len)
{
	char *end = text + len, *next;
	int ret = 0;

	for (char *line = text; ret == 0 && line < end; line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			break; /* cut off */
		*next = '\0';
		ret = read_text(r, line, (size_t)(next - line));
		next++;
	}
	if (ret == 0 && !r->ended)
		bad(r, "it is cut off: the last line is not \"" END_WORD "\"");
	return ret ? ret : r->damaged ? -EBADMSG : 0;
}

int kept_parse(const char *text, size_t len, struct kept *out, char *err)
{
	struct reading r = {.out = out, .device = NO_SECTION, .err = err};
	char *copy = malloc(len + 1);
	int ret;

	*out = (struct kept){.count = 0};
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	ret = read_lines(&r, copy, len);
	free(copy);
	if (ret < 0 && ret != -EBADMSG)
		kept_clear(out);
	return ret;
}
