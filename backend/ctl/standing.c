/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/standing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/ctl/facts.h"
#include "backend/sched/prospect.h"

static uint64_t number(const struct view *keys, enum schema_key key)
{
	uint64_t value = schema_default(key);

	if (keys->value[key])
		schema_parse_u64(key, keys->value[key], &value, NULL);
	return value;
}

static const struct group_view *group_of(const struct standing *s, const struct ldp_view *ldp)
{
	for (int i = 0; i < s->group_count; i++)
		if (group_view_has(&s->groups[i], ldp))
			return &s->groups[i];
	return NULL;
}

static bool is_before(const struct standing *s, const struct group_view *g, int end)
{
	for (int i = 0; i < end; i++)
		if (ldp_view_is_connected(&s->devices.view[i]) &&
		    group_of(s, &s->devices.view[i]) == g)
			return true;
	return false;
}

/* Adds one that is connected to the sums that it counts in. */
static void add(struct standing *s, int i)
{
	const struct ldp_view *other = &s->devices.view[i];
	const struct group_view *g = group_of(s, other);
	uint64_t weight = number(&other->keys, KEY_BACK_WEIGHT);
	struct weights_of *top = s->group ? &s->group_weight : &s->weight;

	if (g && g == s->group)
		s->weight.all += weight;
	if (!g)
		top->all += weight;
	else if (!is_before(s, g, i))
		top->all += number(&g->keys, KEY_GROUP_WEIGHT);
}

static void weigh(struct standing *s)
{
	char own[FACT_MAX], other[FACT_MAX];

	s->group = group_of(s, s->ldp);
	s->weight.own = number(&s->ldp->keys, KEY_BACK_WEIGHT);
	if (s->group)
		s->group_weight.own = number(&s->group->keys, KEY_GROUP_WEIGHT);
	fact_uplink(s->ldp, own);
	for (int i = 0; i < s->devices.count; i++)
		if (ldp_view_is_connected(&s->devices.view[i]) &&
		    strcmp(fact_uplink(&s->devices.view[i], other), own) == 0)
			add(s, i);
}

int standing_read(struct ctl *ctl, const struct ldp_view *ldp, struct standing *out)
{
	char uplink[FACT_MAX];

	*out = (struct standing){.ldp = ldp};
	out->devices.count = ldp_views_read(ctl, &out->devices.view);
	if (out->devices.count < 0)
		return out->devices.count;
	out->group_count =
		group_views_read(ctl, fact_uplink(ldp, uplink), &out->devices, &out->groups);
	if (out->group_count < 0)
		out->group_count = 0;
	weigh(out);
	out->stats_count = stats_views_open(ctl, &out->stats);
	out->measured = stats_views_find(out->stats, out->stats_count, ldp->domid, ldp->id);
	return 0;
}

void standing_free(struct standing *s)
{
	stats_views_free(s->stats, s->stats_count);
	group_views_free(s->groups, s->group_count);
	ldp_views_free(s->devices.view, s->devices.count);
}

static void weights(const struct standing *s, char out[STANDING_MAX])
{
	int n = snprintf(out, STANDING_MAX, "its %s %" PRIu64 " of %" PRIu64,
			 schema_name(KEY_BACK_WEIGHT), s->weight.own, s->weight.all);

	if (s->group)
		snprintf(out + n, STANDING_MAX - (size_t)n,
			 " in group %s, which has %" PRIu64 " of %" PRIu64, s->group->name,
			 s->group_weight.own, s->group_weight.all);
}

const char *standing_why(const struct standing *s, const char *dir, char out[STANDING_MAX])
{
	bool tx = strcmp(dir, "tx") == 0;
	const char *min = schema_name(tx ? KEY_BACK_TX_MIN : KEY_BACK_RX_MIN);
	const char *max = schema_name(tx ? KEY_BACK_TX_MAX : KEY_BACK_RX_MAX);
	const char *group = s->group ? s->group->name : "";
	char field[STATS_NAME_MAX + 1];

	snprintf(field, sizeof(field), "%s-rate-by", dir);
	switch (stats_view_number(s->measured, STATS_LDP, field)) {
	case PROSPECT_LINK:
		snprintf(out, STANDING_MAX, "all that the others leave");
		break;
	case PROSPECT_WEIGHT:
		weights(s, out);
		break;
	case PROSPECT_MIN:
		snprintf(out, STANDING_MAX, "its %s", min);
		break;
	case PROSPECT_MAX:
		snprintf(out, STANDING_MAX, "its %s", max);
		break;
	case PROSPECT_GROUP_MIN:
		snprintf(out, STANDING_MAX, "the %s of group %s", min, group);
		break;
	case PROSPECT_GROUP_MAX:
		snprintf(out, STANDING_MAX, "the %s of group %s", max, group);
		break;
	default:
		snprintf(out, STANDING_MAX, "the capacity is not known");
	}
	return out;
}
