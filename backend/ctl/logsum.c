/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/logsum.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/since.h"
#include "common/log.h"
#include "common/units.h"

#define NS_PER_SEC UINT64_C(1000000000)
#define NAMED_MAX  4u /* takers in a line of text */
#define LINE_MAX   LOGTEXT_MAX
#define CLOCK_AT   11 /* in "2026-11-28 14:03:20" */

/* --- adding up -------------------------------------------------------------------------------- */

static void *grown(void *old, size_t count, size_t size)
{
	void *more = reallocarray(old, count, size);

	if (!more)
		exit(ctl_fail(EXIT_FAILED, "out of memory"));
	return more;
}

/* The log's ring bounds how many there can be. */
static void add_transfer(struct logsum *s, const struct record *r)
{
	bool repaid = r->type == RECORD_REPAY;
	size_t i = s->pairs;

	while (i > 0 && (s->pair[i - 1].giver != r->ldp || s->pair[i - 1].taker != r->peer ||
			 s->pair[i - 1].repaid != repaid))
		i--;
	if (i == 0) {
		i = ++s->pairs;
		s->pair = grown(s->pair, i, sizeof(*s->pair));
		s->pair[i - 1] = (struct logsum_pair){r->ldp, (uint32_t)r->peer, repaid, 0};
	}
	s->pair[i - 1].bytes += r->bytes;
}

static void add_limit(struct logsum *s, const struct record *r)
{
	s->limit = grown(s->limit, s->limits + 1, sizeof(*s->limit));
	s->limit[s->limits++] = (struct logsum_limit){r->ldp, r->peer, r->bytes};
}

bool logsum_add(struct logsum *s, const struct record *r)
{
	switch (r->type) {
	case RECORD_BORROW:
		return true;
	case RECORD_LOAN:
	case RECORD_REPAY:
		if (!(r->flags & RECORD_F_TAKEN))
			add_transfer(s, r);
		break;
	case RECORD_LIMIT:
		add_limit(s, r);
		break;
	default:
		return false;
	}
	s->second = r->t_ns / NS_PER_SEC;
	return true;
}

bool logsum_is_over(const struct logsum *s, uint64_t t_ns)
{
	return s->second && s->second < t_ns / NS_PER_SEC;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Transfers of one giver and kind side by side, the largest first. */
static int compare(const void *first, const void *second)
{
	const struct logsum_pair *a = first, *b = second;

	if (a->giver != b->giver)
		return a->giver < b->giver ? -1 : 1;
	if (a->repaid != b->repaid)
		return a->repaid ? 1 : -1;
	return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

static bool is_wanted(const struct logsum_to *to, const struct logsum_pair *p)
{
	return p->bytes && (to->wanted(to->arg, p->giver) || to->wanted(to->arg, p->taker));
}

/* Drops what nobody wants to see. */
static void filter(struct logsum *s, const struct logsum_to *to)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->pairs; i++) {
		if (is_wanted(to, &s->pair[i]))
			s->pair[kept++] = s->pair[i];
	}
	s->pairs = kept;
	for (size_t i = kept = 0; i < s->limits; i++) {
		if (to->wanted(to->arg, s->limit[i].ldp))
			s->limit[kept++] = s->limit[i];
	}
	s->limits = kept;
	if (s->pairs)
		qsort(s->pair, s->pairs, sizeof(*s->pair), compare);
}

static void say(const struct logsum *s, const struct logsum_to *to, const char *what)
{
	char when[SINCE_TEXT_MAX], line[LINE_MAX + 64];

	since_text(when, s->second * 1000);
	snprintf(line, sizeof(line), "%s %s%s", when + CLOCK_AT, what,
		 to->dir == 0 ? "" : " (receiving)");
	to->line(to->arg, line, NULL);
}

/* "to db1/0", or "in all: 8,000 bytes to db1/0, 7,000 bytes to web2/0 and to 9 more" */
static void say_takers(const struct logsum_to *to, const struct logsum_pair *p, size_t n, char *out,
		       size_t size)
{
	char who[LOGTEXT_LDP_MAX], bytes[LOGTEXT_NUMBER_MAX];
	size_t at = 0;

	if (n == 1) {
		snprintf(out, size, "to %s", logtext_ldp(to->text, p->taker, who));
		return;
	}
	for (size_t i = 0; i < n && i < NAMED_MAX && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s to %s",
				       i ? ", " : "in all: ", logtext_bytes(p[i].bytes, bytes),
				       logtext_ldp(to->text, p[i].taker, who));
	if (n > NAMED_MAX && at < size)
		snprintf(out + at, size - at, " and to %zu more", n - NAMED_MAX);
}

