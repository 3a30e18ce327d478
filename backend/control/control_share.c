/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_share.h"

#include <stdio.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_life.h"
#include "backend/control/control_state.h"
#include "backend/control/device_list.h"
#include "backend/control/device_state.h"
#include "backend/uplink/qdisc.h"
#include "backend/uplink/tc.h"
#include "common/log.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Nothing is remembered about an exit but what was set last: whether the HTB is there is read from
 * the kernel, after each change of a qdisc that netlink tells of. So an HTB of a process that was
 * killed goes on, with what waits in it, and an operator who puts another qdisc in its place ends
 * the sharing.
 *
 * The lock is for control_share_end(), which the main thread calls if this one hangs in xenstore.
 * So nothing waits for xenstore while it holds the lock.
 *
 * Each change is a process of tc(8). While LDPs come and go in numbers there are at most ten a
 * second.
 */
#define CHANGE_NS (100 * 1000000ull)

/* --- one exit --------------------------------------------------------------------------------- */

static void add_ldps(const struct control *c, enum ldp_dir dir, struct share_wish *w)
{
	struct group_sums sum = control_group_sums(c, dir);

	w->ldp_weights += sum.weights;
	w->ldp_minima_bps += sum.minima_bps;
}

static struct share_wish wish(const struct control *c, const struct control_share_port *p)
{
	struct share_wish w = {
		.capacity_bps = share_capacity_bps(&p->port, c->link.conf.tx_capacity_bps),
		.weight = c->host.weight,
		.min_bps = c->host.min_bps,
		.max_bps = c->host.max_bps,
	};

	add_ldps(c, LDP_TX, &w);
	return w;
}

static void read_port(struct control_share_port *p)
{
	if (qdisc_read(p->ifindex, &p->port.found) < 0)
		p->port.found = (struct qdiscs){0};
	if (!share_stands(&p->port))
		p->set[0] = '\0';
}

static bool same_qdiscs(const struct qdiscs *a, const struct qdiscs *b)
{
	return strcmp(a->root, b->root) == 0 && a->root_handle == b->root_handle &&
	       a->inner_handle == b->inner_handle && a->shared == b->shared &&
	       strcmp(a->share_tap, b->share_tap) == 0;
}

static bool is_ours(const struct control_share_port *p)
{
	return p->port.found.shared && !share_is_foreign(&p->port);
}

static void undo(struct control_share_port *p)
{
	char text[SHARE_TEXT_MAX], why[TC_WHY_MAX];

	read_port(p);
	if (!is_ours(p))
		return;
	share_undo(&p->port, text);
	if (tc_batch(text, why) < 0)
		log_warning("%s: its qdisc is not as it was before: %s", p->port.exit, why);
	read_port(p);
	log_info("%s: the host's frames have no class of their own any more", p->port.exit);
}

static void judge(struct control *c, struct control_share_port *p)
{
	if (p->failed && same_qdiscs(&p->failed_at, &p->port.found))
		return;
	p->failed = false;
	p->may = share_may(c->conf.share, &p->port, p->why);
	if (p->may && wish(c, p).capacity_bps == 0) {
		p->may = false;
		snprintf(p->why, sizeof(p->why), "the capacity is not known: set %s",
			 schema_name(KEY_UPLINK_TX_CAPACITY));
	}
}

/*
 * tc failed. If somebody changed the qdiscs at the same time, that is why. Otherwise it is not
 * tried again before the qdiscs change, or a reload.
 */
static void fail(struct control *c, struct control_share_port *p, const char *said)
{
	struct qdiscs was = p->port.found;

	read_port(p);
	if (!same_qdiscs(&was, &p->port.found)) {
		judge(c, p);
		return;
	}
	p->may = false;
	snprintf(p->why, sizeof(p->why), "tc failed on %s: %s (SIGHUP tries again)", p->port.exit,
		 said);
	undo(p);
	p->failed = true;
	p->failed_at = p->port.found;
}

