/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_find.h"
#include "backend/control/control_group_keys.h"
#include "backend/control/control_probe.h"
#include "backend/control/device_away.h"
#include "backend/control/device_list.h"
#include "backend/control/device_state.h"
#include "backend/control/policy_guests.h"

/*
 * Theory of operation
 *
 * There are watches on the backend directory (token B), on the uplink's directory (U), on the state
 * of each frontend (F<domid>/<id>), on the vif that a device stands for (V<domid>/<id>), on the
 * name of each guest if there is a policy for guests (N<domid>), on the name of the domain of each
 * device (M<domid>/<id>), on @introduceDomain (I) and on @releaseDomain (R). The last one is only a
 * hint: it also fires when it is registered and when a domain is suspended. So the hypervisor is
 * asked about each known domain. No other key that a guest writes wakes this thread. A watch also
 * fires when a parent directory is removed.
 */

/*
 * A key of a device changed, or, with an empty name, its directory. What this daemon publishes
 * comes back as events, and changes nothing. A new state changes no settings.
 */
static void on_key_event(struct control *c, unsigned domid, unsigned id, const char *name)
{
	int key = schema_lookup(SCHEMA_BACK, name);
	struct device *d = device_find(c, domid, id);

	if (key >= 0 && schema_entry((enum schema_key)key)->owner == SCHEMA_BY_BACKEND)
		return;
	if (key == KEY_BACK_JUDGE) /* the keys that come with it tell */
		return;
	if (d && key == KEY_BACK_STATE)
		device_mark(d, DEVICE_LOOK);
	else
		control_found(c, domid, id);
}

/* A key of the uplink changed, or its directory. What this daemon publishes comes back too. */
static void on_uplink_event(struct control *c, const char *path)
{
	size_t len = strlen(c->uplink_dir);
	int key = -1;

	if (control_group_event(c, path))
		return;
	if (strncmp(path, c->uplink_dir, len) == 0 && path[len] == '/')
		key = schema_lookup(SCHEMA_UPLINK, path + len + 1);
	if (key >= 0 && schema_entry((enum schema_key)key)->owner == SCHEMA_BY_BACKEND)
		return;
	if (key == KEY_UPLINK_JUDGE)
		return;
	if (key == KEY_UPLINK_ADMIT) {
		c->due.admit = true;
		return;
	}
	if (key == KEY_UPLINK_UPLINK_PORT)
		control_probe_now(c);
	c->due.groups |= strlen(path) <= len; /* all of it came or went */
	c->due.admit |= strlen(path) <= len;
	c->due.policy |= key == KEY_UPLINK_POLICY_RELOAD;
	c->due.newcomers |= key == KEY_UPLINK_KEPT_RELOAD;
	c->due.link = true;
}

static void on_backend_event(struct control *c, const char *path)
{
	unsigned domid, id;
	const char *rest;

	if (schema_split_backend_path(path, c->domid, &domid, &id, &rest))
		on_key_event(c, domid, id, rest);
	else if (schema_split_backend_domain(path, c->domid, &domid))
		control_find_of(c, domid); /* with each attach: no business of the others */
	else
		control_find_devices(c); /* something above: rare */
}

/* Of the guest's side of a device, of its vif, or of the name of its domain. */
static void on_guest_event(struct control *c, const char *token)
{
	struct device *d = NULL;
	unsigned domid, id;

	if (sscanf(token + 1, "%u/%u", &domid, &id) == 2)
		d = device_find(c, domid, id);
	if (d && token[0] == 'M')
		device_away_named(c, d);
	else if (d)
		device_mark(d, DEVICE_LOOK);
}

void control_event(struct control *c, const struct xs_event *ev)
{
	switch (ev->token[0]) {
	case 'B':
		on_backend_event(c, ev->path);
		break;
	case 'F':
	case 'M':
	case 'V':
		on_guest_event(c, ev->token);
		break;
	case 'U':
		on_uplink_event(c, ev->path);
		break;
	case 'N':
		policy_guests_named(c, (unsigned)strtoul(ev->token + 1, NULL, 10));
		break;
	case 'I':
		c->due.newcomers = true;
		break;
	case 'R':
		c->due.domains = true;
		if (c->blind)
			device_mark_all(c);
		break;
	}
}

int control_watch_all(struct control *c)
{
	char root[SCHEMA_PATH_MAX];
	int ret = schema_backend_root(root, sizeof(root), c->domid);

	if (ret >= 0)
		ret = xs_conn_watch(c->xs, root, "B");
	if (ret == 0)
		ret = xs_conn_watch(c->xs, c->uplink_dir, "U");
	if (ret == 0)
		ret = xs_conn_watch(c->xs, "@introduceDomain", "I");
	if (ret == 0)
		ret = xs_conn_watch(c->xs, "@releaseDomain", "R");
	return ret;
}
