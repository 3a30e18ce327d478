/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_forget.h"

#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept_file.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * Without uuid= in its configuration a guest has another UUID each time, so files of UUIDs that
 * never come back would be more and more. The file's time of change says when its guest was seen
 * last: it is set while the guest is there.
 *
 * The first look is a day after the start. At the start itself guests may not have been started
 * yet, and the host's clock may not be right.
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

static int forget_if_old(const char *uuid, void *arg)
{
	struct control *c = arg;
	int days = kept_file_days(c->kept.dir, uuid);
	char err[KEPT_FILE_ERR_MAX];
	struct kept k = {.count = 0};

	if (days < (int)c->conf.forget_after_days || control_kept_is_late(c, uuid))
		return 0;
	kept_file_read(c->kept.dir, uuid, &k, err);
	if (kept_file_remove(c->kept.dir, uuid, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
	else
		log_notice("uplink %s: %s, UUID %s, was not seen for %d days: what was set for it "
			   "is forgotten",
			   c->conf.name, k.name[0] ? k.name : "a guest", uuid, days);
	kept_clear(&k);
	return 0;
}

uint64_t control_forget_step(struct control *c)
{
	bool first = c->forget.next_ns == 0;
	char err[KEPT_FILE_ERR_MAX];

	if (!c->conf.forget_after_days)
		return UINT64_MAX;
	if (c->now_ns < c->forget.next_ns)
		return c->forget.next_ns;
	c->forget.next_ns = c->now_ns + FORGET_LOOK_NS;
	if (first)
		return c->forget.next_ns;
	if (see_all(c) && kept_file_each(c->kept.dir, forget_if_old, c, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
	return c->forget.next_ns;
}
