/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "backend/control/policy_guests.h"
#include "backend/control/policy_write.h"
#include "backend/frame/frame_cost.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/policy_print.h"
#include "backend/policy/policy_together.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * A key of a device is written when its value by the policy changes, and at no other time. To know
 * that over a restart, the policy that was applied last is in the run directory, with percentages
 * worked out. It is also what stays in force when the daemon starts and the files have mistakes.
 *
 * The keys of the uplink and of groups are written at each start, as those of the command line, and
 * into a xenstore that has lost them.
 */

#define RETRY_NS (1000 * 1000000ull)

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_empty(const struct policy *p)
{
	return !p || p->sections == 0;
}

static void on_mistake(void *arg, const char *sentence)
{
	struct control *c = arg;

	log_error("%s", sentence);
	if (c->policy.error[0])
		return; /* the first one is shown */
	snprintf(c->policy.error, sizeof(c->policy.error), "%.*s", SCHEMA_ERR_MAX - 1, sentence);
	c->due.link = true;
}

static void set_error(struct control *c, const char *text)
{
	c->due.link = true; /* there it is shown */
	snprintf(c->policy.error, sizeof(c->policy.error), "%s", text);
}

/* NULL: it has mistakes. */
static struct policy *read_files(struct control *c)
{
	struct policy *p;

	set_error(c, "");
	c->policy.refused = false;
	if (!c->conf.policy)
		return policy_new();
	c->policy.stamp = policy_stamp(c->conf.policy); /* first: a later change is noticed */
	if (policy_load(c->conf.policy, c->conf.policy_must, &p, on_mistake, c) == 0)
		return p;
	policy_free(p);
	c->policy.refused = true;
	log_error("the policy of before stays in force until %s is mended and read again",
		  c->conf.policy);
	return NULL;
}

static void applied_path(const struct control *c, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s.policy", c->conf.run_dir ? c->conf.run_dir : "",
		 c->conf.name);
}

static void ignore(void *arg, const char *sentence)
{
	(void)arg;
	log_debug("policy of before: %s", sentence);
}

/* Once for each text: it may be read many times before it is written. */
static void say_damaged(struct control *c, const char *path, uint64_t stamp)
{
	if (stamp != c->policy.damaged)
		log_warning("%s is damaged: what the policy said before is not known, so all that "
			    "it says now is written again",
			    path);
	c->policy.damaged = stamp;
}

/* What an earlier daemon applied; without sections if there was none. */
static struct policy *read_applied(struct control *c)
{
	struct policy *p = policy_new();
	char path[PATH_MAX], *text = NULL;
	unsigned mistakes = 0;
	uint64_t stamp;
	size_t len;
	int ret;

	applied_path(c, path);
	stamp = policy_stamp(path);
	ret = policy_file_read(path, &text, &len);
	if (ret == 0 && p)
		mistakes = policy_parse(p, path, text, len, ignore, NULL);
	free(text);
	if (mistakes || (ret < 0 && ret != -ENOENT))
		say_damaged(c, path, stamp);
	else
		c->policy.damaged = 0;
	return p;
}

static void write_applied(struct control *c)
{
	char *text = policy_print(c->policy.now, &c->policy.capacity), path[PATH_MAX];

	c->policy.damaged = 0;
	applied_path(c, path);
	if (text && c->conf.run_dir && policy_file_write(path, text, strlen(text)) < 0)
		log_warning("cannot write %s: a change of the policy before the next start will go "
			    "unnoticed",
			    path);
	free(text);
}

/* --- the uplink and its groups ---------------------------------------------------------------- */

static bool is_given(const struct control *c, enum schema_key key)
{
	return (key == KEY_UPLINK_TX_CAPACITY && c->policy.tx_given) ||
	       (key == KEY_UPLINK_RX_CAPACITY && c->policy.rx_given) ||
	       (key == KEY_UPLINK_FRAME_COST && c->policy.cost_given);
}

static const struct policy_item *item_of(const struct policy_section *s, enum schema_key key)
{
	for (unsigned i = 0; s && i < s->items; i++)
		if (s->item[i].key == key)
			return &s->item[i];
	return NULL;
}

