/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/agent_handshake.h"

#include <stddef.h>

#define STATES	     (XenbusStateClosed + 1)
#define BACKOFF_NS   500000000ull
#define BACKOFF_MAX  30000000000ull
#define BACKOFF_BITS 6u

/* Short names, so that a row of the table is a line. */
enum {
	W = AGENT_HS_WAIT,
	O = AGENT_HS_OPEN,
	C = AGENT_HS_CONNECT,
	c = AGENT_HS_CLOSING,
	X = AGENT_HS_CLOSED,
	R = AGENT_HS_RESET,
};

/*
 * What to do as long as nothing is wrong: rows are the own state, columns the backend's.
 * agent_hs_next() looks at everything else. XenbusStateInitWait (2) is no state of a frontend:
 * whoever wrote it, the agent starts over.
 */
static const uint8_t table[STATES][STATES] = {
	/* 0  1  2  3  4  5  6 */
	{W, W, W, W, W, W, W}, /* 0 */
	{W, W, O, W, c, X, W}, /* 1 */
	{R, R, R, R, R, R, R}, /* 2 */
	{c, c, W, W, C, c, c}, /* 3 */
	{c, c, c, c, W, c, c}, /* 4 */
	{X, X, X, X, W, W, X}, /* 5 */
	{W, R, R, W, W, W, R}, /* 6 */
};

static enum agent_hs_action stopping_next(const struct agent_hs_input *in)
{
	switch (in->own) {
	case XenbusStateUnknown:
	case XenbusStateClosed:
		return in->end == AGENT_HS_END_NONE ? AGENT_HS_DONE : AGENT_HS_CLOSED;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		return AGENT_HS_CLOSING;
	case XenbusStateClosing:
		return in->overdue ? AGENT_HS_CLOSED
				   : (enum agent_hs_action)table[in->own][in->peer];
	default:
		return AGENT_HS_CLOSED;
	}
}

static bool must_close(const struct agent_hs_input *in)
{
	if (in->own != XenbusStateInitialised && in->own != XenbusStateConnected)
		return false;
	return in->failed || in->end == AGENT_HS_END_NONE || in->end == AGENT_HS_END_LOST;
}

enum agent_hs_action agent_hs_next(const struct agent_hs_input *in)
{
	enum agent_hs_action action;

	if (in->stale && in->end != AGENT_HS_END_NONE)
		return AGENT_HS_REBUILD;
	if (in->stopping)
		return stopping_next(in);
	if (must_close(in))
		return AGENT_HS_CLOSING;

	action = (enum agent_hs_action)table[in->own][in->peer];
	switch (action) {
	case AGENT_HS_CONNECT:
		/* The backend writes 4 after it mapped, so its end is open by now. */
		return in->end == AGENT_HS_END_OPEN ? AGENT_HS_CONNECT : AGENT_HS_WAIT;
	case AGENT_HS_OPEN:
		return in->hold || in->offline ? AGENT_HS_WAIT : AGENT_HS_OPEN;
	case AGENT_HS_RESET:
		return in->own == XenbusStateClosed && (in->hold || in->offline) ? AGENT_HS_WAIT
										 : AGENT_HS_RESET;
	case AGENT_HS_WAIT:
		return in->own == XenbusStateClosing && in->overdue ? AGENT_HS_CLOSED
								    : AGENT_HS_WAIT;
	default:
		return action;
	}
}

const char *agent_hs_action_name(enum agent_hs_action action)
{
	static const char *const names[] = {
		[AGENT_HS_WAIT] = "wait",	[AGENT_HS_OPEN] = "open",
		[AGENT_HS_CONNECT] = "connect", [AGENT_HS_CLOSING] = "closing",
		[AGENT_HS_CLOSED] = "closed",	[AGENT_HS_RESET] = "reset",
		[AGENT_HS_REBUILD] = "rebuild", [AGENT_HS_DONE] = "done",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == AGENT_HS_DONE + 1,
		       "an action without a name");
	return names[action];
}

uint64_t agent_hs_backoff_ns(unsigned failures)
{
	uint64_t pause;

	if (failures < 2)
		return 0;
	failures -= 2;
	pause = BACKOFF_NS << (failures < BACKOFF_BITS ? failures : BACKOFF_BITS);
	return pause < BACKOFF_MAX ? pause : BACKOFF_MAX;
}
