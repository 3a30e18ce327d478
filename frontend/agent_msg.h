/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_msg.h: what the control thread tells the frame thread. */
#ifndef DMVL_AGENT_MSG_H
#define DMVL_AGENT_MSG_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/mbox.h"
#include "common/vchan.h"

enum agent_word {
	AGENT_UP,      /* link_up() with v and offloads */
	AGENT_DOWN,    /* link_down() */
	AGENT_CARRIER, /* link_set_carrier() */
	AGENT_DONE,    /* the agent may end; nothing follows */
};

/* The sender fills it in; agent_msg.c alone writes msg and done. */
struct agent_msg {
	struct mbox_msg msg;
	enum agent_word word;
	struct vchan *v;
	uint32_t offloads;
	bool sparse;  /* frames may be flagged */
	bool carrier; /* the uplink carries frames, and the device stays */
	bool resumed; /* AGENT_DOWN: as link_down() has it */
	unsigned seq; /* number of the connection, for agent_control_link_failed() */
	sem_t done;
};

/* Posts m and waits until the frame thread calls agent_msg_done() for it. */
void agent_msg_tell(struct mbox *to, struct agent_msg *m);
void agent_msg_done(struct agent_msg *m);

#endif
