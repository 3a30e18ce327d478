/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq_frames.h: the frames of a flow queue, and which of them a full one drops. Pure. */
#ifndef DMVL_FLOWQ_FRAMES_H
#define DMVL_FLOWQ_FRAMES_H

#include "common/flowq.h"
#include "common/flowq_ring.h"
#include "common/flowq_table.h"

struct flowq {
	struct flowq_limits limits;
	struct flowq_ring ring;
	struct flowq_table table;
	uint64_t seed;
	uint32_t frames, bytes;
	uint16_t peeked;  /* the flow whose head was peeked */
	uint32_t thinned; /* record of the flow that loses next when the queue is full */
	flowq_drop_cb *on_drop;
	void *arg;
	struct flowq_counts counts;
};

/* Appends the record at index, which was put into the ring, to a flow. */
void flowq_append(struct flowq *q, struct flowq_flow *f, struct flowq_rec *rec, uint32_t index);

/* Makes room in the ring, as flowq_ring_reserve(). */
bool flowq_reserve(struct flowq *q, uint32_t len);

/* Bytes that the ring may have. */
uint32_t flowq_memory_max(const struct flowq *q);

/* The frame of a record. */
void flowq_describe(const struct flowq *q, const struct flowq_flow *f, uint32_t index,
		    struct flowq_frame *out);

void flowq_remove_head(struct flowq *q, struct flowq_flow *f);

/* Drops the flow's head, or the record behind it. */
void flowq_drop(struct flowq *q, struct flowq_flow *f, uint32_t index, enum flowq_reason reason);

/* Drops what a full queue has too much. */
void flowq_drop_excess(struct flowq *q);

#endif
