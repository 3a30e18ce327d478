/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_control.h: the thread that speaks with xenstore, makes and ends vchan servers. */
#ifndef DMVL_AGENT_CONTROL_H
#define DMVL_AGENT_CONTROL_H

#include "common/mbox.h"
#include "frontend/agent_device.h"
#include "frontend/keep.h"
#include "frontend/link.h"

struct agent_control;

/* What the thread needs. All of it is borrowed, but for *device, which it takes. */
struct agent_control_conf {
	const struct keep *keep; /* the interface, and the options */
	struct agent_device *device;
	struct link_shared *shared;
	struct mbox *to_frames; /* for struct agent_msg */
	uint32_t tap_offloads;	/* what the kernel's TAP can do */
};

/* Starts the thread. NULL with errno set. */
struct agent_control *agent_control_start(const struct agent_control_conf *conf);

/* From the frame thread; none of them blocks. */

/* Connection `seq` cannot go on; `why` is static. */
void agent_control_link_failed(struct agent_control *c, unsigned seq, const char *why);
/* SIGHUP: as steps_reload(). `queue_set`: the TAP's queue got its length again. */
void agent_control_reload(struct agent_control *c, bool queue_set);
/* SIGUSR1: as steps_report(). */
void agent_control_report(struct agent_control *c);
/* Closes the device; AGENT_DONE will come. */
void agent_control_stop(struct agent_control *c);

/* After AGENT_DONE: joins and frees. */
void agent_control_free(struct agent_control *c);

#endif