static void log_rates(const struct control_share_port *p, const struct share_rates *r)
{
	char host[32], all[32];

	log_debug("%s: the host has %s of %s", p->port.exit,
		  units_format_rate(host, sizeof(host), r->host_bps),
		  units_format_rate(all, sizeof(all), r->capacity_bps));
}

/* Sets what changed of an HTB that is there. */
static bool adjust(struct control *c, struct control_share_port *p, const char set[SHARE_TEXT_MAX])
{
	char why[TC_WHY_MAX];

	if (tc_batch(set, why) < 0) {
		fail(c, p, why);
		return false;
	}
	memcpy(p->set, set, sizeof(p->set));
	return true;
}

/* Puts an HTB there. */
static bool add(struct control *c, struct control_share_port *p, const struct share_rates *r)
{
	char text[SHARE_TEXT_MAX], why[TC_WHY_MAX];

	share_add(&p->port, text);
	if (tc_batch(text, why) < 0) {
		fail(c, p, why);
		return false;
	}
	read_port(p);
	share_build(&p->port, r, text);
	if (tc_batch(text, why) < 0) {
		fail(c, p, why);
		return false;
	}
	return true;
}

/* Makes the HTB, or takes over one that is there. */
static void build(struct control *c, struct control_share_port *p, const struct share_rates *r)
{
	char text[SHARE_TEXT_MAX], set[SHARE_TEXT_MAX], why[TC_WHY_MAX];

	share_set(&p->port, r, set);
	if (p->port.found.shared ? !adjust(c, p, set) : !add(c, p, r))
		return;
	if (!share_stands(&p->port)) {
		share_filter(&p->port, text);
		tc_try(text, why);
	}
	share_refine(&p->port, r, text);
	tc_try(text, why);
	read_port(p);
	if (!p->port.found.shared)
		judge(c, p); /* somebody has replaced the HTB already */
	else if (!share_stands(&p->port))
		fail(c, p, "the kernel takes no u32 filter with indev");
	else
		memcpy(p->set, set, sizeof(p->set));
}

/* Returns whether something was changed. */
static bool step(struct control *c, struct control_share_port *p)
{
	bool ours = is_ours(p);
	struct share_wish w = wish(c, p);
	struct share_rates r = share_rates(&w);
	char set[SHARE_TEXT_MAX] = "";

	if (!p->may) {
		if (ours)
			undo(p);
		return ours;
	}
	share_set(&p->port, &r, set);
	if (strcmp(set, p->set) == 0 || !control_life_readable(c))
		return false;
	log_rates(p, &r);
	if (p->set[0])
		adjust(c, p, set);
	else
		build(c, p, &r);
	return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Says in xenstore and in the log whether the exits are shared, and why not. */
static void show(struct control *c)
{
	struct control_share *s = &c->share;
	char text[SCHEMA_ERR_MAX] = "on";
	const char *why = c->probe.exits.why;

	if (c->conf.kind == UPLINK_MACVTAP)
		why = "a macvtap takes its device whole, and the host sends nothing there";
	if (s->count == 0)
		snprintf(text, sizeof(text), "off: %s", why);
	for (unsigned i = s->count; i-- > 0;) {
		if (!s->ports[i].may)
			snprintf(text, sizeof(text), "off: %s", s->ports[i].why);
	}
	if (strcmp(text, s->shown) == 0)
		return;
	snprintf(s->shown, sizeof(s->shown), "%s", text);
	log_notice("uplink %s: a share for the host's frames: %s", c->conf.name, text);
	xskey_write(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_HOST_SHARE, text);
}

static struct control_share_port *find(struct control_share *s, unsigned ifindex)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (s->ports[i].ifindex == ifindex)
			return &s->ports[i];
	}
	return NULL;
}

