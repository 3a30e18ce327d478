/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording.h: which records one moment after the other makes. Pure. */
#ifndef DMVL_CTL_RECORDING_H
#define DMVL_CTL_RECORDING_H

#include "backend/ctl/record/rec.h"
#include "backend/ctl/top_model.h"

/* A device that has a number. Counters are those of the last interval. */
struct recording_device {
	bool used, seen, has_keys;
	unsigned uplink;
	struct top_device was;
};

struct recording_uplink {
	char name[TOP_TEXT_MAX];
	bool named;
	bool known; /* `file`, written_ns and bytes are of its last interval */
	uint64_t file, written_ns, bytes[TOP_DIRS];
	bool quiet; /* nothing passed for ten seconds */
};

/* Only recording.c writes it. */
struct recording {
	uint64_t start_ms, start_ns; /* CLOCK_REALTIME and CLOCK_MONOTONIC of one moment */
	struct recording_device *device;
	unsigned devices; /* numbers that were given */
	struct recording_uplink uplink[REC_UPLINKS_MAX];
	uint64_t left_out; /* times that there was no number for a device */
};

/* Gets each record. */
typedef void recording_emit(void *arg, const struct rec *r);

/* An interval of the uplink was recorded: more may be emitted about it. */
typedef void recording_more(void *arg, unsigned uplink, const char *name);

void recording_init(struct recording *r, uint64_t start_ms, uint64_t start_ns);
void recording_free(struct recording *r);

/*
 * Takes what is now. The first moment of an uplink, and of another daemon's, only tells where
 * counters stand.
 */
void recording_take(struct recording *r, const struct top_sample *s, recording_emit *emit,
		    recording_more *more, void *arg);

/* The time of the recording's clock: one that is set meanwhile does not turn it back. */
uint64_t recording_ms(const struct recording *r, uint64_t now_ns);

#endif
