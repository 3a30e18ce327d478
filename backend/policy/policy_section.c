/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_section.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/policy/minima_words.h"
#include "common/quote.h"

/* --- the name of one ------------------------------------------------------------------------- */

static int refuse(char *err, const char *text, const char *why)
{
	char shown[QUOTE_MAX];

	snprintf(err, POLICY_SAID_MAX, "section %s: %s", quote_text(shown, text), why);
	return -EINVAL;
}

/* "/ID" at the end, which it cuts off. */
static int take_id(char *text, unsigned *id, char *err)
{
	char *slash = strrchr(text, '/');
	unsigned value = 0;

	*id = 0;
	if (!slash)
		return 0;
	for (const char *p = slash + 1; *p; p++) {
		if (*p < '0' || *p > '9' || value > SCHEMA_ID_MAX)
			return refuse(err, text, "expected a device id 0..65535 behind the '/'");
		value = value * 10 + (unsigned)(*p - '0');
	}
	if (slash[1] == '\0' || value > SCHEMA_ID_MAX)
		return refuse(err, text, "expected a device id 0..65535 behind the '/'");
	while (slash > text && isspace((unsigned char)slash[-1]))
		slash--;
	*slash = '\0';
	*id = value;
	return 0;
}

/* Hexadecimal digits in groups are meant to be a UUID, and would never be the name of a guest. */
static bool is_almost_uuid(const char *text)
{
	size_t len = strlen(text);

	return len > UUID_TEXT_LEN - 6 && strchr(text, '-') &&
	       strspn(text, "0123456789abcdefABCDEF-{}") == len;
}

/* fnmatch() takes a '[' that nothing ends for one of the name. */
static bool is_open(const char *pattern)
{
	for (const char *p = pattern; (p = strpbrk(p, "[\\")); p++) {
		if (*p == '\\') {
			p += p[1] != '\0';
			continue;
		}
		p += strspn(p + 1, "!^") ? 1 : 0;
		p = p[1] ? strchr(p + 2, ']') : NULL;
		if (!p)
			return true;
	}
	return false;
}

static int guest_section(char *text, struct policy_section *out, char *err)
{
	char plain[POLICY_LINE_MAX + 1];
	uint8_t uuid[16];

	if (strcmp(text, "default") == 0) {
		out->kind = POLICY_DEFAULT;
		return 0;
	}
	if (take_id(text, &out->id, err) < 0)
		return -EINVAL;
	if (strcmp(text, "default") != 0 && strcasecmp(text, "default") == 0)
		return refuse(err, text, "write default in lower case");
	if (strcmp(text, "default") == 0)
		return refuse(err, text, "it is for all devices: leave out the id");
	if (*text == '\0')
		return refuse(err, text, "expected the name, the UUID or a pattern of guests");
	if (uuid_parse(text, uuid)) {
		out->kind = POLICY_UUID;
		uuid_format(uuid, text);
		return 0;
	}
	if (is_almost_uuid(text))
		return refuse(err, text, "a UUID has 8, 4, 4, 4 and 12 hexadecimal digits");
	out->kind = strpbrk(text, "*?[") ? POLICY_GLOB : POLICY_NAME;
	if (out->kind == POLICY_GLOB && is_open(text))
		return refuse(err, text, "expected a ']' behind each '[' of a pattern");
	policy_guest_name(text, plain, sizeof(plain));
	if (out->kind == POLICY_NAME && strcmp(text, plain) != 0)
		return refuse(err, text, "leave out what a migration puts behind the name");
	return 0;
}

/* "group NAME" and "uplink NAME". 1: it is another section. */
static int named_section(char *text, struct policy_section *out, char *err)
{
	static const struct {
		const char *word;
		enum policy_kind kind;
	} words[] = {{"group", POLICY_GROUP}, {"uplink", POLICY_UPLINK}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word), blanks = strspn(text + len, " \t");

		if (strncasecmp(text, words[i].word, len) != 0 || (text[len] && blanks == 0))
			continue;
		if (strncmp(text, words[i].word, len) != 0) {
			if (!text[len])
				continue; /* the name of a guest */
			return refuse(err, text, "write the first word in lower case");
		}
		if (schema_check(KEY_BACK_UPLINK, text + len + blanks, NULL) < 0)
			return refuse(err, text,
				      "expected a name of 1..32 letters, digits, '.', '_' and '-', "
				      "not '.' or '-' first");
		out->kind = words[i].kind;
		memmove(text, text + len + blanks, strlen(text + len + blanks) + 1);
		return 0;
	}
	return 1;
}

int policy_parse_section(const char *text, struct policy_section *out, char *err)
{
	char plain[POLICY_LINE_MAX + 1];
	size_t len = strlen(text);
	int ret;

	*out = (struct policy_section){.kind = POLICY_DEFAULT};
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	if (len > POLICY_LINE_MAX)
		return refuse(err, text, "the name is too long");
	memcpy(plain, text, len);
	plain[len] = '\0';
	ret = named_section(plain, out, err);
	if (ret > 0)
		ret = guest_section(plain, out, err);
	if (ret < 0)
		return ret;
	out->name = strdup(plain);
	return out->name ? 0 : refuse(err, text, "out of memory");
}

