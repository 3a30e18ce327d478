/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl stat: prints counters, rates, waits and drops, once or again and again. */
#include "backend/ctl/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "backend/ctl/stats_view.h"
#include "backend/ctl/table.h"
#include "backend/ctl/target.h"
#include "backend/ctl/text.h"
#include "common/log.h"
#include "common/units.h"

struct stat {
	struct ctl *ctl;
	struct stats_view *views;
	int count;
	bool filtered;
	struct target target;
	unsigned shown; /* devices */
};

static bool wanted(const struct stat *s, const struct stats_record *r)
{
	return !s->filtered ||
	       (r->domid == s->target.domid && (!s->target.id_given || r->id == s->target.id));
}

/* --- text ------------------------------------------------------------------------------------- */

static const char *rate_text(char out[UNITS_TEXT_MAX], const struct stats_view *v,
			     enum stats_scope scope, const char *dir, const char *name)
{
	char field[STATS_NAME_MAX + 1];

	snprintf(field, sizeof(field), "%s-%s", dir, name);
	return units_format_rate_short(out, UNITS_TEXT_MAX, stats_view_number(v, scope, field));
}

static uint64_t number(const struct stats_view *v, const char *dir, const char *name)
{
	char field[STATS_NAME_MAX + 1];

	snprintf(field, sizeof(field), "%s-%s", dir, name);
	return stats_view_number(v, STATS_LDP, field);
}

/* "wait < 64 us, 99 % < 1.02 ms" of a histogram; nothing if nothing waited. */
static void print_wait(const struct stats_view *v, const char *dir)
{
	char field[STATS_NAME_MAX + 1], half[TEXT_WAIT_MAX], most[TEXT_WAIT_MAX];
	const uint64_t *bucket;
	unsigned count;

	snprintf(field, sizeof(field), "%s-wait", dir);
	bucket = stats_view_get(v, STATS_LDP, field, &count);
	if (bucket && text_wait(half, bucket, count, 500))
		printf(", wait: half %s, 99 %% %s", half, text_wait(most, bucket, count, 990));
}

static void print_direction(const struct stats_view *v, const char *dir)
{
	char second[UNITS_TEXT_MAX], ten[UNITS_TEXT_MAX];

	printf("  %s %" PRIu64 " frames, %" PRIu64 " bytes, %s (10 s: %s)", dir,
	       number(v, dir, "frames"), number(v, dir, "bytes"),
	       rate_text(second, v, STATS_LDP, dir, "rate-1s"),
	       rate_text(ten, v, STATS_LDP, dir, "rate-10s"));
	print_wait(v, dir);
	printf(", balance %" PRId64 " bytes\n", (int64_t)number(v, dir, "balance"));
}

/* All drops that are not 0, on one line. */
static void print_drops(const struct stats_view *v)
{
	struct stats_field f;
	bool any = false;

	for (unsigned i = 0; i < v->header.fields; i++) {
		if (!stats_field(v->file.mem, &v->header, i, &f) || f.scope != STATS_LDP ||
		    strncmp(f.name, STATS_DROP, strlen(STATS_DROP)) != 0 ||
		    !v->record->value[f.first])
			continue;
		printf("%s %s %" PRIu64, any ? "," : "  dropped:", f.name + strlen(STATS_DROP),
		       v->record->value[f.first]);
		any = true;
	}
	if (any)
		printf("\n");
}

static void print_device(const struct stat *s, const struct stats_view *v)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1], title[TARGET_NAME_MAX + 128];
	const char *cells[1] = {title};
	struct table table;

	target_identity(s->ctl, v->record->domid, name, uuid);
	snprintf(title, sizeof(title), "%s/%u (domid %u) on %s", name[0] ? name : "?",
		 v->record->id, v->record->domid, v->uplink);
	/* A table, because it replaces unprintable characters in the name. */
	table_init(&table, 1);
	table_add(&table, cells);
	table_print(&table, stdout);
	print_direction(v, "tx");
	print_direction(v, "rx");
	print_drops(v);
}

static void print_uplink(const struct stats_view *v)
{
	char text[4][UNITS_TEXT_MAX];

	printf("%s: tx %" PRIu64 " bytes, %s (10 s: %s), rx %" PRIu64 " bytes, %s (10 s: %s)\n",
	       v->uplink, stats_view_number(v, STATS_UPLINK, "tx-bytes"),
	       rate_text(text[0], v, STATS_UPLINK, "tx", "rate-1s"),
	       rate_text(text[1], v, STATS_UPLINK, "tx", "rate-10s"),
	       stats_view_number(v, STATS_UPLINK, "rx-bytes"),
	       rate_text(text[2], v, STATS_UPLINK, "rx", "rate-1s"),
	       rate_text(text[3], v, STATS_UPLINK, "rx", "rate-10s"));
}