static uint64_t sum(const struct logsum_pair *p, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += p[i].bytes;
	return bytes;
}

static void say_pairs(const struct logsum *s, const struct logsum_to *to,
		      const struct logsum_pair *p, size_t n)
{
	char who[LOGTEXT_LDP_MAX], bytes[LOGTEXT_NUMBER_MAX], takers[512], what[LINE_MAX];

	say_takers(to, p, n, takers, sizeof(takers));
	snprintf(what, sizeof(what), "%s %s %s %s", logtext_ldp(to->text, p->giver, who),
		 p->repaid ? "paid back" : "lent", logtext_bytes(sum(p, n), bytes), takers);
	say(s, to, what);
}

static void say_limit(const struct logsum *s, const struct logsum_to *to,
		      const struct logsum_limit *l)
{
	char who[LOGTEXT_LDP_MAX], rate[UNITS_TEXT_MAX], what[LINE_MAX];

	snprintf(what, sizeof(what), "%s had %s, limited by %s", logtext_ldp(to->text, l->ldp, who),
		 units_format_rate_short(rate, sizeof(rate), l->bytes * 8), logtext_limit(l->by));
	say(s, to, what);
}

/* --- objects ---------------------------------------------------------------------------------- */

static struct json_object *begin_object(const struct logsum *s, const struct logsum_to *to,
					const char *type, uint32_t ldp, uint64_t bytes)
{
	struct json_object *o = json_object_new_object();
	char when[SINCE_TEXT_MAX];

	json_object_object_add(o, "time",
			       json_object_new_string(since_iso(when, s->second * 1000)));
	json_object_object_add(o, schema_name(KEY_BACK_UPLINK), json_object_new_string(to->uplink));
	json_object_object_add(o, "direction", json_object_new_string(to->dir == 0 ? "tx" : "rx"));
	json_object_object_add(o, "type", json_object_new_string(type));
	logtext_add_ldp(to->text, o, ldp);
	json_object_object_add(o, "bytes", json_object_new_uint64(bytes));
	return o;
}

static void give_pairs(const struct logsum *s, const struct logsum_to *to,
		       const struct logsum_pair *p, size_t n)
{
	struct json_object *o =
		begin_object(s, to, p->repaid ? "paid-back" : "lent", p->giver, sum(p, n));
	struct json_object *takers = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *taker = json_object_new_object();

		logtext_add_ldp(to->text, taker, p[i].taker);
		json_object_object_add(taker, "bytes", json_object_new_uint64(p[i].bytes));
		json_object_array_add(takers, taker);
	}
	json_object_object_add(o, "to", takers);
	to->line(to->arg, NULL, o);
}

static void give_limit(const struct logsum *s, const struct logsum_to *to,
		       const struct logsum_limit *l)
{
	struct json_object *o = begin_object(s, to, "limited", l->ldp, l->bytes);

	json_object_object_add(o, "by", json_object_new_string(record_limit_name(l->by)));
	to->line(to->arg, NULL, o);
}

void logsum_clear(struct logsum *s)
{
	s->second = s->pairs = s->limits = 0;
}

void logsum_print(struct logsum *s, const struct logsum_to *to)
{
	filter(s, to);
	for (size_t i = 0, end; i < s->pairs; i = end) {
		for (end = i + 1; end < s->pairs && s->pair[end].giver == s->pair[i].giver &&
				  s->pair[end].repaid == s->pair[i].repaid;)
			end++;
		(to->json ? give_pairs : say_pairs)(s, to, &s->pair[i], end - i);
	}
	for (size_t i = 0; i < s->limits; i++)
		(to->json ? give_limit : say_limit)(s, to, &s->limit[i]);
	logsum_clear(s);
}

void logsum_free(struct logsum *s)
{
	free(s->pair);
	free(s->limit);
	*s = (struct logsum){0};
}
