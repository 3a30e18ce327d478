/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.h: the vchan server of one connection, with its guard. Blocks on xenstored. */
#ifndef DMVL_SERVER_H
#define DMVL_SERVER_H

#include <stdbool.h>

#include "common/vchan.h"
#include "frontend/agent_device.h"
#include "frontend/agent_handshake.h"
#include "frontend/guard.h"

/* Zero-initialised. Everybody reads, only server.c writes. */
struct server {
	struct vchan *v; /* NULL: none */
	struct guard *guard;
	struct guard_place at; /* where the server was made */
	bool was_open;	       /* a backend has connected */
};

/* Serves rings of 2^order bytes under the device's vchan path. 0 or as vchan_serve(). */
int server_open(struct server *s, struct agent_device *d, unsigned order);

/*
 * Ends the server in the one way that is safe: closes it in order when the node still names it,
 * otherwise parks it for the life of the guest. Nothing if there is none.
 */
void server_end(struct server *s, struct agent_device *d);

/* Looks at the far end. */
enum agent_hs_end server_look(struct server *s);

#endif
