/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follow.h: what a recording has said up to a record: devices, settings, intervals, gaps. Pure. */
#ifndef DMVL_CTL_PLOT_FOLLOW_H
#define DMVL_CTL_PLOT_FOLLOW_H

#include "backend/ctl/record/rec.h"

#define FOLLOW_GROUPS_MAX 64u
#define FOLLOW_NOBODY	  (-1)

/* A device of a guest, also when it has come again under another number. */
struct follow_device {
	uint32_t uplink, domid, id;
	uint8_t uuid[16];
	rec_text name; /* the last one */
	bool present;
	struct rec_limits limits;
	rec_text group;
	int64_t balance_bytes[2]; /* by REC_TX, REC_RX; 0 if it is gone */
};

struct follow_uplink {
	bool named;
	rec_text name;
	uint64_t intervals;
	uint64_t first_ms, last_ms; /* what is known begins and ends there, gaps inside */
	bool gap;		    /* since last_ms nothing is known */
	uint64_t end_ms;	    /* of a recording that ended in order; else 0 */
	uint64_t capacity_bps[2];
};

struct follow_group {
	uint32_t uplink;
	rec_text name;
	struct rec_limits limits;
};

/*
 * Zero-initialise it and end with follow_free(). Only follow.c writes it. The interval is that of
 * the last T record: all from known_ms to end_ms is known by it, and from gap_ms to known_ms
 * nothing is, if they differ.
 */
struct follow {
	struct follow_uplink uplink[REC_UPLINKS_MAX];
	struct follow_device *device;
	unsigned devices;
	int number[REC_DEVICES_MAX]; /* 1 + index in `device`; 0: nobody has it */
	struct follow_group group[FOLLOW_GROUPS_MAX];
	unsigned groups;
	uint32_t at; /* the interval's uplink */
	uint64_t gap_ms, known_ms, begin_ms, end_ms;
};

/*
 * Takes the next record. Returns the index of the device that a D, K, X, F or R record is about,
 * else, or when nobody has its number, FOLLOW_NOBODY; -ENOMEM is returned as such.
 */
int follow_take(struct follow *f, const struct rec *r);

void follow_free(struct follow *f);

#endif