/* The keys of one directory: what `was` said and what `now` says of them. */
static void write_section(struct control *c, const char *dir, const char *what,
			  const struct policy_section *was, const struct policy_capacity *was_of,
			  const struct policy_section *now)
{
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;

		if (key != KEY_BACK_UPLINK && !is_given(c, key))
			policy_write(c, dir, what, key, item_of(was, key), was_of,
				     item_of(now, key));
	}
}

static const struct policy_section *group_of(const struct control *c, const struct policy *p,
					     const char *name)
{
	const struct policy_section *s = policy_section(p, POLICY_GROUP, name);

	return s && policy_is_for(s, c->conf.name) ? s : NULL;
}

static void write_group(struct control *c, const char *name, const struct policy_state *was)
{
	char dir[SCHEMA_PATH_MAX], what[80];

	if (schema_group_dir(dir, sizeof(dir), c->domid, c->conf.name, name) < 0)
		return;
	snprintf(what, sizeof(what), "group %s", name);
	write_section(c, dir, what, group_of(c, was->policy, name), &was->capacity,
		      group_of(c, c->policy.now, name));
}

static void write_groups(struct control *c, const struct policy_state *was)
{
	const struct policy *both[2] = {c->policy.now, was->policy};

	for (int k = 0; k < 2; k++) {
		for (unsigned i = 0; both[k] && i < both[k]->sections; i++) {
			const struct policy_section *s = &both[k]->section[i];

			if (s->kind == POLICY_GROUP &&
			    (k == 0 || !policy_section(both[0], POLICY_GROUP, s->name)))
				write_group(c, s->name, was);
		}
	}
}

static void write_uplink(struct control *c, const struct policy_state *was)
{
	char what[80];

	snprintf(what, sizeof(what), "uplink %s", c->conf.name);
	write_section(c, c->uplink_dir, what,
		      policy_section(was->policy, POLICY_UPLINK, c->conf.name), &was->capacity,
		      policy_section(c->policy.now, POLICY_UPLINK, c->conf.name));
	write_groups(c, was);
}

/* --- in force --------------------------------------------------------------------------------- */