/* Takes the exits as they are now. What is none any more is put back. */
static void take_exits(struct control *c)
{
	const struct exits *e = &c->probe.exits;
	struct control_share *s = &c->share, old = *s;
	struct control_share_port *p;

	s->count = c->conf.kind == UPLINK_MACVTAP ? 0 : e->count;
	for (unsigned i = 0; i < s->count; i++) {
		p = find(&old, e->ifindex[i]);
		s->ports[i] = p ? *p : (struct control_share_port){.ifindex = e->ifindex[i]};
		memcpy(s->ports[i].port.exit, e->name[i], IFNAMSIZ);
	}
	for (unsigned i = 0; i < old.count; i++) {
		if (exits_has(e, old.ports[i].ifindex))
			continue;
		read_port(&old.ports[i]);
		undo(&old.ports[i]);
	}
}

bool control_share_wish(const struct control *c, struct share_wish *least)
{
	bool any = false;

	for (unsigned i = 0; i < c->share.count; i++) {
		struct share_wish w = wish(c, &c->share.ports[i]);

		if (!c->share.ports[i].may || (any && w.capacity_bps >= least->capacity_bps))
			continue;
		*least = w;
		any = true;
	}
	return any;
}

/* What the LDPs have at least on the exit that gives them least. */
static uint64_t ldps_bps(const struct control *c)
{
	struct share_wish w;

	return control_share_wish(c, &w) ? w.capacity_bps - share_host_min_bps(&w) : UINT64_MAX;
}

void control_share_look(struct control *c)
{
	struct control_share *s = &c->share;
	uint64_t was = s->ldps_bps;

	if (!control_life_readable(c))
		return;
	c->due.share = false;
	pthread_mutex_lock(&c->share_lock);
	take_exits(c);
	for (unsigned i = 0; i < s->count; i++) {
		struct share_port *p = &s->ports[i].port;

		memcpy(p->tap, c->conf.uplink->ifname, IFNAMSIZ);
		read_port(&s->ports[i]);
		judge(c, &s->ports[i]);
	}
	pthread_mutex_unlock(&c->share_lock);
	s->ldps_bps = ldps_bps(c);
	if (s->ldps_bps != was)
		device_mark_all(c); /* minima that were too many may fit now */
	c->due.groups = true;
}

uint64_t control_share_step(struct control *c)
{
	struct control_share *s = &c->share;
	bool changed = false;

	if (c->now_ns < s->not_before_ns)
		return s->not_before_ns;
	pthread_mutex_lock(&c->share_lock);
	for (unsigned i = 0; i < s->count && !s->ended; i++)
		changed |= step(c, &s->ports[i]);
	pthread_mutex_unlock(&c->share_lock);
	show(c);
	if (changed)
		s->not_before_ns = c->now_ns + CHANGE_NS;
	return UINT64_MAX;
}

void control_share_retry(struct control *c)
{
	for (unsigned i = 0; i < c->share.count; i++)
		c->share.ports[i].failed = false;
}

/* One process for all exits: the time for this is short. */
void control_share_end(struct control *c)
{
	char text[EXITS_MAX * SHARE_TEXT_MAX], why[TC_WHY_MAX];
	size_t len = 0;

	pthread_mutex_lock(&c->share_lock);
	for (unsigned i = 0; i < c->share.count; i++) {
		read_port(&c->share.ports[i]);
		if (!is_ours(&c->share.ports[i]))
			continue;
		share_undo(&c->share.ports[i].port, text + len);
		len += strlen(text + len);
	}
	c->share.ended = true;
	if (len && tc_try(text, why) < 0)
		log_warning("uplink %s: a qdisc is not as it was before: %s", c->conf.name, why);
	pthread_mutex_unlock(&c->share_lock);
}

uint64_t control_share_ldps_rx_bps(const struct control *c)
{
	struct share_wish w = {.capacity_bps = c->link.conf.rx_capacity_bps,
			       .weight = c->host.weight};

	add_ldps(c, LDP_RX, &w);
	return w.capacity_bps - share_rates(&w).host_bps;
}

uint64_t control_share_ldps_bps(const struct control *c, uint64_t capacity_bps)
{
	uint64_t bps = c->share.count ? c->share.ldps_bps : UINT64_MAX;

	return capacity_bps && bps < capacity_bps ? bps : capacity_bps;
}
