/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl show: prints every key of one device. */
#include "backend/ctl/commands.h"

#include <errno.h>

#include "backend/ctl/table.h"
#include "backend/ctl/view.h"
#include "common/log.h"

static void print_area(const struct view *view, enum schema_area area)
{
	struct table table;

	table_init(&table, 4);
	for (int i = 0; i < KEY_COUNT; i++) {
		const struct schema_entry *e = schema_entry((enum schema_key)i);
		char text[VIEW_TEXT_MAX];
		const char *cells[4] = {e->name, text, view_remark(view, (enum schema_key)i),
					e->doc};

		if (e->area != area)
			continue;
		view_text(view, (enum schema_key)i, text, sizeof(text));
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

static void print_ldp(const struct ldp_view *ldp)
{
	char dir[SCHEMA_PATH_MAX], state[48];
	const char *title[1];
	char line[TARGET_NAME_MAX + 160];
	struct table table;

	/* A table, because it replaces unprintable characters in the name. */
	snprintf(line, sizeof(line), "%s (domid %u), device %u: %s",
		 ldp->name[0] ? ldp->name : "no name", ldp->domid, ldp->id,
		 ldp_view_state(ldp, state, sizeof(state)));
	title[0] = line;
	table_init(&table, 1);
	table_add(&table, title);
	table_print(&table, stdout);
	if (schema_backend_dir(dir, sizeof(dir), ldp->backend_domid, ldp->domid, ldp->id) > 0)
		printf("\n%s\n", dir);
	print_area(&ldp->keys, SCHEMA_BACK);
	if (ldp_view_is_agentless(ldp))
		return;
	if (schema_frontend_dir(dir, sizeof(dir), ldp->domid, ldp->id) > 0)
		printf("\n%s\n", dir);
	print_area(&ldp->keys, SCHEMA_FRONT);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct target target;
	struct ldp_view ldp;
	int ret = target_find(ctl, argv[0], &target);

	(void)argc;
	if (ret)
		return ret;
	ret = ldp_view_read(ctl, target.domid, target.id, &ldp);
	if (ret == -ENOENT)
		return target_missing(&target);
	if (ret < 0)
		return ctl_fail_xs(ret, "read", argv[0]);
	if (ctl->json)
		json_print(ldp_view_json(&ldp));
	else
		print_ldp(&ldp);
	ldp_view_free(&ldp);
	return output_end();
}

const struct command show_command = {
	.name = "show",
	.args = "DOM[/ID]",
	.summary = "every key of one device, in words",
	.details = "Malformed values are in quotes; the backend does not use them.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
