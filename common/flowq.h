/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq.h: a queue of frames with a turn for each flow: fq_codel, RFC 8290, with ECN. Pure. */
#ifndef DMVL_FLOWQ_H
#define DMVL_FLOWQ_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Time is an argument: nanoseconds of any monotonic clock. Frames are copied in. A frame's flow is
 * what flow_key.h says, hashed into one of `flows` queues. Each has a turn of quantum_bytes
 * (deficit round robin; cost_bytes are counted, so a GSO frame of 40 segments uses up 40 times the
 * turns of a full frame), a queue that was empty goes first, and CoDel (RFC 8289) keeps each short:
 * it marks frames whose sender takes part in ECN, and drops others.
 */
#define FLOWQ_FLOWS	  1024u
#define FLOWQ_FLOWS_MAX	  32768u
#define FLOWQ_QUANTUM	  1514u	       /* bytes; the least one */
#define FLOWQ_TARGET_NS	  5000000ull   /* that frames may wait in a standing queue */
#define FLOWQ_INTERVAL_NS 100000000ull /* that a burst may make them wait longer */
#define FLOWQ_LIMIT_MIN	  65536u       /* bytes */
#define FLOWQ_LIMIT_MAX	  (64u << 20)  /* bytes */
#define FLOWQ_FRAME_MAX	  (14u + 2 * 4u + 65535u)

/* What a frame counts against the limit beside its bytes, which are rounded up to a multiple of it.
 */
#define FLOWQ_RECORD 64u

struct flowq;

/* A frame in the queue. `iov` points into the queue and is valid until the next call. */
struct flowq_frame {
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;	     /* of the Ethernet frame */
	uint32_t cost_bytes; /* on the wire */
	uint32_t flags;	     /* as pushed */
	uint32_t flow;	     /* 0..flows - 1 */
	uint64_t queued_ns;  /* when it came into the queue */
	bool sparse;	     /* its flow was empty a moment ago: it passes those that are not */
	struct iovec iov[2];
	unsigned iovcnt;
};

enum flowq_reason {
	FLOWQ_CODEL, /* waited too long, by CoDel */
	FLOWQ_FULL,  /* the queue is full, and its flow has the most bytes in it */
	FLOWQ_STALE, /* waited longer than max_wait_ns */
	FLOWQ_REASONS,
};

/* A frame is dropped. It must not call the queue. */
typedef void flowq_drop_cb(void *arg, const struct flowq_frame *f, enum flowq_reason reason);

/* What may change while the queue is in use. */
struct flowq_limits {
	uint32_t limit_bytes;	/* clamped to FLOWQ_LIMIT_MIN..FLOWQ_LIMIT_MAX */
	uint32_t quantum_bytes; /* at least FLOWQ_QUANTUM; smaller ones become that */
	uint64_t target_ns;	/* at least the time of a largest frame at the rate served, or it
				   starves */
	uint64_t interval_ns;	/* not 0 */
	uint64_t max_wait_ns;	/* not 0: frames older than that are dropped, and none by CoDel */
	bool ecn;
};

/* The defaults of RFC 8290, with ECN, and the least limit. */
struct flowq_limits flowq_limits_default(void);

/*
 * `flows` is a power of two up to FLOWQ_FLOWS_MAX. With one, all frames are one flow, and a full
 * queue refuses a frame instead of dropping another. The seed must be random and secret. on_drop
 * may be NULL. Memory for frames and flows is allocated when it is needed. NULL: out of memory.
 */
struct flowq *flowq_new(uint32_t flows, const struct flowq_limits *limits, uint64_t seed,
			flowq_drop_cb *on_drop, void *arg);
void flowq_free(struct flowq *q); /* NULL is fine */

/* Drops no frame, even if those in the queue exceed the new limit. */
void flowq_set_limits(struct flowq *q, const struct flowq_limits *limits);

/* Where a frame belongs: its flow, 0..flows - 1, and where its IP header is. */
struct flowq_place {
	uint32_t flow;
	uint8_t l3, l3_off; /* of struct flow_key */
};

/* The place of a frame; hdr and len are those of flow_key_read(). */
struct flowq_place flowq_place_of(const struct flowq *q, const uint8_t *hdr, size_t len);

#define FLOWQ_BEYOND 0x80000000u /* beyond the limit, as far as there is memory */

/*
 * Copies a frame of 1..FLOWQ_FRAME_MAX bytes into the queue. False, with this frame refused:
 * there is no memory, or the queue has one flow and is full. With more flows, a frame beyond the
 * limit is taken, and the flow with the most bytes (within a factor of two) loses frames from its
 * head, up to half of its bytes, until 1/16 of the limit is free: this can be the frame's own flow,
 * and so the frame itself. A frame stays if the queue would be less than half full without it.
 * `flags` are FLOWQ_BEYOND and the caller's own, which peek returns. `place` is this frame's, if
 * the caller has asked for it; NULL: it is read from the frame.
 */
bool flowq_push(struct flowq *q, const struct flowq_place *place,
		const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov, unsigned iovcnt,
		uint32_t cost_bytes, uint32_t flags, uint64_t now_ns);

/* Would flowq_push() take a frame of len bytes now? */
bool flowq_takes(const struct flowq *q, uint32_t len, uint32_t flags);

/*
 * Marks or drops what CoDel chooses, then gives the next frame to deliver; false: there is none. A
 * frame that was peeked is not dropped, and peeked again until it is popped.
 */
bool flowq_peek(struct flowq *q, uint64_t now_ns, struct flowq_frame *out);

/* Removes the frame that was peeked, and charges its flow for it. */
void flowq_pop(struct flowq *q);

/* Gives all memory back and forgets all flows; the queue must be empty. For one that is idle. */
void flowq_trim(struct flowq *q);

bool flowq_empty(const struct flowq *q);

struct flowq_counts {
	uint64_t drops[FLOWQ_REASONS]; /* frames; those that flowq_push() refused are not in it */
	uint64_t marks;		       /* frames */
};

struct flowq_state {
	uint32_t frames;
	uint32_t bytes; /* of the frames */
	uint32_t limit; /* in force */
	uint32_t used;	/* bytes that count against the limit */
	uint32_t flows; /* that have a turn: frames of theirs wait, or did at their last turn */
	size_t memory;	/* bytes that are allocated */
	struct flowq_counts counts;
};

void flowq_state(const struct flowq *q, struct flowq_state *out);

/*
 * Would a frame be pushed in vain? The queue is full, and the flow has more than half of it. For a
 * caller that saves itself the work of making the frame.
 */
bool flowq_is_crowded_by(const struct flowq *q, uint32_t flow);

/*
 * For a caller that does something about a flow since the queue was crowded by it: true until a
 * quarter of the limit is free, or the flow has no more than three eighths of it.
 */
bool flowq_is_still_crowded_by(const struct flowq *q, uint32_t flow);

#endif
