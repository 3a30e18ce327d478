/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_verdict.h"

#include <errno.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/device_state.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Whoever asks writes a number of his own into `judge`, together with the keys. It is read before
 * the keys, so what is judged then is at least as new. The answer is that `judge` goes, when
 * `error` is written. If another one asked meanwhile, his number is there and stays until his keys
 * were read, which answers both.
 */
struct question {
	const char *dir, *asked;
	enum schema_key key;
};

void control_verdict_note(struct control *c, const char *dir, enum schema_key key,
			  char asked[VERDICT_MAX])
{
	if (xskey_read(c->xs, XS_NO_TXN, dir, key, asked, VERDICT_MAX) < 0)
		asked[0] = '\0';
}

static int answer_part(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct question *q = arg;
	char now[VERDICT_MAX], path[SCHEMA_PATH_MAX];
	int ret = xskey_read(xs, t, q->dir, q->key, now, sizeof(now));

	if (ret < 0)
		return ret;
	if (strcmp(now, q->asked) != 0 || schema_key_path(path, sizeof(path), q->dir, q->key) < 0)
		return -ESTALE;
	return xs_conn_rm(xs, t, path);
}

static void answer(struct control *c, const char *dir, enum schema_key key, char *asked)
{
	if (!asked[0])
		return;
	xs_txn(c->xs, answer_part, &(struct question){dir, asked, key});
	asked[0] = '\0';
}

/* Its keys are not what is in force, or xenstore does not tell. */
static bool is_unread(const struct control *c, const struct ldp_group *g)
{
	return c->due.groups || g->unread;
}

/* What a device may have depends on its group's keys too. */
static bool is_judged(const struct control *c, const struct device *d)
{
	return !d->dirty && !d->unread && !(d->group && is_unread(c, d->group));
}

static void answer_groups(struct control *c)
{
	char dir[SCHEMA_PATH_MAX];
	struct ldp_group *g;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (!is_unread(c, g) &&
		    schema_group_dir(dir, sizeof(dir), c->domid, c->conf.name, g->name) >= 0)
			answer(c, dir, KEY_GROUP_JUDGE, g->asked);
	}
}

void control_verdict_step(struct control *c)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (is_judged(c, d))
			answer(c, d->back, KEY_BACK_JUDGE, d->asked);
	}
	answer_groups(c);
	if (!c->due.link && !c->link.again_ns)
		answer(c, c->uplink_dir, KEY_UPLINK_JUDGE, c->link.asked);
}
