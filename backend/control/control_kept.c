/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "backend/kept/kept_file.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * What was set for a guest is written to its file at once. So the file is right whenever the guest
 * or this daemon ends, in whatever way, and nothing must be done then. Only what the disk refused
 * is in memory, and counts there until the disk takes it.
 */
#define RETRY_NS (10000 * 1000000ull)

/* The guest of which the disk refused what is remembered. */
struct kept_late {
	TAILQ_ENTRY(kept_late) next;
	struct kept kept;
};

static void set_error(struct control *c, const char *text)
{
	if (strcmp(c->kept.error, text) == 0)
		return;
	snprintf(c->kept.error, sizeof(c->kept.error), "%s", text);
	c->due.link = true; /* there the error is shown, and logged */
}

/* `why` is cut to what a key of xenstore may hold. */
static void set_refused(struct control *c, const char *why)
{
	char text[SCHEMA_ERR_MAX];

	snprintf(text, sizeof(text),
		 "%.160s; what was set or detached since is lost if this daemon ends", why);
	set_error(c, text);
	c->kept.retry_ns = c->now_ns + RETRY_NS;
}

static struct kept_late *find_late(struct control *c, const char *uuid)
{
	struct kept_late *l;

	TAILQ_FOREACH(l, &c->kept.late, next) {
		if (strcmp(l->kept.uuid, uuid) == 0)
			return l;
	}
	return NULL;
}

bool control_kept_is_late(struct control *c, const char *uuid)
{
	return find_late(c, uuid);
}

static void drop_late(struct control *c, struct kept_late *l)
{
	TAILQ_REMOVE(&c->kept.late, l, next);
	kept_clear(&l->kept);
	free(l);
}

/* Takes what *k holds. */
static void put_late(struct control *c, struct kept *k)
{
	struct kept_late *l = calloc(1, sizeof(*l));

	if (!l) {
		kept_clear(k);
		return;
	}
	l->kept = *k;
	TAILQ_INSERT_TAIL(&c->kept.late, l, next);
}

/* --- reading and writing ---------------------------------------------------------------------- */

static int copy(const struct kept *k, struct kept *out)
{
	char *text = kept_format(k), why[KEPT_ERR_MAX];
	int ret = text ? kept_parse(text, strlen(text), out, why) : -ENOMEM;

	free(text);
	return ret;
}

int control_kept_try(struct control *c, const char *uuid, struct kept *out, char *err)
{
	struct kept_late *l = find_late(c, uuid);
	int ret;

	if (!l)
		return kept_file_read(c->kept.dir, uuid, out, err);
	ret = l->kept.count ? copy(&l->kept, out) : -ENOENT;
	snprintf(err, KEPT_FILE_ERR_MAX, "%s", strerror(-ret));
	return ret;
}

int control_kept_read(struct control *c, const char *uuid, struct kept *out)
{
	char err[KEPT_FILE_ERR_MAX] = "";
	int ret = control_kept_try(c, uuid, out, err);

	if (ret == 0 || ret == -ENOENT || strncmp(err, c->kept.said, sizeof(c->kept.said) - 1) == 0)
		return ret;
	log_warning("uplink %s: %s", c->conf.name, err);
	snprintf(c->kept.said, sizeof(c->kept.said), "%.*s", (int)sizeof(c->kept.said) - 1, err);
	return ret;
}

void control_kept_write(struct control *c, struct kept *k)
{
	struct kept_late *l = find_late(c, k->uuid);
	char err[KEPT_FILE_ERR_MAX];

	if (l)
		drop_late(c, l);
	if (kept_file_write(c->kept.dir, k, err) == 0) {
		c->kept.unsynced = true;
		kept_clear(k);
		return;
	}
	put_late(c, k);
	set_refused(c, err);
}

/* Once for all that was written in a turn: each sync takes milliseconds. */
static void make_certain(struct control *c)
{
	char err[KEPT_FILE_ERR_MAX];

	if (!c->kept.unsynced)
		return;
	c->kept.unsynced = kept_dir_sync(c->kept.dir, err) < 0;
	if (c->kept.unsynced)
		set_refused(c, err);
}

uint64_t control_kept_step(struct control *c)
{
	struct kept_late *l, *next;
	char err[KEPT_FILE_ERR_MAX];

	make_certain(c);
	if (!c->kept.retry_ns)
		return UINT64_MAX;
	if (c->now_ns < c->kept.retry_ns)
		return c->kept.retry_ns;
	c->kept.retry_ns = 0;
	if (kept_dir_make(c->kept.dir, err) < 0)
		set_refused(c, err);
	for (l = TAILQ_FIRST(&c->kept.late); l && !c->kept.retry_ns; l = next) {
		next = TAILQ_NEXT(l, next);
		if (kept_file_write(c->kept.dir, &l->kept, err) < 0) {
			set_refused(c, err);
			break;
		}
		c->kept.unsynced = true;
		drop_late(c, l);
	}
	make_certain(c);
	if (c->kept.retry_ns)
		return c->kept.retry_ns;
	set_error(c, "");
	return UINT64_MAX;
}

void control_kept_seen(struct control *c, const uint8_t uuid[16])
{
	char text[UUID_TEXT_LEN + 1];

	uuid_format(uuid, text);
	kept_file_touch(c->kept.dir, text);
}

/* --- begin and end ---------------------------------------------------------------------------- */

void control_kept_publish(struct control *c)
{
	if (xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_KEPT_PATH, c->kept.dir) < 0)
		log_warning("uplink %s: xenstore does not say where settings are remembered",
			    c->conf.name);
}

void control_kept_open(struct control *c)
{
	char err[KEPT_FILE_ERR_MAX], real[PATH_MAX];

	if (kept_dir_path(c->kept.dir, c->conf.state_dir, c->conf.name) < 0) {
		set_refused(c, "the state directory's path is too long");
		return;
	}
	if (kept_dir_make(c->kept.dir, err) < 0)
		set_refused(c, err);
	else if (realpath(c->kept.dir, real))
		memcpy(c->kept.dir, real, sizeof(real));
	control_kept_publish(c);
}

void control_kept_close(struct control *c)
{
	struct kept_late *l;

	make_certain(c);
	while ((l = TAILQ_FIRST(&c->kept.late)))
		drop_late(c, l);
}
