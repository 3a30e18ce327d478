/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_domains.h"

#include <string.h>

#include "backend/control/device.h"
#include "backend/control/device_state.h"
#include "backend/xen/nodes.h"
#include "common/log.h"

#define DOMAINS_MAX 64u /* asked for at once */

static void check_domain(struct control *c, struct device *d)
{
	static const uint8_t no_uuid[16];
	struct dom_info info;

	if (d->gone || dom_info(c->dom, d->domid, &info) < 0)
		return;
	if (info.suspended || info.rebooting)
		d->keep = true;
	if (!info.exists || info.dying ||
	    (memcmp(d->uuid, no_uuid, 16) != 0 && memcmp(d->uuid, info.uuid, 16) != 0)) {
		device_gone(c, d);
		return;
	}
	if (d->frozen && !info.suspended)
		d->keep = false; /* a checkpoint: it was saved and goes on */
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

void control_welcome_back(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	char uuid[UUID_TEXT_LEN + 1];
	unsigned first = 0;
	int n;

	c->due.newcomers = false;
	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		for (int i = 0; i < n; i++) {
			uuid_format(info[i].uuid, uuid);
			if (info[i].dying || info[i].suspended || info[i].rebooting ||
			    !nodes_saved(c->xs, c->domid, c->conf.name, uuid))
				continue;
			log_info("domain %u is back: attaching its devices again", info[i].domid);
			nodes_restore(c->xs, c->domid, c->conf.name, uuid, info[i].domid);
		}
		first = info[n - 1].domid + 1;
	}
}