static void print_view(struct stat *s, struct stats_view *v)
{
	if (!s->filtered && stats_view_read(v, 0))
		print_uplink(v);
	for (unsigned i = 1; i < v->header.records; i++) {
		if (!stats_view_read(v, i) || !wanted(s, v->record))
			continue;
		s->shown++;
		print_device(s, v);
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct json_object *value_json(const struct stats_view *v, const struct stats_field *f)
{
	const uint64_t *value = v->record->value + f->first;
	struct json_object *array;

	if (f->type == STATS_SIGNED)
		return json_object_new_int64((int64_t)*value);
	if (f->type != STATS_HISTOGRAM)
		return json_object_new_uint64(*value);
	array = json_object_new_array();
	for (unsigned i = 0; i < f->count; i++)
		json_object_array_add(array, json_object_new_uint64(value[i]));
	return array;
}

/* Every field of view->record, by its name. */
static void add_fields(const struct stats_view *v, enum stats_scope scope, struct json_object *to)
{
	struct stats_field f;

	for (unsigned i = 0; i < v->header.fields; i++)
		if (stats_field(v->file.mem, &v->header, i, &f) && f.scope == scope)
			json_object_object_add(to, f.name, value_json(v, &f));
}

static struct json_object *device_json(const struct stat *s, const struct stats_view *v)
{
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	struct json_object *o = json_object_new_object();

	target_identity(s->ctl, v->record->domid, name, uuid);
	json_object_object_add(o, "domid", json_object_new_int64(v->record->domid));
	json_object_object_add(o, "id", json_object_new_int64(v->record->id));
	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	add_fields(v, STATS_LDP, o);
	return o;
}

static struct json_object *view_json(struct stat *s, struct stats_view *v)
{
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();

	json_object_object_add(o, "name", json_object_new_string(v->uplink));
	if (v->why) {
		json_object_object_add(o, "reason", json_object_new_string(v->why));
		json_object_object_add(o, "devices", devices);
		return o;
	}
	if (stats_view_read(v, 0))
		add_fields(v, STATS_UPLINK, o);
	for (unsigned i = 1; i < v->header.records; i++) {
		if (!stats_view_read(v, i) || !wanted(s, v->record))
			continue;
		s->shown++;
		json_object_array_add(devices, device_json(s, v));
	}
	json_object_object_add(o, "devices", devices);
	return o;
}

static int print_json(struct stat *s)
{
	struct json_object *o = json_object_new_object(), *array = json_object_new_array();

	for (int i = 0; i < s->count; i++)
		json_object_array_add(array, view_json(s, &s->views[i]));
	json_object_object_add(o, "uplinks", array);
	return json_print(o);
}

/* --- the command ------------------------------------------------------------------------------ */

static int print_text(struct stat *s)
{
	for (int i = 0; i < s->count; i++) {
		if (!s->views[i].why)
			print_view(s, &s->views[i]);
	}
	return output_end();
}

/* Was there all that was asked for? */
static int lacks(const struct stat *s)
{
	int ret = 0;

	for (int i = 0; i < s->count; i++) {
		if (s->views[i].why)
			ret = ctl_fail(EXIT_FAILED, "%s: %s", s->views[i].path, s->views[i].why);
	}
	return !ret && s->filtered && !s->shown ? target_missing(&s->target) : ret;
}

static int print_once(struct stat *s)
{
	int ret;

	s->shown = 0;
	s->count = stats_views_open(s->ctl, &s->views);
	if (s->count < 0)
		return ctl_fail_xs(s->count, "list", "the uplinks");
	if (s->ctl->uplink && s->count == 0)
		ret = ctl_fail_no_uplink(s->ctl->uplink);
	else
		ret = s->ctl->json ? print_json(s) : print_text(s);
	if (!ret)
		ret = lacks(s);
	stats_views_free(s->views, s->count);
	return ret;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct timespec pause = {(time_t)(ctl->interval_ns / 1000000000),
				 (long)(ctl->interval_ns % 1000000000)};
	struct stat s = {.ctl = ctl, .filtered = argc > 0};
	int ret = argc > 0 ? target_find(ctl, argv[0], &s.target) : ctl_connect(ctl);

	while (!ret) {
		ret = print_once(&s);
		if (!ctl->interval_ns)
			break;
		nanosleep(&pause, NULL);
	}
	return ret;
}

const struct command stat_command = {
	.name = "stat",
	.args = "[DOM[/ID]]",
	.summary = "counters, rates, waits and drops, as tc -s shows them",
	.details =
		"Rates are of the last second. A wait is from when a frame was seen until it was\n"
		"sent on. Bytes are counted on the wire.\n",
	.max_args = 1,
	.has_interval = true,
	.uplink_help = "only what this uplink counts",
	.run = run,
};
