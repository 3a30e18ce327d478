/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "backend/control/control_find.h"
#include "backend/control/control_kept.h"
#include "backend/control/control_life.h"
#include "backend/control/control_policy.h"
#include "backend/control/control_state.h"
#include "backend/control/control_uplink.h"
#include "backend/control/control_watch.h"
#include "backend/control/device_list.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Frames need no xenstore. So when xenstored goes away, the frame loop is left alone, and nothing
 * is looked at until there is a xenstored again: what cannot be read must not be taken for removed.
 *
 * Then it may be the same xenstore, whose watches are set again: what an operator set and detached
 * stands there, and what the policy says has been applied already. Or it is another one, which
 * lacks what this daemon wrote about itself. Then all of it is written again, with what the policy
 * says, and guests are attached as at a start. A connected device whose directories are gone there
 * is served on, as its guest lives and the toolstack cannot have meant to detach it; its guest's
 * end is learnt from the hypervisor.
 */

/* --- the begin -------------------------------------------------------------------------------- */

static int own_domid(struct control *c)
{
	char text[16];
	int ret = xs_conn_read(c->xs, XS_NO_TXN, "domid", text, sizeof(text));

	if (ret >= 0)
		c->domid = (unsigned)strtoul(text, NULL, 10);
	return ret < 0 ? ret : 0;
}

static int open_xenstore(struct control *c, char *err, size_t errlen)
{
	int ret = xs_conn_open(&c->xs);

	if (ret == -ENOENT || ret == -ECONNREFUSED) {
		snprintf(err, errlen, "xenstored does not run");
		return -EAGAIN;
	}
	if (ret < 0)
		snprintf(err, errlen, "cannot reach xenstored: %s", strerror(-ret));
	return ret;
}

static int know_self(struct control *c, char *err, size_t errlen)
{
	int ret = own_domid(c);

	if (ret == -ENOENT) {
		snprintf(err, errlen,
			 "xenstore has no domid of this domain: xen-init-dom0 has not "
			 "run");
		return -EAGAIN;
	}
	if (ret == 0)
		ret = schema_uplink_dir(c->uplink_dir, sizeof(c->uplink_dir), c->domid,
					c->conf.name);
	if (ret < 0)
		snprintf(err, errlen, "cannot read from xenstore: %s", strerror(-ret));
	return ret < 0 ? ret : 0;
}

/* A driver domain may know nothing of other domains, and needs no privcmd for that. */
static int know_domains(struct control *c, int opened)
{
	struct dom_info self;
	int ret = opened;

	if (ret == 0)
		ret = dom_info(c->dom, c->domid, &self);
	c->blind = c->domid != 0 && ret < 0;
	return c->blind ? 0 : opened;
}

/* The hypervisor first: without Xen nobody would ever start xenstored. */
int control_store_open(struct control *c, char *err, size_t errlen)
{
	int opened = dom_open(&c->dom), ret = 0;

	if (opened != -EACCES && opened != -EPERM)
		ret = open_xenstore(c, err, errlen);
	if (ret == 0 && c->xs)
		ret = know_self(c, err, errlen);
	if (ret == 0 && c->xs)
		opened = know_domains(c, opened);
	if (opened == 0)
		return ret;
	snprintf(err, errlen,
		 "cannot talk to the hypervisor (%s): not root, or no Xen host with "
		 "/dev/xen/privcmd and xenstored",
		 strerror(-opened));
	return opened;
}

bool control_store_lives(struct control *c)
{
	return xs_conn_lives(c->xs);
}

int control_store_ensure(struct control *c, char *err, size_t errlen)
{
	int ret;

	if (c->xs && control_store_lives(c))
		return 0;
	xs_conn_close(c->xs);
	c->xs = NULL;
	ret = open_xenstore(c, err, errlen);
	if (ret == 0)
		ret = know_self(c, err, errlen);
	if (ret == 0 && c->waits_for[0])
		control_store_waits(c, c->waits_for); /* it may be another xenstore */
	return ret;
}

void control_store_waits(struct control *c, const char *what)
{
	if (what != c->waits_for)
		snprintf(c->waits_for, sizeof(c->waits_for), "%s", what);
	if (!c->xs)
		return;
	if (c->conf.policy) /* set --save may write there meanwhile */
		xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_POLICY, c->conf.policy);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ERROR, what);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_STATE,
		    what[0] ? "waiting" : "stopped");
}

/* --- xenstored goes away ---------------------------------------------------------------------- */

void control_store_lost(struct control *c)
{
	c->lost = true;
	sd_notify(0, "STATUS=xenstored went away: frames go on, nothing else does");
	log_error("xenstored went away: frames go on, but nothing can be attached, changed or "
		  "detached until it is back");
}

/* This daemon wrote the key `state` at its start, and never removes it. */
static bool is_another_xenstore(const struct control *c)
{
	char path[SCHEMA_PATH_MAX];

	schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_STATE);
	return xs_conn_missing(c->xs, XS_NO_TXN, path);
}

/* What the parts remember of what they wrote. */
static void forget_shown(struct control *c)
{
	c->exits.shown = false;
	c->link.source = NULL;
	c->share.shown[0] = '\0';
}

static void look_at_all(struct control *c)
{
	device_again_all(c, c->another);
	control_life_tell(c);
	control_find_devices(c);
	c->due.link = true;
	c->due.share = true;
	c->due.groups = true;
	c->due.domains = true;
	c->due.newcomers = true;
}

bool control_store_again(struct control *c)
{
	struct xs_conn *fresh;

	if (xs_conn_open(&fresh) < 0)
		return false;
	xs_conn_close(c->xs);
	c->xs = fresh;
	c->another |= is_another_xenstore(c); /* once it was published, nothing tells */
	if (control_publish_uplink(c) < 0 || control_watch_all(c) < 0)
		return false;
	c->lost = false;
	forget_shown(c);
	control_kept_publish(c);
	control_policy_again(c, c->another);
	look_at_all(c);
	if (control_store_lives(c)) /* else only a part may be written */
		c->another = false;
	sd_notifyf(0, "STATUS=serving the uplink %s", c->conf.name);
	log_notice("xenstored is back");
	return true;
}
