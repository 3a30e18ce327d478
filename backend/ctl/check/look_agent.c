/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_agent.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "backend/ctl/clock.h"

#define US_PER_S 1000000u
#define FRESH_NS (3 * NS_PER_SEC)

/* Written by the guest: a malformed text is quoted, with escapes. */
bool look_agent_error(struct look *look)
{
	const struct view *keys = &look->device->keys;
	char text[VIEW_TEXT_MAX];
	struct finding_row *f;

	if (!keys->value[KEY_FRONT_ERROR] || !*keys->value[KEY_FRONT_ERROR])
		return true;
	view_text(keys, KEY_FRONT_ERROR, text, sizeof(text));
	f = look_found(look);
	finding_text(f, "the guest's agent says: %s", text);
	if (strstr(text, "grant limit")) {
		finding_do(
			f,
			"echo 8192 >/sys/module/xen_gntalloc/parameters/limit    # in the guest");
		finding_do(f,
			   "echo options xen_gntalloc limit=8192 >/etc/modprobe.d/dmvl-local.conf "
			   "   # in the guest");
	} else {
		finding_do(f, "dmvl-front --doctor    # in the guest");
	}
	return true;
}

static enum xenbus_state state_of(const struct view *keys, enum schema_key key)
{
	enum xenbus_state state = XenbusStateUnknown;

	if (keys->value[key])
		schema_parse_state(key, keys->value[key], &state, NULL);
	return state;
}

/* A guest that is paused, saved or has ended has no agent that runs. */
static bool runs(struct look *look)
{
	struct dom_info info;

	return dom_info(look->dom, look->device->domid, &info) < 0 ||
	       (info.exists && !info.dying && !info.suspended && !info.stopped && !info.paused);
}

/* For how many seconds the device has waited for its agent; 0: it does not, or that is not known.
 */
static uint64_t away_s(const struct view *keys)
{
	enum xenbus_state back = state_of(keys, KEY_BACK_STATE);
	uint64_t since = 0, now = (uint64_t)time(NULL);

	if ((back != XenbusStateInitWait && back != XenbusStateClosed) ||
	    !keys->value[KEY_BACK_STATE_SINCE] ||
	    schema_parse_u64(KEY_BACK_STATE_SINCE, keys->value[KEY_BACK_STATE_SINCE], &since,
			     NULL) < 0)
		return 0;
	return now > since ? now - since : 0;
}

static void do_restart(const struct look *look, struct finding_row *f)
{
	finding_do(f, "systemctl restart dmvl-front@%u    # in the guest", look->device->id);
	finding_do(f, "dmvl-front --doctor    # in the guest, if that does not help");
}

bool look_agent_away(struct look *look)
{
	const struct view *keys = &look->device->keys;
	uint64_t away = away_s(keys);
	enum xenbus_state front;
	struct finding_row *f;
	bool says_why = keys->value[KEY_FRONT_ERROR] && *keys->value[KEY_FRONT_ERROR];

	if (away == 0 || away < look->grace_s || ldp_view_is_agentless(look->device) || says_why ||
	    !runs(look))
		return true;
	front = state_of(keys, KEY_FRONT_STATE);
	f = look_found(look);
	if (front == XenbusStateInitialising)
		finding_text(f, "no agent has come in the guest for %" PRIu64 " s", away);
	else if (front == XenbusStateClosed)
		finding_text(f, "the guest's agent ended %" PRIu64 " s ago", away);
	else
		finding_text(f, "the guest's agent died %" PRIu64 " s ago, and none has come since",
			     away);
	do_restart(look, f);
	return true;
}

/*
 * For how long the agent has left in its ring what it should take; 0: it takes all, or that is not
 * known. While an agent does not, dmvl-back writes all the time.
 */
static uint64_t still_s(const struct look *look)
{
	const struct ldp_view *d = look->device;
	struct stats_view *v = stats_views_find(look->stats, look->stats_count, d->domid, d->id);

	if (!v || clock_now_ns() > v->header.written_ns + FRESH_NS)
		return 0;
	return stats_view_number(v, STATS_LDP, "agent-still") / US_PER_S;
}

/* It was stopped by a signal or a debugger, or hangs: it looks connected, and no frame passes. */
bool look_agent_still(struct look *look)
{
	uint64_t still = still_s(look);
	struct finding_row *f;

	if (still == 0 || still < look->grace_s || !runs(look))
		return true;
	f = look_found(look);
	finding_text(f,
		     "the guest's agent stands still: frames for the guest have waited in its "
		     "ring for %" PRIu64 " s",
		     still);
	do_restart(look, f);
	return true;
}
