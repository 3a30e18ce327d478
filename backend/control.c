/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control_priv.h"
#include "backend/nodes.h"
#include "common/log.h"
#include "common/units.h"
#include "common/xskey.h"

/*
 * Theory of operation
 *
 * One thread, one loop of its own. Events only mark what changed; on_work() then does it: the
 * uplink's settings, the domains, the devices, in this order, and sets the timer for whatever wants
 * to be looked at later. So ten events for one device are one look.
 *
 * Watches and their tokens: the backend directory (B) and the uplink's (U), one frontend directory
 * for each device (F<domid>/<id>), @introduceDomain (I) and @releaseDomain (R). The last is a hint:
 * it fires on registering and on suspend too, so the hypervisor is asked about each known domain.
 */
#define FROZEN_POLL_NS (200 * 1000000ull)
#define QUIT_NS	       (700 * 1000000ull)
#define DOMAINS_MAX    64u

struct msg *control_msg(enum msg_type type, uint32_t slot)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		abort(); /* the loop would keep what it was to give back */
	m->type = type;
	m->slot = slot;
	return m;
}

void control_post(struct control *c, struct msg *m)
{
	mbox_put(c->out, &m->link);
}

/* --- the uplink's own keys -------------------------------------------------------------------- */

/* An operator's rate; the old one stays where the new one is malformed. */
static void load_rate(struct control *c, enum schema_key key, uint64_t *bps)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];

	if (xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, key, text, sizeof(text)) < 0)
		*bps = 0;
	else if (schema_parse_u64(key, text, bps, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
}

static void load_link(struct control *c)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX], rate[32];
	struct link_conf link = c->link;
	unsigned sw = (unsigned)link.sw;
	struct msg *m;

	load_rate(c, KEY_UPLINK_TX_CAPACITY, &link.tx_capacity_bps);
	load_rate(c, KEY_UPLINK_RX_CAPACITY, &link.rx_capacity_bps);
	if (xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_SWITCH, text, sizeof(text)) < 0)
		sw = (unsigned)schema_default(KEY_UPLINK_SWITCH);
	else if (schema_parse_enum(KEY_UPLINK_SWITCH, text, &sw, err) < 0)
		log_warning("uplink %s: %s", c->conf.name, err);
	link.sw = (enum switch_mode)sw;
	if (link.tx_capacity_bps == c->link.tx_capacity_bps &&
	    link.rx_capacity_bps == c->link.rx_capacity_bps && link.sw == c->link.sw)
		return;
	c->link = link;
	log_info("uplink %s: capacity %s", c->conf.name,
		 link.tx_capacity_bps ? units_format_rate(rate, sizeof(rate), link.tx_capacity_bps)
				      : "not configured");
	m = control_msg(MSG_LINK, SLOT_NONE);
	m->link_conf = link;
	control_post(c, m);
}

static int publish_uplink(struct control *c)
{
	const char *kind = c->conf.kind == UPLINK_TAP ? "tap" : "macvtap";
	int ret;

	ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_DEVICE, c->conf.device);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_KIND, kind);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_VERSION,
				  DMVL_VERSION);
	if (ret == 0 && c->conf.tx_capacity_bps)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY,
				      c->conf.tx_capacity_bps);
	if (ret == 0 && c->conf.rx_capacity_bps)
		ret = xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_RX_CAPACITY,
				      c->conf.rx_capacity_bps);
	if (ret == 0)
		ret = xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_STATE, "running");
	return ret;
}

/* --- domains ---------------------------------------------------------------------------------- */

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

static void check_domains(struct control *c)
{
	struct device *d, *next;

	c->domains_dirty = false;
	for (d = TAILQ_FIRST(&c->devices); d; d = next) {
		next = TAILQ_NEXT(d, next);
		check_domain(c, d);
	}
}

