/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl list: prints one line for each device. */
#include "backend/ctl/commands.h"

#include <ctype.h>
#include <string.h>

#include "backend/ctl/table.h"
#include "backend/ctl/view.h"
#include "common/log.h"

/* The columns that are keys, in order. */
static const enum schema_key columns[] = {
	KEY_BACK_WEIGHT, KEY_BACK_GROUP,  KEY_BACK_MAC,	   KEY_BACK_TX_RATE, KEY_BACK_TX_MIN,
	KEY_BACK_TX_MAX, KEY_BACK_RX_MIN, KEY_BACK_RX_MAX, KEY_BACK_ERROR,
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define FIXED	5 /* domain, domid, id, uplink, state */

static void add_header(struct table *table)
{
	const char *cells[FIXED + COLUMNS] = {"DOMAIN", "DOMID", "ID"};
	char names[2 + COLUMNS][32];
	const enum schema_key named[2] = {KEY_BACK_UPLINK, KEY_BACK_STATE};

	for (size_t i = 0; i < 2 + COLUMNS; i++) {
		enum schema_key key = i < 2 ? named[i] : columns[i - 2];

		snprintf(names[i], sizeof(names[i]), "%s", schema_name(key));
		for (char *p = names[i]; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		cells[3 + i] = names[i];
	}
	table_add(table, cells);
}

static void add_ldp(struct table *table, const struct ldp_view *ldp)
{
	char domid[12], id[12], state[48], uplink[SCHEMA_GUEST_VALUE_MAX];
	char text[COLUMNS][VIEW_TEXT_MAX];
	const char *cells[FIXED + COLUMNS] = {ldp->name[0] ? ldp->name : "-", domid, id, uplink,
					      state};

	snprintf(domid, sizeof(domid), "%u", ldp->domid);
	snprintf(id, sizeof(id), "%u", ldp->id);
	view_text(&ldp->keys, KEY_BACK_UPLINK, uplink, sizeof(uplink));
	ldp_view_state(ldp, state, sizeof(state));
	for (size_t i = 0; i < COLUMNS; i++) {
		const struct schema_entry *e = schema_entry(columns[i]);

		view_text(&ldp->keys, columns[i], text[i], sizeof(text[i]));
		/* A limit of 0 means no limit. */
		if (e->type == SCHEMA_RATE && strcmp(text[i], "0") == 0)
			snprintf(text[i], sizeof(text[i]), "-");
		cells[FIXED + i] = text[i];
	}
	table_add(table, cells);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct json_object *array, *object;
	struct ldp_view *views;
	struct table table;
	int count, ret = ctl_connect(ctl);

	(void)argc;
	(void)argv;
	if (ret)
		return ret;
	count = ldp_views_read(ctl, &views);
	if (count < 0)
		return ctl_fail_xs(count, "read", "the devices");
	if (ctl->json) {
		object = json_object_new_object();
		array = json_object_new_array();
		for (int i = 0; i < count; i++)
			json_object_array_add(array, ldp_view_json(&views[i]));
		json_object_object_add(object, "ldps", array);
		ret = json_print(object);
	} else {
		table_init(&table, FIXED + COLUMNS);
		add_header(&table);
		for (int i = 0; i < count; i++)
			add_ldp(&table, &views[i]);
		table_print(&table, stdout);
		ret = output_end();
	}
	ldp_views_free(views, count);
	return ret;
}

const struct command list_command = {
	.name = "list",
	.args = "",
	.summary = "one line for each device",
	.details = "STATE is the handshake's: backend/frontend where the two differ, or\n"
		   "waiting or connected/agentless for a device with via=vif.\n",
	.run = run,
};
