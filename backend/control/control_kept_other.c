/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_kept_other.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_state.h"
#include "backend/kept/kept_file.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * A device is on one uplink, and that uplink remembers it. It gets to another one by attach, after
 * a detach or while its guest was away, or when the policy names another uplink and the guest comes
 * back. Then two daemons might each make it of what they remember, and it would be chance which
 * settings it has. So the one that serves it removes it from the files of the others, and what was
 * set goes along.
 */
#define LOCK_WAIT_MS 100u

/* The device of a guest that is looked for. */
struct search {
	struct control *c;
	const char *uuid;
	unsigned id;
	struct kept *out;
};

/* 1: it is there. */
static int look(const char *uplink, const char *dir, void *arg)
{
	const struct search *s = arg;
	char err[KEPT_FILE_ERR_MAX];

	(void)uplink;
	if (kept_file_read(dir, s->uuid, s->out, err) == 0 && kept_find(s->out, s->id))
		return 1;
	kept_clear(s->out);
	return 0;
}

const struct kept_device *control_kept_other(struct control *c, const char *uuid, unsigned id,
					     struct kept *out)
{
	kept_dir_each_other(c->kept.dir, look, &(struct search){c, uuid, id, out});
	return kept_find(out, id);
}

bool control_kept_is_free(const struct control *c, const struct kept_device *other)
{
	const char *then = other->policy[KEY_BACK_UPLINK];

	return !then || strcmp(then, c->conf.name) != 0;
}

/* Its lock was taken. 0 or -errno with a sentence. */
static int drop_locked(const struct search *s, const char *uplink, const char *dir, char *err)
{
	int ret = kept_file_read(dir, s->uuid, s->out, err);

	if (ret == 0 && kept_drop(s->out, s->id)) {
		/* Here first: a power cut must not leave it nowhere. */
		ret = kept_dir_sync(s->c->kept.dir, err);
		if (ret == 0)
			ret = kept_file_write(dir, s->out, err);
		if (ret == 0)
			ret = kept_dir_sync(dir, err);
		if (ret == 0)
			log_notice("uplink %s: device %u of the guest %s was on the uplink %s, "
				   "where it is forgotten",
				   s->c->conf.name, s->id, s->uuid, uplink);
	}
	kept_clear(s->out);
	return ret == -ENOENT ? 0 : ret;
}

static int drop(const char *uplink, const char *dir, void *arg)
{
	const struct search *s = arg;
	char err[KEPT_FILE_ERR_MAX];
	int lock, ret;

	if (look(uplink, dir, arg) == 0)
		return 0;
	kept_clear(s->out);
	ret = lock = kept_dir_lock(dir, LOCK_WAIT_MS, err);
	if (lock >= 0) {
		ret = drop_locked(s, uplink, dir, err);
		close(lock);
	}
	if (ret < 0 && ret != -ENOENT)
		log_warning("uplink %s: %s", s->c->conf.name, err);
	return 0;
}

void control_kept_drop_other(struct control *c, const char *uuid, unsigned id)
{
	struct kept k = {.count = 0};

	kept_dir_each_other(c->kept.dir, drop, &(struct search){c, uuid, id, &k});
}
