/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/uuid.h"
#include "common/version.h"

/*
 * Theory of operation
 *
 * The formats want all samples of a family together, whatever uplink or LDP they are of. So each
 * family goes once over everything, with labels that were made before. The tables say which field
 * of the statistics is which metric; what needs more than that has a function below them.
 *
 * An LDP has no more than METRICS_LDP_SERIES series: a store of Prometheus pays for each. What is
 * counted by reason, and the histograms, are of the uplink, whose sums the frame loop keeps.
 */
#define DROP   "drop-"
#define DROPOK "drop-ok" /* no frame is dropped because it is in order */

static const char *const directions[] = {"tx", "rx"};

/* A family whose values are fields as they are. */
struct metric {
	const char *name;
	enum page_type type;
	enum page_unit unit;
	const char *field[2]; /* of tx and of rx; or one, without a direction */
	const char *help;
};

static const struct metric of_uplink[] = {
	{"dmvl_uplink_connected_ldps",
	 PAGE_GAUGE,
	 PAGE_PLAIN,
	 {"connected"},
	 "LDPs that are connected."},
	{"dmvl_uplink_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-bytes", "rx-bytes"},
	 "Bytes on the wire that left (tx) and entered (rx) the host for guests."},
	{"dmvl_uplink_malformed_frames",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"rx-malformed"},
	 "Frames from the uplink that could not be parsed."},
	{"dmvl_uplink_flood_dropped_frames",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"rx-flood"},
	 "Frames from the uplink that were dropped because they were beyond the limit of floods."},
	{"dmvl_uplink_windows",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-windows", "rx-windows"},
	 "Windows of 100 ms in which frames of an LDP waited, of all LDPs."},
};

static const struct metric of_ldp[] = {
	{"dmvl_ldp_frames",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-frames", "rx-frames"},
	 "Frames sent for the guest (tx) and written into its ring (rx)."},
	{"dmvl_ldp_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-bytes", "rx-bytes"},
	 "Bytes of these frames on the wire."},
	{"dmvl_ldp_rate_in_force_bytes_per_second",
	 PAGE_GAUGE,
	 PAGE_BITS,
	 {"tx-rate-in-force", "rx-rate-in-force"},
	 "What the LDP would get if it sent or received all it could; 0: no capacity is known."},
	{"dmvl_ldp_balance_bytes",
	 PAGE_GAUGE,
	 PAGE_SIGNED,
	 {"tx-balance", "rx-balance"},
	 "Balance of its account: lent is positive, borrowed negative."},
	{"dmvl_ldp_lent_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-lent", "rx-lent"},
	 "Bytes of its credit that others used, and what it paid back."},
	{"dmvl_ldp_borrowed_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-borrowed", "rx-borrowed"},
	 "Bytes of others' credit that it used, and what was paid back to it."},
	{"dmvl_ldp_backlogged_seconds",
	 PAGE_COUNTER,
	 PAGE_MICROSECONDS,
	 {"tx-backlogged", "rx-backlogged"},
	 "Time during which frames of it waited."},
	{"dmvl_ldp_entitled_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-entitled", "rx-entitled"},
	 "Bytes that its minimum and its weight would have given it while frames waited."},
	{"dmvl_ldp_had_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-had", "rx-had"},
	 "Bytes that it had in the same time."},
	{"dmvl_ldp_mac_moves",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"mac-moves"},
	 "Addresses that moved to it or away from it."},
};

