/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_group_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_verdict.h"
#include "backend/control/device_state.h"
#include "backend/control/minima.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * A group with keys is known as long as it has them, whether a device names it or not: its minimum
 * is promised. A directory without keys of the operator is removed, so that what the daemon wrote
 * there does not stay. What is wrong with a group's keys is said in the group's own `error`.
 *
 * A key may be refused because others take the room. When they give some back, whatever was refused
 * is read again.
 *
 * What xenstore does not tell is not taken for missing: such a group keeps what is in force, stays
 * unread, and is tried again.
 */
#define RETRY_NS (300 * 1000000ull)

static int dir_of(const struct control *c, const struct ldp_group *g, char dir[SCHEMA_PATH_MAX])
{
	return schema_group_dir(dir, SCHEMA_PATH_MAX, c->domid, c->conf.name, g->name);
}

/* --- errors ----------------------------------------------------------------------------------- */

struct writing {
	const char *dir, *text;
};

static int write_error(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct writing *w = arg;

	return xs_conn_exists(xs, t, w->dir) ? xskey_write(xs, t, w->dir, KEY_GROUP_ERROR, w->text)
					     : -ENOENT;
}

static void write_and_log(struct control *c, struct ldp_group *g, const char *text)
{
	char dir[SCHEMA_PATH_MAX];

	if (strcmp(g->error, text) == 0)
		return;
	if (text[0])
		log_warning("group %s: %s", g->name, text);
	else
		log_info("group %s: error cleared", g->name);
	snprintf(g->error, sizeof(g->error), "%s", text);
	if (dir_of(c, g, dir) >= 0)
		xs_txn(c->xs, write_error, &(struct writing){dir, text});
}

static void show(struct control *c, struct ldp_group *g)
{
	char text[REFUSAL_MAX];

	if (!g->has_keys)
		return;
	if (g->unfit[0])
		memcpy(text, g->unfit, sizeof(text));
	else if (g->id == LDP_GROUP_NONE)
		snprintf(text, sizeof(text),
			 "this uplink has %u groups, no more fit: the keys of "
			 "this one have no effect",
			 SCHED_GROUPS);
	else
		minima_group_error(c, g, text);
	write_and_log(c, g, text);
}

void control_group_show_all(struct control *c)
{
	struct ldp_group *g;

	TAILQ_FOREACH(g, &c->groups.all, next)
		show(c, g);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* An operator's key may have come in the meantime. */
static int remove_if_bare(struct xs_conn *xs, uint32_t t, void *arg)
{
	const char *dir = arg;
	bool present[KEY_COUNT];
	int ret = xskey_list(xs, t, dir, SCHEMA_GROUP, present);

	for (int key = 0; ret == 0 && key < KEY_COUNT; key++) {
		if (present[key] && schema_entry((enum schema_key)key)->owner == SCHEMA_BY_OPERATOR)
			return -EEXIST;
	}
	return ret < 0 ? ret : xs_conn_rm(xs, t, dir);
}

static void put_in_force(struct control *c, struct ldp_group *g, const struct group_settings *s)
{
	char text[LIMITS_TEXT_MAX];

	if (memcmp(s, &g->settings, sizeof(*s)) == 0)
		return;
	/* One that is raised makes room inside the group. */
	c->due.room |= s->tx_min != g->settings.tx_min || s->rx_min != g->settings.rx_min;
	g->settings = *s;
	log_info("group %s: in force: %s", g->name, settings_limits_text(text, s));
	control_group_tell(c, g);
}

/* What an earlier daemon said, so that it is cleared when it is no longer so. */
static void read_old_error(struct control *c, struct ldp_group *g, const char *dir)
{
	if (!g->has_keys &&
	    xskey_read(c->xs, XS_NO_TXN, dir, KEY_GROUP_ERROR, g->error, sizeof(g->error)) < 0)
		g->error[0] = '\0';
}

static void read_keys(struct control *c, struct ldp_group *g)
{
	char dir[SCHEMA_PATH_MAX];
	struct group_settings s = g->settings;
	int keys = dir_of(c, g, dir);

	g->unread = false;
	g->unfit[0] = '\0';
	if (keys >= 0) {
		control_verdict_note(c, dir, KEY_GROUP_JUDGE, g->asked);
		keys = settings_load_group(c->xs, dir, &s, g->unfit);
	}
	if (keys < 0 && keys != -ENOENT) {
		g->unread = true;
		c->groups.again_ns = c->now_ns + RETRY_NS;
		return;
	}
	if (keys == 0)
		xs_txn(c->xs, remove_if_bare, dir);
	if (keys <= 0) {
		group_settings_default(&s);
		g->error[0] = '\0';
	} else {
		read_old_error(c, g, dir);
	}
	g->has_keys = keys > 0;
	if (g->id == LDP_GROUP_NONE)
		group_settings_default(&s);
	minima_admit_group(c, g, &s, g->unfit);
	put_in_force(c, g, &s);
	show(c, g);
}

static void mark(struct control *c, const char *name)
{
	struct ldp_group *g = control_group_get(c, name);

	if (g)
		g->unread = true;
}

static void find_all(struct control *c)
{
	char root[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX], **names;
	struct ldp_group *g;
	unsigned count;
	int ret = schema_groups_root(root, sizeof(root), c->domid, c->conf.name);

	TAILQ_FOREACH(g, &c->groups.all, next)
		g->unread = true;
	if (ret >= 0)
		ret = xs_conn_list(c->xs, XS_NO_TXN, root, &names, &count);
	c->due.groups = ret < 0 && ret != -ENOENT;
	if (c->due.groups)
		c->groups.again_ns = c->now_ns + RETRY_NS;
	if (ret < 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		if (schema_group_dir(dir, sizeof(dir), c->domid, c->conf.name, names[i]) >= 0)
			mark(c, names[i]);
	}
	free(names);
}

bool control_group_event(struct control *c, const char *path)
{
	char name[SCHEMA_NAME_MAX + 1];
	const char *rest;
	int key;

	if (!schema_split_group_path(path, c->uplink_dir, name, &rest))
		return false;
	key = schema_lookup(SCHEMA_GROUP, rest);
	if (key == KEY_GROUP_JUDGE ||
	    (key >= 0 && schema_entry((enum schema_key)key)->owner == SCHEMA_BY_BACKEND))
		return true;
	if (name[0])
		mark(c, name);
	else
		c->due.groups = true;
	return true;
}

/* --- steps ------------------------------------------------------------------------------------ */

static bool read_due(struct control *c)
{
	struct ldp_group *g;
	bool any = false;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (!g->unread)
			continue;
		read_keys(c, g);
		any |= !g->unread;
	}
	return any;
}

/* True: a device must be read again. */
static bool try_again(struct control *c)
{
	struct ldp_group *g;
	struct device *d;
	bool any = false;

	c->due.room = false;
	TAILQ_FOREACH(g, &c->groups.all, next)
		g->unread |= g->unfit[0] != '\0';
	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (!d->unfit[0] || d->gone)
			continue;
		device_mark(d, DEVICE_READ);
		any = true;
	}
	return any;
}

uint64_t control_group_again_ns(const struct control *c)
{
	return c->groups.again_ns ? c->groups.again_ns : UINT64_MAX;
}

bool control_group_step(struct control *c)
{
	bool any = false;

	if (c->now_ns < c->groups.again_ns)
		return false;
	c->groups.again_ns = 0;
	if (c->due.groups)
		find_all(c);
	any = read_due(c);
	if (c->due.room && try_again(c))
		any = true;
	read_due(c);
	control_group_tidy(c);
	return any;
}
