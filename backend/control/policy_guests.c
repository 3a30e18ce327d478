/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/policy_guests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_kept.h"
#include "backend/control/control_kept_other.h"
#include "backend/control/device_list.h"
#include "backend/control/device_make.h"
#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "backend/control/policy_write.h"
#include "backend/kept/kept.h"
#include "backend/xen/guest.h"
#include "common/log.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * xenstored tells that some domain came, not which one, so all are listed and the new ones noted. A
 * watch on the name of each tells when it is there, which may be later, and when it changes.
 *
 * A device is attached when the policy begins to name it: the guest is new, it has another name, or
 * the policy changed. So a device that the operator detached is not attached again in the next
 * turn. A device that exists is left as it is but for keys of which the policy says something else
 * than before: what was set while it runs counts more than the policy.
 *
 * While another domain of the same UUID has the device, the guest is on its way from there to here:
 * the device is attached when the old one is gone, and what was set for it has been taken along.
 */
#define DOMAINS_MAX 64u			 /* asked for at once */
#define IDS_MAX	    (2 * POLICY_IDS_MAX) /* of a policy and the one before */

struct policy_guest {
	TAILQ_ENTRY(policy_guest) next;
	unsigned domid;
	uint8_t uuid[16];
	char uuid_text[UUID_TEXT_LEN + 1];
	char path[64], token[16];  /* of the watch on its name */
	char name[GUEST_NAME_MAX]; /* by which the policy was applied; "": it was not yet */
	bool renamed;		   /* perhaps */
	bool waiting;		   /* for another domain to give up a device, or to try again */
	bool failed;		   /* the last try, and the log says so */
	bool listed;		   /* in the list that is looked at */
	bool away; /* it is applied to one that may come back: nothing is attached */
};

/* --- which there are -------------------------------------------------------------------------- */

static struct policy_guest *find(struct control *c, unsigned domid)
{
	struct policy_guest *g;

	TAILQ_FOREACH(g, &c->policy.guests, next) {
		if (g->domid == domid)
			return g;
	}
	return NULL;
}

static void drop(struct control *c, struct policy_guest *g)
{
	xs_conn_unwatch(c->xs, g->path, g->token);
	TAILQ_REMOVE(&c->policy.guests, g, next);
	free(g);
}

/* The watch fires at once. */
static struct policy_guest *add(struct control *c, const struct dom_info *info)
{
	struct policy_guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->domid = info->domid;
	g->renamed = true;
	memcpy(g->uuid, info->uuid, sizeof(g->uuid));
	uuid_format(g->uuid, g->uuid_text);
	guest_name_path(g->path, sizeof(g->path), g->domid);
	snprintf(g->token, sizeof(g->token), "N%u", g->domid);
	xs_conn_watch(c->xs, g->path, g->token);
	TAILQ_INSERT_TAIL(&c->policy.guests, g, next);
	return g;
}

static void note(struct control *c, const struct dom_info *info)
{
	struct policy_guest *g = find(c, info->domid);

	/* After a soft reset it is the same domain, and no event tells that it runs again. */
	if (info->dying || (info->stopped && !info->resetting) || info->domid == 0 ||
	    info->domid == c->domid)
		return;
	if (g && memcmp(g->uuid, info->uuid, sizeof(g->uuid)) != 0) {
		drop(c, g);
		g = NULL;
	}
	if (!g)
		g = add(c, info);
	if (g)
		g->listed = true;
}

/* Nothing is asked and watched on a host whose policy names no guest. */
static bool is_wanted(const struct control *c)
{
	for (unsigned i = 0; c->policy.now && i < c->policy.now->sections; i++)
		if (c->policy.now->section[i].kind <= POLICY_UUID)
			return true;
	return !TAILQ_EMPTY(&c->policy.guests);
}

void policy_guests_look(struct control *c)
{
	struct dom_info info[DOMAINS_MAX];
	struct policy_guest *g, *next;
	unsigned first = 0;
	int n;

	if (!is_wanted(c))
		return;
	TAILQ_FOREACH(g, &c->policy.guests, next)
		g->listed = false;
	while ((n = dom_list(c->dom, first, info, DOMAINS_MAX)) > 0) {
		for (int i = 0; i < n; i++)
			note(c, &info[i]);
		first = info[n - 1].domid + 1;
	}
	for (g = TAILQ_FIRST(&c->policy.guests); g && n == 0; g = next) {
		next = TAILQ_NEXT(g, next);
		if (!g->listed)
			drop(c, g);
	}
}

