/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_admit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_inflow.h"
#include "backend/control/device_state.h"
#include "backend/control/minima.h"
#include "backend/policy/admission.h"
#include "backend/policy/setting.h"
#include "backend/uplink/capacity.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Whoever asks writes a number of his own and the keys of a device into `admit`. The answer goes
 * into `admitted`, with that number, in the transaction that removes `admit`. Nothing else is
 * written, and no device, group or setting changes.
 *
 * Minima are judged as those of a device that is attached. What the device would get is worked out
 * as the frame loop does for the key tx-rate, but as if each device of the uplink sent all it
 * could.
 */
struct question {
	const struct control *c;
	char number[VERDICT_MAX];
	struct ldp_settings keys;
	struct ldp_group *group; /* NULL: none that exists */
};

static uint64_t number_of(const struct settings *s, enum schema_key key)
{
	const char *text = settings_find(s, key);
	uint64_t value = schema_default(key);

	if (text)
		schema_parse_u64(key, text, &value, NULL);
	return value;
}

static void take_keys(struct ldp_settings *keys, const struct settings *s)
{
	const char *group = settings_find(s, KEY_BACK_GROUP);

	settings_default(keys);
	keys->weight = (uint32_t)number_of(s, KEY_BACK_WEIGHT); /* the schema's range fits */
	keys->tx_min = number_of(s, KEY_BACK_TX_MIN);
	keys->tx_max = number_of(s, KEY_BACK_TX_MAX);
	keys->rx_min = number_of(s, KEY_BACK_RX_MIN);
	keys->rx_max = number_of(s, KEY_BACK_RX_MAX);
	snprintf(keys->group, sizeof(keys->group), "%s", group ? group : "");
}

/* "NUMBER KEY=VALUE ..". 0, or -EINVAL with one sentence in err. */
static int parse(struct question *q, const char *text, char err[SCHEMA_ERR_MAX])
{
	char copy[SCHEMA_VALUE_MAX + 1], *word[1 + SETTINGS_MAX], *rest = copy;
	static struct settings settings; /* static: they are large; of this thread alone */
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (n < 1 + SETTINGS_MAX && (word[n] = strtok_r(rest, " ", &rest)))
		n++;
	if (n == 0 || strlen(word[0]) >= sizeof(q->number)) {
		snprintf(err, SCHEMA_ERR_MAX, "the question has no number");
		return -EINVAL;
	}
	memcpy(q->number, word[0], strlen(word[0]) + 1);
	if (settings_parse(&settings, SCHEMA_BACK, n - 1, word + 1, err) < 0)
		return -EINVAL;
	take_keys(&q->keys, &settings);
	q->group = control_group_find(q->c, q->keys.group);
	return 0;
}

/* --- what it would get ------------------------------------------------------------------------ */

static struct sched_rule rule_of(const struct ldp_settings *s, enum ldp_dir dir)
{
	struct ldp_conf conf = {0};

	settings_to_conf(s, &conf);
	return dir == LDP_TX ? conf.tx : conf.rx;
}

/* All that compete in one direction. */
struct contest {
	struct sched_rule group[SCHED_GROUPS + 1];
	const struct sched_rule *group_at[SCHED_GROUPS + 1];
	struct sched_rule *rule; /* of each claim */
	struct prospect_claim *claim;
	struct prospect *out;
	uint32_t n;
};

static void add_claim(struct contest *t, struct sched_rule rule, uint32_t group)
{
	t->rule[t->n] = rule;
	t->claim[t->n] = (struct prospect_claim){.rule = &t->rule[t->n],
						 .group = group,
						 .wants_bps = PROSPECT_ALL};
	t->n++;
}

static void add_groups(struct contest *t, const struct control *c, enum ldp_dir dir)
{
	const struct ldp_group *g;
	struct group_conf conf;

	TAILQ_FOREACH(g, &c->groups.all, next) {
		if (g->id == LDP_GROUP_NONE)
			continue;
		settings_to_group_conf(&g->settings, &conf);
		t->group[g->id] = dir == LDP_TX ? conf.tx : conf.rx;
		t->group_at[g->id] = &t->group[g->id];
	}
}

/* The number of the group that would be made for the device; LDP_GROUP_NONE: none is left. */
static uint32_t add_new_group(struct contest *t, enum ldp_dir dir)
{
	struct group_settings s;
	struct group_conf conf;

	for (uint32_t id = 1; id <= SCHED_GROUPS; id++) {
		if (t->group_at[id])
			continue;
		group_settings_default(&s);
		settings_to_group_conf(&s, &conf);
		t->group[id] = dir == LDP_TX ? conf.tx : conf.rx;
		t->group_at[id] = &t->group[id];
		return id;
	}
	return LDP_GROUP_NONE;
}

static bool competes(const struct device *d)
{
	return d->served && !d->gone;
}

/* False: out of memory. */
static bool make_room(struct contest *t, const struct control *c)
{
	const struct device *d;
	size_t n = 1;

	TAILQ_FOREACH(d, &c->devices.all, next)
		n += competes(d);
	t->rule = calloc(n, sizeof(*t->rule));
	t->claim = calloc(n, sizeof(*t->claim));
	t->out = calloc(n, sizeof(*t->out));
	return t->rule && t->claim && t->out;
}

