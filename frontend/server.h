/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.h: the vchan server of one connection, with its guard. Blocks on xenstored. */
#ifndef DMVL_SERVER_H
#define DMVL_SERVER_H

#include "common/vchan.h"
#include "frontend/agent_device.h"
#include "frontend/guard.h"

struct server {
	struct vchan *v; /* NULL: none */
	struct guard *guard;
	char ref[AGENT_DEVICE_REF_MAX]; /* what xenstore's node says while this is the current one
					 */
};

/* Serves rings of 2^order bytes under the device's vchan path. 0 or as vchan_serve(). */
int server_open(struct server *s, struct agent_device *d, unsigned order);

/*
 * Ends the server in the one way that is safe: closed in order when the node still names it, else
 * parked for the life of the guest.
 */
void server_end(struct server *s, struct agent_device *d);

#endif