void policy_guests_named(struct control *c, unsigned domid)
{
	struct policy_guest *g = find(c, domid);

	if (g)
		g->renamed = true;
}

const char *policy_guests_name(struct control *c, unsigned domid, const uint8_t uuid[16])
{
	const struct policy_guest *g = find(c, domid);

	return g && g->name[0] && memcmp(g->uuid, uuid, sizeof(g->uuid)) == 0 ? g->name : NULL;
}

void policy_guests_watch(struct control *c)
{
	struct policy_guest *g;

	TAILQ_FOREACH(g, &c->policy.guests, next) {
		g->renamed = true;
		xs_conn_watch(c->xs, g->path, g->token);
	}
}

void policy_guests_free(struct control *c)
{
	struct policy_guest *g;

	while ((g = TAILQ_FIRST(&c->policy.guests))) {
		TAILQ_REMOVE(&c->policy.guests, g, next);
		free(g);
	}
}

/* --- devices ---------------------------------------------------------------------------------- */

/* One device, and what the policy said and says of it. */
struct wish {
	struct control *c;
	struct policy_guest *g;
	unsigned id;
	const char *name; /* of the guest */
	struct policy_match was, now;
	struct policy_capacity was_of;
};

static bool is_ours(struct control *c, const char *dir)
{
	char uplink[SCHEMA_GUEST_VALUE_MAX + 1];

	if (xskey_read(c->xs, XS_NO_TXN, dir, KEY_BACK_UPLINK, uplink, sizeof(uplink)) < 0)
		return false;
	return strcmp(uplink, c->conf.name) == 0;
}

/*
 * Was the key set when the policy said of it what it says now? Then the policy did not change
 * since, whatever is known of the one before: a daemon that was killed may not have noted it.
 */
static bool is_newer(const struct wish *w, const struct kept_device *set, enum schema_key key)
{
	const struct policy_capacity *of = &w->c->policy.capacity;
	char now[SCHEMA_VALUE_MAX + 1];

	return set && set->set[key] && set->policy[key] &&
	       policy_value_of(w->now.item[key], of, false, now) &&
	       policy_says_still(w->now.item[key], of, set->policy[key]);
}

static void change_keys(const struct wish *w, const char *dir, const struct kept_device *set)
{
	char what[GUEST_NAME_MAX + 16];

	snprintf(what, sizeof(what), "%s/%u", w->name, w->id);
	for (int i = 0; i < KEY_COUNT; i++) {
		enum schema_key key = (enum schema_key)i;
		const struct policy_item *was = w->was.item[i], *now = w->now.item[i];

		if ((!was && !now) || is_newer(w, set, key))
			continue;
		if (schema_entry(key)->effect != SCHEMA_EFFECT_ATTACH)
			policy_write(w->c, dir, what, key, was, &w->was_of, now);
		else if (!was || !now || strcmp(was->value, now->value) != 0)
			log_notice("%s: the policy's %s counts when it is attached again", what,
				   schema_name(key));
	}
}

static void change(const struct wish *w, const char *dir)
{
	struct kept k = {.count = 0};

	if (!is_ours(w->c, dir))
		return;
	control_kept_read(w->c, w->g->uuid_text, &k);
	change_keys(w, dir, kept_find(&k, w->id));
	kept_clear(&k);
}

/* `set`: what was set for it before. */
static void say_attached(const struct wish *w, int ret, const char *set)
{
	const struct policy_section *by = w->now.by;
	char whence[GUEST_NAME_MAX] = "[default]";

	if (by)
		snprintf(whence, sizeof(whence), "%s:%u", by->file, by->line);
	if (ret == 0)
		log_notice("%s/%u: attached to domain %u, as the policy says (%s)%s%s", w->name,
			   w->id, w->g->domid, whence, set[0] ? ", and as it was set:" : "", set);
	else if (ret != -EEXIST && ret != -EXDEV && !w->g->failed)
		log_warning("%s/%u: cannot attach it to domain %u, as the policy says (%s): %s",
			    w->name, w->id, w->g->domid, whence, strerror(-ret));
}