/* Says so if a percentage is of a capacity that is not configured. */
static void check_parts(struct control *c)
{
	for (unsigned i = 0; i < c->policy.now->sections && !c->policy.error[0]; i++) {
		const struct policy_section *s = &c->policy.now->section[i];
		char value[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
		char text[SCHEMA_ERR_MAX + POLICY_SAID_MAX];

		if (!policy_concerns(c->policy.now, s, c->conf.name))
			continue;
		for (unsigned k = 0; k < s->items && !c->policy.error[0]; k++) {
			if (policy_resolve(&s->item[k], &c->policy.capacity, value, err) == 0)
				continue;
			snprintf(text, sizeof(text), "%s:%u: %s", s->item[k].file, s->item[k].line,
				 err);
			on_mistake(c, text);
		}
	}
}

static void on_warning(void *arg, const char *sentence)
{
	(void)arg;
	log_warning("%s", sentence);
}

/* What cannot hold while all guests run is no mistake, but nobody may have tested the policy. */
static void check_together(const struct control *c)
{
	if (!c->policy.refused)
		policy_check_together(c->policy.now, c->conf.name, &c->policy.capacity, on_warning,
				      NULL);
}

static struct policy_capacity configured(const struct control *c)
{
	return (struct policy_capacity){c->link.configured_bps, c->link.conf.rx_capacity_bps};
}

/* The policy, or a capacity that its percentages are parts of, is another one than before. */
static void put_in_force(struct control *c, const struct policy_state *was)
{
	static const struct policy_state nothing;

	c->policy.capacity = configured(c);
	if (is_empty(c->policy.now) && is_empty(was->policy)) {
		if (c->policy.damaged && !c->policy.refused)
			write_applied(c); /* else the next start complains again */
		return;
	}
	write_uplink(c, c->policy.started ? was : &nothing);
	policy_guests_look(c);
	policy_guests_apply(c, was);
	if (!c->policy.refused)
		set_error(c, "");
	check_parts(c);
	if (!xs_conn_lives(c->xs))
		return; /* all of it is done again */
	check_together(c);
	write_applied(c);
}

/*
 * xenstored went away meanwhile, so nobody knows how much of it was written: all of it is done
 * again when it is back. Else a key that has the value of the policy before would count as set by
 * hand. `old` is kept, and the policy that it takes the place of is returned: the caller frees it.
 */
static struct policy *put_off(struct control *c, const struct policy_state *was, struct policy *old)
{
	struct policy *done = NULL;

	c->policy.capacity = was->capacity;
	if (!c->policy.started) {
		c->policy.earlier = old;
	} else if (old) {
		done = c->policy.now;
		c->policy.now = old;
		c->due.policy = true;
	}
	return done;
}

static bool same_capacity(const struct policy_capacity *a, const struct policy_capacity *b)
{
	return a->tx_bps == b->tx_bps && a->rx_bps == b->rx_bps;
}

/* Reads the files again. False: they have mistakes. The caller frees *old. */
static bool renew(struct control *c, struct policy **old)
{
	struct policy *fresh = read_files(c);

	if (!fresh)
		return false;
	if (!is_empty(fresh) || !is_empty(c->policy.now))
		log_notice("the policy was read; it has %u sections", fresh->sections);
	*old = c->policy.now;
	c->policy.now = fresh;
	return true;
}

uint64_t control_policy_step(struct control *c, bool domains)
{
	struct policy_state was = {c->policy.now, c->policy.capacity};
	struct policy_capacity capacity = configured(c);
	bool changed = !same_capacity(&capacity, &was.capacity);
	struct policy *old = NULL;
	bool done;

	if (!c->policy.started) {
		was.policy = old = c->policy.earlier;
		c->policy.earlier = NULL;
		changed = true;
	} else if (c->due.policy) {
		changed |= renew(c, &old);
	}
	if (c->policy.started)
		c->due.policy = false;
	if (domains)
		policy_guests_look(c);
	if (changed)
		put_in_force(c, &was);
	if (changed && !xs_conn_lives(c->xs)) {
		policy_free(put_off(c, &was, old));
		return c->now_ns + RETRY_NS;
	}
	c->policy.started = true;
	done = policy_guests_step(c);
	policy_free(old);
	if (c->due.policy)
		return c->now_ns; /* it was asked for before the first step */
	return done ? UINT64_MAX : c->now_ns + RETRY_NS;
}

void control_policy_again(struct control *c, bool another)
{
	if (!another) {
		policy_guests_watch(c);
		return;
	}
	policy_guests_free(c);
	c->policy.started = false;
	policy_free(c->policy.earlier); /* put off, and now it is another xenstore */
	c->policy.earlier = read_applied(c);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static void take_capacity(struct control *c, enum schema_key key, bool given, uint64_t *bps)
{
	const struct policy_section *s = policy_section(c->policy.now, POLICY_UPLINK, c->conf.name);
	const struct policy_item *item = item_of(s, key);

	if (!given && item)
		schema_parse_u64(key, item->value, bps, NULL);
}

void control_policy_open(struct control *c)
{
	struct control_policy *p = &c->policy;

	p->tx_given = c->conf.tx_capacity_bps != 0;
	p->rx_given = c->conf.rx_capacity_bps != 0;
	p->cost_given = c->conf.frame_cost_bytes != FRAME_COST_AUTO;
	policy_free(p->now); /* of an earlier attempt */
	policy_free(p->earlier);
	p->earlier = read_applied(c);
	p->now = read_files(c);
	if (!p->now)
		p->now = read_applied(c);
	take_capacity(c, KEY_UPLINK_TX_CAPACITY, p->tx_given, &c->conf.tx_capacity_bps);
	take_capacity(c, KEY_UPLINK_RX_CAPACITY, p->rx_given, &c->conf.rx_capacity_bps);
}

bool control_policy_is_stale(const struct control *c)
{
	return c->conf.policy && policy_stamp(c->conf.policy) != c->policy.stamp;
}

void control_policy_close(struct control *c)
{
	policy_guests_free(c);
	policy_free(c->policy.earlier);
	policy_free(c->policy.now);
}
