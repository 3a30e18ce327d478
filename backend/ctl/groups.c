/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl groups: prints one line for each group of devices. */
#include "backend/ctl/commands.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "backend/ctl/group_view.h"
#include "backend/ctl/table.h"
#include "common/log.h"
#include "common/units.h"

/* The columns that are keys, before the numbers of the members and behind them. */
static const enum schema_key columns[] = {KEY_GROUP_WEIGHT, KEY_GROUP_TX_MIN, KEY_GROUP_TX_MAX,
					  KEY_GROUP_RX_MIN, KEY_GROUP_RX_MAX};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define ALL	(2 + COLUMNS + 5)

static void upper(char out[32], const char *name)
{
	snprintf(out, 32, "%s", name);
	for (; *out; out++)
		*out = (char)toupper((unsigned char)*out);
}

static void add_header(struct table *table)
{
	static const enum schema_key last[3] = {KEY_BACK_TX_RATE, KEY_BACK_RX_RATE,
						KEY_GROUP_ERROR};
	char names[ALL][32];
	const char *cells[ALL];

	upper(names[0], schema_name(KEY_BACK_UPLINK));
	upper(names[1], schema_name(KEY_BACK_GROUP));
	for (size_t i = 0; i < COLUMNS; i++)
		upper(names[2 + i], schema_name(columns[i]));
	upper(names[2 + COLUMNS], "members");
	upper(names[3 + COLUMNS], "number");
	for (size_t i = 0; i < 3; i++)
		upper(names[4 + COLUMNS + i], schema_name(last[i]));
	for (size_t i = 0; i < ALL; i++)
		cells[i] = names[i];
	table_add(table, cells);
}

static void add_group(struct table *table, const struct group_view *g)
{
	char text[COLUMNS][VIEW_TEXT_MAX], members[12], number[24] = "-", rate[2][32];
	char error[VIEW_TEXT_MAX];
	const char *cells[ALL] = {g->uplink, g->name};

	for (size_t i = 0; i < COLUMNS; i++) {
		view_text(&g->keys, columns[i], text[i], sizeof(text[i]));
		/* A limit of 0 means no limit. */
		if (i > 0 && strcmp(text[i], "0") == 0)
			snprintf(text[i], sizeof(text[i]), "-");
		cells[2 + i] = text[i];
	}
	snprintf(members, sizeof(members), "%u", g->members);
	cells[2 + COLUMNS] = members;
	if (g->number)
		snprintf(number, sizeof(number), "%" PRIu64, g->number);
	cells[3 + COLUMNS] = number;
	for (int dir = 0; dir < 2; dir++)
		cells[4 + COLUMNS + (size_t)dir] =
			units_format_rate_short(rate[dir], sizeof(rate[dir]), g->rate_bps[dir]);
	cells[ALL - 1] = view_text(&g->keys, KEY_GROUP_ERROR, error, sizeof(error));
	table_add(table, cells);
}

static int print_json(const struct group_view *views, int count)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (int i = 0; i < count; i++)
		json_object_array_add(array, group_view_json(&views[i]));
	json_object_object_add(object, "groups", array);
	return json_print(object);
}

static int print_table(const struct group_view *views, int count)
{
	struct table table;

	table_init(&table, ALL);
	add_header(&table);
	for (int i = 0; i < count; i++)
		add_group(&table, &views[i]);
	table_print(&table, stdout);
	return output_end();
}

/* Does xenstore, or a device, know the uplink? */
static bool is_known(struct ctl *ctl, const char *uplink, const struct devices *devices)
{
	char dir[SCHEMA_PATH_MAX], text[VIEW_TEXT_MAX];

	for (int i = 0; i < devices->count; i++)
		if (strcmp(view_text(&devices->view[i].keys, KEY_BACK_UPLINK, text, sizeof(text)),
			   uplink) == 0)
			return true;
	return schema_uplink_dir(dir, sizeof(dir), ctl->backend_domid, uplink) >= 0 &&
	       xs_conn_exists(ctl->xs, XS_NO_TXN, dir);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	char err[SCHEMA_ERR_MAX];
	struct devices devices = {0};
	struct group_view *views = NULL;
	int count, ret;

	if (argc > 0 && schema_check(KEY_BACK_UPLINK, argv[0], err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	devices.count = ldp_views_read(ctl, &devices.view);
	if (devices.count < 0)
		return ctl_fail_xs(devices.count, "read", "the devices");
	count = group_views_read(ctl, argc > 0 ? argv[0] : NULL, &devices, &views);
	if (count < 0)
		ret = ctl_fail_xs(count, "read", "the groups");
	else if (argc > 0 && count == 0 && !is_known(ctl, argv[0], &devices))
		ret = ctl_fail_no_uplink(argv[0]);
	else
		ret = ctl->json ? print_json(views, count) : print_table(views, count);
	group_views_free(views, count);
	ldp_views_free(devices.view, devices.count);
	return ret;
}

const struct command groups_command = {
	.name = "groups",
	.args = "[UPLINK]",
	.summary = "one line for each group of devices",
	.details = "The rates are those that its connected devices have in force together.\n",
	.max_args = 1,
	.run = run,
};
