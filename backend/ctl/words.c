/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/words.h"

#include <assert.h>
#include <stddef.h>

#define STATES (XenbusStateClosed + 1)

struct phrase {
	const char *words;
	enum state_tone tone;
};

static const struct phrase connected = {"connected", STATE_GOOD};
static const struct phrase no_carrier = {"connected, no carrier", STATE_BAD};
static const struct phrase connecting = {"connecting", STATE_WAITS};
static const struct phrase reconnecting = {"reconnecting", STATE_WAITS};
static const struct phrase closing = {"closing", STATE_WAITS};
static const struct phrase closed = {"closed", STATE_WAITS};
static const struct phrase attaching = {"being attached", STATE_WAITS};
static const struct phrase detaching = {"being detached", STATE_WAITS};
static const struct phrase no_backend = {"waiting for dmvl-back", STATE_BAD};
static const struct phrase no_nodes = {"removed in the guest", STATE_BAD};
static const struct phrase no_agent = {"no agent in the guest", STATE_BAD};
static const struct phrase stopped = {"agent was stopped", STATE_BAD};
static const struct phrase silent = {"agent does not answer", STATE_BAD};
static const struct phrase with_vif = {"connected to its vif", STATE_GOOD};
static const struct phrase no_vif = {"waiting for its vif", STATE_WAITS};

static_assert(sizeof("connected, no carrier") <= STATE_WORDS_MAX, "the longest words fit");

/*
 * By the backend's state and the frontend's (handshake.md). An agent that lives leaves Connected
 * and Closing within moments where the backend waits for it to begin again.
 */
static const struct phrase *const table[STATES][STATES] = {
	[XenbusStateInitWait] = {&no_nodes, &no_agent, &no_agent, &connecting, &silent, &silent,
				 &stopped},
	[XenbusStateInitialised] = {&no_nodes, &connecting, &connecting, &connecting, &connecting,
				    &closing, &closing},
	[XenbusStateConnected] = {&no_nodes, &reconnecting, &reconnecting, &connecting, &connected,
				  &reconnecting, &reconnecting},
	[XenbusStateClosing] = {&no_nodes, &closing, &closing, &closing, &closing, &closing,
				&closing},
	[XenbusStateClosed] = {&no_nodes, &reconnecting, &reconnecting, &silent, &silent, &closing,
			       &closed},
};

/* XenbusStateUnknown where it is missing or malformed. */
static enum xenbus_state state_of(const struct ldp_view *ldp, enum schema_key key)
{
	enum xenbus_state state = XenbusStateUnknown;

	if (ldp->keys.value[key])
		schema_parse_state(key, ldp->keys.value[key], &state, NULL);
	return state;
}

static bool is_on(const struct ldp_view *ldp, enum schema_key key)
{
	bool on = true;

	if (ldp->keys.value[key])
		schema_parse_bool(key, ldp->keys.value[key], &on, NULL);
	return on;
}

static const struct phrase *agentless(enum xenbus_state back)
{
	if (back == XenbusStateConnected)
		return &with_vif;
	return back == XenbusStateInitWait ? &no_vif : &closed;
}

static const struct phrase *phrase_of(const struct ldp_view *ldp, bool served)
{
	enum xenbus_state back = state_of(ldp, KEY_BACK_STATE);
	const struct phrase *p;

	if (!is_on(ldp, KEY_BACK_ONLINE))
		return &detaching;
	if (back == XenbusStateUnknown)
		return &attaching;
	if (!served || back == XenbusStateInitialising)
		return &no_backend;
	if (ldp_view_is_agentless(ldp))
		p = agentless(back);
	else
		p = table[back][state_of(ldp, KEY_FRONT_STATE)];
	if (p->tone == STATE_GOOD && !is_on(ldp, KEY_BACK_CARRIER))
		return &no_carrier;
	return p;
}

const char *state_words(const struct ldp_view *ldp, bool served, enum state_tone *tone)
{
	const struct phrase *p = phrase_of(ldp, served);

	if (tone)
		*tone = p->tone;
	return p->words;
}
