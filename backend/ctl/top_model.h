/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_model.h: what dmvlctl top knows of devices and uplinks, in which order, and how it got there.
 * Pure. */
#ifndef DMVL_CTL_TOP_MODEL_H
#define DMVL_CTL_TOP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/stats/stats.h"

#define TOP_TEXT_MAX	64u
#define TOP_SENTENCE	256u
#define TOP_DROPS_MAX	48u
#define TOP_HISTORY	64u /* rates kept */
#define TOP_MARKS	11u /* counters kept, one a second: delays and drops are of that time */
#define TOP_UPLINKS_MAX 16u
#define TOP_MARK_NS	UINT64_C(1000000000)

enum top_dir { TOP_TX, TOP_RX, TOP_DIRS };

/* One direction of a device as it is now. */
struct top_flow {
	uint64_t rate_bps, rate_10s_bps, bytes, frames;
	uint64_t promise_bps; /* what it would get if it sent all it could */
	uint64_t min_bps, max_bps;
	int64_t balance_bytes; /* lent is positive */
	uint64_t wait[STATS_BUCKETS];
	uint64_t lent_bytes, borrowed_bytes;
	uint64_t waiting_bytes; /* now */
	uint64_t backlogged_us, entitled_bytes, had_bytes;
};

/* A device as it is now. All texts may be a guest's. */
struct top_device {
	unsigned domid, id;
	uint8_t uuid[16];
	char name[TOP_TEXT_MAX], state[TOP_TEXT_MAX], uplink[TOP_TEXT_MAX], group[TOP_TEXT_MAX];
	char error[TOP_SENTENCE];
	bool counted;	/* the statistics have it */
	bool connected; /* as far as its state says */
	bool has_loans; /* lent_bytes and borrowed_bytes are known */
	unsigned weight;
	struct top_flow flow[TOP_DIRS];
	unsigned drops;
	struct {
		char reason[STATS_NAME_MAX + 1];
		uint64_t frames;
	} drop[TOP_DROPS_MAX];
};

struct top_uplink {
	char name[TOP_TEXT_MAX];
	char why[TOP_SENTENCE]; /* there are no numbers; "": there are */
	uint64_t capacity_bps[TOP_DIRS], rate_bps[TOP_DIRS], bytes[TOP_DIRS];
	unsigned connected;
	uint64_t written_ns; /* when its daemon wrote the numbers: CLOCK_MONOTONIC */
	uint64_t file;	     /* where to: another daemon writes another file */
};

/* All of one moment. */
struct top_sample {
	const struct top_device *device;
	unsigned devices;
	const struct top_uplink *uplink;
	unsigned uplinks;
	uint64_t now_ns;
};

struct top_history {
	uint64_t rate_bps[TOP_DIRS][TOP_HISTORY]; /* oldest first */
	unsigned points;
};

/* Counters of an earlier moment. */
struct top_mark {
	uint64_t ns, drops;
	uint64_t lent[TOP_DIRS], borrowed[TOP_DIRS];
	uint64_t wait[TOP_DIRS][STATS_BUCKETS];
};

struct top_row {
	struct top_device now;
	struct top_history history;
	struct top_mark mark[TOP_MARKS], latest; /* oldest first */
	unsigned marks;
	bool seen;
	uint64_t rank; /* by what is sorted, the smallest first */
};

struct top_uplink_row {
	struct top_uplink now;
	struct top_history history;
};

enum top_sort {
	TOP_BY_NAME,
	TOP_BY_STATE,
	TOP_BY_TX,
	TOP_BY_RX,
	TOP_BY_SHARE,
	TOP_BY_DELAY,
	TOP_BY_DROPS,
	TOP_BY_WEIGHT,
	TOP_BY_BALANCE,
	TOP_SORTS
};

enum top_page { TOP_LIST, TOP_DETAIL, TOP_HELP };

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_NONE = 256,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_ERASE,
};

/* Only top_model.c and top_keys.c write it, and top_page.c what it drew: first, column, page_rows.
 */
struct top_model {
	struct top_row **row; /* all, those that are shown first, in their order */
	unsigned rows, shown;
	struct top_uplink_row uplink[TOP_UPLINKS_MAX];
	unsigned uplinks;
	uint64_t now_ns;
	enum top_sort sort;
	bool reversed;
	enum top_dir dir; /* of share, delay, limits and balance */
	char filter[TOP_TEXT_MAX];
	bool typing; /* the filter */
	enum top_page page;
	struct top_row *at; /* the selected one; NULL: there is none */
	unsigned cursor;    /* its place among the shown ones */
	unsigned first;	    /* the first one that is on the screen */
	unsigned column;    /* the first one of those that move */
	unsigned page_rows; /* how many devices were drawn last */
	bool done;
};

void top_model_init(struct top_model *m);
void top_model_free(struct top_model *m);

/* Takes what is now. False: there is not enough memory. */
bool top_model_update(struct top_model *m, const struct top_sample *s);

/* Filters and sorts again, after either was changed. */
void top_model_arrange(struct top_model *m);

/* Selects the device at this place, or the nearest. */
void top_model_select(struct top_model *m, unsigned place);

/*
 * The delay below which `permille` of the frames of the last ten seconds were, in us; 0: none. At
 * first sight, of all frames since the device connected.
 */
uint64_t top_row_delay(const struct top_row *row, enum top_dir dir, unsigned permille);

/* Over the same time: frames dropped a second; bytes lent and borrowed, as bit/s. */
uint64_t top_row_drops(const struct top_row *row);
uint64_t top_row_lent(const struct top_row *row, enum top_dir dir);
uint64_t top_row_borrowed(const struct top_row *row, enum top_dir dir);

/* What it has of its promise, in permille. */
unsigned top_row_share(const struct top_row *row, enum top_dir dir);

/* The rate at which its history is drawn as high as can be. */
uint64_t top_history_full(const struct top_history *h, enum top_dir dir, uint64_t promise_bps);

const char *top_sort_name(enum top_sort sort);

#endif
