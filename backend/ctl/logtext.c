/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/logtext.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/ctl/target.h"
#include "backend/ctl/windows_view.h"
#include "common/quote.h"

struct logtext_name {
	unsigned domid;
	char text[48]; /* "": the domain has no name, or does not exist */
};

void logtext_free(struct logtext *t)
{
	free(t->name);
	t->name = NULL;
	t->n = 0;
}

static struct logtext_name *find(const struct logtext *t, unsigned domid)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->name[i].domid == domid)
			return &t->name[i];
	}
	return NULL;
}

bool logtext_knows(const struct logtext *t, unsigned domid)
{
	return find(t, domid);
}

/* NULL: no memory. */
static struct logtext_name *find_or_add(struct logtext *t, unsigned domid)
{
	struct logtext_name *at = find(t, domid), *more;

	if (at)
		return at;
	more = realloc(t->name, (t->n + 1) * sizeof(*more));
	if (!more)
		return NULL;
	t->name = more;
	more[t->n] = (struct logtext_name){.domid = domid};
	return &more[t->n++];
}

void logtext_learn(struct logtext *t, unsigned domid, const char *name)
{
	struct logtext_name *at = find_or_add(t, domid);

	if (at)
		snprintf(at->text, sizeof(at->text), "%.47s", name);
}

static const char *domain_name(struct logtext *t, unsigned domid)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	const struct logtext_name *at = find(t, domid);

	if (at)
		return at->text;
	target_identity(t->ctl, domid, name, uuid);
	if (!name[0])
		windows_view_name(t->ctl, domid, name);
	logtext_learn(t, domid, name);
	at = find(t, domid);
	return at ? at->text : "";
}

const char *logtext_ldp(struct logtext *t, uint32_t ldp, char out[LOGTEXT_LDP_MAX])
{
	const char *name = domain_name(t, record_domid(ldp));
	char quoted[QUOTE_MAX];

	for (const char *p = name; *p; p++) {
		if (*p < 0x21 || *p > 0x7e) {
			name = quote_text(quoted, name);
			break;
		}
	}
	if (*name)
		snprintf(out, LOGTEXT_LDP_MAX, "%s/%u", name, record_id(ldp));
	else
		snprintf(out, LOGTEXT_LDP_MAX, "%u/%u", record_domid(ldp), record_id(ldp));
	return out;
}

const char *logtext_bytes(uint64_t bytes, char out[LOGTEXT_NUMBER_MAX])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, bytes), at = 0;

	for (size_t i = 0; i < n; i++) {
		out[at++] = digits[i];
		if ((n - i) % 3 == 1 && i + 1 < n)
			out[at++] = ',';
	}
	snprintf(out + at, LOGTEXT_NUMBER_MAX - at, bytes == 1 ? " byte" : " bytes");
	return out;
}

static uint64_t size_of(int64_t balance)
{
	return balance < 0 ? -(uint64_t)balance : (uint64_t)balance;
}

static const char *standing(int64_t balance)
{
	return balance < 0 ? "owes" : "is owed";
}

/* " inside group 3", "" for group 0 */
#define GROUP_MAX 40
static const char *group_text(const char *before, uint64_t group, char out[GROUP_MAX])
{
	out[0] = '\0';
	if (group)
		snprintf(out, GROUP_MAX, "%s%" PRIu64, before, group);
	return out;
}

static void group_words(const char *who, uint64_t group, char *out, size_t size)
{
	if (group)
		snprintf(out, size, "%s is in group %" PRIu64, who, group);
	else
		snprintf(out, size, "%s is in no group", who);
}

/* The weight of a group, not of an LDP? */
static bool is_of_group(const struct record *r)
{
	return r->type == RECORD_WEIGHT && r->ldp == RECORD_NO_LDP;
}

