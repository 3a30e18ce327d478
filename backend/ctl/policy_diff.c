/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/policy_diff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/ctl/ctl_policy.h"
#include "backend/ctl/doctor_find.h"
#include "backend/ctl/target.h"
#include "backend/policy/policy_file.h"
#include "backend/xen/guest.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

/* One uplink, and what its policy says. */
struct diff {
	struct ctl *ctl;
	policy_diff_say *say;
	void *arg;
	const char *uplink;
	char dir[SCHEMA_PATH_MAX];
	struct policy *policy;
	char path[SCHEMA_VALUE_MAX + 1]; /* of the policy; "": none was read yet */
	bool bad;			 /* it has mistakes, which were told */
	bool first;			 /* of the uplinks that have this policy */
	struct policy_capacity capacity;
	unsigned *domids;
	int domains;
	char target[TARGET_NAME_MAX + 16]; /* the device, for a shell */
	char fix[TARGET_NAME_MAX + 96];	   /* the command to which KEY=VALUE is added; "": none */
};

__attribute__((format(printf, 4, 5))) static void differs(const struct diff *d, const char *what,
							  const char *command, const char *fmt, ...)
{
	char text[2 * SCHEMA_VALUE_MAX + POLICY_SAID_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->say(d->arg, what, text, command);
}

/* As people write it: rates and sizes have units. */
static const char *show(enum schema_key key, const char *text, char out[SCHEMA_VALUE_MAX + 1])
{
	uint64_t value;
	bool rate = schema_entry(key)->type == SCHEMA_RATE;

	snprintf(out, SCHEMA_VALUE_MAX + 1, "%s", text[0] ? text : "not set");
	if ((rate || schema_entry(key)->type == SCHEMA_BYTES) &&
	    schema_parse_u64(key, text, &value, NULL) == 0)
		(rate ? units_format_rate : units_format_size)(out, SCHEMA_VALUE_MAX + 1, value);
	return out;
}

static void compare(const struct diff *d, const char *what, const char *dir, enum schema_key key,
		    const struct policy_item *item)
{
	char live[SCHEMA_VALUE_MAX + 1], want[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	char is[SCHEMA_VALUE_MAX + 1], shall[SCHEMA_VALUE_MAX + 1];
	char command[SCHEMA_VALUE_MAX + sizeof(d->fix) + 64];

	if (policy_resolve(item, &d->capacity, want, err) < 0) {
		snprintf(command, sizeof(command), "${EDITOR:-vi} %s", item->file);
		differs(d, what, command, "%s:%u: %s", item->file, item->line, err);
		return;
	}
	if (xskey_read(d->ctl->xs, XS_NO_TXN, dir, key, live, sizeof(live)) < 0)
		snprintf(live, sizeof(live), "%s",
			 schema_entry(key)->dflt ? schema_entry(key)->dflt : "");
	if (schema_entry(key)->effect == SCHEMA_EFFECT_ATTACH)
		snprintf(command, sizeof(command),
			 "dmvlctl show %s    # detach it, and attach it again", d->target);
	else
		snprintf(command, sizeof(command), "%s %s=%s", d->fix, schema_name(key), want);
	if (strcasecmp(live, want) != 0)
		differs(d, what, command, "%s is %s, and the policy says %s (%s:%u)",
			schema_name(key), show(key, live, is), show(key, want, shall), item->file,
			item->line);
}

/* --- devices ---------------------------------------------------------------------------------- */

static void check_device(struct diff *d, const char *name, unsigned domid, unsigned id,
			 const struct policy_match *m)
{
	char what[TARGET_NAME_MAX + 16], dir[SCHEMA_PATH_MAX];
	char command[TARGET_NAME_MAX + 40];

	if (name[0])
		snprintf(what, sizeof(what), "%s/%u", name, id);
	else
		snprintf(what, sizeof(what), "%u/%u", domid, id);
	target_format(name, domid, id, d->target, sizeof(d->target));
	snprintf(command, sizeof(command), "dmvlctl attach %s", d->target);
	snprintf(d->fix, sizeof(d->fix), "dmvlctl set %s", d->target);
	schema_backend_dir(dir, sizeof(dir), d->ctl->backend_domid, domid, id);
	if (!xs_conn_exists(d->ctl->xs, XS_NO_TXN, dir)) {
		if (m->attach && m->by)
			differs(d, what, command,
				"the policy names it (%s:%u), and it is not attached", m->by->file,
				m->by->line);
		else if (m->attach)
			differs(d, what, command,
				"the policy names it by [default], and it is not attached");
		return;
	}
	for (int key = 0; key < KEY_COUNT; key++)
		if (m->item[key])
			compare(d, what, dir, (enum schema_key)key, m->item[key]);
}

/* For an uplink that nobody serves: told with the first uplink of this policy. */
static void check_orphan(const struct diff *d, const char *name, unsigned id,
			 const struct policy_match *m)
{
	char what[TARGET_NAME_MAX + 16], dir[SCHEMA_PATH_MAX], command[DOCTOR_COMMAND_MAX];
	const char *uplink = policy_uplink(m);

	if (!d->first || !m->attach ||
	    schema_uplink_dir(dir, sizeof(dir), d->ctl->backend_domid, uplink) < 0 ||
	    xs_conn_exists(d->ctl->xs, XS_NO_TXN, dir))
		return;
	snprintf(what, sizeof(what), "%s/%u", name, id);
	doctor_restart_uplink(&(struct doctor){.root = ""}, uplink, command);
	differs(d, what, command,
		"the policy names it for the uplink %s, and no dmvl-back has served that since "
		"boot",
		uplink);
}

static void check_domain(struct diff *d, unsigned domid)
{
	unsigned ids[POLICY_IDS_MAX], n = policy_ids(d->policy, ids);
	char name[TARGET_NAME_MAX], uuid[UUID_TEXT_LEN + 1];
	struct policy_match m;

	/* Neither what serves devices nor a stub domain, which has its guest's name. */
	if (domid == 0 || domid == d->ctl->backend_domid || guest_is_stub(d->ctl->xs, domid))
		return;
	target_identity(d->ctl, domid, name, uuid);
	for (unsigned i = 0; i < n; i++)
		if (policy_find(d->policy, d->uplink, uuid, name, ids[i], &m))
			check_device(d, name, domid, ids[i], &m);
		else if (policy_find(d->policy, NULL, uuid, name, ids[i], &m))
			check_orphan(d, name, ids[i], &m);
}

/* --- uplinks ---------------------------------------------------------------------------------- */

static void on_mistake(void *arg, const char *sentence)
{
	const struct diff *d = arg;

	char command[SCHEMA_VALUE_MAX + 32];

	snprintf(command, sizeof(command), "${EDITOR:-vi} %.*s", (int)strcspn(sentence, ":"),
		 sentence);
	d->say(d->arg, "policy", sentence, command);
}

static void check_section(const struct diff *d, const char *what, const char *dir,
			  const struct policy_section *s)
{
	for (unsigned i = 0; i < s->items; i++)
		if (s->item[i].key != KEY_BACK_UPLINK)
			compare(d, what, dir, s->item[i].key, &s->item[i]);
}

static void check_sections(struct diff *d)
{
	char what[80], dir[SCHEMA_PATH_MAX];

	for (unsigned i = 0; i < d->policy->sections; i++) {
		const struct policy_section *s = &d->policy->section[i];

		if (s->kind == POLICY_UPLINK && strcmp(s->name, d->uplink) == 0) {
			snprintf(what, sizeof(what), "uplink %s", s->name);
			snprintf(d->fix, sizeof(d->fix), "dmvlctl uplink %s", s->name);
			check_section(d, what, d->dir, s);
		} else if (s->kind == POLICY_GROUP && policy_is_for(s, d->uplink)) {
			snprintf(what, sizeof(what), "group %s of uplink %s", s->name, d->uplink);
			snprintf(d->fix, sizeof(d->fix), "dmvlctl group --uplink %s %s", d->uplink,
				 s->name);
			if (schema_group_dir(dir, sizeof(dir), d->ctl->backend_domid, d->uplink,
					     s->name) > 0)
				check_section(d, what, dir, s);
		}
	}
}

static void check_uplink(struct diff *d, const char *uplink)
{
	char path[SCHEMA_VALUE_MAX + 1];

	d->uplink = uplink;
	if (schema_uplink_dir(d->dir, sizeof(d->dir), d->ctl->backend_domid, uplink) < 0 ||
	    !ctl_policy_path(d->ctl, uplink, path, sizeof(path)))
		return;
	d->first = strcmp(path, d->path) != 0;
	if (!d->first && d->bad)
		return;
	memcpy(d->path, path, sizeof(path));
	d->capacity = ctl_policy_capacity(d->ctl, uplink);
	d->bad = policy_load(path, false, &d->policy, on_mistake, d) > 0;
	if (!d->bad) {
		check_sections(d);
		for (int i = 0; i < d->domains; i++)
			check_domain(d, d->domids[i]);
	}
	policy_free(d->policy);
}

int policy_diff(struct ctl *ctl, policy_diff_say *say, void *arg)
{
	struct diff d = {.ctl = ctl, .say = say, .arg = arg};
	unsigned count;
	char **names;
	int ret = ctl_list_uplinks(ctl, &names, &count);

	if (ret < 0)
		return ret;
	d.domains = ctl_list_ids(ctl, XS_NO_TXN, "/local/domain", SCHEMA_DOMID_MAX, &d.domids);
	for (unsigned i = 0; i < count && d.domains >= 0; i++)
		check_uplink(&d, names[i]);
	if (d.domains >= 0)
		free(d.domids);
	free(names);
	/* A guest that runs dmvlctl may not see the domains, nor a policy of theirs. */
	return 0;
}
