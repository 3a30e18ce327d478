/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: xenstore says which devices there are, and their names, states and limits;
 * the statistics say what they do. A device in the statistics that xenstore was not asked about yet
 * is shown without a name. One that the statistics do not have is shown with its state alone.
 */
#include "backend/ctl/top_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ctl/words.h"

#define LOOK_NS	     UINT64_C(1000000000)
#define LOOK_DOMAINS 32u /* a second: with about 16 keys each xenstored does not notice */
#define DROP	     "drop-"

void top_source_init(struct top_source *s, struct ctl *ctl)
{
	*s = (struct top_source){.ctl = ctl};
}

void top_source_free(struct top_source *s)
{
	if (s->views)
		stats_views_free(s->views, s->count);
	free(s->known);
	free(s->device);
	free(s->uplink);
	top_source_init(s, s->ctl);
}

/* As much as has room. */
static void copy_text(char *out, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(out, from, len);
	out[len] = '\0';
}

static int append(struct top_device **array, unsigned *n, const struct top_device *d)
{
	struct top_device *more = realloc(*array, (*n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	*array = more;
	more[(*n)++] = *d;
	return 0;
}

/* --- xenstore --------------------------------------------------------------------------------- */

static const enum schema_key keys[] = {
	KEY_BACK_STATE,	 KEY_BACK_ONLINE, KEY_BACK_CARRIER, KEY_BACK_UPLINK, KEY_BACK_VIA,
	KEY_BACK_WEIGHT, KEY_BACK_GROUP,  KEY_BACK_TX_MIN,  KEY_BACK_TX_MAX, KEY_BACK_RX_MIN,
	KEY_BACK_RX_MAX, KEY_BACK_ERROR,  KEY_FRONT_STATE,
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static uint64_t number(const struct ldp_view *v, enum schema_key key)
{
	uint64_t value = schema_default(key);

	if (v->keys.value[key])
		schema_parse_u64(key, v->keys.value[key], &value, NULL);
	return value;
}

/* A malformed value is shown as empty: dmvlctl show quotes it. */
static void text(const struct ldp_view *v, enum schema_key key, char *out, size_t size)
{
	const char *value = v->keys.value[key], *dflt = schema_entry(key)->dflt;

	if (!value)
		value = dflt ? dflt : "";
	copy_text(out, size, view_is_malformed(&v->keys, key) ? "" : value);
}

static void take_view(const struct top_source *s, const struct ldp_view *v, struct top_device *d)
{
	enum state_tone tone;

	*d = (struct top_device){.domid = v->domid, .id = v->id};
	uuid_parse(v->uuid, d->uuid);
	copy_text(d->name, sizeof(d->name), v->name);
	text(v, KEY_BACK_UPLINK, d->uplink, sizeof(d->uplink));
	copy_text(d->state, sizeof(d->state),
		  state_words(v, ctl_uplink_is_served(s->ctl, d->uplink), &tone));
	d->connected = tone == STATE_GOOD;
	text(v, KEY_BACK_GROUP, d->group, sizeof(d->group));
	text(v, KEY_BACK_ERROR, d->error, sizeof(d->error));
	d->weight = (unsigned)number(v, KEY_BACK_WEIGHT);
	d->flow[TOP_TX].min_bps = number(v, KEY_BACK_TX_MIN);
	d->flow[TOP_TX].max_bps = number(v, KEY_BACK_TX_MAX);
	d->flow[TOP_RX].min_bps = number(v, KEY_BACK_RX_MIN);
	d->flow[TOP_RX].max_bps = number(v, KEY_BACK_RX_MAX);
}

static int look_at_device(struct top_source *s, unsigned domid, unsigned id)
{
	struct top_device d;
	struct ldp_view v;
	int ret = ldp_view_read_keys(s->ctl, domid, id, keys, KEYS, &v);

	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	take_view(s, &v, &d);
	ldp_view_free(&v);
	return append(&s->known, &s->knowns, &d);
}

static bool is_known(const struct top_source *s, unsigned domid)
{
	for (unsigned i = 0; i < s->knowns; i++)
		if (s->known[i].domid == domid)
			return true;
	return false;
}

static void forget(struct top_source *s, unsigned domid)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->knowns; i++)
		if (s->known[i].domid != domid)
			s->known[kept++] = s->known[i];
	s->knowns = kept;
}

static int look_at_domain(struct top_source *s, const char *root, unsigned domid)
{
	char dir[SCHEMA_PATH_MAX + 16];
	unsigned *ids = NULL;
	int n, ret = 0;

	forget(s, domid);
	snprintf(dir, sizeof(dir), "%s/%u", root, domid);
	n = ctl_list_ids(s->ctl, XS_NO_TXN, dir, SCHEMA_ID_MAX, &ids);
	for (int i = 0; i < n && ret == 0; i++)
		ret = look_at_device(s, domid, ids[i]);
	free(ids);
	return n < 0 && n != -ENOENT ? n : ret;
}

static void forget_gone(struct top_source *s, const unsigned *domids, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->knowns; i++) {
		bool there = false;

		for (unsigned k = 0; k < n && !there; k++)
			there = domids[k] == s->known[i].domid;
		if (there)
			s->known[kept++] = s->known[i];
	}
	s->knowns = kept;
}

