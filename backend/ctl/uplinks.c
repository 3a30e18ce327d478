/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl uplinks: prints one line for each dmvl-back. */
#include "backend/ctl/commands.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "backend/ctl/table.h"
#include "backend/ctl/view.h"

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

static void add_uplink(struct table *table, const char *name, const struct view *view)
{
	char text[COLUMNS][VIEW_TEXT_MAX];
	const char *cells[1 + COLUMNS] = {name};

	for (size_t i = 0; i < COLUMNS; i++)
		cells[1 + i] = view_text(view, columns[i], text[i], sizeof(text[i]));
	table_add(table, cells);
}

static struct json_object *uplink_json(struct ctl *ctl, const char *name, const struct view *view)
{
	struct json_object *object = json_object_new_object(), *malformed = json_object_new_array();

	json_object_object_add(object, "name", json_object_new_string(name));
	json_object_object_add(object, "backend-domid", json_object_new_int64(ctl->backend_domid));
	view_json_area(view, SCHEMA_UPLINK, object, "", malformed);
	json_object_object_add(object, "malformed", malformed);
	return object;
}

/* Adds one uplink to the array if there is one, otherwise to the table. */
static int add(struct ctl *ctl, const char *name, struct table *table, struct json_object *array)
{
	struct view view = {{NULL}};
	char dir[SCHEMA_PATH_MAX];
	int ret;

	/* dmvl-back creates no directory of such a name. */
	if (schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, name) < 0)
		return 0;
	ret = view_read(ctl, dir, SCHEMA_UPLINK, &view);
	if (ret < 0)
		return ret;
	if (array)
		json_object_array_add(array, uplink_json(ctl, name, &view));
	else
		add_uplink(table, name, &view);
	view_free(&view);
	return 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct json_object *array = NULL, *object;
	char root[SCHEMA_PATH_MAX], **names = NULL;
	unsigned count = 0;
	struct table table;
	int ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	if (schema_uplink_root(root, sizeof(root), ctl->backend_domid) > 0)
		ret = xs_conn_list(ctl->xs, XS_NO_TXN, root, &names, &count);
	if (ret < 0 && ret != -ENOENT)
		return ctl_fail_xs(ret, "list", root);
	table_init(&table, 1 + COLUMNS);
	if (ctl->json)
		array = json_object_new_array();
	else
		add_header(&table);
	ret = 0;
	for (unsigned i = 0; i < count && ret == 0; i++)
		ret = add(ctl, names[i], &table, array);
	free(names);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", root);
	if (!ctl->json) {
		table_print(&table, stdout);
		return output_end();
	}
	object = json_object_new_object();
	json_object_object_add(object, "uplinks", array);
	return json_print(object);
}

const struct command uplinks_command = {
	.name = "uplinks",
	.args = "",
	.summary = "one line for each uplink (dmvl-back instance)",
	.details = "",
	.run = run,
};
