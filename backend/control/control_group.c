/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/device_state.h"
#include "backend/msg/msg.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * The frame loop knows a group by a number of 1..SCHED_GROUPS. A group gets one when the first
 * device names it or its first key is written, and gives it back when it ends: not at once, but in
 * control_group_tidy(), at the end of a turn. By then the last member's MSG_CONF or MSG_DELETE is
 * posted. Messages arrive in order, so the number could be given to another group at once. It is
 * given as late as possible, because the credit log knows groups by their numbers.
 *
 * When all numbers are in use, further groups exist without one, and their devices run as if they
 * were in none.
 */
struct ldp_group *control_group_find(const struct control *c, const char *name)
{
	struct ldp_group *g;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (strcmp(g->name, name) == 0)
			return g;
	}
	return NULL;
}

static void take_id(struct control *c, struct ldp_group *g)
{
	for (uint32_t i = 0; i < SCHED_GROUPS; i++) {
		uint32_t id = 1 + (c->groups.last_id + i) % SCHED_GROUPS;

		if (c->groups.by_id[id])
			continue;
		c->groups.by_id[id] = g;
		c->groups.last_id = id;
		g->id = id;
		control_group_tell(c, g);
		return;
	}
	log_warning("group %s: all %u numbers of groups are in use: it has no effect", g->name,
		    SCHED_GROUPS);
}

struct ldp_group *control_group_get(struct control *c, const char *name)
{
	struct ldp_group *g = control_group_find(c, name);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	snprintf(g->name, sizeof(g->name), "%s", name);
	group_settings_default(&g->settings);
	TAILQ_INSERT_TAIL(&c->groups.all, g, next);
	take_id(c, g);
	return g;
}

void control_group_join(struct control *c, struct device *d, const char *name)
{
	struct ldp_group *g = name[0] ? control_group_get(c, name) : NULL;

	if (g == d->group)
		return;
	if (d->group)
		d->group->members--;
	if (g)
		g->members++;
	d->group = g;
}

const struct ldp_group *control_group_of(const struct device *d)
{
	return d->group && d->group->id != LDP_GROUP_NONE ? d->group : NULL;
}

uint32_t control_group_id(const struct device *d)
{
	return d->group ? d->group->id : LDP_GROUP_NONE;
}

static struct msg *message(const struct ldp_group *g, bool on)
{
	struct msg *m = msg_new(MSG_GROUP, LDP_SLOT_NONE);

	m->group.id = g->id;
	m->group.on = on;
	settings_to_group_conf(&g->settings, &m->group.conf);
	return m;
}

void control_group_tell(struct control *c, const struct ldp_group *g)
{
	if (g->id != LDP_GROUP_NONE)
		msg_post(c->out, message(g, true));
}

static void end(struct control *c, struct ldp_group *g)
{
	if (g->id != LDP_GROUP_NONE) {
		msg_post(c->out, message(g, false));
		c->groups.by_id[g->id] = NULL;
	}
	log_debug("group %s: it has neither devices nor keys any more", g->name);
	TAILQ_REMOVE(&c->groups.all, g, next);
	free(g);
}

static void serve_the_next(struct control *c)
{
	struct ldp_group *g;
	struct device *d;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (g->id == LDP_GROUP_NONE)
			break;
	}
	if (!g)
		return;
	take_id(c, g);
	g->unread = true; /* its error */
	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->group == g)
			device_mark(d, DEVICE_READ);
	}
}

void control_group_tidy(struct control *c)
{
	struct ldp_group *g, *next;
	bool had_id;

	for (g = TAILQ_FIRST(&c->groups.all); g; g = next) {
		next = TAILQ_NEXT(g, next);
		if (g->members > 0 || g->has_keys || g->unread)
			continue;
		had_id = g->id != LDP_GROUP_NONE;
		end(c, g);
		if (had_id)
			serve_the_next(c);
	}
}

void control_group_free_all(struct control *c)
{
	struct ldp_group *g;

	while ((g = TAILQ_FIRST(&c->groups.all))) {
		TAILQ_REMOVE(&c->groups.all, g, next);
		free(g);
	}
}

static uint64_t minimum_of(uint64_t tx_bps, uint64_t rx_bps, enum ldp_dir dir)
{
	return dir == LDP_TX ? tx_bps : rx_bps;
}

struct group_sums control_group_sums(const struct control *c, enum ldp_dir dir)
{
	struct group_sums sum = {0};
	const struct ldp_group *g;
	const struct device *d;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (g->id == LDP_GROUP_NONE)
			continue;
		sum.weights += g->members ? g->settings.weight : 0;
		sum.minima_bps += minimum_of(g->settings.tx_min, g->settings.rx_min, dir);
	}
	TAILQ_FOREACH(d, &c->devices.all, next) {
		const struct ldp_settings *s = &d->settings;

		if (!d->served || d->gone)
			continue;
		g = control_group_of(d);
		if (!g)
			sum.weights += s->weight;
		if (!g || !minimum_of(g->settings.tx_min, g->settings.rx_min, dir))
			sum.minima_bps += minimum_of(s->tx_min, s->rx_min, dir);
	}
	return sum;
}
