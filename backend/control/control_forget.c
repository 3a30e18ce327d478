/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_forget.h"

#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept_unseen.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * Without uuid= in its configuration a guest has another UUID each time, so files of UUIDs that
 * never come back would be more and more. Once a day this daemon looks, and counts the days of each
 * guest that it does not see. A day is one that it ran through: the host's clock may jump by years
 * when the network comes up, or when the battery is empty.
 *
 * So the first look is a day after the start. At the start guests may not have been started yet.
 */
#define FORGET_LOOK_NS (86400 * 1000000000ull)
#define DOMAINS_MAX    64u /* asked for at once */

/* All guests that there are. False: the hypervisor does not tell. */
static bool see_all(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	const struct device *d;
	unsigned first = 0;
	int n;

	TAILQ_FOREACH(d, &c->devices.all, next)
		control_kept_seen(c, d->uuid);
	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		for (int i = 0; i < n; i++)
			control_kept_seen(c, info[i].uuid);
		first = info[n - 1].domid + 1;
	}
	return n == 0 || c->blind;
}

struct looking {
	struct control *c;
	const struct kept_unseen *unseen;
};

static void forget_guest(struct control *c, const char *uuid, unsigned days)
{
	char err[KEPT_FILE_ERR_MAX];
	struct kept k = {.count = 0};

	kept_file_read(c->kept.dir, uuid, &k, err);
	if (kept_file_remove(c->kept.dir, uuid, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
	else
		log_notice("uplink %s: %s, UUID %s, was not seen for %u days: what was set for it "
			   "is forgotten",
			   c->conf.name, k.name[0] ? k.name : "a guest", uuid, days);
	kept_clear(&k);
}

/* The lock was taken: by now somebody may have imported something for it. */
static int forget_if_old(const char *uuid, void *arg)
{
	const struct looking *l = arg;
	struct control *c = l->c;
	unsigned days = kept_unseen_days(l->unseen, uuid);

	if (days >= c->conf.forget_after_days && !control_kept_is_late(c, uuid))
		forget_guest(c, uuid, days);
	return 0;
}

/* Counts this day, and forgets. 0, or -errno with a sentence. */
static int look(struct control *c, struct kept_unseen *unseen, char *err)
{
	int ret = kept_unseen_count(unseen, err);

	if (ret < 0 || !control_kept_lock(c)) /* another day */
		return ret;
	ret = kept_file_each(c->kept.dir, forget_if_old, &(struct looking){c, unseen}, err);
	control_kept_unlock(c);
	return ret;
}

static void look_for_all(struct control *c)
{
	struct kept_unseen *unseen = kept_unseen_read(c->kept.dir);
	char err[KEPT_FILE_ERR_MAX];

	if (unseen && see_all(c) && look(c, unseen, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
	kept_unseen_free(unseen);
}

uint64_t control_forget_step(struct control *c)
{
	bool first = c->forget.next_ns == 0;

	if (!c->conf.forget_after_days)
		return UINT64_MAX;
	if (c->now_ns < c->forget.next_ns)
		return c->forget.next_ns;
	c->forget.next_ns = c->now_ns + FORGET_LOOK_NS;
	if (!first)
		look_for_all(c);
	return c->forget.next_ns;
}
