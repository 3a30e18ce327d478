/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl uplinks: prints one line for each dmvl-back. */
#include "backend/ctl/commands.h"

#include <assert.h>
#include <ctype.h>

#include "backend/ctl/table.h"
#include "backend/ctl/uplink_view.h"

static const enum schema_key columns[] = {
	KEY_UPLINK_DEVICE,	KEY_UPLINK_KIND,
	KEY_UPLINK_STATE,	KEY_UPLINK_SWITCH,
	KEY_UPLINK_TX_CAPACITY, KEY_UPLINK_TX_CAPACITY_ESTIMATE,
	KEY_UPLINK_SPEED,	KEY_UPLINK_CAPACITY_SOURCE,
	KEY_UPLINK_RX_CAPACITY, KEY_UPLINK_FRAME_COST,
	KEY_UPLINK_EXITS,	KEY_UPLINK_EXITS_BY,
	KEY_UPLINK_HOST_WEIGHT, KEY_UPLINK_HOST_MIN,
	KEY_UPLINK_HOST_MAX,	KEY_UPLINK_VERSION,
	KEY_UPLINK_HOST_SHARE,	KEY_UPLINK_ERROR,
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static_assert(1 + COLUMNS <= TABLE_COLUMNS_MAX, "the table has room for all columns");

static void add_header(struct table *table)
{
	const char *cells[1 + COLUMNS] = {"NAME"};
	char names[COLUMNS][32];

	for (size_t i = 0; i < COLUMNS; i++) {
		snprintf(names[i], sizeof(names[i]), "%s", schema_name(columns[i]));
		for (char *p = names[i]; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		cells[1 + i] = names[i];
	}
	table_add(table, cells);
}

static void add_uplink(struct table *table, const struct uplink_view *view)
{
	char text[COLUMNS][VIEW_TEXT_MAX];
	const char *cells[1 + COLUMNS] = {view->name};

	for (size_t i = 0; i < COLUMNS; i++)
		cells[1 + i] = columns[i] == KEY_UPLINK_STATE ? daemon_word(view->life)
							      : view_text(&view->keys, columns[i],
									  text[i], sizeof(text[i]));
	table_add(table, cells);
}

static int print_table(const struct uplink_view *views, int count)
{
	struct table table;

	table_init(&table, 1 + COLUMNS);
	add_header(&table);
	for (int i = 0; i < count; i++)
		add_uplink(&table, &views[i]);
	table_print(&table, stdout);
	return output_end();
}

static int print_json(const struct uplink_view *views, int count)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (int i = 0; i < count; i++)
		json_object_array_add(array, uplink_view_json(&views[i]));
	json_object_object_add(object, "uplinks", array);
	return json_print(object);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct uplink_view *views;
	int count, ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	count = uplink_views_read(ctl, &views);
	if (count < 0)
		return ctl_fail_xs(count, "read", "the uplinks");
	ret = ctl->json ? print_json(views, count) : print_table(views, count);
	uplink_views_free(views, count);
	return ret;
}

const struct command uplinks_command = {
	.name = "uplinks",
	.args = "",
	.summary = "one line for each uplink (dmvl-back instance)",
	.details = "",
	.run = run,
};
