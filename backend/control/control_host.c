/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_key.h"
#include "backend/control/control_share.h"
#include "backend/control/control_state.h"
#include "backend/control/device_list.h"
#include "backend/control/minima.h"
#include "common/log.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

/* --- reading ---------------------------------------------------------------------------------- */

static void load_u64(struct control *c, enum schema_key key, uint64_t missing, uint64_t *value,
		     char *err)
{
	char text[SCHEMA_VALUE_MAX + 1], why[SCHEMA_ERR_MAX];
	int ret = control_key_read(c, key, text, err);

	if (ret == -ENOENT)
		*value = missing;
	else if (ret == 0 && schema_parse_u64(key, text, value, why) < 0)
		refusal_add(err, schema_name(key), why);
}

static bool same_keys(const struct control_host *a, const struct control_host *b)
{
	return a->weight == b->weight && a->min_bps == b->min_bps && a->max_bps == b->max_bps;
}

static void say(const struct control *c)
{
	const struct control_host *h = &c->host;
	char min[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX];

	log_info("uplink %s: in force: %s %" PRIu64 ", %s %s, %s %s", c->conf.name,
		 schema_name(KEY_UPLINK_HOST_WEIGHT), h->weight, schema_name(KEY_UPLINK_HOST_MIN),
		 h->min_bps == SHARE_MIN_AUTO ? "not set"
					      : units_format_rate(min, sizeof(min), h->min_bps),
		 schema_name(KEY_UPLINK_HOST_MAX), units_format_rate(max, sizeof(max), h->max_bps));
}

void control_host_load(struct control *c, char err[REFUSAL_MAX])
{
	struct control_host *h = &c->host, want = *h;
	char why[SCHEMA_ERR_MAX];

	if (h->weight == 0) { /* a malformed key of the first look leaves the default */
		want.weight = schema_default(KEY_UPLINK_HOST_WEIGHT);
		want.min_bps = SHARE_MIN_AUTO;
	}
	load_u64(c, KEY_UPLINK_HOST_WEIGHT, schema_default(KEY_UPLINK_HOST_WEIGHT), &want.weight,
		 err);
	load_u64(c, KEY_UPLINK_HOST_MIN, SHARE_MIN_AUTO, &want.min_bps, err);
	load_u64(c, KEY_UPLINK_HOST_MAX, 0, &want.max_bps, err);
	if (want.max_bps && want.min_bps != SHARE_MIN_AUTO && want.min_bps > want.max_bps) {
		snprintf(why, sizeof(why), "%s %" PRIu64 ": more than %s %" PRIu64,
			 schema_name(KEY_UPLINK_HOST_MIN), want.min_bps,
			 schema_name(KEY_UPLINK_HOST_MAX), want.max_bps);
		refusal_add(err, schema_name(KEY_UPLINK_HOST_MIN), why);
		return;
	}
	if (same_keys(h, &want))
		return;
	*h = want;
	say(c);
	c->due.share = true;
	device_mark_all(c); /* minima that were too many may fit now */
	c->due.groups = true;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* host-min is set, and is more than the host gets beside LDPs that want all. */
static bool is_min_beyond(const struct share_wish *w, char *err)
{
	struct share_wish without = *w;
	uint64_t most;

	without.max_bps = 0;
	most = share_host_limit_bps(&without);
	if (w->min_bps <= most)
		return false;
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s %" PRIu64 ": the host gets %" PRIu64
		 " at most while guests send, as the capacity is %" PRIu64,
		 schema_name(KEY_UPLINK_HOST_MIN), w->min_bps, most, w->capacity_bps);
	return true;
}

/* host-min is set, and the devices' minima do not fit beside it. */
static bool is_min_beside_minima(const struct share_wish *w, char *err)
{
	uint64_t left = w->capacity_bps - share_host_min_bps(w);

	if (w->min_bps == 0 || w->ldp_minima_bps <= left / 100 * MINIMA_PERCENT)
		return false;
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s %" PRIu64 ": the %s of all devices and groups, %" PRIu64
		 ", are more than %d %% of what it leaves of the capacity of %" PRIu64,
		 schema_name(KEY_UPLINK_HOST_MIN), w->min_bps, schema_name(KEY_BACK_TX_MIN),
		 w->ldp_minima_bps, MINIMA_PERCENT, w->capacity_bps);
	return true;
}

/* host-max is less than the host-min that is in force where none is set. */
static bool is_max_below(const struct share_wish *w, char *err)
{
	struct share_wish without = *w;
	uint64_t least;

	without.max_bps = 0;
	least = share_host_min_bps(&without);
	if (w->max_bps == 0 || w->max_bps >= least)
		return false;
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s %" PRIu64 ": less than %s, which is %" PRIu64
		 " where it is not set, as the capacity is %" PRIu64,
		 schema_name(KEY_UPLINK_HOST_MAX), w->max_bps, schema_name(KEY_UPLINK_HOST_MIN),
		 least, w->capacity_bps);
	return true;
}

bool control_host_judge(struct control *c)
{
	char err[SCHEMA_ERR_MAX] = "";
	struct share_wish w = {.min_bps = SHARE_MIN_AUTO};

	if (control_share_wish(c, &w)) {
		if (w.min_bps == SHARE_MIN_AUTO)
			is_max_below(&w, err);
		else if (!is_min_beyond(&w, err))
			is_min_beside_minima(&w, err);
	}
	if (strcmp(err, c->host.error) == 0)
		return false;
	memcpy(c->host.error, err, sizeof(err));
	c->host.wrong = w.min_bps == SHARE_MIN_AUTO ? KEY_UPLINK_HOST_MAX : KEY_UPLINK_HOST_MIN;
	c->due.link = true;
	return true;
}
