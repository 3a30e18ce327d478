/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/handshake.h"

#include <stddef.h>

#define STATES	     (XenbusStateClosed + 1)
#define BACKOFF_NS   500000000ull
#define BACKOFF_MAX  30000000000ull
#define BACKOFF_BITS 6u

/*
 * The undisturbed protocol: rows are the own state, columns the backend's. The modifiers of
 * hs_next() are applied around it. XenbusStateInitWait is not a frontend's state; whoever wrote it,
 * the answer is to begin anew.
 */
static const uint8_t table[STATES][STATES] = {
	/* own           0           1           2           3           4           5           6
	 */
	[0] = {HS_WAIT, HS_WAIT, HS_WAIT, HS_WAIT, HS_WAIT, HS_WAIT, HS_WAIT},
	[1] = {HS_WAIT, HS_WAIT, HS_OPEN, HS_WAIT, HS_CLOSING, HS_CLOSED, HS_WAIT},
	[2] = {HS_RESET, HS_RESET, HS_RESET, HS_RESET, HS_RESET, HS_RESET, HS_RESET},
	[3] = {HS_CLOSING, HS_CLOSING, HS_WAIT, HS_WAIT, HS_CONNECT, HS_CLOSING, HS_CLOSING},
	[4] = {HS_CLOSING, HS_CLOSING, HS_CLOSING, HS_CLOSING, HS_WAIT, HS_CLOSING, HS_CLOSING},
	[5] = {HS_CLOSED, HS_CLOSED, HS_CLOSED, HS_CLOSED, HS_WAIT, HS_WAIT, HS_CLOSED},
	[6] = {HS_WAIT, HS_RESET, HS_RESET, HS_WAIT, HS_WAIT, HS_WAIT, HS_RESET},
};

static enum hs_action stopping_next(const struct hs_input *in)
{
	switch (in->own) {
	case XenbusStateUnknown:
	case XenbusStateClosed:
		return in->end == HS_END_NONE ? HS_DONE : HS_CLOSED;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		return HS_CLOSING;
	case XenbusStateClosing:
		return in->overdue ? HS_CLOSED : (enum hs_action)table[in->own][in->peer];
	default:
		return HS_CLOSED;
	}
}

static bool must_close(const struct hs_input *in)
{
	if (in->own != XenbusStateInitialised && in->own != XenbusStateConnected)
		return false;
	return in->failed || in->end == HS_END_NONE || in->end == HS_END_LOST;
}

enum hs_action hs_next(const struct hs_input *in)
{
	enum hs_action action;

	if (in->stale && in->end != HS_END_NONE)
		return HS_REBUILD;
	if (in->stopping)
		return stopping_next(in);
	if (must_close(in))
		return HS_CLOSING;

	action = (enum hs_action)table[in->own][in->peer];
	switch (action) {
	case HS_CONNECT:
		/* The backend writes 4 after it mapped, so its end is open by now. */
		return in->end == HS_END_OPEN ? HS_CONNECT : HS_WAIT;
	case HS_OPEN:
		return in->hold || in->offline ? HS_WAIT : HS_OPEN;
	case HS_RESET:
		return in->own == XenbusStateClosed && (in->hold || in->offline) ? HS_WAIT
										 : HS_RESET;
	case HS_WAIT:
		return in->own == XenbusStateClosing && in->overdue ? HS_CLOSED : HS_WAIT;
	default:
		return action;
	}
}

const char *hs_action_name(enum hs_action action)
{
	static const char *const names[] = {
		[HS_WAIT] = "wait",	  [HS_OPEN] = "open",	  [HS_CONNECT] = "connect",
		[HS_CLOSING] = "closing", [HS_CLOSED] = "closed", [HS_RESET] = "reset",
		[HS_REBUILD] = "rebuild", [HS_DONE] = "done",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == HS_DONE + 1, "an action without a name");
	return names[action];
}

uint64_t hs_backoff_ns(unsigned failures)
{
	uint64_t pause;

	if (failures < 2)
		return 0;
	failures -= 2;
	pause = BACKOFF_NS << (failures < BACKOFF_BITS ? failures : BACKOFF_BITS);
	return pause < BACKOFF_MAX ? pause : BACKOFF_MAX;
}
