/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/limits.h"

#include "backend/datapath/audit.h"
#include "backend/datapath/core.h"
#include "backend/datapath/epoch.h"

#define LEAST_WINDOWS 5u  /* of a second: it was limited */
#define ALONE_PERCENT 90u /* of all bytes are its own: only the link limits it */

static bool is_at_max(const struct fluid_part *part)
{
	return part && part->max && part->gets >= part->max;
}

/* A link that is too slow does not give it that much. */
static bool has_max(const struct fluid_part *part, uint64_t had_bytes)
{
	return is_at_max(part) && had_bytes * 100 >= part->max * WINDOWS_PERCENT;
}

static bool is_at_min(const struct fluid_part *part)
{
	return part->min && part->gets <= part->min;
}

static uint32_t limit_of(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir,
			 const struct fluid_part *part, const struct fluid_part *group,
			 uint64_t bytes)
{
	if (audit_guest_still(l, dir) || (dir == LDP_RX && l->rx_blocked))
		return RECORD_LIMIT_GUEST;
	if (dp->audit.facts[dir].down)
		return RECORD_LIMIT_DOWN;
	if (has_max(part, l->promise[dir].window.had_bytes))
		return RECORD_LIMIT_MAX;
	if (windows_was_slow(&dp->audit.facts[dir]))
		return RECORD_LIMIT_LINK;
	if (is_at_max(part))
		return RECORD_LIMIT_MAX;
	if (is_at_max(group))
		return RECORD_LIMIT_GROUP;
	if (part->gets * 100 >= bytes * ALONE_PERCENT)
		return RECORD_LIMIT_LINK;
	return is_at_min(part) ? RECORD_LIMIT_MIN : RECORD_LIMIT_SHARE;
}

void limits_window(struct dpath *dp, struct ldp *l, enum ldp_dir dir, const struct fluid_part *part,
		   const struct fluid_part *group, uint64_t bytes)
{
	l->limit[dir].by = limit_of(dp, l, dir, part, group, bytes);
	l->limit[dir].windows++;
}

static void end_second(struct dpath *dp, struct ldp *l, enum ldp_dir dir)
{
	struct ldp_limit *limit = &l->limit[dir];

	if (limit->windows >= LEAST_WINDOWS && !l->failed)
		epoch_note_limit(dp, l, dir, limit->by, l->promise[dir].sums.charged - limit->from);
	limit->windows = 0;
	limit->from = l->promise[dir].sums.charged;
}

void limits_second(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		end_second(dp, l, LDP_TX);
		end_second(dp, l, LDP_RX);
	}
}
