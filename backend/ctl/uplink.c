/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmvlctl uplink: shows an uplink, or changes its keys. */
#include "backend/ctl/commands.h"

#include <errno.h>
#include <string.h>

#include "backend/ctl/change.h"
#include "backend/ctl/slow_rate.h"
#include "backend/ctl/table.h"
#include "backend/ctl/uplink_view.h"
#include "backend/ctl/verdict.h"
#include "common/log.h"

/* --- showing ---------------------------------------------------------------------------------- */

static int print_keys(const struct uplink_view *u)
{
	struct table table;

	printf("uplink %s, dmvl-back: %s\n", u->name, daemon_word(u->life));
	table_init(&table, 4);
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const struct schema_entry *e = schema_entry(key);
		char text[VIEW_TEXT_MAX];
		const char *cells[4] = {e->name, text, view_remark(&u->keys, key), e->doc};

		if (e->area != SCHEMA_UPLINK)
			continue;
		view_text(&u->keys, key, text, sizeof(text));
		table_add(&table, cells);
	}
	table_print(&table, stdout);
	return output_end();
}

static int print_named(struct ctl *ctl, const char *name, const struct uplink_view *views,
		       int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(views[i].name, name) == 0)
			return ctl->json ? json_print(uplink_view_json(&views[i]))
					 : print_keys(&views[i]);
	}
	return ctl_fail_no_uplink(name);
}

static int show(struct ctl *ctl, const char *name)
{
	struct uplink_view *views;
	int count = uplink_views_read(ctl, &views), ret;

	if (count < 0)
		return ctl_fail_xs(count, "read", "the uplinks");
	ret = print_named(ctl, name, views, count);
	uplink_views_free(views, count);
	return ret;
}

/* --- changing --------------------------------------------------------------------------------- */

static int apply(struct ctl *ctl, uint32_t t, void *arg)
{
	const struct change *change = arg;

	/* A name that was mistyped would make an uplink that nobody serves. */
	return xs_conn_exists(ctl->xs, t, change->dir) ? change_write(ctl, t, arg) : -ENOENT;
}

static int set(struct ctl *ctl, const char *name, struct change *change)
{
	int ret;

	if (!xs_conn_exists(ctl->xs, XS_NO_TXN, change->dir))
		return show(ctl, name); /* says that there is none */
	verdict_ask(ctl, change, name);
	ret = ctl_transaction(ctl, apply, change);
	if (ret < 0)
		return ctl_fail_xs(ret, "write", change->dir);
	ret = verdict_wait(ctl, change, name, "what was set");
	if (!ret)
		slow_rate_hint(change->settings);
	return ret || !ctl->json ? ret : show(ctl, name);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	static struct settings settings; /* static: they are large */
	struct change change = {.settings = &settings};
	int ret;

	if (schema_check(KEY_BACK_UPLINK, argv[0], change.err) < 0 ||
	    settings_parse(&settings, SCHEMA_UPLINK, argc - 1, argv + 1, change.err) < 0)
		return ctl_fail(EXIT_WRONG_USE, "%s", change.err);
	ret = ctl_connect(ctl);
	if (ret)
		return ret;
	ret = schema_uplink_dir(change.dir, sizeof(change.dir), ctl->backend_domid, argv[0]);
	if (ret < 0)
		return ctl_fail_xs(ret, "name", argv[0]);
	return argc > 1 ? set(ctl, argv[0], &change) : show(ctl, argv[0]);
}

const struct command uplink_command = {
	.name = "uplink",
	.args = "UPLINK [KEY=VALUE..]",
	.summary = "show an uplink, or change its keys",
	.details = "Waits until dmvl-back has taken them, or says why it does not.\n"
		   "Rates take units (10mbit, 1gbit, 5mbps = bytes, 10Mb/s), sizes too (64kib).\n",
	.min_args = 1,
	.max_args = 1 + SETTINGS_MAX,
	.has_timeout = true,
	.run = run,
};