/* Did a guest come back whose settings were put aside? */
static void welcome_back(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	char uuid[UUID_TEXT_LEN + 1];
	unsigned first = 0;
	int n;

	c->domains_new = false;
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

/* --- devices ---------------------------------------------------------------------------------- */

void control_found(struct control *c, unsigned domid, unsigned id)
{
	struct device *d = device_find(c, domid, id);
	char dir[SCHEMA_PATH_MAX];

	if (d)
		d->dirty = true;
	else if (schema_backend_dir(dir, sizeof(dir), c->domid, domid, id) >= 0 &&
		 xs_conn_exists(c->xs, XS_NO_TXN, dir)) /* not the echo of a removal */
		device_new(c, domid, id);
}

/* The numbers among the children of a directory. */
static int list_ids(struct control *c, const char *dir, unsigned max, unsigned **out)
{
	char **names, *end;
	unsigned count, n = 0;
	int ret = xs_conn_list(c->xs, XS_NO_TXN, dir, &names, &count);

	*out = NULL;
	if (ret < 0)
		return ret;
	*out = calloc(count + 1, sizeof(**out));
	for (unsigned i = 0; *out && i < count; i++) {
		unsigned long v = strtoul(names[i], &end, 10);

		if (names[i][0] && *end == '\0' && v <= max)
			(*out)[n++] = (unsigned)v;
	}
	free(names);
	return (int)n;
}

static void find_devices(struct control *c)
{
	char root[SCHEMA_PATH_MAX], dir[SCHEMA_PATH_MAX + 16];
	unsigned *domids, *ids;
	int nd, ni;

	schema_backend_root(root, sizeof(root), c->domid);
	nd = list_ids(c, root, SCHEMA_DOMID_MAX, &domids);
	for (int i = 0; i < nd; i++) {
		snprintf(dir, sizeof(dir), "%s/%u", root, domids[i]);
		ni = list_ids(c, dir, SCHEMA_ID_MAX, &ids);
		for (int j = 0; j < ni; j++)
			control_found(c, domids[i], ids[j]);
		free(ids);
	}
	free(domids);
}

/* Nodes of an earlier time whose guest, or the guest's half of them, is no more. */
static void sweep_orphans(struct control *c)
{
	struct device *d, *next;
	char err[SCHEMA_ERR_MAX];

	check_domains(c);
	for (d = TAILQ_FIRST(&c->devices); d; d = next) {
		next = TAILQ_NEXT(d, next);
		if (settings_load(c->xs, d->back, &d->settings, err) < 0 ||
		    strcmp(d->settings.uplink, c->conf.name) != 0)
			continue;
		if (!xs_conn_exists(c->xs, XS_NO_TXN, d->front))
			device_gone(c, d);
	}
}

/* --- events ----------------------------------------------------------------------------------- */

/* Our own announcements come back as events: they change nothing. */
static bool is_own_announcement(const char *rest)
{
	int key = schema_lookup(SCHEMA_BACK, rest);

	return key >= 0 && schema_entry((enum schema_key)key)->owner == SCHEMA_BY_BACKEND;
}

static void on_backend_event(struct control *c, const char *path)
{
	unsigned domid, id;
	const char *rest;

	if (!schema_split_backend_path(path, c->domid, &domid, &id, &rest)) {
		find_devices(c); /* something above: rare */
		return;
	}
	if (!is_own_announcement(rest))
		control_found(c, domid, id);
}

/* Of what a guest writes only its state, or the end of it all, is worth a look. */
static void on_frontend_event(struct control *c, const char *token, const char *path)
{
	struct device *d;
	unsigned domid, id;
	size_t len;

	if (sscanf(token, "F%u/%u", &domid, &id) != 2)
		return;
	d = device_find(c, domid, id);
	if (!d)
		return;
	len = strlen(d->front);
	if (strncmp(path, d->front, len) == 0 && path[len] == '/' &&
	    schema_lookup(SCHEMA_FRONT, path + len + 1) != KEY_FRONT_STATE)
		return;
	d->dirty = true;
}

static void on_event(struct control *c, const struct xs_event *ev)
{
	switch (ev->token[0]) {
	case 'B':
		on_backend_event(c, ev->path);
		break;
	case 'F':
		on_frontend_event(c, ev->token, ev->path);
		break;
	case 'U':
		c->link_dirty = true;
		break;
	case 'I':
		c->domains_new = true;
		break;
	case 'R':
		c->domains_dirty = true;
		break;
	}
}

static void finish(struct control *c)
{
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_STATE, "stopped");
	control_post(c, control_msg(MSG_STOP, SLOT_NONE));
	loop_stop(c->loop);
}

