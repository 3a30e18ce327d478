/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handshake.h: what the backend does next, from the states of both sides. Pure. */
#ifndef DMVL_HANDSHAKE_H
#define DMVL_HANDSHAKE_H

#include <stdbool.h>
#include <xen/io/xenbus.h>

/*
 * Pure. The whole table, each pair of states, is in tests/unit/test_handshake.c; the protocol is
 * described in docs/handshake.md.
 */
enum hs_action {
	HS_WAIT,       /* nothing: it is the other side's turn */
	HS_OFFER,      /* write the offers, then state 2 */
	HS_CONNECT,    /* read the choices once, map the rings, then state 4; or 6 with an error */
	HS_DISCONNECT, /* unmap the rings, then state 6 */
	HS_CLOSING,    /* state 5: ask the guest to close */
	HS_CLOSED,     /* state 6 */
	HS_FORGET,     /* both are done and the device is not wanted any more: remove its nodes */
};

struct hs_input {
	enum xenbus_state back;	 /* as it stands in xenstore; 0: missing or malformed */
	enum xenbus_state front; /* likewise */
	bool connected;		 /* the rings are mapped */
	bool online;		 /* the device is wanted */
	bool fresh;		 /* first look at it since this daemon started */
};

enum hs_action handshake_next(const struct hs_input *in);
const char *handshake_action_name(enum hs_action action);

#endif
