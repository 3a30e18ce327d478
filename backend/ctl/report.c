/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl report: how well the guarantee of each device was kept, and why not. */
#include "backend/ctl/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/ctl/since.h"
#include "backend/ctl/span.h"
#include "backend/ctl/table.h"
#include "backend/ctl/windows_view.h"
#include "common/log.h"
#include "common/units.h"

static const char *const names[WINDOWS_DIRS] = {"tx", "rx"};
static const char *const does[WINDOWS_DIRS] = {"sends", "receives"};

struct report {
	struct ctl *ctl;
	struct windows_view *views;
	int count;
	bool filtered;
	struct target target;
	uint64_t since_ms, now_ms;
	unsigned shown; /* devices */
};

/* The next device of the view that is wanted, from record *i on. */
static bool next_device(struct report *r, const struct windows_view *v, unsigned *i,
			struct windows_device *d)
{
	while (*i < WINDOWS_FILE_RECORDS) {
		if (!windows_view_read(r->ctl, v, (*i)++, d))
			continue;
		if (r->filtered && !windows_device_is(d, &r->target))
			continue;
		r->shown++;
		return true;
	}
	return false;
}

static void since(const struct report *r, const struct windows_device *d, unsigned dir,
		  struct windows_report *out)
{
	windows_since(&d->record.dir[dir], r->since_ms, r->now_ms, out);
}

/* --- text ------------------------------------------------------------------------------------- */

/* "99.94", rounded down: 100.00 only if all were. */
static const char *percent(char out[UNITS_TEXT_MAX], uint64_t part, uint64_t all)
{
	uint64_t hundredths = (uint64_t)((unsigned __int128)part * 10000 / all);

	snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
	return out;
}

/* Of the bytes in all windows of an outage. */
static const char *rate(char out[UNITS_TEXT_MAX], uint64_t bytes, uint64_t windows)
{
	return units_format_rate_short(out, UNITS_TEXT_MAX,
				       bytes * 8 * (1000 / WINDOWS_MS) / windows);
}

static void print_sums(const struct windows_report *w, unsigned dir)
{
	uint64_t broken = windows_broken(w->broken);
	bool any = false;
	char text[UNITS_TEXT_MAX];

	if (w->judged == 0) {
		printf("  %-8s never had frames waiting for long\n", does[dir]);
		return;
	}
	printf("  %-8s %s %% kept of %" PRIu64 " windows", does[dir],
	       percent(text, w->judged - broken, w->judged), w->judged);
	for (unsigned i = 0; i < WINDOWS_REASONS; i++) {
		if (!w->broken[i])
			continue;
		printf("%s %s %" PRIu64, any ? "," : "; not kept:", windows_reason_words(i),
		       w->broken[i]);
		any = true;
	}
	printf("\n");
}

static void print_outages(const struct windows_report *w, unsigned dir)
{
	char when[SINCE_TEXT_MAX], had[UNITS_TEXT_MAX], due[UNITS_TEXT_MAX];

	for (unsigned i = 0; i < w->outages; i++) {
		const struct windows_outage *o = &w->worst[i];

		printf("    %s  %s %s of %s for %" PRIu64 ".%" PRIu64 " s: %s\n",
		       since_text(when, o->begin_ms), dir == 0 ? "sent" : "received",
		       rate(had, o->had_bytes, o->windows), rate(due, o->due_bytes, o->windows),
		       o->windows / 10, o->windows % 10, windows_reason_words((unsigned)o->reason));
	}
}

static void print_device(const struct report *r, const struct windows_view *v,
			 const struct windows_device *d)
{
	struct windows_report w[WINDOWS_DIRS];
	char title[TARGET_NAME_MAX + 128], when[SINCE_TEXT_MAX];
	const char *cells[1] = {title};
	struct table table;

	for (unsigned dir = 0; dir < WINDOWS_DIRS; dir++)
		since(r, d, dir, &w[dir]);
	snprintf(title, sizeof(title), "%s/%u on %s%s, since %s", d->name[0] ? d->name : d->uuid,
		 d->record.id, v->uplink, d->there ? "" : " (gone)",
		 w[0].from_ms ? since_text(when, w[0].from_ms) : "the beginning");
	/* A table, because it replaces unprintable characters in the name. */
	table_init(&table, 1);
	table_add(&table, cells);
	table_print(&table, stdout);
	for (unsigned dir = 0; dir < WINDOWS_DIRS; dir++) {
		print_sums(&w[dir], dir);
		print_outages(&w[dir], dir);
	}
}

