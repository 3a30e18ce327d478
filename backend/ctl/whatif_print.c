/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/whatif_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/ctl/since.h"
#include "backend/ctl/table.h"
#include "backend/ctl/text.h"
#include "backend/ctl/whatif_error.h"
#include "common/uuid.h"

#define NAME_WIDTH 24

static uint64_t bps(const struct whatif_world *w, uint64_t bytes)
{
	return w->run_us ? (uint64_t)((unsigned __int128)bytes * 8000000 / w->run_us) : 0;
}

static uint64_t delay_us(const struct rerun_had *had)
{
	return stats_quantile(had->wait, STATS_BUCKETS, 990);
}

/* Of all rows, as `pick` says where their numbers are. */
static uint64_t total(const struct whatif_world *w, int run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->rows; i++)
		sum += run < 0 ? w->row[i].recorded.bytes : w->row[i].had[run].bytes;
	return sum;
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

/* --- text ------------------------------------------------------------------------------------- */

#define CELL_MAX 32

static const char *part_text(char out[CELL_MAX], uint64_t part, uint64_t all)
{
	snprintf(out, CELL_MAX, "%.1f%%", percent(part, all));
	return out;
}

static const char *delay_text(char out[CELL_MAX], const struct rerun_had *had)
{
	uint64_t us = delay_us(had);

	if (us < 10000)
		snprintf(out, CELL_MAX, "%" PRIu64 "us", us);
	else
		snprintf(out, CELL_MAX, "%" PRIu64 "ms", us / 1000);
	return out;
}

static void add_row(struct table *t, const struct whatif_world *w, const struct whatif_row *row)
{
	char name[REC_TEXT_MAX + 32], had[TEXT_RATE_MAX], would[TEXT_RATE_MAX];
	char part[2][CELL_MAX], delay[2][CELL_MAX];
	const struct rerun_had *then = &row->had[WHATIF_CHANGED];
	const char *cells[7] = {
		name,
		text_rate(had, bps(w, row->recorded.bytes)),
		part_text(part[0], row->recorded.bytes, total(w, -1)),
		text_rate(would, bps(w, then->bytes)),
		part_text(part[1], then->bytes, total(w, WHATIF_CHANGED)),
		delay_text(delay[0], &row->had[WHATIF_AS_IT_WAS]),
		delay_text(delay[1], then),
	};

	snprintf(name, sizeof(name), "%s%s/%u", row->change ? "*" : "",
		 row->name[0] ? row->name : "?", row->id);
	table_add(t, cells);
}

/* From there on the replay is no picture of what was. */
#define OFF_PERMILLE 100

int whatif_print_text(const struct whatif_world *w, const char *uplink)
{
	static const char *const title[7] = {"DEVICE", "HAD",	  "SHARE",   "WOULD HAVE",
					     "SHARE",  "DELAY99", "WOULD BE"};
	unsigned permille = whatif_error_permille(w);
	char when[SINCE_TEXT_MAX];
	struct table t;

	printf("%s: %" PRIu64 ".%" PRIu64 " s from %s; only what guests send\n", uplink,
	       w->run_us / 1000000, w->run_us / 100000 % 10, since_text(when, w->first_ms));
	printf("replayed as it was: within %u.%u %% of the recording%s\n", permille / 10,
	       permille % 10,
	       permille >= OFF_PERMILLE ? ", so this says little: what limited the guests is not "
					  "in it, such as a busy Dom0"
					: "");
	if (w->unknown)
		printf("left out: intervals in which the capacity was not known: %" PRIu64 "\n",
		       w->unknown);
	if (w->too_long)
		printf("left out: intervals longer than %u s: %" PRIu64 "\n",
		       RERUN_US_MAX / 1000000, w->too_long);
	if (w->gaps)
		printf("not recorded: gaps: %" PRIu64 "\n", w->gaps);
	table_init(&t, 7);
	table_add(&t, title);
	for (unsigned i = 0; i < w->rows; i++)
		if (w->row[i].busy_us || w->row[i].change)
			add_row(&t, w, &w->row[i]);
	table_cut(&t, 0, NAME_WIDTH);
	table_print(&t, stdout);
	return output_end();
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct json_object *had_json(const struct whatif_world *w, const struct rerun_had *had,
				    uint64_t all)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "bytes", json_object_new_uint64(had->bytes));
	json_object_object_add(o, "rate", json_object_new_uint64(bps(w, had->bytes)));
	json_object_object_add(o, "share", json_object_new_double(percent(had->bytes, all) / 100));
	json_object_object_add(o, "delay-99-us", json_object_new_uint64(delay_us(had)));
	return o;
}

static struct json_object *row_json(const struct whatif_world *w, const struct whatif_row *row)
{
	struct json_object *o = json_object_new_object();
	char uuid[UUID_TEXT_LEN + 1];

	uuid_format(row->uuid, uuid);
	json_object_object_add(o, "domid", json_object_new_int64(row->domid));
	json_object_object_add(o, "id", json_object_new_int64(row->id));
	json_object_object_add(o, "name", json_object_new_string(row->name));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	json_object_object_add(o, "changed", json_object_new_boolean(row->change != NULL));
	json_object_object_add(o, "greedy",
			       json_object_new_double(percent(row->greedy_us, row->busy_us) / 100));
	json_object_object_add(o, "recorded", had_json(w, &row->recorded, total(w, -1)));
	json_object_object_add(o, "replayed",
			       had_json(w, &row->had[WHATIF_AS_IT_WAS],
					total(w, WHATIF_AS_IT_WAS)));
	json_object_object_add(o, "would",
			       had_json(w, &row->had[WHATIF_CHANGED], total(w, WHATIF_CHANGED)));
	return o;
}

int whatif_print_json(const struct whatif_world *w, const char *uplink)
{
	struct json_object *o = json_object_new_object(), *devices = json_object_new_array();
	char from[SINCE_TEXT_MAX], to[SINCE_TEXT_MAX];

	json_object_object_add(o, schema_name(KEY_BACK_UPLINK), json_object_new_string(uplink));
	json_object_object_add(o, "begin", json_object_new_string(since_iso(from, w->first_ms)));
	json_object_object_add(o, "end", json_object_new_string(since_iso(to, w->last_ms)));
	json_object_object_add(o, "replayed-us", json_object_new_uint64(w->run_us));
	json_object_object_add(o, "left-out", json_object_new_uint64(w->unknown + w->too_long));
	json_object_object_add(o, "gaps", json_object_new_uint64(w->gaps));
	json_object_object_add(o, "error-permille",
			       json_object_new_int64(whatif_error_permille(w)));
	for (unsigned i = 0; i < w->rows; i++)
		if (w->row[i].busy_us || w->row[i].change)
			json_object_array_add(devices, row_json(w, &w->row[i]));
	json_object_object_add(o, "devices", devices);
	return json_print(o);
}