/*
 * With what was set; what cannot be read now is not left out. -EXDEV: it was attached to another
 * uplink by hand.
 */
static int make(const struct wish *w, char said[DEVICE_MADE_MAX])
{
	struct kept k = {.count = 0}, other = {.count = 0};
	struct device_plan plan = {.domid = w->g->domid,
				   .id = w->id,
				   .uuid = w->g->uuid,
				   .match = &w->now};
	int ret = control_kept_read(w->c, w->g->uuid_text, &k);

	if (ret == 0)
		plan.set = kept_find(&k, w->id);
	if (!plan.set && (ret == 0 || ret == -ENOENT)) {
		plan.set = control_kept_other(w->c, w->g->uuid_text, w->id, &other);
		ret = plan.set && !control_kept_is_free(w->c, plan.set) ? -EXDEV : 0;
	}
	if (ret == 0)
		ret = device_make(w->c, &plan, said);
	kept_clear(&k);
	kept_clear(&other);
	return ret;
}

static void attach(const struct wish *w)
{
	char said[DEVICE_MADE_MAX] = "";
	int ret = -EAGAIN;

	if (control_kept_lock(w->c)) {
		ret = make(w, said);
		control_kept_unlock(w->c);
	}
	say_attached(w, ret, said);
	w->g->failed = ret < 0 && ret != -EEXIST && ret != -EXDEV;
	w->g->waiting |= w->g->failed;
}

static void apply_device(const struct wish *w)
{
	char dir[SCHEMA_PATH_MAX];

	if (schema_backend_dir(dir, sizeof(dir), w->c->domid, w->g->domid, w->id) < 0)
		return;
	if (xs_conn_exists(w->c->xs, XS_NO_TXN, dir))
		change(w, dir);
	else if (!w->now.attach)
		return;
	else if (w->g->away || device_elsewhere(w->c, w->g->uuid, w->g->domid, w->id) ||
		 device_is_known(w->c, w->g->domid, w->id))
		w->g->waiting = true;
	else
		attach(w);
}

/* --- guests ----------------------------------------------------------------------------------- */

/*
 * The name by which an earlier daemon applied the policy to the device: what is remembered has it.
 * A device that no daemon has served was attached by the name of now, and what is remembered may be
 * of an earlier domain. False: nobody knows.
 */
static bool earlier_name(struct control *c, const struct policy_guest *g, unsigned id,
			 char out[GUEST_NAME_MAX])
{
	const struct device *d = device_find(c, g->domid, id);
	struct kept k = {.count = 0};

	out[0] = '\0';
	if (d && !d->is_first && control_kept_read(c, g->uuid_text, &k) == 0 && kept_find(&k, id))
		snprintf(out, GUEST_NAME_MAX, "%s", k.name);
	kept_clear(&k);
	return out[0];
}

/* All device ids that one of the two policies names. Their number. */
static unsigned both_ids(const struct policy *a, const struct policy *b, unsigned *ids)
{
	unsigned n = policy_ids(a, ids), more[POLICY_IDS_MAX], m = policy_ids(b, more);

	for (unsigned i = 0; i < m && n < IDS_MAX; i++) {
		bool known = false;

		for (unsigned k = 0; k < n; k++)
			known |= ids[k] == more[i];
		if (!known)
			ids[n++] = more[i];
	}
	return n;
}

/*
 * Applies the policy to a guest that has this name now. `was` is the policy of before, which went
 * by `old_name`, or by another one if the guest was renamed while no daemon was there: what it says
 * otherwise is changed at devices that exist. What it named too is attached only if the guest is
 * new.
 */
static void apply(struct control *c, struct policy_guest *g, const char *name,
		  const struct policy_state *was, const char *old_name)
{
	bool again = g->waiting || g->name[0] == '\0';
	unsigned ids[IDS_MAX], n = both_ids(was->policy, c->policy.now, ids);
	struct wish w = {.c = c, .g = g, .name = name, .was_of = was->capacity};
	char earlier[GUEST_NAME_MAX];

	g->waiting = false;
	for (unsigned i = 0; i < n; i++) {
		const char *by = old_name;

		w.id = ids[i];
		if (!g->name[0] && earlier_name(c, g, w.id, earlier))
			by = earlier;
		policy_find(was->policy, c->conf.name, g->uuid_text, by, w.id, &w.was);
		policy_find(c->policy.now, c->conf.name, g->uuid_text, name, w.id, &w.now);
		w.now.attach &= again || !w.was.attach;
		apply_device(&w);
	}
	if (xs_conn_lives(c->xs)) /* else all of it again, when xenstored is back */
		snprintf(g->name, sizeof(g->name), "%s", name);
}

