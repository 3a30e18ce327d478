/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl group: shows a group of devices, changes its keys, or removes them. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <string.h>

#include "backend/ctl/change.h"
#include "backend/ctl/group_view.h"
#include "backend/ctl/slow_rate.h"
#include "backend/ctl/table.h"
#include "backend/ctl/verdict.h"
#include "backend/ctl/words.h"
#include "common/log.h"

static int apply(struct ctl *ctl, uint32_t t, void *arg)
{
	return change_write(ctl, t, arg);
}

/* --- showing ---------------------------------------------------------------------------------- */

static void print_keys(const struct group_view *g)
{
	struct table table;

	table_init(&table, 4);
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const struct schema_entry *e = schema_entry(key);
		char text[VIEW_TEXT_MAX];
		const char *cells[4] = {e->name, text, view_remark(&g->keys, key), e->doc};

		if (e->area != SCHEMA_GROUP)
			continue;
		view_text(&g->keys, key, text, sizeof(text));
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

static void print_members(struct ctl *ctl, const struct group_view *g)
{
	bool served = ctl_uplink_is_served(ctl, g->uplink);
	struct table table;

	table_init(&table, 5);
	for (int i = 0; i < g->of->count; i++) {
		const struct ldp_view *d = &g->of->view[i];
		char id[32], weight[VIEW_TEXT_MAX], rate[VIEW_TEXT_MAX];
		const char *cells[5] = {d->name[0] ? d->name : "-", id, NULL, weight, rate};

		if (!group_view_has(g, d))
			continue;
		snprintf(id, sizeof(id), "%u/%u", d->domid, d->id);
		cells[2] = state_words(d, served, NULL);
		view_text(&d->keys, KEY_BACK_WEIGHT, weight, sizeof(weight));
		view_text(&d->keys, KEY_BACK_TX_RATE, rate, sizeof(rate));
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

static int print_group(struct ctl *ctl, const struct group_view *g)
{
	if (ctl->json)
		return json_print(group_view_json(g));
	printf("group %s of uplink %s, devices: %u\n", g->name, g->uplink, g->members);
	print_keys(g);
	if (g->members > 0) {
		printf("\ndevices, their weights inside the group and the transmit rates they "
		       "would get:\n");
		print_members(ctl, g);
	}
	return output_end();
}

static int print_named(struct ctl *ctl, const char *name, const struct group_view *views, int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(views[i].name, name) == 0)
			return print_group(ctl, &views[i]);
	}
	return ctl_fail(EXIT_FAILED, "uplink %s has no group %s", ctl->uplink, name);
}

static int show(struct ctl *ctl, const char *name)
{
	struct devices devices = {0};
	struct group_view *views = NULL;
	int count, ret;

	devices.count = ldp_views_read(ctl, &devices.view);
	if (devices.count < 0)
		return ctl_fail_xs(devices.count, "read", "the devices");
	count = group_views_read(ctl, ctl->uplink, &devices, &views);
	ret = count < 0 ? ctl_fail_xs(count, "read", "the groups")
			: print_named(ctl, name, views, count);
	group_views_free(views, count);
	ldp_views_free(devices.view, devices.count);
	return ret;
}

/* --- changing --------------------------------------------------------------------------------- */

static int set(struct ctl *ctl, const char *name, struct change *change)
{
	int ret;

	verdict_ask(ctl, change, ctl->uplink);
	ret = ctl_transaction(ctl, apply, change);
	/* A minimum above its maximum is wrong use, also if one of them was set before. */
	if (ret < 0 && change->err[0])
		return ctl_fail(EXIT_WRONG_USE, "%s", change->err);
	if (ret < 0)
		return ctl_fail_xs(ret, "write", change->dir);
	ret = verdict_wait(ctl, change, ctl->uplink, "the group");
	if (!ret)
		slow_rate_hint(change->settings);
	return ret || !ctl->json ? ret : show(ctl, name);
}

static int remove_keys(struct ctl *ctl, const char *name, const char *dir)
{
	int ret;

	/* xenstored removes what is not there without an error. */
	if (!xs_conn_exists(ctl->xs, XS_NO_TXN, dir))
		return ctl_fail(EXIT_FAILED, "group %s of uplink %s has no keys", name,
				ctl->uplink);
	ret = xs_conn_rm(ctl->xs, XS_NO_TXN, dir);
	return ret < 0 ? ctl_fail_xs(ret, "remove", dir) : 0;
}

static int check_use(const struct ctl *ctl, int argc, char **argv)
{
	char err[SCHEMA_ERR_MAX];

	if (!argv[0][0])
		return ctl_fail(EXIT_WRONG_USE, "the name of a group is empty");
	if (schema_check(KEY_BACK_GROUP, argv[0], err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", err);
	if (ctl->remove && argc > 1)
		return ctl_fail(EXIT_WRONG_USE, "--remove takes no settings");
	return 0;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct settings settings; /* static: they are large */
	struct change change = {.settings = &settings};
	int ret = check_use(ctl, argc, argv);

	if (ret)
		return ret;
	if (settings_parse(&settings, SCHEMA_GROUP, argc - 1, argv + 1, change.err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", change.err);
	if (!ctl->uplink)
		ctl->uplink = schema_entry(KEY_BACK_UPLINK)->dflt;
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	ret = schema_group_dir(change.dir, sizeof(change.dir), ctl->backend_domid, ctl->uplink,
			       argv[0]);
	if (ret < 0)
		return ctl_fail_xs(ret, "name", argv[0]);
	if (ctl->remove)
		return remove_keys(ctl, argv[0], change.dir);
	return argc > 1 ? set(ctl, argv[0], &change) : show(ctl, argv[0]);
}

const struct command group_command = {
	.name = "group",
	.args = "GROUP [KEY=VALUE..]",
	.summary = "show a group of devices, or change its keys",
	.details = "Keys are a weight, minima and maxima, as of devices; rates take units.\n"
		   "dmvlctl set DOM[/ID] group=NAME puts a device into a group.\n",
	.min_args = 1,
	.max_args = 1 + SETTINGS_MAX,
	.uplink_help = "the group's uplink (default: default)",
	.has_remove = true,
	.has_timeout = true,
	.run = run,
};