static const struct metric of_ldp_more[] = {
	{"dmvl_ldp_uplink_bytes",
	 PAGE_COUNTER,
	 PAGE_PLAIN,
	 {"tx-uplink-bytes", "rx-uplink-bytes"},
	 "Bytes that left or entered the host among those of the LDP."},
	{"dmvl_ldp_groups_joined",
	 PAGE_GAUGE,
	 PAGE_PLAIN,
	 {"groups-joined"},
	 "Multicast groups that it is in."},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Whose record it is, and how it is labelled. */
struct subject {
	const struct source *source;
	const struct source_ldp *ldp; /* NULL: the uplink */
	const struct stats_record *record;
	struct page labels;
};

struct writer {
	struct page *page;
	struct subject *subject; /* the uplinks, then the LDPs */
	unsigned uplinks, subjects;
};

static const uint64_t *get(const struct subject *s, const char *name, unsigned *count)
{
	const struct stats_field *f;
	const uint64_t *value =
		source_get(s->source, s->record, s->ldp ? STATS_LDP : STATS_UPLINK, name, &f);

	if (value)
		*count = f->count;
	return value;
}

static void sample(const struct writer *w, const struct subject *s, const struct metric *m,
		   unsigned dir)
{
	unsigned count;
	const uint64_t *value = get(s, m->field[dir], &count);
	bool both = m->field[1];

	if (value)
		page_sample(w->page, m->name, m->type, &s->labels, both ? "direction" : NULL,
			    directions[dir], m->unit, *value);
}

/* The families of a table, for the subjects from `first` to before `end`. */
static void write_table(const struct writer *w, const struct metric *table, unsigned n,
			unsigned first, unsigned end)
{
	for (const struct metric *m = table; m < table + n; m++) {
		page_family(w->page, m->name, m->type, m->help);
		for (unsigned i = first; i < end; i++)
			for (unsigned dir = 0; dir < 2 && m->field[dir]; dir++)
				sample(w, &w->subject[i], m, dir);
	}
}

/* --- what tables do not say ------------------------------------------------------------------- */

static void write_waits(const struct writer *w, const char *name, const char *help, unsigned first,
			unsigned end)
{
	static const char *const fields[] = {"tx-wait", "rx-wait"};
	unsigned count = 0;

	page_family(w->page, name, PAGE_HISTOGRAM, help);
	for (unsigned i = first; i < end; i++)
		for (unsigned dir = 0; dir < 2; dir++) {
			const uint64_t *bucket = get(&w->subject[i], fields[dir], &count);

			if (bucket)
				page_buckets(w->page, name, &w->subject[i].labels, directions[dir],
					     bucket, count);
		}
}

/* 0 is not a capacity: none is known. */
static void write_capacity(const struct writer *w)
{
	static const char *const fields[] = {"capacity", "receive-capacity"};
	static const char name[] = "dmvl_uplink_capacity_bytes_per_second";
	unsigned count;

	page_family(w->page, name, PAGE_GAUGE, "Capacity in force; not there: none is known.");
	for (unsigned i = 0; i < w->uplinks; i++)
		for (unsigned dir = 0; dir < 2; dir++) {
			const uint64_t *value = get(&w->subject[i], fields[dir], &count);

			if (value && *value)
				page_sample(w->page, name, PAGE_GAUGE, &w->subject[i].labels,
					    "direction", directions[dir], PAGE_BITS, *value);
		}
}

/* Is it a field of drops in this scope, and of which reason? */
static const char *drop_reason(const struct stats_field *f, enum stats_scope scope)
{
	if (f->scope != scope || strncmp(f->name, DROP, strlen(DROP)) != 0 ||
	    strcmp(f->name, DROPOK) == 0)
		return NULL;
	return f->name + strlen(DROP);
}

static void write_drops(const struct writer *w, const char *name, const char *help, unsigned first,
			unsigned end)
{
	page_family(w->page, name, PAGE_COUNTER, help);
	for (unsigned i = first; i < end; i++) {
		const struct subject *s = &w->subject[i];

		for (unsigned n = 0; n < s->source->fields; n++) {
			const struct stats_field *f = &s->source->field[n];
			const char *reason = drop_reason(f, s->ldp ? STATS_LDP : STATS_UPLINK);

			if (reason)
				page_sample(w->page, name, PAGE_COUNTER, &s->labels, "reason",
					    reason, PAGE_PLAIN, s->record->value[f->first]);
		}
	}
}

static void write_ldp_dropped(const struct writer *w)
{
	static const char name[] = "dmvl_ldp_dropped_frames";

	page_family(w->page, name, PAGE_COUNTER, "Frames from and to the LDP that were dropped.");
	for (unsigned i = w->uplinks; i < w->subjects; i++) {
		const struct subject *s = &w->subject[i];
		uint64_t sum = 0;

		for (unsigned n = 0; n < s->source->fields; n++)
			if (drop_reason(&s->source->field[n], STATS_LDP))
				sum += s->record->value[s->source->field[n].first];
		page_sample(w->page, name, PAGE_COUNTER, &s->labels, NULL, NULL, PAGE_PLAIN, sum);
	}
}

/* --- windows ---------------------------------------------------------------------------------- */

/* "tx-broken-REASON", with labels for both of its words. */
static void broken_sample(const struct writer *w, const char *name, const struct subject *s,
			  unsigned dir, unsigned reason, uint64_t value)
{
	struct page labels = {0};

	page_append(&labels, &s->labels);
	page_label(&labels, "direction", directions[dir]);
	page_sample(w->page, name, PAGE_COUNTER, &labels, "reason", windows_reason_name(reason),
		    PAGE_PLAIN, value);
	page_free(&labels);
}

static void write_uplink_broken(const struct writer *w)
{
	static const char name[] = "dmvl_uplink_broken_windows";
	char field[STATS_NAME_MAX + 1];
	const uint64_t *value;
	unsigned count;

	page_family(w->page, name, PAGE_COUNTER,
		    "Windows in which an LDP had less than its minimum or its weight's share.");
	for (unsigned i = 0; i < w->uplinks; i++)
		for (unsigned n = 0; n < WINDOWS_DIRS * WINDOWS_REASONS; n++) {
			unsigned dir = n / WINDOWS_REASONS, reason = n % WINDOWS_REASONS;

			snprintf(field, sizeof(field), "%s-broken-%s", directions[dir],
				 windows_reason_name(reason));
			value = get(&w->subject[i], field, &count);
			if (value)
				broken_sample(w, name, &w->subject[i], dir, reason, *value);
		}
}

static void write_ldp_windows(const struct writer *w, const char *name, bool kept, const char *help)
{
	page_family(w->page, name, PAGE_COUNTER, help);
	for (unsigned i = w->uplinks; i < w->subjects; i++) {
		const struct source_kept *k = &w->subject[i].ldp->kept;

		for (unsigned dir = 0; dir < WINDOWS_DIRS && k->known; dir++)
			page_sample(w->page, name, PAGE_COUNTER, &w->subject[i].labels, "direction",
				    directions[dir], PAGE_PLAIN,
				    k->judged[dir] - (kept ? windows_broken(k->broken[dir]) : 0));
	}
}

static void write_ldp_broken(const struct writer *w)
{
	static const char name[] = "dmvl_ldp_broken_windows";

	page_family(w->page, name, PAGE_COUNTER, "Windows that were not kept.");
	for (unsigned i = w->uplinks; i < w->subjects; i++) {
		const struct source_kept *k = &w->subject[i].ldp->kept;

		for (unsigned n = 0; n < WINDOWS_DIRS * WINDOWS_REASONS && k->known; n++)
			broken_sample(w, name, &w->subject[i], n / WINDOWS_REASONS,
				      n % WINDOWS_REASONS,
				      k->broken[n / WINDOWS_REASONS][n % WINDOWS_REASONS]);
	}
}

/* --- who there is ----------------------------------------------------------------------------- */

static void write_up(struct page *p, const struct sources *s)
{
	static const char name[] = "dmvl_uplink_up";

	page_family(p, name, PAGE_GAUGE, "1: a dmvl-back serves the uplink, and was read.");
	for (unsigned i = 0; i < s->count; i++) {
		struct page labels = {0};

		page_label(&labels, "uplink", s->at[i].uplink);
		page_sample(p, name, PAGE_GAUGE, &labels, NULL, NULL, PAGE_PLAIN,
			    s->at[i].problem == SOURCE_FINE);
		page_free(&labels);
	}
}

static void write_info(const struct writer *w)
{
	static const char name[] = "dmvl_ldp";
	char domid[16];

	page_family(w->page, name, PAGE_INFO, "The guest of an LDP, which may change its domid.");
	for (unsigned i = w->uplinks; i < w->subjects; i++) {
		const struct subject *s = &w->subject[i];
		struct page labels = {0};

		snprintf(domid, sizeof(domid), "%u", s->record->domid);
		page_append(&labels, &s->labels);
		page_label(&labels, "domid", domid);
		page_label(&labels, "name", s->ldp->kept.guest);
		page_sample(w->page, name, PAGE_INFO, &labels, NULL, NULL, PAGE_PLAIN, 1);
		page_free(&labels);
	}
}

static void write_self(struct page *p, const struct metrics_self *self)
{
	static const char *const problems[SOURCE_PROBLEMS] = {
		[SOURCE_UNREADABLE] = "unreadable",
		[SOURCE_FOREIGN] = "foreign",
		[SOURCE_VERSION] = "version",
		[SOURCE_TORN] = "torn",
	};
	struct page none = {0}, labels = {0};

	page_label(&labels, "version", dmvl_version);
	page_family(p, "dmvl_exporter_build", PAGE_INFO, "The exporter itself.");
	page_sample(p, "dmvl_exporter_build", PAGE_INFO, &labels, NULL, NULL, PAGE_PLAIN, 1);
	page_free(&labels);
	page_family(p, "dmvl_exporter_scrapes", PAGE_COUNTER, "Answers so far.");
	page_sample(p, "dmvl_exporter_scrapes", PAGE_COUNTER, &none, NULL, NULL, PAGE_PLAIN,
		    self->scrapes);
	page_family(p, "dmvl_exporter_file_errors", PAGE_COUNTER,
		    "Files and records in the run directory that could not be used.");
	for (unsigned i = 0; i < SOURCE_PROBLEMS; i++)
		if (problems[i])
			page_sample(p, "dmvl_exporter_file_errors", PAGE_COUNTER, &none, "reason",
				    problems[i], PAGE_PLAIN, self->problems[i]);
}

static void add_subject(struct writer *w, const struct source *s, const struct source_ldp *ldp)
{
	struct subject *to = &w->subject[w->subjects++];
	char uuid[UUID_TEXT_LEN + 1], id[16];

	*to = (struct subject){.source = s, .ldp = ldp, .record = ldp ? ldp->record : s->own};
	page_label(&to->labels, "uplink", s->uplink);
	if (!ldp)
		return;
	uuid_format(ldp->record->uuid, uuid);
	snprintf(id, sizeof(id), "%u", ldp->record->id);
	page_label(&to->labels, "uuid", uuid);
	page_label(&to->labels, "id", id);
}

/* False: out of memory. */
static bool make_subjects(struct writer *w, const struct sources *s)
{
	unsigned all = 0;

	for (unsigned i = 0; i < s->count; i++)
		all += 1 + s->at[i].ldps;
	w->subject = calloc(all + 1, sizeof(*w->subject));
	if (!w->subject)
		return false;
	for (unsigned i = 0; i < s->count; i++)
		if (s->at[i].own)
			add_subject(w, &s->at[i], NULL);
	w->uplinks = w->subjects;
	for (unsigned i = 0; i < s->count; i++)
		for (unsigned n = 0; n < s->at[i].ldps; n++)
			add_subject(w, &s->at[i], &s->at[i].ldp[n]);
	return true;
}

/* --- all -------------------------------------------------------------------------------------- */

static void write_uplinks(const struct writer *w)
{
	write_table(w, of_uplink, COUNT(of_uplink), 0, w->uplinks);
	write_capacity(w);
	write_drops(w, "dmvl_uplink_dropped_frames",
		    "Frames from and to all LDPs that were dropped, also of those that went.", 0,
		    w->uplinks);
	write_uplink_broken(w);
	write_waits(w, "dmvl_uplink_wait_seconds",
		    "How long frames of all LDPs waited in dmvl-back, also of those that went.", 0,
		    w->uplinks);
}

static void write_ldps(const struct writer *w)
{
	write_info(w);
	write_table(w, of_ldp, COUNT(of_ldp), w->uplinks, w->subjects);
	write_ldp_windows(w, "dmvl_ldp_windows", false,
			  "Windows of 100 ms in which frames waited nearly all the time.");
	write_ldp_windows(w, "dmvl_ldp_kept_windows", true,
			  "Those in which it had its minimum and its weight's share.");
	write_ldp_dropped(w);
}

static void write_more(const struct writer *w)
{
	write_table(w, of_ldp_more, COUNT(of_ldp_more), w->uplinks, w->subjects);
	write_drops(w, "dmvl_ldp_dropped_by_reason_frames",
		    "Frames from and to the LDP that were dropped, by reason.", w->uplinks,
		    w->subjects);
	write_ldp_broken(w);
	write_waits(w, "dmvl_ldp_wait_seconds", "How long frames of the LDP waited in dmvl-back.",
		    w->uplinks, w->subjects);
}

void metrics_write(struct page *p, const struct sources *s, const struct metrics_self *self,
		   bool per_ldp)
{
	struct writer w = {.page = p};

	if (!make_subjects(&w, s)) {
		p->failed = true;
		return;
	}
	write_self(p, self);
	write_up(p, s);
	write_uplinks(&w);
	write_ldps(&w);
	if (per_ldp)
		write_more(&w);
	page_end(p);
	for (unsigned i = 0; i < w.subjects; i++)
		page_free(&w.subject[i].labels);
	free(w.subject);
}
