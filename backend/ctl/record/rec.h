/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rec.h: one line of a recording (dmvlctl record); docs/recording.md specifies the format. Pure. */
#ifndef DMVL_CTL_RECORD_REC_H
#define DMVL_CTL_RECORD_REC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/stats/stats.h"

/*
 * A recording is text, a record a line. docs/recording.md has the table of them. A line without a
 * newline is the rest of a record that was not written to its end, and void. A reader skips lines
 * whose letter it does not know and words at the end that it does not know, so both may be added
 * within a version.
 */
#define REC_MAGIC	"dmvl-record"
#define REC_VERSION	1u
#define REC_LINE_MAX	2048u /* bytes, newline and NUL among them */
#define REC_TEXT_MAX	63u   /* bytes of a text, decoded */
#define REC_UPLINKS_MAX 16u
#define REC_DEVICES_MAX 4096u
#define REC_TX		0u
#define REC_RX		1u

enum rec_type {
	REC_UPLINK,
	REC_DEVICE,
	REC_KEYS,
	REC_GROUP,
	REC_GONE,
	REC_TIME,
	REC_CAPACITY,
	REC_FLOW,
	REC_DROP,
	REC_LOAN,
	REC_LIMIT,
	REC_GAP,
	REC_END,
	REC_TYPES,
};

typedef char rec_text[REC_TEXT_MAX + 1];

struct rec_limits {
	uint32_t weight;
	uint64_t min_bps[2], max_bps[2]; /* by REC_TX, REC_RX */
};

struct rec_flow {
	uint64_t bytes, frames, waiting_bytes, backlogged_us, entitled_bytes, had_bytes;
	uint64_t lent_bytes, borrowed_bytes;
	int64_t balance_bytes;
	uint64_t outlook_bps;
	uint64_t wait[STATS_BUCKETS]; /* stats_quantile() finds the delay */
};

/* One record; docs/recording.md says which fields count. */
struct rec {
	enum rec_type type;
	uint32_t uplink; /* < REC_UPLINKS_MAX */
	uint32_t device; /* < REC_DEVICES_MAX */
	uint32_t domid, id;
	uint8_t uuid[16];
	rec_text name; /* of uplink, device or GROUP; REASON, LIMIT, KIND, WHY */
	rec_text group;
	uint32_t dir;
	uint32_t giver, taker; /* domid << 16 | id; of LIMIT: giver */
	uint64_t end_ms, us;
	uint64_t bytes;		  /* of LOAN and LIMIT; frames of DROP */
	uint64_t capacity_bps[2]; /* by REC_TX, REC_RX */
	uint64_t uplink_bytes[2];
	struct rec_limits limits;
	struct rec_flow flow;
};

/* The first line; returns its length. */
size_t rec_print_head(char out[REC_LINE_MAX], uint64_t start_ms);

/* 0; -EINVAL: this begins no recording; -ENOTSUP: one of another version, which is in *version. */
int rec_parse_head(const char *line, unsigned *version, uint64_t *start_ms);

/* A line with its newline; returns its length. */
size_t rec_print(char out[REC_LINE_MAX], const struct rec *r);

/*
 * Takes a line, with or without its newline. 0; -ENOENT: it is of a type that is not known here;
 * -EINVAL: it is damaged. After an error *out is of no use.
 */
int rec_parse(const char *line, struct rec *out);

#endif