const char *logtext_limit(uint64_t limit)
{
	static const char *const words[RECORD_LIMITS] = {
		[0] = "what this dmvlctl does not know",
		[RECORD_LIMIT_SHARE] = "its share beside others",
		[RECORD_LIMIT_MIN] = "its minimum beside others",
		[RECORD_LIMIT_MAX] = "its maximum",
		[RECORD_LIMIT_GROUP] = "its group's maximum",
		[RECORD_LIMIT_LINK] = "the link",
		[RECORD_LIMIT_GUEST] = "the guest, which stood still",
		[RECORD_LIMIT_DOWN] = "the uplink, which was down",
	};

	return words[limit < RECORD_LIMITS ? limit : 0];
}

/* What happened, without the time. False: people need not see it. */
static bool event_words(struct logtext *t, const struct record *r, char *out, size_t size)
{
	char who[LOGTEXT_LDP_MAX], peer[LOGTEXT_LDP_MAX], bytes[LOGTEXT_NUMBER_MAX],
		balance[LOGTEXT_NUMBER_MAX], group[GROUP_MAX];

	logtext_bytes(r->bytes, bytes);
	logtext_bytes(size_of(r->balance_after), balance);
	if (r->ldp != RECORD_NO_LDP)
		logtext_ldp(t, r->ldp, who);
	switch (r->type) {
	case RECORD_LOAN:
		snprintf(out, size, "%s lent %s to %s%s", who, bytes,
			 logtext_ldp(t, (uint32_t)r->peer, peer),
			 group_text(" inside group ", record_group(r), group));
		return true;
	case RECORD_REPAY:
		snprintf(out, size, "%s paid %s back to %s%s", who, bytes,
			 logtext_ldp(t, (uint32_t)r->peer, peer),
			 group_text(" inside group ", record_group(r), group));
		return !(r->flags & RECORD_F_TAKEN);
	case RECORD_ATTACH:
		snprintf(out, size, "%s is there with weight %u%s and %s %s", who,
			 r->flags & RECORD_F_WEIGHT,
			 group_text(" in group ", record_group(r), group),
			 standing(r->balance_after), balance);
		return true;
	case RECORD_DETACH:
		if (r->flags & RECORD_F_KEPT)
			snprintf(out, size, "%s is gone and %s %s", who, standing(r->balance_after),
				 balance);
		else
			snprintf(out, size, "%s is forgotten", who);
		return true;
	case RECORD_WEIGHT:
		if (is_of_group(r))
			snprintf(who, sizeof(who), "group %" PRIu64, r->peer);
		snprintf(out, size, "%s has weight %" PRIu64, who, r->bytes);
		return true;
	case RECORD_GROUP:
		group_words(who, r->bytes, out, size);
		return true;
	case RECORD_RESTART:
		snprintf(out, size, "dmvl-back was started");
		return true;
	case RECORD_LIMIT:
		snprintf(out, size, "%s had %s in a second, limited by %s", who, bytes,
			 logtext_limit(r->peer));
		return true;
	default:
		return false;
	}
}

/* "2026-11-26T12:00:01.230+01:00", local time and how far it is from UTC */
#define DATE_LEN 11
#define TIME_LEN 12 /* behind the date */
static void time_text(uint64_t t_ns, char *out, size_t size)
{
	time_t seconds = (time_t)(t_ns / 1000000000);
	struct tm tm = {0};
	size_t n;

	localtime_r(&seconds, &tm);
	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, size - n, ".%03u%c%02ld:%02ld", (unsigned)(t_ns % 1000000000 / 1000000),
		 tm.tm_gmtoff < 0 ? '-' : '+', labs(tm.tm_gmtoff) / 3600,
		 labs(tm.tm_gmtoff) / 60 % 60);
}

bool logtext_words(struct logtext *t, const struct record *r, unsigned dir, char *out)
{
	char when[48], what[LOGTEXT_MAX - 100];

	if (r->type == RECORD_CHECKPOINT)
		t->listed = r->bytes;
	if (is_of_group(r) && t->listed > 0)
		return false;
	if (r->type == RECORD_ATTACH && t->listed > 0) {
		t->listed--;
		return false;
	}
	if (!event_words(t, r, what, sizeof(what)))
		return false;
	time_text(r->t_ns, when, sizeof(when));
	snprintf(out, LOGTEXT_MAX, "%.*s %s%s", TIME_LEN, when + DATE_LEN, what,
		 dir == 0 ? "" : " (receiving)");
	return true;
}