static void begin_quit(struct control *c)
{
	struct device *d;

	if (c->quitting)
		return;
	c->quitting = true;
	c->quit_since_ns = c->now_ns;
	TAILQ_FOREACH(d, &c->devices, next) {
		if (d->slot == SLOT_NONE || d->after != HS_WAIT)
			continue;
		d->after = HS_DISCONNECT;
		control_post(c, control_msg(MSG_DELETE, d->slot));
	}
}

static void on_message(struct control *c, struct msg *m)
{
	struct device *d = m->slot < DPATH_SLOTS ? c->by_slot[m->slot] : NULL;

	switch (m->type) {
	case MSG_DELETED:
		if (d)
			device_deleted(c, d, m->vchan);
		break;
	case MSG_REFUSED:
		if (!d)
			break;
		device_failed(c, d, m->why);
		device_deleted(c, d, m->vchan);
		break;
	case MSG_FAILED:
		if (d)
			device_failed(c, d, m->why);
		break;
	case MSG_QUIT:
		begin_quit(c);
		break;
	default:
		break;
	}
}

/* Looks at the devices that are due. Returns when the next one is. */
static uint64_t step_devices(struct control *c)
{
	struct device *d, *next;
	uint64_t soonest = UINT64_MAX, due;

	for (d = TAILQ_FIRST(&c->devices); d; d = next) {
		next = TAILQ_NEXT(d, next);
		if (device_due_ns(d) <= c->now_ns)
			device_step(c, d); /* d may be no more */
	}
	TAILQ_FOREACH(d, &c->devices, next) {
		due = device_due_ns(d);
		if (d->frozen && due > c->now_ns + FROZEN_POLL_NS) {
			/* Nobody says when a suspended domain goes on. */
			c->domains_dirty = true;
			due = c->now_ns + FROZEN_POLL_NS;
		}
		soonest = due < soonest ? due : soonest;
	}
	return soonest;
}

static void work(struct control *c)
{
	uint64_t soonest;

	c->now_ns = loop_now_ns();
	if (c->quitting) {
		if (c->slots_busy == 0 || c->now_ns - c->quit_since_ns > QUIT_NS)
			finish(c);
		else
			loop_timer_set(c->timer, QUIT_NS);
		return;
	}
	if (c->link_dirty) {
		c->link_dirty = false;
		load_link(c);
	}
	if (c->domains_dirty)
		check_domains(c);
	if (c->domains_new)
		welcome_back(c);
	soonest = step_devices(c);
	if (soonest != UINT64_MAX)
		loop_timer_set(c->timer, soonest > c->now_ns ? soonest - c->now_ns : 0);
	else
		loop_timer_cancel(c->timer);
}

static void on_timer(void *arg)
{
	work(arg);
}

static void on_xenstore(void *arg)
{
	struct control *c = arg;
	struct xs_event ev;

	c->now_ns = loop_now_ns();
	while (xs_conn_next(c->xs, &ev)) {
		on_event(c, &ev);
		xs_event_free(&ev);
	}
	if (xs_conn_dead(c->xs)) {
		log_error("xenstored went away: frames go on, but nothing can be attached, changed "
			  "or detached until this daemon is started again");
		loop_io_enable(c->xs_io, false);
		return;
	}
	work(c);
}

