/* SPDX-License-Identifier: GPL-2.0-or-later */
/* msg.h: what the control thread and the frame loop say to each other. */
#ifndef DMVL_MSG_H
#define DMVL_MSG_H

#include "backend/capture/capsock.h"
#include "backend/credit/record.h"
#include "backend/credit/status.h"
#include "backend/msg/ldp_conf.h"
#include "backend/uplink/uplink.h"
#include "common/mbox.h"

struct vchan;
struct vif_tap;

/*
 * The control thread does all that may block; the frame loop does frames. Ready handles and
 * settings cross from one to the other in these messages; the threads share nothing else. Who takes
 * a message out of a mailbox frees it with free().
 *
 * A slot is the control thread's number for an LDP. It gives a slot to another LDP only after
 * MSG_DELETED or MSG_REFUSED.
 */
enum msg_type {
	/* control -> frame loop */
	MSG_ADD,    /* slot, name, guest, id, conf, vchan or tap: which the loop owns from now on */
	MSG_CONF,   /* slot, conf */
	MSG_DELETE, /* slot; the loop answers MSG_DELETED, or nothing where it has no such LDP */
	MSG_BROUGHT,   /* slot, brought: its account gets that, from the host it came from */
	MSG_ENDED,     /* id: after its deletion: nobody inherits its account */
	MSG_FREEZE,    /* slot, on: its domain was suspended, or runs again */
	MSG_GROUP,     /* group: a group comes, has other settings or goes, with no member left */
	MSG_LINK,      /* link_conf */
	MSG_HOLD,      /* hold: which frames for the uplink must wait */
	MSG_RETIRE,    /* the exits are idle: the uplink's queue, if blocked, should be replaced */
	MSG_RX_RATE,   /* rate_bps: what the LDPs may receive together, of rx-capacity */
	MSG_RX_COUNT,  /* asks for MSG_RX_COUNTED */
	MSG_OWNER,     /* owner: a guest has a device with this address, or has it no more */
	MSG_UPLINK,    /* uplink: takes the place of the one that was lost; the loop owns its fd */
	MSG_ADVERTISE, /* frames leave by another way: tell the network all LDPs' addresses */
	MSG_PUBLISHED, /* slot: its status was written to xenstore, or could not be */
	MSG_CAPTURE,   /* capture: copy frames that are wanted into a ring */
	MSG_CAPTURE_END, /* capture.number: no longer; answered by MSG_CAPTURE_ENDED */
	MSG_STOP,	 /* end the loop */

	/* frame loop -> control */
	MSG_DELETED,  /* slot, vchan or tap: the receiver closes it */
	MSG_FAILED,   /* slot, why: static text; NULL: the guest closed its side */
	MSG_REFUSED,  /* slot, why, vchan or tap: MSG_ADD failed, and the receiver closes it */
	MSG_TROUBLE,  /* slot, text, unlisted: what is wrong with its frames; empty: nothing is */
	MSG_PUBLISH,  /* slot, status: to be written to xenstore; answered by MSG_PUBLISHED */
	MSG_LOGGED,   /* offset: the credit log of transmission is committed up to there */
	MSG_STRANGER, /* slot, stranger: whether the guest sends from a MAC that is not its own */
	MSG_LOG,      /* log_error: why there is no credit log; empty: there is one again */
	MSG_LOST,     /* the uplink cannot be read any more: MSG_UPLINK when it can */
	MSG_STUCK,    /* the uplink's queue is blocked for long; MSG_RETIRE if its exits are idle */
	MSG_RX_COUNTED,	   /* offset: wire bytes that came in from the uplink so far */
	MSG_CAPTURE_ENDED, /* capture.number: the loop has forgotten the ring */
	MSG_ESTIMATE,	   /* estimate_bps: what the uplink carries, as measured */

	/* from the process: its signals */
	MSG_RELOAD, /* read all settings again */
	MSG_QUIT,   /* end */
};

/* Bytes of a sentence. */
#define MSG_TEXT_MAX 160

struct msg {
	struct mbox_msg link; /* the mailbox's: must be first */
	enum msg_type type;
	uint32_t slot;	     /* LDP_SLOT_NONE: of no LDP */
	struct vchan *vchan; /* NULL: it is a tap */
	struct vif_tap *tap;
	const char *why;
	union {
		struct {
			char name[LDP_NAME_MAX];
			char guest[MSG_GUEST_MAX + 1]; /* the name of its guest; "": not known */
			struct credit_id id;
			struct ldp_conf conf;
		};
		struct {
			uint32_t id; /* 1..SCHED_GROUPS */
			bool on;
			struct group_conf conf;
		} group;
		struct link_conf link_conf;
		struct uplink uplink;
		enum link_hold hold;
		uint64_t estimate_bps;
		uint64_t rate_bps;
		struct {
			int64_t tx, rx;
		} brought; /* bytes */
		struct ldp_status status;
		bool on;
		uint64_t offset;
		struct {
			uint8_t mac[6];
			uint32_t guest;
			bool on;
		} owner;
		struct {
			char text[MSG_TEXT_MAX];
			bool unlisted; /* it is so because allowed-mac lacks the address */
		};
		char log_error[256];
		struct {
			bool on;
			uint8_t mac[6];
		} stranger;
		struct {
			unsigned number; /* of the ring: below CAPRING_MAX */
			void *mem;	 /* of the ring: the control thread's */
			struct capsock_request wanted;
		} capture;
	};
};

/*
 * A message, all else zero. Never NULL: without memory the process ends, because a lost message
 * would leave the other thread waiting for ever.
 */
struct msg *msg_new(enum msg_type type, uint32_t slot);

/* Takes the message. */
void msg_post(struct mbox *to, struct msg *m);

#endif
