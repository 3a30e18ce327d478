/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msg.h: what the control thread and the frame loop say to each other. */
#ifndef DMVL_MSG_H
#define DMVL_MSG_H

#include "backend/credit/status.h"
#include "backend/credit/record.h"
#include "backend/msg/ldp_conf.h"
#include "common/mbox.h"

struct vchan;

/*
 * The control thread does all that may block; the frame loop does frames. Ready handles and
 * settings that never change again cross from the one to the other in these messages, and nothing
 * else is shared. Whoever takes a message out of a mailbox frees it with free().
 *
 * A slot is the control thread's number for an LDP. It is not used again before MSG_DELETED.
 */
enum msg_type {
	/* control -> frame loop */
	MSG_ADD,    /* slot, name, id, conf, vchan: the loop owns the vchan until MSG_DELETED */
	MSG_CONF,   /* slot, conf */
	MSG_DELETE, /* slot; answered by MSG_DELETED, whatever happened before */
	MSG_FREEZE, /* slot, on: its domain was suspended, or runs again */
	MSG_LINK,   /* link */
	MSG_SHOWN,  /* slot: its announcement was written, or could not be */
	MSG_STOP,   /* end the loop */

	/* frame loop -> control */
	MSG_DELETED,  /* slot, vchan: to be closed */
	MSG_FAILED,   /* slot, why: static text; NULL: the guest closed its side */
	MSG_REFUSED,  /* slot, why: the slot was not added; its vchan comes with MSG_DELETED */
	MSG_SHOW,     /* slot, announcement; answered by MSG_SHOWN */
	MSG_LOGGED,   /* offset: so far the credit log of transmission is committed */
	MSG_QUIT,     /* a signal asks to end, or the uplink is gone */
	MSG_ESTIMATE, /* estimate_bps: what the uplink carries, as measured */
};

struct msg {
	struct mbox_msg link; /* first: the mailbox's */
	enum msg_type type;
	uint32_t slot;
	const char *why;
	union {
		struct {
			char name[LDP_NAME_MAX];
			struct credit_id id;
			struct vchan *vchan;
			struct ldp_conf conf;
		};
		struct link_conf link_conf;
		uint64_t estimate_bps;
		struct ldp_status announcement;
		bool on;
		uint64_t offset;
	};
};

#endif
