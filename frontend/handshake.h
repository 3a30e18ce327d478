/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handshake.h: what the agent does next, from both sides' states. Pure. */
#ifndef DMVL_HANDSHAKE_H
#define DMVL_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xenbus.h>

/* The far end of the vchan server. */
enum hs_end {
	HS_END_NONE,	/* there is no server */
	HS_END_WAITING, /* nobody has connected yet */
	HS_END_OPEN,
	HS_END_LOST, /* it was connected, and went away */
};

struct hs_input {
	enum xenbus_state own;	/* what the own node holds; XenbusStateUnknown: no such node */
	enum xenbus_state peer; /* the backend's; XenbusStateUnknown: missing or unreadable */
	enum hs_end end;
	bool stale;    /* the nodes are not those that the server was published in: see resume.md */
	bool failed;   /* the connection met an error and cannot go on */
	bool hold;     /* a pause before the next attempt is running */
	bool overdue;  /* the backend had its time to close and did not */
	bool offline;  /* the backend says that the device is being detached */
	bool stopping; /* the agent shall end */
};

enum hs_action {
	HS_WAIT,    /* for a watch or a timer */
	HS_OPEN,    /* read the offers, publish the answers, serve the vchan; state 3 */
	HS_CONNECT, /* frames flow, carrier on; state 4 */
	HS_CLOSING, /* frames stop, carrier off; state 5 */
	HS_CLOSED,  /* close the vchan server; state 6 */
	HS_RESET,   /* state 1 */
	HS_REBUILD, /* park the vchan server without closing its event channel; no state written */
	HS_DONE,    /* the agent may end */
};

enum hs_action hs_next(const struct hs_input *in);

/* "wait", "open", .. for the log. */
const char *hs_action_name(enum hs_action action);

/*
 * The pause before connection attempt number `failures` (1: the first after a failure) may begin:
 * 0, 0.5, 1, 2, .. 30 s.
 */
uint64_t hs_backoff_ns(unsigned failures);

#endif
