/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control.h: the thread that speaks with xenstore, makes and ends vchan servers. */
#ifndef DMVL_CONTROL_H
#define DMVL_CONTROL_H

#include <semaphore.h>

#include "common/mbox.h"
#include "frontend/device.h"
#include "frontend/link.h"
#include "frontend/options.h"

struct control;

/* What the control thread tells the frame thread. */
enum control_word {
	CONTROL_UP,   /* link_up() with v and offloads */
	CONTROL_DOWN, /* link_down() */
	CONTROL_DONE, /* the agent may end; nothing follows */
};

struct control_msg {
	struct mbox_msg msg;
	enum control_word word;
	struct vchan *v;
	uint32_t offloads;
	bool resumed; /* CONTROL_DOWN: as link_down() has it */
	unsigned seq; /* of the connection, for control_link_failed() */
	sem_t *done;  /* post it when done; the message is the sender's again */
};

/*
 * Starts the thread. *opts, *shared and to_frames are borrowed; *device is taken over.
 * `tap_offloads` is what the kernel's TAP takes. NULL with errno set.
 */
struct control *control_start(const struct front_options *opts, struct device *device,
			      struct link_shared *shared, struct mbox *to_frames,
			      uint32_t tap_offloads);

/* From the frame thread; none of them blocks. */
void control_link_failed(struct control *c, unsigned seq, const char *why); /* `why` is static */
void control_stop(struct control *c); /* CONTROL_DONE will come */

/* After CONTROL_DONE: joins and frees. */
void control_free(struct control *c);

#endif
