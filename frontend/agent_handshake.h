/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_handshake.h: what the agent does next, from the states of both sides. Pure. */
#ifndef DMVL_AGENT_HANDSHAKE_H
#define DMVL_AGENT_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xenbus.h>

/* The far end of the vchan server. */
enum agent_hs_end {
	AGENT_HS_END_NONE,    /* there is no server */
	AGENT_HS_END_WAITING, /* nobody has connected yet */
	AGENT_HS_END_OPEN,
	AGENT_HS_END_LOST, /* it was connected, and went away */
};

struct agent_hs_input {
	enum xenbus_state own;	/* what the own node holds; XenbusStateUnknown: no such node */
	enum xenbus_state peer; /* the backend's; XenbusStateUnknown: missing or unreadable */
	enum agent_hs_end end;
	bool stale;    /* the nodes were replaced since the server was published: docs/resume.md */
	bool failed;   /* the connection met an error and cannot go on */
	bool hold;     /* a pause before the next attempt is running */
	bool overdue;  /* the backend did not close in time */
	bool offline;  /* the backend says that the device is being detached */
	bool stopping; /* the agent wants to end */
};

enum agent_hs_action {
	AGENT_HS_WAIT,	  /* for a watch or a timer */
	AGENT_HS_OPEN,	  /* read the offers, publish the answers, serve the vchan; state 3 */
	AGENT_HS_CONNECT, /* frames flow, carrier on; state 4 */
	AGENT_HS_CLOSING, /* frames stop, carrier off; state 5 */
	AGENT_HS_CLOSED,  /* close the vchan server; state 6 */
	AGENT_HS_RESET,	  /* state 1 */
	AGENT_HS_REBUILD, /* park the vchan server without closing its event channel; no state
			     written */
	AGENT_HS_DONE,	  /* the agent may end */
};

enum agent_hs_action agent_hs_next(const struct agent_hs_input *in);

/* "wait", "open", .. for the log. */
const char *agent_hs_action_name(enum agent_hs_action action);

/* The pause before the next attempt after `failures` failed ones: 0, 0, 0.5, 1, 2, .. 30 s. */
uint64_t agent_hs_backoff_ns(unsigned failures);

#endif
