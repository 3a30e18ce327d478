/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_away.h"

#include <stdio.h>
#include <string.h>

#include "backend/control/device_state.h"
#include "backend/xen/guest.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * When xl has sent a guest to another host, it calls the domain that is left NAME--migratedaway,
 * lets the other host start the guest, and destroys this domain when that has succeeded. If it has
 * not, xl gives the domain its name back, and the guest goes on here. So the name tells what an end
 * of the domain means. It is noted when it changes: at the end there is none any more.
 */
#define DOMAINS_MAX 64u /* asked for at once */
#define TOKEN_MAX   (LDP_NAME_MAX + 2)

static void make_token(const struct device *d, char out[TOKEN_MAX])
{
	snprintf(out, TOKEN_MAX, "M%u/%u", d->domid, d->id);
}

/* A driver domain may not read the names of others. */
void device_away_watch(struct control *c, const struct device *d)
{
	char path[64], token[TOKEN_MAX];
	int ret;

	if (c->blind)
		return;
	guest_name_path(path, sizeof(path), d->domid);
	make_token(d, token);
	ret = xs_conn_watch(c->xs, path, token);
	if (ret < 0)
		log_warning("%s: cannot watch the name of its guest (%s): what was set stays "
			    "remembered when the guest migrates away",
			    d->name, strerror(-ret));
}

void device_away_unwatch(struct control *c, const struct device *d)
{
	char path[64], token[TOKEN_MAX];

	if (c->blind)
		return;
	guest_name_path(path, sizeof(path), d->domid);
	make_token(d, token);
	xs_conn_unwatch(c->xs, path, token);
}

static bool is_here(const struct dom_info *info, int n, const struct device *d)
{
	for (int i = 0; i < n; i++) {
		if (info[i].domid != d->domid && !info[i].dying &&
		    memcmp(info[i].uuid, d->uuid, sizeof(d->uuid)) == 0)
			return true;
	}
	return false;
}

/* Has no other domain of this host the UUID? False too if the hypervisor does not tell. */
static bool is_elsewhere(struct control *c, const struct device *d)
{
	struct dom_info info[DOMAINS_MAX];
	unsigned first = 0;
	int n;

	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		if (is_here(info, n, d))
			return false;
		first = info[n - 1].domid + 1;
	}
	return n == 0;
}

/* Where it arrived on this host, that domain is there now; later it may have ended too. */
void device_away_named(struct control *c, struct device *d)
{
	char name[GUEST_NAME_MAX];
	bool was = d->away;

	guest_name(c->xs, d->domid, name, sizeof(name));
	if (name[0])
		d->away = guest_is_away(name) && is_elsewhere(c, d);
	if (d->away != was)
		log_info("%s: its guest is %s", d->name,
			 d->away ? "given away to another host" : "not given away any more");
}

bool device_away_left(struct control *c, const struct device *d)
{
	return d->away && is_elsewhere(c, d);
}