static int print_text(struct report *r)
{
	struct windows_device *d = malloc(sizeof(*d));

	for (int i = 0; d && i < r->count; i++) {
		unsigned at = 0;

		while (next_device(r, &r->views[i], &at, d))
			print_device(r, &r->views[i], d);
	}
	free(d);
	return output_end();
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_number(struct json_object *o, const char *name, uint64_t number)
{
	json_object_object_add(o, name, json_object_new_uint64(number));
}

static void add_time(struct json_object *o, const char *name, uint64_t ms)
{
	char text[SINCE_TEXT_MAX];

	json_object_object_add(o, name, ms ? json_object_new_string(since_iso(text, ms)) : NULL);
}

static struct json_object *outage_json(const struct windows_outage *outage)
{
	struct json_object *o = json_object_new_object();

	add_time(o, "begin", outage->begin_ms);
	add_time(o, "end", outage->end_ms);
	add_number(o, "windows", outage->windows);
	add_number(o, "due-bytes", outage->due_bytes);
	add_number(o, "had-bytes", outage->had_bytes);
	json_object_object_add(o, "reason",
			       json_object_new_string(
				       windows_reason_name((unsigned)outage->reason)));
	return o;
}

static struct json_object *direction_json(const struct windows_report *w)
{
	struct json_object *o = json_object_new_object(), *broken = json_object_new_object(),
			   *worst = json_object_new_array();

	add_time(o, "since", w->from_ms);
	add_number(o, "windows", w->judged);
	add_number(o, "kept", w->judged - windows_broken(w->broken));
	for (unsigned i = 0; i < WINDOWS_REASONS; i++)
		add_number(broken, windows_reason_name(i), w->broken[i]);
	json_object_object_add(o, "not-kept", broken);
	for (unsigned i = 0; i < w->outages; i++)
		json_object_array_add(worst, outage_json(&w->worst[i]));
	json_object_object_add(o, "worst", worst);
	return o;
}

static struct json_object *device_json(const struct report *r, const struct windows_device *d)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "domid", json_object_new_int64(d->record.domid));
	json_object_object_add(o, "id", json_object_new_int64(d->record.id));
	json_object_object_add(o, "name", json_object_new_string(d->name));
	json_object_object_add(o, "uuid", json_object_new_string(d->uuid));
	json_object_object_add(o, "exists", json_object_new_boolean(d->there));
	for (unsigned dir = 0; dir < WINDOWS_DIRS; dir++) {
		struct windows_report w;

		since(r, d, dir, &w);
		json_object_object_add(o, names[dir], direction_json(&w));
	}
	return o;
}

static struct json_object *view_json(struct report *r, const struct windows_view *v)
{
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();
	struct windows_device *d = malloc(sizeof(*d));
	unsigned at = 0;

	json_object_object_add(o, "name", json_object_new_string(v->uplink));
	if (v->why)
		json_object_object_add(o, "reason", json_object_new_string(v->why));
	while (d && next_device(r, v, &at, d))
		json_object_array_add(devices, device_json(r, d));
	json_object_object_add(o, "devices", devices);
	free(d);
	return o;
}

static int print_json(struct report *r)
{
	struct json_object *o = json_object_new_object(), *array = json_object_new_array();

	for (int i = 0; i < r->count; i++)
		json_object_array_add(array, view_json(r, &r->views[i]));
	json_object_object_add(o, "uplinks", array);
	return json_print(o);
}

/* --- the command ------------------------------------------------------------------------------ */

/* Was there all that was asked for? */
static int lacks(const struct report *r)
{
	char text[TARGET_TEXT_MAX];
	int ret = 0;

	for (int i = 0; i < r->count; i++) {
		if (r->views[i].why)
			ret = ctl_fail(EXIT_FAILED, "%s: %s", r->views[i].path, r->views[i].why);
	}
	if (ret || !r->filtered || r->shown)
		return ret;
	if (r->target.id_given)
		return ctl_fail(EXIT_FAILED, "nothing is recorded of device %u of %s", r->target.id,
				target_text(&r->target, text));
	return ctl_fail(EXIT_FAILED, "nothing is recorded of %s", target_text(&r->target, text));
}

static int print(struct report *r)
{
	int ret;

	r->count = windows_views_open(r->ctl, &r->views);
	if (r->count < 0)
		return ctl_fail_xs(r->count, "list", "the uplinks");
	if (r->ctl->uplink && r->count == 0)
		ret = ctl_fail_no_uplink(r->ctl->uplink);
	else
		ret = r->ctl->json ? print_json(r) : print_text(r);
	if (!ret)
		ret = lacks(r);
	windows_views_free(r->views, r->count);
	return ret;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct report r = {.ctl = ctl, .filtered = argc > 0, .now_ms = since_now_ms()};
	char err[SCHEMA_ERR_MAX];
	int ret;

	if (argc > 0 && target_parse(argv[0], &r.target, err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = span_read(ctl, &r.since_ms, &r.now_ms);
	if (!ret)
		ret = ctl_connect(ctl);
	return ret ? ret : print(&r);
}

const struct command report_command = {
	.name = "report",
	.args = "[DOM[/ID]]",
	.summary = "how well guarantees were kept, and why not",
	.details =
		"Counts windows of 100 ms in which frames waited: in how many did the device have\n"
		"its minimum and its weight's share? Then the worst outages. DOM may be gone.\n",
	.max_args = 1,
	.has_since = true,
	.uplink_help = "only devices on this uplink",
	.run = run,
};