/* Those that nothing is known of first; then the others take turns. */
static int look_at_some(struct top_source *s, const char *root, const unsigned *domids, unsigned n)
{
	unsigned budget = LOOK_DOMAINS;
	int ret = 0;

	forget_gone(s, domids, n);
	for (unsigned i = 0; i < n && ret == 0; i++)
		if ((budget || s->looked_ns == 0) && !is_known(s, domids[i])) {
			budget -= budget > 0;
			ret = look_at_domain(s, root, domids[i]);
		}
	for (unsigned i = 0; i < n && budget > 0 && ret == 0; i++, budget--)
		ret = look_at_domain(s, root, domids[s->next++ % n]);
	return ret;
}

static int look_at_domains(struct top_source *s)
{
	char root[SCHEMA_PATH_MAX];
	unsigned *domids = NULL;
	int n, ret = schema_backend_root(root, sizeof(root), s->ctl->backend_domid);

	if (ret < 0)
		return ret;
	n = ctl_list_ids(s->ctl, XS_NO_TXN, root, SCHEMA_DOMID_MAX, &domids);
	if (n == -ENOENT)
		n = 0;
	ret = n < 0 ? n : look_at_some(s, root, domids, (unsigned)n);
	free(domids);
	return ret;
}

/* The files are opened again each second: daemons come and go. */
static int look(struct top_source *s, uint64_t now_ns)
{
	int ret;

	if (s->looked_ns && now_ns - s->looked_ns < LOOK_NS)
		return 0;
	if (s->views)
		stats_views_free(s->views, s->count);
	s->count = stats_views_open(s->ctl, &s->views);
	ret = s->count < 0 ? s->count : look_at_domains(s);
	s->count = s->count < 0 ? 0 : s->count;
	s->looked_ns = now_ns;
	return ret;
}

/* --- statistics ------------------------------------------------------------------------------- */

/* The value of the field PREFIX-NAME. */
static uint64_t counted(const struct stats_view *v, enum top_dir dir, const char *name)
{
	char field[STATS_NAME_MAX + 1];

	snprintf(field, sizeof(field), "%s-%s", dir == TOP_TX ? "tx" : "rx", name);
	return stats_view_number(v, STATS_LDP, field);
}

static void take_wait(const struct stats_view *v, const char *name, uint64_t out[STATS_BUCKETS])
{
	unsigned count;
	const uint64_t *bucket = stats_view_get(v, STATS_LDP, name, &count);

	for (unsigned i = 0; bucket && i < count; i++)
		out[i < STATS_BUCKETS ? i : STATS_BUCKETS - 1] += bucket[i];
}

/* What is in force, where the daemon says it: a bad value in xenstore is not. */
static void take_in_force(const struct stats_view *v, enum top_dir dir, struct top_flow *f)
{
	const char *prefix = dir == TOP_TX ? "tx" : "rx";
	char field[STATS_NAME_MAX + 1];
	const uint64_t *value;
	unsigned count;

	snprintf(field, sizeof(field), "%s-min-in-force", prefix);
	value = stats_view_get(v, STATS_LDP, field, &count);
	f->min_bps = value ? *value : f->min_bps;
	snprintf(field, sizeof(field), "%s-max-in-force", prefix);
	value = stats_view_get(v, STATS_LDP, field, &count);
	f->max_bps = value ? *value : f->max_bps;
}

static void take_flow(const struct stats_view *v, enum top_dir dir, struct top_flow *f)
{
	f->rate_bps = counted(v, dir, "rate-1s");
	f->rate_10s_bps = counted(v, dir, "rate-10s");
	f->bytes = counted(v, dir, "bytes");
	f->frames = counted(v, dir, "frames");
	f->promise_bps = counted(v, dir, "rate-in-force");
	f->balance_bytes = (int64_t)counted(v, dir, "balance");
	f->lent_bytes = counted(v, dir, "lent");
	f->borrowed_bytes = counted(v, dir, "borrowed");
	f->waiting_bytes = counted(v, dir, "waiting");
	f->backlogged_us = counted(v, dir, "backlogged");
	f->entitled_bytes = counted(v, dir, "entitled");
	f->had_bytes = counted(v, dir, "had");
	take_in_force(v, dir, f);
	take_wait(v, dir == TOP_TX ? "tx-wait" : "rx-wait", f->wait);
}

