/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.h: what the control thread does for each answer of agent_hs_next(). Blocks on xenstored. */
#ifndef DMVL_STEPS_H
#define DMVL_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/mbox.h"
#include "frontend/agent_device.h"
#include "frontend/agent_handshake.h"
#include "frontend/complaint.h"
#include "frontend/keep.h"
#include "frontend/options.h"
#include "frontend/server.h"

/* Everybody reads, only steps.c writes. */
struct steps {
	/* From steps_init() on. */
	const struct front_options *opts;
	const struct keep *keep;
	struct agent_device *dev;
	struct mbox *to_frames;
	int tap_fd;
	uint32_t tap_offloads; /* what the kernel's TAP can do */

	/* Of the connection. */
	struct server server;
	struct agent_offer offer;
	unsigned order; /* of the rings */
	uint32_t offloads;
	bool sparse; /* frames may be flagged */
	char generation[17];
	bool carrier;	     /* the backend's uplink carries frames */
	bool leaving;	     /* the device is being detached */
	unsigned seq;	     /* its number */
	uint32_t uplink_mtu; /* as the backend said last; 0: not yet */
	bool up;	     /* between AGENT_UP and AGENT_DOWN */
	const char *failure; /* why it cannot go on; NULL: it can */
	bool shown_error;    /* xenstore has a sentence of this agent */

	/* Of the agent. */
	enum xenbus_state wrote; /* the state written last */
	bool stopping;
	unsigned failures;
	uint64_t up_since_ns, hold_until_ns, closing_since_ns;
	struct complaint said;
};

/* All pointers, and the fd in *keep, are borrowed. */
void steps_init(struct steps *s, const struct keep *keep, struct agent_device *dev,
		struct mbox *to_frames, uint32_t tap_offloads);

/*
 * Does `action`. Returns 0, or -errno after a complaint. -ECANCELED: AGENT_HS_DONE was done, the
 * agent may end.
 */
int steps_perform(struct steps *s, enum agent_hs_action action, const struct agent_view *view);

/* The backend says what the uplink carries. 0: it does not. */
void steps_uplink_mtu(struct steps *s, uint32_t mtu);

/* Connection `seq` cannot go on. Ignored when it is not up any more. `why` is static. */
void steps_fail(struct steps *s, unsigned seq, const char *why);

/* Whether the backend's uplink carries frames: with or without it, the connection goes on. */
void steps_carrier(struct steps *s, bool on);

/* From now on the agent wants to end. */
void steps_stop(struct steps *s);

/* SIGHUP: sets the interface's MAC address and MTU again and logs all that was set again.
 * `queue_set`: the queue length was. */
void steps_reload(struct steps *s, bool queue_set);

/* SIGUSR1: logs the state of the device and of the connection. */
void steps_report(const struct steps *s);

#endif
