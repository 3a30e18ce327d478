/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/uuid.h"

#define TIME_MAX_MS (UINT64_C(1) << 50) /* a record of a later time is damaged */
#define LONG_MAX_MS UINT64_C(86400000)	/* so is a longer interval */
#define REST_MS	    UINT64_C(500)

/* A UUID of zeros tells none apart, so the domid does. */
static bool is_same(const struct follow_device *d, const struct rec *r)
{
	return d->uplink == r->uplink && d->id == r->id && memcmp(d->uuid, r->uuid, 16) == 0 &&
	       (!uuid_is_null(r->uuid) || d->domid == r->domid);
}

static int find_device(struct follow *f, const struct rec *r)
{
	struct follow_device *more;

	for (unsigned i = 0; i < f->devices; i++)
		if (is_same(&f->device[i], r))
			return (int)i;
	more = realloc(f->device, (f->devices + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	f->device = more;
	more[f->devices] = (struct follow_device){.uplink = r->uplink, .id = r->id};
	memcpy(more[f->devices].uuid, r->uuid, 16);
	return (int)f->devices++;
}

static int take_device(struct follow *f, const struct rec *r)
{
	int i = find_device(f, r);

	if (i < 0)
		return i;
	f->device[i].domid = r->domid;
	f->device[i].present = true;
	memcpy(f->device[i].name, r->name, sizeof(r->name));
	f->number[r->device] = i + 1;
	return i;
}

static int take_gone(struct follow *f, const struct rec *r)
{
	int i = f->number[r->device] - 1;

	f->number[r->device] = 0;
	if (i < 0)
		return FOLLOW_NOBODY;
	f->device[i].present = false;
	memset(f->device[i].balance_bytes, 0, sizeof(f->device[i].balance_bytes));
	return i;
}

static int take_keys(struct follow *f, const struct rec *r)
{
	int i = f->number[r->device] - 1;

	if (i < 0)
		return FOLLOW_NOBODY;
	f->device[i].limits = r->limits;
	memcpy(f->device[i].group, r->group, sizeof(r->group));
	return i;
}

static int take_flow(struct follow *f, const struct rec *r)
{
	int i = f->number[r->device] - 1;

	if (i < 0)
		return FOLLOW_NOBODY;
	f->device[i].balance_bytes[r->dir] = r->flow.balance_bytes;
	return i;
}

static void take_group(struct follow *f, const struct rec *r)
{
	unsigned i = 0;

	while (i < f->groups &&
	       (f->group[i].uplink != r->uplink || strcmp(f->group[i].name, r->name) != 0))
		i++;
	if (i == FOLLOW_GROUPS_MAX)
		return;
	f->group[i].uplink = r->uplink;
	memcpy(f->group[i].name, r->name, sizeof(r->name));
	f->group[i].limits = r->limits;
	f->groups += i == f->groups;
}

/* Between two intervals nothing passed, so the time between them is known, but for a gap. */
static void take_time(struct follow *f, const struct rec *r)
{
	struct follow_uplink *u = &f->uplink[r->uplink];
	uint64_t long_ms = r->us / 1000;

	if (r->end_ms > TIME_MAX_MS || long_ms > LONG_MAX_MS)
		return;
	f->at = r->uplink;
	f->end_ms = r->end_ms;
	f->begin_ms = r->end_ms > long_ms ? r->end_ms - long_ms : 0;
	if (u->intervals++ == 0)
		u->first_ms = u->last_ms = f->begin_ms;
	f->gap_ms = u->last_ms;
	f->known_ms = u->gap && f->begin_ms > u->last_ms ? f->begin_ms : u->last_ms;
	u->last_ms = f->end_ms > u->last_ms ? f->end_ms : u->last_ms;
	u->gap = false;
}

/* A daemon that rests made no interval because nothing passed. A shorter one is only unfinished. */
static void take_end(struct follow *f, const struct rec *r)
{
	for (unsigned i = 0; i < REC_UPLINKS_MAX && r->end_ms <= TIME_MAX_MS; i++) {
		struct follow_uplink *u = &f->uplink[i];

		if (u->intervals == 0 || r->end_ms <= u->last_ms)
			continue;
		u->end_ms = r->end_ms;
		if (!u->gap && r->end_ms - u->last_ms >= REST_MS)
			u->last_ms = r->end_ms;
	}
}

int follow_take(struct follow *f, const struct rec *r)
{
	switch (r->type) {
	case REC_UPLINK:
		f->uplink[r->uplink].named = true;
		memcpy(f->uplink[r->uplink].name, r->name, sizeof(r->name));
		break;
	case REC_DEVICE:
		return take_device(f, r);
	case REC_KEYS:
		return take_keys(f, r);
	case REC_GONE:
		return take_gone(f, r);
	case REC_FLOW:
		return take_flow(f, r);
	case REC_GROUP:
		take_group(f, r);
		break;
	case REC_TIME:
		take_time(f, r);
		break;
	case REC_CAPACITY:
		memcpy(f->uplink[f->at].capacity_bps, r->capacity_bps, sizeof(r->capacity_bps));
		break;
	case REC_GAP:
		f->uplink[r->uplink].gap = true;
		break;
	case REC_END:
		take_end(f, r);
		break;
	default:
		break;
	}
	return FOLLOW_NOBODY;
}

void follow_free(struct follow *f)
{
	free(f->device);
	*f = (struct follow){0};
}
