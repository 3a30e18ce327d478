/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/handshake.h"

#include <stddef.h>

static bool front_is_closed(enum xenbus_state front)
{
	return front == XenbusStateUnknown || front == XenbusStateClosed;
}

/* The device is not wanted any more. */
static enum hs_action next_offline(const struct hs_input *in)
{
	if (in->connected) {
		if (front_is_closed(in->front) || in->front == XenbusStateClosing)
			return HS_DISCONNECT;
		return in->back == XenbusStateClosing ? HS_WAIT : HS_CLOSING;
	}
	if (in->back != XenbusStateClosed)
		return HS_CLOSED;
	return front_is_closed(in->front) || in->front == XenbusStateInitialising ? HS_FORGET
										  : HS_WAIT;
}

static enum hs_action next_connected(const struct hs_input *in)
{
	/* An operator or a tool wrote our state to have this side close. */
	if (in->back != XenbusStateConnected)
		return HS_DISCONNECT;
	if (in->front == XenbusStateInitialised || in->front == XenbusStateConnected)
		return HS_WAIT;
	/* The guest closes, is gone, or started again. */
	return HS_DISCONNECT;
}

static enum hs_action next_closed(const struct hs_input *in)
{
	/*
	 * The guest closes its server only after it saw state 6, so state 6 stays until then. A
	 * guest that started again says 1 (or 2) and has nothing to close.
	 */
	switch (in->front) {
	case XenbusStateInitialising:
	case XenbusStateInitWait:
	case XenbusStateClosed:
		return HS_OFFER;
	default:
		return HS_WAIT;
	}
}

enum hs_action handshake_next(const struct hs_input *in)
{
	if (!in->online)
		return next_offline(in);
	if (in->connected)
		return next_connected(in);
	/* An earlier daemon left a state. Its rings are gone, and the guest must know. */
	if (in->fresh)
		return HS_OFFER;
	switch (in->back) {
	case XenbusStateInitWait:
		return in->front == XenbusStateInitialised ? HS_CONNECT : HS_WAIT;
	case XenbusStateClosed:
		return next_closed(in);
	case XenbusStateClosing:
		return HS_CLOSED;
	default:
		return HS_OFFER;
	}
}

const char *handshake_action_name(enum hs_action action)
{
	static const char *const names[] = {
		[HS_WAIT] = "wait",	  [HS_OFFER] = "offer",
		[HS_CONNECT] = "connect", [HS_DISCONNECT] = "disconnect",
		[HS_CLOSING] = "closing", [HS_CLOSED] = "closed",
		[HS_FORGET] = "forget",
	};

	return (size_t)action < sizeof(names) / sizeof(names[0]) ? names[action] : "?";
}