char *policy_head_end(char *head)
{
	/* A pattern may have other brackets before it, a comment behind it. */
	for (char *p = strchr(head, ']'); p; p = strchr(p + 1, ']')) {
		size_t blanks = strspn(p + 1, " \t");

		if (p[1 + blanks] == '\0' || strchr(";#", p[1 + blanks]))
			return p;
	}
	return NULL;
}

/* --- across sections -------------------------------------------------------------------------- */

/* The number of a rate or of a percentage; with a capacity (`of`) the rate that it is of that. */
static uint64_t amount(const struct policy_item *item, const struct policy_capacity *of)
{
	char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t bps = item->part_ppm;

	if (item->part_ppm && !of)
		return bps;
	bps = 0;
	if (!of)
		schema_parse_u64(item->key, item->value, &bps, NULL);
	else if (policy_resolve(item, of, value, err) == 0)
		schema_parse_u64(item->key, value, &bps, NULL);
	return bps;
}

/* Two of different kinds can be compared with a capacity alone, and all others were without it. */
static bool is_comparable(const struct policy_item *a, const struct policy_item *b,
			  const struct policy_capacity *of)
{
	return (!a->part_ppm == !b->part_ppm) == !of;
}

static bool is_of(const struct policy_item *item, const struct policy_section *s)
{
	return item >= s->item && item < s->item + s->items;
}

/* Says so if the minimum is above the maximum and one of them is of this section. 1, else 0. */
static unsigned check_pair(const struct policy_section *s, const struct policy_item *min,
			   const struct policy_item *max, const struct policy_capacity *of,
			   policy_say *say, void *arg)
{
	char text[POLICY_SAID_MAX];
	const struct policy_item *own;

	if (!min || !max || !is_comparable(min, max, of) || amount(max, of) == 0 ||
	    amount(min, of) <= amount(max, of) || (!is_of(min, s) && !is_of(max, s)))
		return 0;
	own = is_of(min, s) ? min : max;
	snprintf(text, sizeof(text), "%.200s:%u: %s %s is above %s %s of %.200s:%u", own->file,
		 own->line, schema_name(min->key), min->value, schema_name(max->key), max->value,
		 max->file, max->line);
	say(arg, text);
	return 1;
}

/* What is in force for what the section names, as far as its head tells. */
static void in_force(const struct policy *p, const struct policy_section *s, struct policy_match *m)
{
	bool by_uuid = s->kind == POLICY_UUID;

	memset(m, 0, sizeof(*m));
	if (s->kind <= POLICY_UUID)
		policy_find(p, NULL, by_uuid ? s->name : "", by_uuid ? "" : s->name, s->id, m);
	/* A pattern need not fit itself. */
	for (unsigned i = 0; i < s->items; i++)
		m->item[s->item[i].key] = &s->item[i];
}

/* Minima, and the maxima that they must not be above. */
static const struct {
	enum schema_key min, max;
} pairs[] = {
	{KEY_BACK_TX_MIN, KEY_BACK_TX_MAX},	    {KEY_BACK_RX_MIN, KEY_BACK_RX_MAX},
	{KEY_GROUP_TX_MIN, KEY_GROUP_TX_MAX},	    {KEY_GROUP_RX_MIN, KEY_GROUP_RX_MAX},
	{KEY_UPLINK_HOST_MIN, KEY_UPLINK_HOST_MAX},
};

static unsigned check_section(const struct policy *p, const struct policy_section *s,
			      const struct policy_capacity *of, policy_say *say, void *arg)
{
	unsigned mistakes = 0;
	struct policy_match m;

	in_force(p, s, &m);
	for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
		mistakes += check_pair(s, m.item[pairs[k].min], m.item[pairs[k].max], of, say, arg);
	return mistakes;
}

unsigned policy_check(const struct policy *p, policy_say *say, void *arg)
{
	unsigned mistakes = 0;

	for (unsigned i = 0; i < p->sections; i++)
		mistakes += check_section(p, &p->section[i], NULL, say, arg);
	return mistakes;
}

/* Says so if no capacity admits it. 1, else 0. */
static unsigned check_room(const struct policy_item *min, const struct policy_capacity *of,
			   policy_say *say, void *arg)
{
	int part = policy_part_of(min->key);
	uint64_t all = part == KEY_UPLINK_RX_CAPACITY ? of->rx_bps : of->tx_bps;
	uint64_t room = minima_words_room(all);
	char text[POLICY_SAID_MAX];

	if (all == 0 || amount(min, of) <= room)
		return 0;
	snprintf(text, sizeof(text),
		 "%.300s:%u: %s %s is above %" PRIu64 ", which is %d %% of %s: it is not admitted",
		 min->file, min->line, schema_name(min->key), min->value, room, MINIMA_PERCENT,
		 schema_name((enum schema_key)part));
	say(arg, text);
	return 1;
}

static bool is_minimum(enum schema_key key)
{
	for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++) {
		if (pairs[k].min == key)
			return key != KEY_UPLINK_HOST_MIN;
	}
	return false;
}

unsigned policy_check_parts(const struct policy *p, const struct policy_section *s,
			    const struct policy_capacity *of, policy_say *say, void *arg)
{
	unsigned mistakes = check_section(p, s, of, say, arg);

	for (unsigned i = 0; i < s->items; i++) {
		if (is_minimum(s->item[i].key))
			mistakes += check_room(&s->item[i], of, say, arg);
	}
	return mistakes;
}
