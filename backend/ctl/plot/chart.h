/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chart.h: a recording as numbers over time: what a picture or a table shows. Pure. */
#ifndef DMVL_CTL_PLOT_CHART_H
#define DMVL_CTL_PLOT_CHART_H

#include "backend/ctl/plot/bins.h"
#include "backend/ctl/plot/follow.h"

enum chart_what { CHART_SHARES, CHART_RATES, CHART_LOANS, CHART_DELAY, CHART_WHATS };

#define CHART_SHOWN	12u /* devices that have a line of their own */
#define CHART_LABEL_MAX 80
#define CHART_GAPS_MAX	256u

/* What one line is in one bin. */
struct chart_cell {
	uint64_t bytes, lent_bytes, borrowed_bytes;
	int64_t balance_bytes; /* at its end */
	double due;	       /* the promised share, 0..1; below 0: none */
	uint64_t wait[STATS_BUCKETS];
};

/* A device, or all others together: they come last. */
struct chart_line {
	char label[CHART_LABEL_MAX]; /* "web1/0", clean */
	unsigned others;	     /* how many devices it stands for; 0: it is one */
	struct chart_cell *cell;     /* one for each bin */
};

/* What is common to all lines. */
struct chart_time {
	uint64_t known_ms;
	uint64_t bytes; /* of all devices of the uplink, also of those that are not shown */
	uint64_t capacity_bps;
	bool broken; /* a gap touches it */
};

struct chart_gap {
	uint64_t begin_ms, end_ms;
};

/* Of a device of *f: how much it moved, and whether it is wanted. The caller sets `wanted`. */
struct chart_rank {
	bool wanted;
	uint64_t amount;
	int line; /* below 0: not shown */
};

/* Only chart.c writes it. */
struct chart {
	enum chart_what what;
	uint32_t uplink, dir;
	struct bins bins;
	struct chart_time *time;
	struct chart_line line[CHART_SHOWN + 1];
	unsigned lines;
	struct chart_gap gap[CHART_GAPS_MAX];
	unsigned gaps;
	struct follow follow;
	const struct chart_rank *rank; /* borrowed; of `ranks` devices */
	unsigned ranks;
	double *due;
	unsigned closed;      /* bins that have balances and promises */
	uint64_t known_to_ms; /* the end of the uplink's last interval */
};

/*
 * The amount by which a record ranks its device: bytes, or for loans what it lent and borrowed. 0
 * for other records and the other direction.
 */
uint64_t chart_amount(const struct rec *r, enum chart_what what, uint32_t dir);

/*
 * Gives lines to those that are wanted and moved anything: each of the first CHART_SHOWN by amount
 * has its own, and if there are more, the others have one together. Returns the number of lines.
 */
unsigned chart_rank(struct chart_rank *rank, unsigned n);

/*
 * Makes an empty chart of the first `ranks` devices of *all, which were ranked; `rank` is read
 * until chart_end(). Later records may bring further devices, which get no line. 0 or -ENOMEM; end
 * with chart_free() either way.
 */
int chart_begin(struct chart *c, enum chart_what what, uint32_t uplink, uint32_t dir,
		const struct bins *bins, const struct follow *all, const struct chart_rank *rank,
		unsigned ranks);

/* Takes the records from the first one on. 0 or -ENOMEM. */
int chart_take(struct chart *c, const struct rec *r);

/* All were taken. 0 or -ENOMEM. */
int chart_end(struct chart *c);

/* Is too little known of the bin to draw it? */
bool chart_is_unknown(const struct chart *c, unsigned bin);

/*
 * A number of a line in a bin. NAN: there is none. Shares are percent, rates bit/s, delays ms,
 * balances bytes.
 */
enum chart_value {
	CHART_SHARE,
	CHART_DUE,
	CHART_RATE,
	CHART_LENT_RATE,
	CHART_BORROWED_RATE,
	CHART_BALANCE,
	CHART_DELAY_HALF,
	CHART_DELAY_MOST, /* 99 % */
};
double chart_value(const struct chart *c, unsigned line, unsigned bin, enum chart_value value);

/* The capacity in bit/s; NAN: it is not known. */
double chart_capacity(const struct chart *c, unsigned bin);

/* The share of all bytes that a line has, in percent; NAN: none passed. */
double chart_whole_share(const struct chart *c, unsigned line);

/* Is there any number that its kind shows? gnuplot draws no picture without one. */
bool chart_has_numbers(const struct chart *c);

void chart_free(struct chart *c);

#endif
