/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_state.h"
#include "backend/kept/kept_file.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * What was set for a guest is written to its file at once. So the file is right whenever the guest
 * or this daemon ends, in whatever way, and nothing must be done then. Only what could not be
 * written is in memory, and counts there until it is: the disk refused it, or another program keeps
 * the directory's lock. That one may change the file meanwhile, so what is in memory is not a file,
 * but what to change in it, device by device.
 *
 * dmvlctl has the lock for milliseconds, unless somebody stops it. So this thread waits for a
 * moment, but only once: until the lock can be had again it does not wait at all. After ten seconds
 * it goes on without the lock: a guest that comes back must not be without its device for ever.
 */
#define RETRY_NS      (10000 * 1000000ull)
#define LOCK_RETRY_NS (500 * 1000000ull)
#define LOCK_WAIT_MS  300u
#define PATIENCE_NS   (10000 * 1000000ull)
#define SAID_MAX      1024u

/* The guest of which something is not on the disk. */
struct kept_late {
	TAILQ_ENTRY(kept_late) next;
	struct kept put;     /* devices that are remembered like this; uuid; name, unless "" */
	struct kept dropped; /* devices that are not remembered any more */
};

/* What the log says of a guest's file, which cannot be read. */
struct kept_said {
	SLIST_ENTRY(kept_said) next;
	char uuid[UUID_TEXT_LEN + 1];
	char *text;
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
	c->kept.retry_ns = c->now_ns + (c->kept.busy_since_ns ? LOCK_RETRY_NS : RETRY_NS);
}

static struct kept_late *find_late(struct control *c, const char *uuid)
{
	struct kept_late *l;

	TAILQ_FOREACH(l, &c->kept.late, next) {
		if (strcmp(l->put.uuid, uuid) == 0)
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
	kept_clear(&l->put);
	kept_clear(&l->dropped);
	free(l);
}

/* NULL: no memory. */
static struct kept_late *need_late(struct control *c, const char *uuid)
{
	struct kept_late *l = find_late(c, uuid);

	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	snprintf(l->put.uuid, sizeof(l->put.uuid), "%s", uuid);
	TAILQ_INSERT_TAIL(&c->kept.late, l, next);
	return l;
}

/* --- the lock --------------------------------------------------------------------------------- */

static bool is_patient(struct control *c)
{
	/* One that nobody waited for any more says nothing of this one. */
	if (!c->kept.busy_since_ns || c->now_ns - c->kept.tried_ns > PATIENCE_NS)
		c->kept.busy_since_ns = c->now_ns;
	c->kept.tried_ns = c->now_ns;
	if (c->now_ns - c->kept.busy_since_ns < PATIENCE_NS)
		return true;
	if (!c->kept.impatient)
		log_warning("uplink %s: another program has kept %s locked for %llu s: this daemon "
			    "goes on without the lock",
			    c->conf.name, c->kept.dir, PATIENCE_NS / 1000000000);
	c->kept.impatient = true;
	return false;
}

static int take_lock(struct control *c, char *err)
{
	int fd = kept_dir_lock(c->kept.dir, c->kept.busy_since_ns ? 0 : LOCK_WAIT_MS, err);

	if (fd == -EWOULDBLOCK && is_patient(c))
		return fd;
	if (fd != -EWOULDBLOCK) {
		c->kept.busy_since_ns = 0;
		c->kept.impatient = false;
	}
	if (fd < 0 && fd != -EWOULDBLOCK && fd != -ENOENT)
		return fd;
	c->kept.lock = fd; /* without a directory nobody has anything to lock */
	return 0;
}

/* 0 or -errno with a sentence. */
static int lock(struct control *c, char *err)
{
	int ret = c->kept.holds ? 0 : take_lock(c, err);

	if (ret == 0)
		c->kept.holds++;
	return ret;
}

bool control_kept_lock(struct control *c)
{
	char err[KEPT_FILE_ERR_MAX];

	return lock(c, err) == 0;
}

void control_kept_unlock(struct control *c)
{
	if (--c->kept.holds == 0 && c->kept.lock >= 0)
		close(c->kept.lock);
}

/* --- reading and writing ---------------------------------------------------------------------- */

/* What the file says, and what it will say when *l is written: false: no memory. */
static bool add_late(const struct kept_late *l, struct kept *k)
{
	bool good = kept_merge(k, &l->put);

	for (unsigned i = 0; i < l->dropped.count; i++)
		kept_drop(k, l->dropped.device[i].id);
	memcpy(k->uuid, l->put.uuid, sizeof(k->uuid));
	if (l->put.name[0])
		memcpy(k->name, l->put.name, sizeof(k->name));
	return good;
}

int control_kept_try(struct control *c, const char *uuid, struct kept *out, char *err)
{
	struct kept_late *l = find_late(c, uuid);
	int ret = kept_file_read(c->kept.dir, uuid, out, err);

	if (!l || (ret < 0 && ret != -ENOENT && ret != -EBADMSG))
		return ret;
	ret = add_late(l, out) ? 0 : -ENOMEM;
	if (ret == 0 && out->count == 0)
		ret = -ENOENT;
	if (ret < 0)
		kept_clear(out);
	snprintf(err, KEPT_FILE_ERR_MAX, "%s", strerror(-ret));
	return ret;
}

static void forget_said(struct control *c, struct kept_said *s)
{
	SLIST_REMOVE(&c->kept.said, s, kept_said, next);
	c->kept.said_count--;
	free(s->text);
	free(s);
}

static struct kept_said *find_said(struct control *c, const char *uuid)
{
	struct kept_said *s;

