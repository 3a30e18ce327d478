/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_leave.h"

#include <errno.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/device_account.h"
#include "backend/control/device_away.h"
#include "backend/control/device_kept.h"
#include "backend/control/device_list.h"
#include "backend/control/device_mac.h"
#include "backend/control/device_settings.h"
#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "backend/xen/nodes.h"
#include "common/log.h"

#define RETRY_NS	(200 * 1000000ull)
#define RETRY_DOUBLINGS 4u

/*
 * Its directory is missing: did somebody remove it by hand, or dmvlctl, while the guest is there?
 * One that is adrift was lost with its xenstore.
 */
static bool was_removed(struct control *c, const struct device *d)
{
	struct dom_info info;

	return !d->adrift && device_has_home(c, d->domid) &&
	       dom_info(c->dom, d->domid, &info) == 0 && info.exists && !info.dying &&
	       !info.stopped && memcmp(info.uuid, d->uuid, sizeof(d->uuid)) == 0;
}

struct leaving {
	struct control *c;
	struct device *d;
};

/* At one moment: a key that is written between the two would be lost. */
static int remember_and_remove(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct leaving *l = arg;
	struct device *d = l->d;
	int ret = device_load_last(l->c, d, t);

	if (ret < 0)
		return ret;
	return nodes_remove_in(xs, t, l->c->domid, d->domid, d->id, d->generation);
}

/*
 * What becomes of what was set? If the device was detached, it does not come back. Otherwise its
 * guest has gone, and may. `left`: what came of its nodes.
 */
static void settle(struct control *c, struct device *d, int left)
{
	const char *what =
		left == -ESTALE ? "another attachment took its place" : "its guest has gone";

	if (!d->online || (left == -ENOENT && was_removed(c, d))) {
		device_kept_forget(c, d);
		log_info("%s: detached", d->name);
		return;
	}
	if (device_away_left(c, d)) {
		device_kept_forget(c, d);
		log_info("%s: its guest has migrated away; what was set is forgotten", d->name);
		return;
	}
	c->due.newcomers = true; /* its guest may be back already */
	control_kept_seen(c, d->uuid);
	log_info("%s: %s; what was set is %s", d->name, what,
		 device_kept_has(c, d) ? "remembered" : "not remembered");
}

static void let_go(struct control *c, struct device *d, bool left)
{
	char generation[sizeof(d->generation)];
	unsigned domid = d->domid, id = d->id;

	memcpy(generation, d->generation, sizeof(generation));
	if (left)
		log_info("%s: only Dom0 can remove its directories, by dmvlctl detach -B", d->name);
	device_account_end(c, d);
	device_withdraw_mac(c, d);
	device_drop(c, d);
	/* It may be attached again already, and that event was taken for one of the old device. */
	device_meet(c, domid, id);
	d = left ? device_find(c, domid, id) : NULL;
	if (d)
		d->left = strcmp(d->generation, generation) == 0;
}

/*
 * Not now: what was set may be only in its directories. Each attempt may be a hundred transactions,
 * where somebody changes them all the time, so the pauses grow.
 */
static void put_off(struct control *c, struct device *d, int ret)
{
	unsigned n = d->leave_failures < RETRY_DOUBLINGS ? d->leave_failures : RETRY_DOUBLINGS;

	if (d->leave_failures++ == 0)
		log_warning("%s: it has gone, but its directories stay until what was set is "
			    "remembered: %s; this is tried again",
			    d->name,
			    ret == -EAGAIN ? "others change them all the time" : strerror(-ret));
	d->leave_not_before_ns = c->now_ns + (RETRY_NS << n);
	d->again_ns = d->leave_not_before_ns;
}

void device_leave(struct control *c, struct device *d)
{
	int ret;

	if (c->now_ns < d->leave_not_before_ns) {
		d->again_ns = d->leave_not_before_ns; /* a guest can change its nodes meanwhile */
		return;
	}
	ret = xs_txn(c->xs, remember_and_remove, &(struct leaving){c, d});
	if (ret < 0 && ret != -ENOENT && ret != -ESTALE && ret != -EACCES) {
		put_off(c, d, ret);
		return;
	}
	settle(c, d, ret);
	let_go(c, d, ret == -EACCES);
}