static void take_drops(const struct stats_view *v, struct top_device *d)
{
	struct stats_field f;

	for (unsigned i = 0; i < v->header.fields && d->drops < TOP_DROPS_MAX; i++) {
		if (!stats_field(v->file.mem, &v->header, i, &f) || f.scope != STATS_LDP ||
		    strncmp(f.name, DROP, strlen(DROP)) != 0)
			continue;
		copy_text(d->drop[d->drops].reason, sizeof(d->drop[0].reason),
			  f.name + strlen(DROP));
		d->drop[d->drops++].frames = v->record->value[f.first];
	}
}

/* Finds what xenstore says of the device, or begins with nothing but who it is. */
static struct top_device identity(const struct top_source *s, const struct stats_view *v)
{
	const struct stats_record *r = v->record;
	struct top_device d = {.domid = r->domid, .id = r->id, .connected = true};

	for (unsigned i = 0; i < s->knowns; i++)
		if (s->known[i].domid == r->domid && s->known[i].id == r->id)
			d = s->known[i];
	memcpy(d.uuid, r->uuid, sizeof(d.uuid));
	copy_text(d.uplink, sizeof(d.uplink), v->uplink);
	d.counted = true;
	return d;
}

static int take_records(struct top_source *s, struct stats_view *v)
{
	int ret = 0;

	for (unsigned i = 1; i < v->header.records && ret == 0; i++) {
		unsigned count;
		struct top_device d;

		if (!stats_view_read(v, i))
			continue;
		d = identity(s, v);
		d.has_loans = stats_view_get(v, STATS_LDP, "tx-lent", &count);
		if (stats_view_get(v, STATS_LDP, "weight-in-force", &count))
			d.weight = (unsigned)stats_view_number(v, STATS_LDP, "weight-in-force");
		take_flow(v, TOP_TX, &d.flow[TOP_TX]);
		take_flow(v, TOP_RX, &d.flow[TOP_RX]);
		take_drops(v, &d);
		ret = append(&s->device, &s->devices, &d);
	}
	return ret;
}

static void take_uplink(struct stats_view *v, struct top_uplink *u)
{
	*u = (struct top_uplink){.connected = 0};
	copy_text(u->name, sizeof(u->name), v->uplink);
	copy_text(u->why, sizeof(u->why), v->why ? v->why : "");
	if (v->why || !stats_view_read(v, 0))
		return;
	u->capacity_bps[TOP_TX] = stats_view_number(v, STATS_UPLINK, "capacity");
	u->capacity_bps[TOP_RX] = stats_view_number(v, STATS_UPLINK, "receive-capacity");
	u->rate_bps[TOP_TX] = stats_view_number(v, STATS_UPLINK, "tx-rate-1s");
	u->rate_bps[TOP_RX] = stats_view_number(v, STATS_UPLINK, "rx-rate-1s");
	u->bytes[TOP_TX] = stats_view_number(v, STATS_UPLINK, "tx-bytes");
	u->bytes[TOP_RX] = stats_view_number(v, STATS_UPLINK, "rx-bytes");
	u->written_ns = ((const struct stats_header *)v->file.mem)->written_ns;
	u->file = v->file.ino;
	u->connected = (unsigned)stats_view_number(v, STATS_UPLINK, "connected");
}

/* Those that the statistics do not have. */
static int take_others(struct top_source *s)
{
	unsigned counted_ones = s->devices;
	int ret = 0;

	for (unsigned i = 0; i < s->knowns && ret == 0; i++) {
		const struct top_device *d = &s->known[i];
		bool there = s->ctl->uplink && strcmp(s->ctl->uplink, d->uplink) != 0;

		for (unsigned k = 0; k < counted_ones && !there; k++)
			there = s->device[k].domid == d->domid && s->device[k].id == d->id;
		if (!there)
			ret = append(&s->device, &s->devices, d);
	}
	return ret;
}

int top_source_read(struct top_source *s, uint64_t now_ns, struct top_sample *out)
{
	int ret = look(s, now_ns);

	if (ret < 0)
		return ret;
	free(s->uplink);
	s->uplink = calloc((size_t)s->count + 1, sizeof(*s->uplink));
	if (!s->uplink)
		return -ENOMEM;
	s->devices = 0;
	for (int i = 0; i < s->count && ret == 0; i++) {
		take_uplink(&s->views[i], &s->uplink[i]);
		if (!s->views[i].why)
			ret = take_records(s, &s->views[i]);
	}
	if (ret == 0)
		ret = take_others(s);
	*out = (struct top_sample){s->device, s->devices, s->uplink, (unsigned)s->count, now_ns};
	return ret;
}
