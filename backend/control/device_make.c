/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/device_make.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "backend/kept/kept.h"
#include "backend/xen/attach.h"
#include "common/log.h"

/* The values of a device that is being made. */
struct making {
	const struct control *c;
	const struct device_plan *plan;
	struct node_value value[KEY_COUNT];
	unsigned n;
	char text[KEY_COUNT][SCHEMA_VALUE_MAX + 1]; /* what the policy says */
	char *said;
};

__attribute__((format(printf, 2, 3))) static void say(struct making *m, const char *fmt, ...)
{
	size_t used = strlen(m->said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->said + used, DEVICE_MADE_MAX - used, fmt, ap);
	va_end(ap);
}

const char *device_policy_value(const struct control *c, const struct policy_match *m,
				enum schema_key key, char buf[SCHEMA_VALUE_MAX + 1])
{
	char err[SCHEMA_ERR_MAX];

	if (!m->item[key] || policy_resolve(m->item[key], &c->policy.capacity, buf, err) < 0)
		return NULL;
	return buf;
}

/* The policy's value; one that cannot be worked out is named in the log. */
static const char *by_policy(struct making *m, enum schema_key key)
{
	const struct policy_item *item = m->plan->match->item[key];
	char err[SCHEMA_ERR_MAX];

	if (!item)
		return NULL;
	if (policy_resolve(item, &m->c->policy.capacity, m->text[key], err) == 0)
		return m->text[key];
	log_warning("%s:%u: %s", item->file, item->line, err);
	return NULL;
}

static void choose(struct making *m, enum schema_key key)
{
	const struct kept_device *set = m->plan->set;
	const char *value = by_policy(m, key);

	if (set && set->set[key] &&
	    policy_says_still(m->plan->match->item[key], &m->c->policy.capacity,
			      set->policy[key])) {
		value = set->set[key];
		say(m, " %s=%s", schema_name(key), value);
	} else if (set && set->set[key]) {
		say(m, " (not %s=%s: the policy has changed)", schema_name(key), set->set[key]);
	}
	if (value)
		m->value[m->n++] = (struct node_value){key, value};
}

int device_make(struct control *c, const struct device_plan *plan, char said[DEVICE_MADE_MAX])
{
	struct making *m = calloc(1, sizeof(*m));
	struct attachment a = {.backend_domid = c->domid, .domid = plan->domid, .id = plan->id};
	int ret;

	said[0] = '\0';
	if (!m)
		return -ENOMEM;
	m->c = c;
	m->plan = plan;
	m->said = said;
	for (int key = 0; key < KEY_COUNT; key++) {
		if (key != KEY_BACK_UPLINK)
			choose(m, (enum schema_key)key);
	}
	m->value[m->n++] = (struct node_value){KEY_BACK_UPLINK, c->conf.name};
	if (plan->set && plan->set->account)
		m->value[m->n++] =
			(struct node_value){KEY_BACK_ACCOUNT_BROUGHT, plan->set->account};
	memcpy(a.uuid, plan->uuid, sizeof(a.uuid));
	a.values = m->value;
	a.n = m->n;
	ret = attach_create(c->xs, &a);
	free(m);
	return ret;
}
