/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_domains.h"

#include <errno.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/device.h"
#include "backend/control/device_kept.h"
#include "backend/control/device_list.h"
#include "backend/control/device_state.h"
#include "backend/kept/kept.h"
#include "backend/xen/nodes.h"
#include "common/uuid.h"

#define DOMAINS_MAX 64u /* asked for at once */

#define RESET_POLL_NS (200 * 1000000ull)
#define RETRY_NS      (1000 * 1000000ull)

static void check_domain(struct control *c, struct device *d)
{
	struct dom_info info;

	if (d->gone || dom_info(c->dom, d->domid, &info) < 0)
		return;
	/* What has stopped never goes on: its rings are a new kernel's memory after a soft reset.
	 */
	if (!info.exists || info.dying || info.stopped ||
	    (!uuid_is_null(d->uuid) && memcmp(d->uuid, info.uuid, 16) != 0)) {
		d->lasting = info.exists && info.resetting;
		device_gone(c, d);
		return;
	}
	device_freeze(c, d, info.suspended);
}

void control_check_domains(struct control *c)
{
	struct device *d, *next;

	c->due.domains = false;
	for (d = TAILQ_FIRST(&c->devices.all); d; d = next) {
		next = TAILQ_NEXT(d, next);
		check_domain(c, d);
	}
}

/* The lock was taken. False: try again. */
static bool welcome_locked(struct control *c, const struct dom_info *info, const char *uuid)
{
	struct kept k = {.count = 0};
	int ret = control_kept_read(c, uuid, &k);
	bool good = ret == 0 || ret == -ENOENT || ret == -EBADMSG;

	if (ret == 0)
		good = device_kept_attach(c, info, &k, c->domains.failed);
	kept_clear(&k);
	return good;
}

static bool is_remembered(struct control *c, const char *uuid)
{
	struct kept k = {.count = 0};
	int ret = control_kept_read(c, uuid, &k);

	kept_clear(&k);
	return ret != -ENOENT && ret != -EBADMSG;
}

static void look_again(struct control *c, uint64_t ns)
{
	if (c->now_ns + ns < c->domains.again_ns)
		c->domains.again_ns = c->now_ns + ns;
}

/* False: try again. */
static bool welcome(struct control *c, const struct dom_info *info)
{
	char uuid[UUID_TEXT_LEN + 1];
	bool good;

	uuid_format(info->uuid, uuid);
	if (info->dying || info->suspended || (info->stopped && !info->resetting) ||
	    uuid_is_null(info->uuid) || !is_remembered(c, uuid))
		return true;
	/* After a soft reset the domain runs before the toolstack has made its nodes. */
	if (info->stopped || !device_has_home(c, info->domid)) {
		look_again(c, RESET_POLL_NS); /* no event will tell */
		return true;
	}
	if (!control_kept_lock(c))
		return false;
	good = welcome_locked(c, info, uuid);
	control_kept_unlock(c);
	return good;
}

uint64_t control_welcome_back(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	bool good = true;
	unsigned first = 0;
	int n;

	if (!c->due.newcomers && c->now_ns < c->domains.again_ns)
		return c->domains.again_ns;
	c->due.newcomers = false;
	c->domains.again_ns = UINT64_MAX;
	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		for (int i = 0; i < n; i++)
			good &= welcome(c, &info[i]);
		first = info[n - 1].domid + 1;
	}
	c->domains.failed = !good || (n < 0 && !c->blind);
	if (c->domains.failed)
		look_again(c, RETRY_NS);
	return c->domains.again_ns;
}