static void add_all(struct contest *t, const struct question *q, enum ldp_dir dir)
{
	const struct device *d;
	uint32_t group = LDP_GROUP_NONE;

	add_groups(t, q->c, dir);
	TAILQ_FOREACH(d, &q->c->devices.all, next) {
		if (competes(d))
			add_claim(t, rule_of(&d->settings, dir), control_group_id(d));
	}
	if (q->group)
		group = q->group->id;
	else if (q->keys.group[0])
		group = add_new_group(t, dir);
	add_claim(t, rule_of(&q->keys, dir), group);
}

static uint64_t capacity_bps(const struct control *c, enum ldp_dir dir)
{
	if (dir == LDP_RX)
		return c->inflow.rate_bps ? c->inflow.rate_bps : c->link.conf.rx_capacity_bps;
	return capacity_in_force_bps(c->link.conf.tx_capacity_bps, c->probe.estimate_bps,
				     c->link.conf.signal);
}

static struct prospect prospect(struct contest *t, const struct question *q, enum ldp_dir dir)
{
	struct prospect_link link = {.capacity_bps = capacity_bps(q->c, dir), .group = t->group_at};
	struct prospects *work;
	struct prospect would = {0};

	if (!make_room(t, q->c))
		return would;
	add_all(t, q, dir);
	work = prospects_new(t->n, SCHED_GROUPS);
	if (work) {
		prospects_fill(work, &link, t->claim, t->n, t->out);
		would = t->out[t->n - 1];
	}
	prospects_free(work);
	return would;
}

static struct prospect would_get(const struct question *q, enum ldp_dir dir)
{
	struct contest *t = calloc(1, sizeof(*t));
	struct prospect would = {0};

	if (!t)
		return would;
	would = prospect(t, q, dir);
	free(t->out);
	free(t->claim);
	free(t->rule);
	free(t);
	return would;
}

/* --- the answer ------------------------------------------------------------------------------- */

static struct minima_newcomer newcomer(const struct question *q)
{
	return (struct minima_newcomer){q->group, q->keys.tx_min, q->keys.rx_min};
}

static bool is_admitted(const struct question *q, char err[SCHEMA_ERR_MAX])
{
	struct minima_newcomer n = newcomer(q);
	char why[REFUSAL_MAX];
	bool admits;

	if (q->c->devices.slots_busy < LDP_SLOTS) {
		admits = minima_would_admit(q->c, &n, why);
		snprintf(err, SCHEMA_ERR_MAX, "%.*s", SCHEMA_ERR_MAX - 1, why);
		return admits;
	}
	snprintf(err, SCHEMA_ERR_MAX, "this uplink has %u devices, no more fit", LDP_SLOTS);
	return false;
}

static void look(struct question *q, struct admission *a)
{
	struct minima_newcomer n;

	a->admitted = is_admitted(q, a->error);
	if (!a->admitted)
		q->keys.tx_min = q->keys.rx_min = 0;
	n = newcomer(q);
	for (enum ldp_dir dir = LDP_TX; dir < LDP_DIRS; dir++) {
		struct minima_left l = minima_left(q->c, &n, dir);

		a->dir[dir] = (struct admission_dir){l.capacity_bps,   l.sum_bps,  l.left_bps,
						     l.group_left_bps, l.measured, l.scaled,
						     would_get(q, dir)};
	}
}

/* As it was read. */
struct exchange {
	const char *dir, *question, *answer;
};

static int answer_part(struct xs_conn *xs, uint32_t t, void *arg)
{
	const struct exchange *e = arg;
	char now[SCHEMA_VALUE_MAX + 1], path[SCHEMA_PATH_MAX];
	int ret = xskey_read(xs, t, e->dir, KEY_UPLINK_ADMIT, now, sizeof(now));

	if (ret < 0)
		return ret;
	if (strcmp(now, e->question) != 0 ||
	    schema_key_path(path, sizeof(path), e->dir, KEY_UPLINK_ADMIT) < 0)
		return -ESTALE;
	ret = xskey_write(xs, t, e->dir, KEY_UPLINK_ADMITTED, e->answer);
	return ret < 0 ? ret : xs_conn_rm(xs, t, path);
}

/* One that cannot be answered would keep all others waiting. */
static void drop_question(struct control *c)
{
	char path[SCHEMA_PATH_MAX];

	if (schema_key_path(path, sizeof(path), c->uplink_dir, KEY_UPLINK_ADMIT) >= 0)
		xs_conn_rm(c->xs, XS_NO_TXN, path);
}

void control_admit_step(struct control *c)
{
	char text[SCHEMA_VALUE_MAX + 1], out[SCHEMA_VALUE_MAX + 1];
	struct question q = {.c = c};
	struct admission a = {0};
	int ret;

	if (!c->due.admit)
		return;
	c->due.admit = false;
	ret = xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_ADMIT, text, sizeof(text));
	if (ret >= 0) {
		if (parse(&q, text, a.error) == 0)
			look(&q, &a);
		ret = xs_txn(c->xs, answer_part,
			     &(struct exchange){c->uplink_dir, text,
						admission_format(&a, q.number, out)});
	}
	if (ret < 0 && ret != -ENOENT && ret != -ESTALE)
		drop_question(c);
}
