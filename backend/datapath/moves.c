/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/moves.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backend/datapath/core.h"
#include "backend/msg/msg.h"

/*
 * Theory of operation
 *
 * Addresses move: a virtual router fails over, a bond changes its device. Each move is counted for
 * the LDPs that gain or lose the address, and logged. Two that use one address at the same time
 * make it flap: from MOVES_FLAP moves within a minute on, the LDP's `error` says so. It also says
 * when frames are dropped because their address is another's. Both are taken back after a minute in
 * which nothing of the kind happened. A timer looks for that only while there is something to take
 * back.
 */
#define MOVES_FLAP     6u
#define MOVES_QUIET_NS (60 * NS_PER_SEC)
#define LOOK_NS	       (10 * NS_PER_SEC)

/* One sentence for the LDP's `error`, unless it has one. */
__attribute__((format(printf, 4, 5))) static void tell(struct dpath *dp, struct ldp *l,
						       bool unlisted, const char *fmt, ...)
{
	struct msg *m;
	va_list ap;

	l->moves.told_ns = dp->now_ns;
	if (l->moves.told)
		return;
	l->moves.told = true;
	m = msg_new(MSG_TROUBLE, l->slot);
	m->unlisted = unlisted;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	msg_post(dp->out, m);
	loop_timer_set(dp->moves.quiet, LOOK_NS);
}

static void count_move(struct dpath *dp, uint32_t slot, const char *mac)
{
	struct ldp *l = core_ldp(dp, slot);

	if (!l)
		return;
	l->count.mac_moves++;
	if (dp->now_ns - l->moves.since_ns >= MOVES_QUIET_NS) {
		l->moves.since_ns = dp->now_ns;
		l->moves.recent = 0;
	}
	if (++l->moves.recent >= MOVES_FLAP)
		tell(dp, l, false,
		     "MAC address %s keeps moving: %u moves in a minute between this device and "
		     "others, or the uplink",
		     mac, l->moves.recent);
}

static const char *place(const struct dpath *dp, uint32_t slot)
{
	const struct ldp *l = core_ldp(dp, slot);

	return l ? l->name : "the uplink";
}

static void moved(struct dpath *dp, const uint8_t mac[6], uint32_t from, uint32_t to)
{
	char text[FRAME_MAC_STR];
	uint32_t held;

	frame_mac_format(mac, text);
	count_move(dp, from, text);
	count_move(dp, to, text);
	if (log_allow(&dp->moves.log, dp->now_ns, &held))
		log_notice("MAC address %s moved from %s to %s (%u more since the last line)", text,
			   place(dp, from), place(dp, to), held);
}

static void refused(struct dpath *dp, struct ldp *l, bool by_uplink)
{
	char mac[FRAME_MAC_STR];
	uint32_t held;

	if (!log_allow(&l->moves.log, dp->now_ns, &held))
		return;
	frame_mac_format(l->fi.src, mac);
	log_warning(
		"%s: dropped a frame from MAC address %s, which %s uses (%u more since the last "
		"line)",
		l->name, mac, by_uplink ? "a host on the uplink" : "another guest", held);
	tell(dp, l, by_uplink, "frames from MAC address %s are dropped: %s", mac,
	     by_uplink ? "a host on the uplink uses it" : "another guest has or uses it");
}

enum frame_verdict moves_use(struct dpath *dp, struct ldp *l)
{
	static const uint8_t zero[6];
	const uint8_t *mac = l->fi.src;
	enum fdb_use use;
	uint32_t from;

	if ((mac[0] & 1) || memcmp(mac, zero, 6) == 0)
		return FRAME_MALFORMED;
	use = fdb_use(dp->fdb, mac, l->slot, mac_list_has(&l->conf.allowed_mac, mac), dp->now_ns,
		      &from);
	if (use == FDB_USE_MOVED)
		moved(dp, mac, from, l->slot);
	if (use == FDB_USE_OK || use == FDB_USE_MOVED)
		return FRAME_OK;
	refused(dp, l, use == FDB_USE_UPLINK);
	return FRAME_MAC_HELD;
}

void moves_seen(struct dpath *dp, const uint8_t mac[6])
{
	uint32_t was = fdb_seen(dp->fdb, mac, dp->link.sw == SWITCH_UPLINK, dp->now_ns);

	if (was != FDB_NONE)
		moved(dp, mac, was, FDB_NONE);
}

void moves_forgive(struct dpath *dp, struct ldp *l)
{
	l->moves.recent = 0;
	if (!l->moves.told)
		return;
	l->moves.told = false;
	msg_post(dp->out, msg_new(MSG_TROUBLE, l->slot)); /* no text: it is over */
}

void moves_quiet(struct dpath *dp)
{
	bool again = false;
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (dp->now_ns - l->moves.told_ns >= MOVES_QUIET_NS)
			moves_forgive(dp, l);
		again |= l->moves.told;
	}
	if (again)
		loop_timer_set(dp->moves.quiet, LOOK_NS);
}

bool moves_init(struct dpath *dp, loop_cb *on_quiet)
{
	dp->moves.quiet = loop_timer_new(dp->loop, on_quiet, dp);
	return dp->moves.quiet;
}

void moves_fini(struct dpath *dp)
{
	loop_timer_free(dp->moves.quiet);
}