/* The domain was not replaced by another guest with the same domid, since all were listed. */
static bool is_still(struct control *c, const struct policy_guest *g)
{
	struct dom_info info;

	return dom_info(c->dom, g->domid, &info) == 0 && info.exists && !info.stopped &&
	       memcmp(info.uuid, g->uuid, sizeof(g->uuid)) == 0;
}

/* Its name, if it is one that the policy may know: not yet, or no more, while it is on its way. */
static bool read_name(struct control *c, const struct policy_guest *g, char out[GUEST_NAME_MAX])
{
	guest_name(c->xs, g->domid, out, GUEST_NAME_MAX);
	return out[0] && !guest_is_away(out) && !guest_is_stub(c->xs, g->domid) && is_still(c, g);
}

static void step(struct control *c, struct policy_guest *g)
{
	const struct policy_state now = {c->policy.now, c->policy.capacity};
	char name[GUEST_NAME_MAX], old[GUEST_NAME_MAX];

	g->renamed = false;
	if (!read_name(c, g, name) || (!g->waiting && strcmp(name, g->name) == 0))
		return;
	memcpy(old, g->name, sizeof(old));
	apply(c, g, name, &now, old[0] ? old : name);
}

bool policy_guests_step(struct control *c)
{
	struct policy_guest *g;
	bool done = true;

	TAILQ_FOREACH(g, &c->policy.guests, next) {
		if (g->renamed || g->waiting)
			step(c, g);
		done &= !g->waiting;
	}
	return done;
}

/* A guest that was given away goes on if that fails, under the name that it had. */
static void apply_away(struct control *c, struct policy_guest *g, const struct policy_state *was)
{
	char name[GUEST_NAME_MAX], old[GUEST_NAME_MAX];

	guest_name(c->xs, g->domid, name, sizeof(name));
	if (!g->name[0] || !guest_is_away(name) || !is_still(c, g))
		return;
	memcpy(old, g->name, sizeof(old));
	g->away = true;
	apply(c, g, old, was, old);
	g->away = false;
}

static bool has_guest(struct control *c, const struct device *d)
{
	const struct policy_guest *g = find(c, d->domid);

	return g && memcmp(g->uuid, d->uuid, sizeof(g->uuid)) == 0;
}

/* The guest has ended, and its name is only in what is remembered. */
static void apply_ended(struct control *c, const struct device *d, const struct policy_state *was)
{
	struct policy_guest g = {.domid = d->domid};
	struct wish w = {.c = c, .g = &g, .id = d->id, .was_of = was->capacity};
	struct kept k = {.count = 0};

	uuid_format(d->uuid, g.uuid_text);
	if (control_kept_read(c, g.uuid_text, &k) == 0 && k.name[0] &&
	    device_check(c->xs, XS_NO_TXN, d) == 0) {
		w.name = k.name;
		policy_find(was->policy, c->conf.name, g.uuid_text, k.name, w.id, &w.was);
		policy_find(c->policy.now, c->conf.name, g.uuid_text, k.name, w.id, &w.now);
		change_keys(&w, d->back, kept_find(&k, w.id));
	}
	kept_clear(&k);
}

/*
 * Of a device that is still there when its guest has ended the keys are read once more. What the
 * policy said before, and was set by nobody, must not be remembered then.
 */
static void apply_to_ended(struct control *c, const struct policy_state *was)
{
	const struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (!c->blind && !uuid_is_null(d->uuid) && !has_guest(c, d))
			apply_ended(c, d, was);
	}
}

void policy_guests_apply(struct control *c, const struct policy_state *was)
{
	char name[GUEST_NAME_MAX];
	struct policy_guest *g;

	TAILQ_FOREACH(g, &c->policy.guests, next) {
		if (read_name(c, g, name))
			apply(c, g, name, was, g->name[0] ? g->name : name);
		else
			apply_away(c, g, was);
	}
	apply_to_ended(c, was);
}
