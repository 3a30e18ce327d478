/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_domains.h"

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

static void check_domain(struct control *c, struct device *d)
{
	struct dom_info info;

	if (d->gone || dom_info(c->dom, d->domid, &info) < 0)
		return;
	/* What has stopped never goes on: its rings are a new kernel's memory after a soft reset.
	 */
	if (!info.exists || info.dying || info.stopped ||
	    (!uuid_is_null(d->uuid) && memcmp(d->uuid, info.uuid, 16) != 0)) {
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

static void welcome(struct control *c, const struct dom_info *info)
{
	char uuid[UUID_TEXT_LEN + 1];
	struct kept k = {.count = 0};

	uuid_format(info->uuid, uuid);
	if (info->dying || info->suspended || (info->stopped && !info->resetting) ||
	    uuid_is_null(info->uuid) || control_kept_read(c, uuid, &k) < 0)
		return;
	/* After a soft reset the domain runs before the toolstack has made its nodes. */
	if (info->stopped || !device_has_home(c, info->domid))
		c->domains.again_ns = c->now_ns + RESET_POLL_NS; /* no event will tell */
	else
		device_kept_attach(c, info, &k);
	kept_clear(&k);
}

uint64_t control_welcome_back(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	unsigned first = 0;
	int n;

	if (!c->due.newcomers && c->now_ns < c->domains.again_ns)
		return c->domains.again_ns;
	c->due.newcomers = false;
	c->domains.again_ns = UINT64_MAX;
	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		for (int i = 0; i < n; i++)
			welcome(c, &info[i]);
		first = info[n - 1].domid + 1;
	}
	return c->domains.again_ns;
}