static void on_messages(void *arg)
{
	struct control *c = arg;
	struct mbox_msg *link;

	c->now_ns = loop_now_ns();
	mbox_ack(c->in);
	while ((link = mbox_get(c->in))) {
		on_message(c, (struct msg *)link);
		free(link);
	}
	work(c);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static int watch_all(struct control *c)
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

static void *control_main(void *arg)
{
	struct control *c = arg;

	c->now_ns = loop_now_ns();
	find_devices(c);
	sweep_orphans(c);
	c->link_dirty = true;
	c->domains_new = true;
	work(c);
	loop_run(c->loop);
	return NULL;
}

static int own_domid(struct control *c)
{
	char text[16];
	int ret = xs_conn_read(c->xs, XS_NO_TXN, "domid", text, sizeof(text));

	if (ret >= 0)
		c->domid = (unsigned)strtoul(text, NULL, 10);
	return ret < 0 ? ret : 0;
}

static int control_init(struct control *c, char *err, size_t errlen)
{
	int ret = xs_conn_open(&c->xs);

	if (ret < 0) {
		snprintf(err, errlen,
			 "cannot reach xenstored (%s): is this a Xen host and "
			 "xenstored running?",
			 strerror(-ret));
		return ret;
	}
	ret = dom_open(&c->dom);
	if (ret < 0) {
		snprintf(err, errlen,
			 "cannot talk to the hypervisor (%s): no /dev/xen/privcmd, or "
			 "not root",
			 strerror(-ret));
		return ret;
	}
	ret = own_domid(c);
	if (ret == 0)
		ret = schema_uplink_dir(c->uplink_dir, sizeof(c->uplink_dir), c->domid,
					c->conf.name);
	if (ret >= 0)
		ret = publish_uplink(c);
	if (ret == 0)
		ret = watch_all(c);
	if (ret < 0) {
		snprintf(err, errlen, "cannot write to xenstore: %s", strerror(-ret));
		return ret;
	}
	c->loop = loop_new();
	if (c->loop) {
		c->xs_io = loop_io_new(c->loop, xs_conn_fd(c->xs), LOOP_READ, on_xenstore, c);
		c->in_io = loop_io_new(c->loop, mbox_fd(c->in), LOOP_READ, on_messages, c);
		c->timer = loop_timer_new(c->loop, on_timer, c);
	}
	if (c->xs_io && c->in_io && c->timer)
		return 0;
	snprintf(err, errlen, "out of memory");
	return -ENOMEM;
}

static void control_free(struct control *c)
{
	struct device *d;

	while ((d = TAILQ_FIRST(&c->devices))) {
		TAILQ_REMOVE(&c->devices, d, next);
		free(d);
	}
	loop_timer_free(c->timer);
	loop_io_free(c->in_io);
	loop_io_free(c->xs_io);
	loop_free(c->loop);
	dom_close(c->dom);
	xs_conn_close(c->xs);
	free(c);
}

int control_start(const struct control_conf *conf, struct mbox *in, struct mbox *out,
		  struct control **ctl, char *err, size_t errlen)
{
	struct control *c = calloc(1, sizeof(*c));
	sigset_t all, old;
	int ret;

	if (!c) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	c->conf = *conf;
	c->in = in;
	c->out = out;
	TAILQ_INIT(&c->devices);
	ret = control_init(c, err, errlen);
	if (ret == 0) {
		sigfillset(&all); /* signals are for the frame loop's thread */
		pthread_sigmask(SIG_SETMASK, &all, &old);
		ret = -pthread_create(&c->thread, NULL, control_main, c);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (ret < 0)
			snprintf(err, errlen, "cannot start a thread: %s", strerror(-ret));
	}
	if (ret < 0) {
		control_free(c);
		return ret;
	}
	*ctl = c;
	return 0;
}

void control_join(struct control *c)
{
	pthread_join(c->thread, NULL);
	control_free(c);
}
