/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.h: what the control thread does for each answer of agent_hs_next(). Private to
 * agent_control.c. */
#ifndef DMVL_STEPS_H
#define DMVL_STEPS_H

#include <pthread.h>
#include <stdbool.h>

#include "common/log.h"
#include "common/loop.h"
#include "frontend/agent_control.h"
#include "frontend/agent_handshake.h"
#include "frontend/server.h"

#define ANNOUNCE_NS 1000000000ull

struct agent_control {
	const struct front_options *opts;
	struct agent_device dev;
	struct link_shared *shared;
	struct mbox *in, *out;
	uint32_t tap_offloads;

	pthread_t thread;
	struct loop *loop;
	struct loop_io *in_io, *xs_io;
	struct loop_timer *retry, *announce;

	struct server server;
	bool was_open; /* a backend has connected to this server */
	bool up;       /* between AGENT_UP and AGENT_DOWN */
	unsigned seq;  /* of the connection */
	uint32_t offloads;
	enum xenbus_state wrote;
	char generation[17];
	const char *failure; /* why the connection cannot go on */
	bool stopping;
	unsigned failures;
	uint64_t up_since_ns, hold_until_ns, closing_since_ns;
	char complaint[256]; /* logged last, not to be repeated */
	uint64_t announced_log, announced_demand;
	struct agent_msg bye;
};

/*
 * Does `action`. Returns 0 or -errno; what went wrong was said, and is tried again after a pause.
 * -ECANCELED: AGENT_HS_DONE was done, the loop is about to stop.
 */
int step_perform(struct agent_control *c, enum agent_hs_action action,
		 const struct agent_view *view);

/* Logs a sentence unless it is the one that was logged last. */
void agent_control_complain(struct agent_control *c, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
