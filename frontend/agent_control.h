/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_control.h: the thread that speaks with xenstore, makes and ends vchan servers. */
#ifndef DMVL_AGENT_CONTROL_H
#define DMVL_AGENT_CONTROL_H

#include <semaphore.h>

#include "common/mbox.h"
#include "frontend/agent_device.h"
#include "frontend/link.h"
#include "frontend/options.h"

struct agent_control;

/* What the control thread tells the frame thread. */
enum agent_word {
	AGENT_UP,   /* link_up() with v and offloads */
	AGENT_DOWN, /* link_down() */
	AGENT_DONE, /* the agent may end; nothing follows */
};

struct agent_msg {
	struct mbox_msg msg;
	enum agent_word word;
	struct vchan *v;
	uint32_t offloads;
	bool resumed; /* AGENT_DOWN: as link_down() has it */
	unsigned seq; /* of the connection, for agent_control_link_failed() */
	sem_t *done;  /* post it when done; the message is the sender's again */
};

/*
 * Starts the thread. *opts, *shared and to_frames are borrowed; *device is taken over.
 * `tap_offloads` is what the kernel's TAP takes. NULL with errno set.
 */
struct agent_control *agent_control_start(const struct front_options *opts,
					  struct agent_device *device, struct link_shared *shared,
					  struct mbox *to_frames, uint32_t tap_offloads);

/* From the frame thread; none of them blocks. */
void agent_control_link_failed(struct agent_control *c, unsigned seq,
			       const char *why);  /* `why` is static */
void agent_control_stop(struct agent_control *c); /* AGENT_DONE will come */

/* After AGENT_DONE: joins and frees. */
void agent_control_free(struct agent_control *c);

#endif