static void add_number(struct json_object *o, const char *name, uint64_t number)
{
	json_object_object_add(o, name, json_object_new_uint64(number));
}

static void add_ldp(struct logtext *t, struct json_object *o, uint32_t ldp, bool peer)
{
	const char *name = domain_name(t, record_domid(ldp));

	json_object_object_add(o, peer ? "peer-domain" : "domain",
			       *name ? json_object_new_string(name) : NULL);
	json_object_object_add(o, peer ? "peer-domid" : "domid",
			       json_object_new_int64(record_domid(ldp)));
	json_object_object_add(o, peer ? "peer-id" : "id", json_object_new_int64(record_id(ldp)));
}

void logtext_add_ldp(struct logtext *t, struct json_object *o, uint32_t ldp)
{
	add_ldp(t, o, ldp, false);
}

static bool has_peer(const struct record *r)
{
	return r->type == RECORD_LOAN || r->type == RECORD_BORROW || r->type == RECORD_REPAY;
}

static bool has_pool(const struct record *r)
{
	return r->type == RECORD_POOL || r->type == RECORD_GRANT || r->type == RECORD_DECAY ||
	       r->type == RECORD_COMMIT || r->type == RECORD_CHECKPOINT;
}

/* What a record has besides what all have. */
static void add_rest(struct json_object *o, const struct record *r)
{
	if (r->type == RECORD_ATTACH)
		add_number(o, schema_name(KEY_BACK_WEIGHT), r->flags & RECORD_F_WEIGHT);
	else if (r->type != RECORD_GROUP)
		add_number(o, "bytes", r->bytes);
	if (r->type == RECORD_GROUP)
		add_number(o, "group", r->bytes);
	else if (is_of_group(r))
		add_number(o, "group", r->peer);
	else if (record_group(r) && (r->type == RECORD_ATTACH || has_peer(r)))
		add_number(o, "group", record_group(r));
	if (!is_of_group(r))
		json_object_object_add(o, "balance", json_object_new_int64(r->balance_after));
	if (has_pool(r))
		json_object_object_add(o, "pool", json_object_new_int64((int64_t)r->peer));
	if (r->type == RECORD_LIMIT)
		json_object_object_add(o, "by", json_object_new_string(record_limit_name(r->peer)));
	if (r->type == RECORD_REPAY)
		json_object_object_add(o, "taken",
				       json_object_new_boolean(r->flags & RECORD_F_TAKEN));
	if (r->type == RECORD_DETACH)
		json_object_object_add(o, "kept",
				       json_object_new_boolean(r->flags & RECORD_F_KEPT));
}

struct json_object *logtext_json(struct logtext *t, const struct record *r, const char *uplink,
				 unsigned dir)
{
	struct json_object *o = json_object_new_object();
	char when[48];

	time_text(r->t_ns, when, sizeof(when));
	json_object_object_add(o, "time", json_object_new_string(when));
	json_object_object_add(o, schema_name(KEY_BACK_UPLINK), json_object_new_string(uplink));
	json_object_object_add(o, "direction", json_object_new_string(dir == 0 ? "tx" : "rx"));
	json_object_object_add(o, "offset", json_object_new_uint64(r->seq * RECORD_BYTES));
	json_object_object_add(o, "epoch", json_object_new_uint64(r->epoch));
	json_object_object_add(o, "type", json_object_new_string(record_type_name(r->type)));
	if (r->ldp != RECORD_NO_LDP)
		add_ldp(t, o, r->ldp, false);
	if (has_peer(r))
		add_ldp(t, o, (uint32_t)r->peer, true);
	add_rest(o, r);
	return o;
}
