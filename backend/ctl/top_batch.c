/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/top_batch.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/ctl/table.h"
#include "backend/ctl/top_lines.h"
#include "common/uuid.h"

/* --- text ------------------------------------------------------------------------------------- */

static const char *const titles[] = {
	"DEVICE", "STATE",  "UPLINK",	"TX",	  "TX-SHARE", "TX-50%",
	"TX-99%", "RX",	    "RX-SHARE", "RX-50%", "RX-99%",   "DROP/S",
	"WEIGHT", "TX-MIN", "TX-MAX",	"RX-MIN", "RX-MAX",   "TX-BALANCE",
};

#define COLUMNS	   (sizeof(titles) / sizeof(titles[0]))
#define CELL_SHORT 24u

struct cells {
	char text[COLUMNS][TOP_TEXT_MAX + 12];
	unsigned n;
};

static void put(struct cells *c, const char *text)
{
	snprintf(c->text[c->n++], sizeof(c->text[0]), "%.*s", (int)TOP_TEXT_MAX, text);
}

/* Without statistics there is no number. */
static void put_number(struct cells *c, bool there, uint64_t value)
{
	char text[CELL_MAX];

	put(c, there ? cell_number(text, value) : "-");
}

static void put_flow(struct cells *c, const struct top_row *row, enum top_dir dir)
{
	char text[CELL_MAX];

	put_number(c, row->now.counted, row->now.flow[dir].rate_bps);
	snprintf(text, sizeof(text), "%u%%", top_row_share(row, dir) / 10);
	put(c, row->now.flow[dir].promise_bps ? text : "-");
	put(c, cell_time(text, top_row_delay(row, dir, 500)));
	put(c, cell_time(text, top_row_delay(row, dir, 990)));
}

static void put_limits(struct cells *c, const struct top_device *d)
{
	for (unsigned dir = 0; dir < TOP_DIRS; dir++) {
		put_number(c, d->flow[dir].min_bps, d->flow[dir].min_bps);
		put_number(c, d->flow[dir].max_bps, d->flow[dir].max_bps);
	}
}

static void add_row(struct table *table, const struct top_row *row)
{
	const struct top_device *d = &row->now;
	char title[TOP_TEXT_MAX + 12], text[CELL_MAX];
	const char *pointer[COLUMNS];
	struct cells c = {.n = 0};

	top_device_title(d, title);
	put(&c, title);
	put(&c, d->state);
	put(&c, d->uplink);
	put_flow(&c, row, TOP_TX);
	put_flow(&c, row, TOP_RX);
	put_number(&c, d->counted, top_row_drops(row));
	snprintf(text, sizeof(text), "%u", d->weight);
	put(&c, text);
	put_limits(&c, d);
	put(&c, d->counted ? cell_signed(text, d->flow[TOP_TX].balance_bytes) : "-");
	for (unsigned i = 0; i < COLUMNS; i++)
		pointer[i] = c.text[i];
	table_add(table, pointer);
}

static void print_uplink(const struct top_uplink *u, const char *clock)
{
	char tx[CELL_MAX], of[CELL_MAX], rx[CELL_MAX];

	if (u->why[0])
		printf("%s %s: %s\n", clock, u->name, u->why);
	else
		printf("%s %s: tx %s of %s bit/s, rx %s bit/s, %u connected\n", clock, u->name,
		       cell_number(tx, u->rate_bps[TOP_TX]),
		       u->capacity_bps[TOP_TX] ? cell_number(of, u->capacity_bps[TOP_TX]) : "?",
		       cell_number(rx, u->rate_bps[TOP_RX]), u->connected);
}

int top_batch_text(const struct top_model *m, const char *clock)
{
	struct table table;

	for (unsigned i = 0; i < m->uplinks; i++)
		print_uplink(&m->uplink[i].now, clock);
	table_init(&table, COLUMNS);
	table_add(&table, titles);
	for (unsigned i = 0; i < m->shown; i++)
		add_row(&table, m->row[i]);
	table_print(&table, stdout);
	return output_end();
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct json_object *flow_json(const struct top_row *row, enum top_dir dir)
{
	const struct top_flow *f = &row->now.flow[dir];
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"rate", f->rate_bps},
		{"rate-10s", f->rate_10s_bps},
		{"promise", f->promise_bps},
		{"min", f->min_bps},
		{"max", f->max_bps},
		{"delay-50-us", top_row_delay(row, dir, 500)},
		{"delay-99-us", top_row_delay(row, dir, 990)},
	};
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_object_add(o, numbers[i].name,
				       json_object_new_uint64(numbers[i].value));
	json_object_object_add(o, "balance", json_object_new_int64(f->balance_bytes));
	return o;
}

static struct json_object *row_json(const struct top_row *row)
{
	struct json_object *o = json_object_new_object();
	const struct top_device *d = &row->now;
	char uuid[UUID_TEXT_LEN + 1];

	uuid_format(d->uuid, uuid);
	json_object_object_add(o, "name", json_object_new_string(d->name));
	json_object_object_add(o, "domid", json_object_new_int64(d->domid));
	json_object_object_add(o, "id", json_object_new_int64(d->id));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	json_object_object_add(o, "state", json_object_new_string(d->state));
	json_object_object_add(o, "error", json_object_new_string(d->error));
	json_object_object_add(o, "uplink", json_object_new_string(d->uplink));
	json_object_object_add(o, "group", json_object_new_string(d->group));
	json_object_object_add(o, "counted", json_object_new_boolean(d->counted));
	json_object_object_add(o, "weight", json_object_new_int64(d->weight));
	json_object_object_add(o, "drops-per-second", json_object_new_uint64(top_row_drops(row)));
	json_object_object_add(o, "tx", flow_json(row, TOP_TX));
	json_object_object_add(o, "rx", flow_json(row, TOP_RX));
	return o;
}

int top_batch_json(const struct top_model *m)
{
	struct json_object *o = json_object_new_object(), *array = json_object_new_array();

	for (unsigned i = 0; i < m->shown; i++)
		json_object_array_add(array, row_json(m->row[i]));
	json_object_object_add(o, "devices", array);
	return json_print(o);
}