	SLIST_FOREACH(s, &c->kept.said, next) {
		if (strcmp(s->uuid, uuid) == 0)
			return s;
	}
	return NULL;
}

static void forget_all_said(struct control *c)
{
	while (!SLIST_EMPTY(&c->kept.said))
		forget_said(c, SLIST_FIRST(&c->kept.said));
}

/* Without memory it is said once more. */
static void note_said(struct control *c, const char *uuid, const char *text)
{
	struct kept_said *s = calloc(1, sizeof(*s));

	if (c->kept.said_count >= SAID_MAX)
		forget_all_said(c);
	if (s)
		s->text = strdup(text);
	if (!s || !s->text) {
		free(s);
		return;
	}
	snprintf(s->uuid, sizeof(s->uuid), "%s", uuid);
	SLIST_INSERT_HEAD(&c->kept.said, s, next);
	c->kept.said_count++;
}

/* A guest that waits for its file to be mended is looked at each second, as others are. */
int control_kept_read(struct control *c, const char *uuid, struct kept *out)
{
	char err[KEPT_FILE_ERR_MAX] = "";
	int ret = control_kept_try(c, uuid, out, err);
	bool good = ret == 0 || ret == -ENOENT;
	struct kept_said *s = find_said(c, uuid);

	if (s && !good && strcmp(s->text, err) == 0)
		return ret;
	if (s)
		forget_said(c, s);
	if (good)
		return ret;
	log_warning("uplink %s: %s", c->conf.name, err);
	note_said(c, uuid, err);
	return ret;
}

static int put_aside(struct control *c, const char *uuid, char *why)
{
	char err[KEPT_FILE_ERR_MAX];
	int ret = kept_file_put_aside(c->kept.dir, uuid, err);

	if (ret == 0)
		log_warning("uplink %s: %s; its good lines and what is set now are written, and it "
			    "stays as %s" KEPT_DAMAGED,
			    c->conf.name, why, uuid);
	else
		memcpy(why, err, sizeof(err));
	return ret;
}

/* A file that is damaged is replaced by its good lines, and a copy stays. */
static int change_file(struct control *c, const struct kept_late *l, char *err)
{
	struct kept k = {.count = 0};
	int ret = kept_file_read(c->kept.dir, l->put.uuid, &k, err);

	if (ret == -ENOENT)
		ret = 0;
	if (ret == -EBADMSG)
		ret = put_aside(c, l->put.uuid, err);
	if (ret == 0 && !add_late(l, &k)) {
		ret = -ENOMEM;
		snprintf(err, KEPT_FILE_ERR_MAX, "%s", strerror(-ret));
	}
	if (ret == 0)
		ret = kept_file_write(c->kept.dir, &k, err);
	kept_clear(&k);
	return ret;
}

/* False: it stays in memory. */
static bool write_late(struct control *c, struct kept_late *l)
{
	char err[KEPT_FILE_ERR_MAX];
	int ret = lock(c, err);

	if (ret == 0) {
		ret = change_file(c, l, err);
		control_kept_unlock(c);
	}
	if (ret < 0) {
		set_refused(c, err);
		return false;
	}
	c->kept.unsynced = true;
	drop_late(c, l);
	return true;
}

void control_kept_write(struct control *c, const struct kept *k)
{
	struct kept_late *l = need_late(c, k->uuid);

	if (!l)
		return;
	for (unsigned i = 0; i < k->count; i++)
		kept_drop(&l->dropped, k->device[i].id);
	if (k->name[0])
		memcpy(l->put.name, k->name, sizeof(l->put.name));
	if (kept_merge(&l->put, k))
		write_late(c, l);
}

void control_kept_drop(struct control *c, const char *uuid, unsigned id)
{
	struct kept_late *l = need_late(c, uuid);

	if (!l)
		return;
	kept_drop(&l->put, id);
	if (kept_add(&l->dropped, id))
		write_late(c, l);
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

static void write_all_late(struct control *c)
{
	struct kept_late *l, *next;

	for (l = TAILQ_FIRST(&c->kept.late); l; l = next) {
		next = TAILQ_NEXT(l, next);
		if (!write_late(c, l) && c->kept.busy_since_ns)
			return; /* nobody gets the lock; else only this file cannot be written */
	}
}

uint64_t control_kept_step(struct control *c)
{
	char err[KEPT_FILE_ERR_MAX];

	make_certain(c);
	if (!c->kept.retry_ns)
		return UINT64_MAX;
	if (c->now_ns < c->kept.retry_ns)
		return c->kept.retry_ns;
	c->kept.retry_ns = 0;
	if (kept_dir_make(c->kept.dir, err) < 0)
		set_refused(c, err);
	else
		write_all_late(c);
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

	write_all_late(c);
	make_certain(c);
	while ((l = TAILQ_FIRST(&c->kept.late))) {
		log_error("uplink %s: this daemon ends, and what was set or detached last for the "
			  "guest %s%s%s is not on the disk",
			  c->conf.name, l->put.name, l->put.name[0] ? ", UUID " : "", l->put.uuid);
		drop_late(c, l);
	}
	forget_all_said(c);
}
